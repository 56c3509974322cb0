"""What governed assets rely on: the meters of their circuits, and those that their modes follow.

It is the same whatever anybody says.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

from gatewayd.control.governor import gather
from gatewayd.control.governor.terms import Terms
from gatewayd.model.asset import Asset, AssetKind, MeterUsage
from gatewayd.model.circuit import PHASES, Circuit, Load
from gatewayd.model.site import AssetState, Site


@dataclass(frozen=True, slots=True)
class Relying:
    """An asset whose arming rests on an audit.

    `needs` are what has to be heard and right, by device; `rests_on` is that, and the meters that
    its modes follow. `load` and `circuit`, the next one that is metered, only where there are both.
    """

    asset: Asset
    fingerprint: str
    needs: Mapping[str, tuple[Asset, ...]]
    rests_on: tuple[Asset, ...]
    load: Load | None
    circuit: Circuit | None


@dataclass(frozen=True, slots=True)
class Reliance:
    """Of all; `grid_meters` are what stands between the home and the grid."""

    relying: tuple[Relying, ...]
    grid_meters: tuple[Asset, ...]


def reliance(roster: Iterable[Asset], terms: Terms) -> Reliance:
    """Of a home with these assets."""
    site = Site({asset.id: AssetState(asset) for asset in roster})
    loads = gather.loads(site, terms)
    relying = tuple(
        _relying(asset, site, terms, loads.get(asset.device_id))
        for asset in site.roster
        if terms.terms_of(asset)
    )
    return Reliance(relying, tuple(state.asset for state in _grid_meters(site)))


def _relying(asset: Asset, site: Site, terms: Terms, load: Load | None) -> Relying:
    needs = {id_: _of_device(asset, id_, site) for id_ in _needs(asset, terms)}
    followed = (_of_device(asset, id_, site) for id_ in _followed(asset, site, terms))
    return Relying(
        asset,
        _fingerprint(asset, site, terms),
        needs,
        tuple(one for found in (*needs.values(), *followed) for one in found),
        load,
        _metered(load, terms) if load else None,
    )


def _chain(circuit_id: str | None, terms: Terms) -> Iterator[Circuit]:
    """A circuit and those above it."""
    circuit = terms.circuits.get(circuit_id or "")
    while circuit is not None:
        yield circuit
        circuit = terms.circuits.get(circuit.parent or "")


def _metered(load: Load, terms: Terms) -> Circuit | None:
    """The next one that sees what the load draws."""
    return next((one for one in _chain(load.circuit, terms) if one.meter_id), None)


def _needs(asset: Asset, terms: Terms) -> tuple[str, ...]:
    """The devices that have to be heard and right."""
    meters = (one.meter_id for one in _chain(terms.wired(asset.device_id).circuit, terms))
    return (*dict.fromkeys(one for one in meters if one), asset.device_id)


def _followed(asset: Asset, site: Site, terms: Terms) -> tuple[str, ...]:
    """The meters that a charger's modes follow, as far as there are any."""
    found = terms.charger(asset)
    if found is None or found.charging is None:
        return ()
    meters = (state.asset.device_id for state in _grid_meters(site))
    return tuple(id_ for id_ in meters if id_ not in _needs(asset, terms))


def _of_device(asset: Asset, device_id: str, site: Site) -> tuple[Asset, ...]:
    """What of a device an asset relies on: the asset itself, or the meters."""
    found = (state.asset for state in site.of_device(device_id))
    return tuple(one for one in found if one.id == asset.id or one.kind is AssetKind.METER)


def _grid_meters(site: Site) -> list[AssetState]:
    return [s for s in site.of_kind(AssetKind.METER) if s.asset.usage is MeterUsage.GRID]


def _fingerprint(asset: Asset, site: Site, terms: Terms) -> str:
    """What an audit is of: the wiring, and who the devices are."""
    wired = [
        (one.id, one.meter_id, terms.meter_lines.get(one.id, PHASES))
        for one in _chain(terms.wired(asset.device_id).circuit, terms)
    ]
    devices = [
        (one.asset.device_id, one.asset.vendor, one.asset.model, one.asset.serial)
        for device_id in (*_needs(asset, terms), *_followed(asset, site, terms))
        for one in site.of_device(device_id)
    ]
    of_all = (wired, terms.wired(asset.device_id).lines, devices)
    return sha256(repr(of_all).encode()).hexdigest()[:16]
