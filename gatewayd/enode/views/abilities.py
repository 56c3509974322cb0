"""What an asset can tell and be told, and which intervention removes what is in the way."""

from collections.abc import Collection

from gatewayd.enode.interventions.catalogue import (
    CONTROL_SCOPE,
    LOCATION_SCOPE,
    LOGIN,
    OTHER_DEVICE,
    OTHER_WRITER,
    READ_ONLY,
    Intervention,
)
from gatewayd.enode.views import scopes
from gatewayd.enode.wire.base import Capability
from gatewayd.model import asset as model
from gatewayd.model.asset import Asset, Consent

# Most capabilities are one of these; none of them changes.
_FREE = {able: Capability(is_capable=able, intervention_ids=[]) for able in (False, True)}


def telling(asset: Asset, *, is_capable: bool) -> Capability:
    """Something that only has to be heard."""
    return _capability(asset, is_capable=is_capable, obstacles=())


def taking(asset: Asset, *needed: model.Capability) -> Capability:
    """Something that needs commands."""
    knows = asset.spec.capabilities.issuperset(needed)
    return _capability(asset, is_capable=knows, obstacles=_against_control(asset))


def locating(asset: Asset, *, is_capable: bool) -> Capability:
    """Where a vehicle is."""
    obstacles = () if scopes.may_locate(asset) else (LOCATION_SCOPE,)
    return _capability(asset, is_capable=is_capable, obstacles=obstacles)


def both(first: Capability, *others: Capability) -> Capability:
    """Something that needs all of these: blocked as long as one of them is, missing with one."""
    parts = (first, *others)
    is_missing = any(not part.is_capable and not part.intervention_ids for part in parts)
    ids = [one for part in parts for one in part.intervention_ids]
    return Capability(
        is_capable=all(part.is_capable for part in parts),
        intervention_ids=[] if is_missing else list(dict.fromkeys(ids)),
    )


def _against_control(asset: Asset) -> tuple[Intervention, ...]:
    if asset.is_stranger:
        return (OTHER_DEVICE,)
    if not asset.is_writable:
        return (READ_ONLY,)
    if not scopes.may_control(asset):
        return (CONTROL_SCOPE,)
    return (OTHER_WRITER,) if asset.is_yielded else ()


def _capability(
    asset: Asset, *, is_capable: bool, obstacles: Collection[Intervention]
) -> Capability:
    if asset.consent is not Consent.GRANTED:
        return Capability(is_capable=False, intervention_ids=[LOGIN.id])
    if is_capable and obstacles:
        return Capability(is_capable=False, intervention_ids=[one.id for one in obstacles])
    return _FREE[is_capable]
