"""What the fuse guard allowed when it last looked, and what that comes to for each asset."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from gatewayd.control.governor import gather, safety
from gatewayd.control.governor.given import GuardGiven
from gatewayd.control.governor.terms import ChargerTerms
from gatewayd.model.asset import Asset, AssetKind
from gatewayd.model.decision import Grounds, Input
from gatewayd.model.site import AssetState
from gatewayd.plan.arbiter.claims import LEASE_MAX_S, Claim, Setpoint, Wish
from gatewayd.plan.guard.words import Footing, Grant

# Where nobody has said which assets are the loads, each of a load's device is.
ALL_ASSETS: Mapping[str, str] = MappingProxyType({})
_SILENT = "the guard has not looked of late"


@dataclass(frozen=True, slots=True)
class Grants:
    """What each load is allowed, by device, and what the guard knew; `given` is for the record.

    `paused` are the devices whose batteries are left to themselves and must not charge now.
    `assets` are the loads' assets, by device: another one of that device is granted nothing.
    """

    by_device: Mapping[str, Grant]
    inputs: tuple[Input, ...]
    given: GuardGiven | None
    paused: frozenset[str]
    assets: Mapping[str, str]

    def of(self, asset: Asset) -> Grant | None:
        """What an asset is granted, though it may have run out; None for nothing that is known."""
        device_id = asset.device_id
        grant = self.by_device.get(device_id)
        if grant is None or self._is_load(asset):
            return grant
        return replace(
            grant, amps=0.0, binding=f"{device_id}: its circuit is for one of its assets"
        )

    def renews(self, asset: Asset, now_s: float) -> bool:
        """Whether the device's own watchdog may be fed."""
        grant = self.of(asset)
        return grant is None or (grant.renews and now_s < grant.valid_until_s)

    def safe_a(self, state: AssetState, term: ChargerTerms, now_s: float) -> float:
        """What it may be left at that nobody steers any more, as far as is granted now."""
        safe_a, grant = gather.safe_a(state, term), self._live(state.asset, now_s)
        return safe_a if grant is None else min(safe_a, grant.amps)

    def claim(
        self, state: AssetState, term: ChargerTerms, wanted: Wish | None, now_s: float
    ) -> Claim | None:
        """The guard's claim; `wanted` is what is wanted of the asset but for the guard."""
        asset, grant = state.asset, self._live(state.asset, now_s)
        if grant is None:
            if asset.kind is AssetKind.HVAC:
                return None
            safe_a, until_s = gather.safe_a(state, term), now_s + LEASE_MAX_S
            grant = Grant(safe_a, until_s, Footing.NOTHING, renews=False, binding=_SILENT)
        binding = grant.binding or "the fuse guard"
        grounds = Grounds(f"the fuse guard allows {grant.amps:g} A", self.inputs, binding=binding)
        is_paused = asset.device_id in self.paused
        claim = safety.claim(state, term, safety.Granted(grant, grounds, wanted, is_paused))
        if claim is None or asset.kind is not AssetKind.CHARGER or self._is_load(asset):
            return claim
        # Nobody else claims anything of it.
        return replace(claim, wish=Setpoint(0.0))

    def _live(self, asset: Asset, now_s: float) -> Grant | None:
        grant = self.of(asset)
        return grant if grant is not None and now_s < grant.valid_until_s else None

    def _is_load(self, asset: Asset) -> bool:
        return self.assets.get(asset.device_id, asset.id) == asset.id


NO_GRANTS = Grants({}, (), None, frozenset(), ALL_ASSETS)
