"""What control knows of the home now, for those who live in it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from gatewayd.control.governor.bench import Bench
from gatewayd.control.governor.choice import Mode, Planned
from gatewayd.control.governor.operator import Standing
from gatewayd.control.shadow import Shadow
from gatewayd.model.asset import Asset, AssetKind
from gatewayd.model.decision import Decision
from gatewayd.model.site import AssetState
from gatewayd.plan.arbiter.claims import Rank
from gatewayd.plan.arbiter.ruling import Ruling
from gatewayd.plan.arming import Arming
from gatewayd.plan.guard.standing import CircuitNow

_GOVERNABLE = (AssetKind.CHARGER, AssetKind.BATTERY, AssetKind.HVAC, AssetKind.INVERTER)
_ENDS = {
    AssetKind.CHARGER: "until the car is unplugged or another mode is chosen",
    AssetKind.BATTERY: "until another mode is chosen or asked for",
    AssetKind.HVAC: "until something else is asked for",
}


@dataclass(frozen=True, slots=True)
class Trust:
    """How far an asset is trusted to the gateway now.

    `withheld` is what the audit still waits for or has against it, in its words; `is_passed` that
    it has nothing. Both are nothing for what needs no audit. `is_armed` is what the config wants.
    """

    arming: Arming
    is_armed: bool = False
    withheld: str | None = None
    is_passed: bool = False


@dataclass(frozen=True, slots=True)
class Governed:
    """One asset. `say` is who has it now and why; `until` when that ends, in words, if known.

    `shadow` is what decisions that were only put on record would have saved of late.
    """

    trust: Trust
    mode: Mode | None = None
    plans: Mapping[str, Planned] = field(default_factory=dict)
    say: Decision | None = None
    until: str | None = None
    shadow: Shadow | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """Assets by id, those that are governed or are to be watched only.

    `operator` is the grid operator's limit in force, which ends (in the failsafe: at the earliest)
    at `limited_until`; `fed` is that of what is fed in. `problems` are what a person should mend.
    """

    zone: tzinfo = field(default_factory=lambda: ZoneInfo("UTC"))
    assets: Mapping[str, Governed] = field(default_factory=dict)
    circuits: tuple[CircuitNow, ...] = ()
    operator: Standing | None = None
    limited_until: datetime | None = None
    problems: tuple[str, ...] = ()
    fed: Standing | None = None


def trusts(
    states: Iterable[AssetState], bench: Bench, withheld: Mapping[str, str]
) -> dict[str, Trust]:
    """Of each asset that is governed, or only watched because the config says so.

    `withheld` is what the audit has against devices, as `Auditor.withheld`.
    """
    found = {state.asset.id: _trust(state.asset, bench, withheld) for state in states}
    return {asset_id: trust for asset_id, trust in found.items() if trust is not None}


def say(state: AssetState, bench: Bench) -> tuple[Decision | None, str | None]:
    """What is settled of an asset now, and until when as far as that is known."""
    ruling = bench.rulings.get(state.asset.id)
    return (bench.decision(state), _until(ruling, state.asset)) if ruling else (None, None)


def _trust(asset: Asset, bench: Bench, withheld: Mapping[str, str]) -> Trust | None:
    terms, why = bench.terms, withheld.get(asset.device_id)
    if not terms.governs(asset):
        is_watched = not terms.wired(asset.device_id).arming.decides
        return Trust(Arming.OBSERVE) if is_watched and asset.kind in _GOVERNABLE else None
    audited = terms.terms_of(asset)
    if audited is None:
        return Trust(Arming.ARMED, is_armed=True)
    # Nothing is settled before the first audit.
    is_passed = why is None and asset.id in bench.rulings
    return Trust(terms.arming(asset) or audited.arming, audited.arming.writes, why, is_passed)


def _until(ruling: Ruling, asset: Asset) -> str | None:
    if ruling.bound_by is not None:
        return None
    if ruling.rank is Rank.LOCAL_OFF:
        return "until another mode is chosen"
    return _ENDS.get(asset.kind) if ruling.rank is Rank.USER else None
