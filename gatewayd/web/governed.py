"""What a card shows of an asset that is governed: its trust, its plans and what they save. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal

from gatewayd.control.governor.choice import Mode, Planned
from gatewayd.control.governor.overview import Governed, Trust
from gatewayd.control.shadow import Shadow
from gatewayd.model.asset import AssetKind
from gatewayd.model.decision import Decision
from gatewayd.model.hour_minute import format_hour_minute
from gatewayd.model.ready_by import ReadyBy
from gatewayd.model.tariff import CURRENCY
from gatewayd.plan.arming import Arming
from gatewayd.plan.ev.machine import PLANNED
from gatewayd.plan.local_words import local
from gatewayd.plan.shadow.words import Tally
from gatewayd.web.words import figure, kwh, sentence

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# Their reasons say enough.
_NAMELESS = ("default", "guard")
# The least that is worth a word.
_CENT = Decimal("0.005")
_LEAST_WH = 50.0
# What is pending, above 0 and below, and what is lost.
_ENDS = {
    AssetKind.CHARGER: ("still to be made up for", "", "too little when cars left"),
    AssetKind.BATTERY: ("more held at the end", "less held at the end", ""),
    AssetKind.HVAC: ("still to be drawn", "drawn ahead", "gone cold"),
    AssetKind.INVERTER: ("", "", "not produced"),
}


@dataclass(frozen=True, slots=True)
class PlanView:
    """`status` is a word on its course, empty while nothing comes of it; `text` says more."""

    by: str
    amount: str
    status: str
    is_late: bool
    text: str


@dataclass(frozen=True, slots=True)
class GovernedView:
    """`steps` are the ladder's; `step` is where the asset stands. `saved` is empty for nothing."""

    mode: str
    steps: tuple[str, ...]
    step: str
    trust: str
    is_withheld: bool
    say: str
    plans: tuple[PlanView, ...]
    saved: str
    saved_details: str


def governed_view(told: Governed, zone: tzinfo) -> GovernedView:
    """One asset's."""
    plans = sorted(told.plans.values(), key=_next)
    return GovernedView(
        told.mode.mode.replace("_", " ") if told.mode else "",
        tuple(step.value for step in Arming),
        told.trust.arming.value,
        _trust(told.trust),
        told.trust.withheld is not None,
        _say(told.say, told) if told.say else "",
        tuple(_plan(one, told.mode, zone) for one in plans if _is_ahead(one)),
        _saved(told.shadow, zone) if told.shadow else "",
        "; ".join(_saved_details(told.shadow)) if told.shadow else "",
    )


def _trust(trust: Trust) -> str:
    if trust.arming is Arming.OBSERVE:
        return "It is only watched."
    if trust.withheld is not None:
        told = "Not armed yet" if trust.is_armed else "Only put on record. The audit"
        return f"{told}: {trust.withheld}."
    audit = " The audit is passed." if trust.is_passed else ""
    return f"What is decided is {'done' if trust.is_armed else 'only put on record'}.{audit}"


def _say(decision: Decision, told: Governed) -> str:
    """Who has the say, why, what limits it and until when."""
    is_named = decision.owner.partition(" (")[0] not in _NAMELESS
    text, binding = decision.in_words if is_named else decision.reason, decision.binding
    withheld = told.trust.withheld
    if binding and binding not in text and not (withheld and withheld in binding):
        text = f"{text} ({binding})"
    return sentence(f"{text}, {told.until}" if told.until else text)


def _next(one: Planned) -> tuple[bool, float]:
    at = one.ready.deadline_at if one.ready else one.deadline_at
    return one.ready is None, at.timestamp() if at else 0.0


def _is_ahead(one: Planned) -> bool:
    return one.ready is not None or one.deadline_at is not None


def _plan(one: Planned, mode: Mode | None, zone: tzinfo) -> PlanView:
    plan, ready = one.plan, one.ready
    amount = figure(plan.soc_pct, "%") if plan.soc_pct is not None else kwh(plan.energy_wh)
    status = "" if ready is None else "Late" if ready.is_late else "On course"
    is_late = ready is not None and ready.is_late
    return PlanView(_by(plan, zone), amount, status, is_late, _course(one, mode))


def _course(one: Planned, mode: Mode | None) -> str:
    """What comes of a plan."""
    if one.ready is not None:
        return sentence(one.ready.grounds.reason)
    return f"Not kept in the mode {mode.mode}" if mode and mode.mode not in PLANNED else ""


def _by(plan: ReadyBy, zone: tzinfo) -> str:
    if plan.at is not None:
        return _once(plan.at, zone)
    return f"{_weekly(sorted(plan.weekdays))} {format_hour_minute(plan.minute)}"


def _once(at: datetime, zone: tzinfo) -> str:
    there = at.astimezone(zone)
    return f"{there:%a} {there.day} {there:%b %H:%M}"


def _weekly(days: list[int]) -> str:
    if len(days) == len(_DAYS):
        return "Every day"
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"{_DAYS[days[0]]}\N{EN DASH}{_DAYS[days[-1]]}"
    return ", ".join(_DAYS[day] for day in days)


def _saved(shadow: Shadow, zone: tzinfo) -> str:
    """What would have come of it, or why nobody knows; nothing before the first minutes."""
    if shadow.would is None:
        return sentence(shadow.why or "")
    if not shadow.would.total.minutes:
        return ""
    return f"{_sum(shadow.would.total)} since {local(shadow.since, zone)}"


def _sum(total: Tally) -> str:
    saved = total.saved
    if saved is None:
        return f"{kwh(max(total.less_wh, total.more_wh, total.unpriced_wh))} would have been moved"
    if abs(saved) < _CENT:
        return "Nothing would have been saved"
    if saved < 0:
        return f"{-saved:.2f} {CURRENCY} more would have been paid"
    return f"{saved:.2f} {CURRENCY} would have been saved"


def _saved_details(shadow: Shadow) -> Iterator[str]:
    """What there is of it, in energy."""
    would = shadow.would
    if would is None:
        return
    owed, ahead, lost = _ENDS[shadow.asset.kind]
    parts = (
        (would.total.less_wh, "less drawn"),
        (would.total.more_wh, "more at other times"),
        (would.total.unpriced_wh, "without a known price"),
        (would.pending_wh, owed),
        (-would.pending_wh, ahead),
        (would.lost_wh, lost),
    )
    yield from (f"{kwh(energy_wh)} {words}" for energy_wh, words in parts if energy_wh >= _LEAST_WH)
