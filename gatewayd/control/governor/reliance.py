"""What governed assets rely on: the meters of their circuits, and those that their modes follow."""

from collections.abc import Iterator
from hashlib import sha256

from gatewayd.control.governor.terms import Terms
from gatewayd.model.asset import Asset, AssetKind, MeterUsage
from gatewayd.model.circuit import PHASES, Circuit, Load
from gatewayd.model.site import AssetState, Site


def governed(site: Site, terms: Terms) -> Iterator[AssetState]:
    """The assets whose arming rests on an audit."""
    for state in site.assets.values():
        if terms.charger(state.asset) or terms.battery(state.asset):
            yield state


def _chain(circuit_id: str | None, terms: Terms) -> Iterator[Circuit]:
    """A circuit and those above it."""
    circuit = terms.circuits.get(circuit_id or "")
    while circuit is not None:
        yield circuit
        circuit = terms.circuits.get(circuit.parent or "")


def metered(load: Load, terms: Terms) -> Circuit | None:
    """The next one that sees what the load draws."""
    return next((one for one in _chain(load.circuit, terms) if one.meter_id), None)


def needs(asset: Asset, terms: Terms) -> tuple[str, ...]:
    """The devices that have to be heard and right."""
    meters = (one.meter_id for one in _chain(terms.wired(asset.device_id).circuit, terms))
    return (*dict.fromkeys(one for one in meters if one), asset.device_id)


def followed(asset: Asset, site: Site, terms: Terms) -> tuple[str, ...]:
    """The meters that a charger's modes follow, as far as there are any."""
    found = terms.charger(asset)
    if found is None or found.charging is None:
        return ()
    meters = (state.asset.device_id for state in grid_meters(site))
    return tuple(id_ for id_ in meters if id_ not in needs(asset, terms))


def relied_on(asset: Asset, device_id: str, site: Site) -> list[AssetState]:
    """What of a device an asset relies on: the asset itself, or the meters."""
    found = site.of_device(device_id)
    return [s for s in found if s.asset.id == asset.id or s.asset.kind is AssetKind.METER]


def grid_meters(site: Site) -> list[AssetState]:
    """What stands between the home and the grid."""
    return [s for s in site.of_kind(AssetKind.METER) if s.asset.usage is MeterUsage.GRID]


def fingerprint(asset: Asset, site: Site, terms: Terms) -> str:
    """What an audit is of: the wiring, and who the devices are."""
    wired = [
        (one.id, one.meter_id, terms.meter_lines.get(one.id, PHASES))
        for one in _chain(terms.wired(asset.device_id).circuit, terms)
    ]
    devices = [
        (one.asset.device_id, one.asset.vendor, one.asset.model, one.asset.serial)
        for device_id in (*needs(asset, terms), *followed(asset, site, terms))
        for one in site.of_device(device_id)
    ]
    of_all = (wired, terms.wired(asset.device_id).lines, devices)
    return sha256(repr(of_all).encode()).hexdigest()[:16]
