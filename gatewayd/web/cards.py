"""One card per asset: its name, whether it answers, its values, its newest action and why. Pure."""

from dataclasses import dataclass
from datetime import datetime
from math import isfinite

from gatewayd.control.governor.overview import Overview
from gatewayd.model.asset import Asset, AssetKind, MeterUsage
from gatewayd.model.command import Action, ActionState
from gatewayd.model.command_words import in_words
from gatewayd.model.site import AssetState, Site
from gatewayd.web.figures import Figures, figures
from gatewayd.web.governed import GovernedView, governed_view
from gatewayd.web.words import UNKNOWN, age, sentence

_KIND_NAMES = {
    AssetKind.INVERTER: "Solar inverter",
    AssetKind.BATTERY: "Battery",
    AssetKind.METER: "Meter",
    AssetKind.CHARGER: "Charger",
    AssetKind.VEHICLE: "Vehicle",
    AssetKind.HVAC: "Heating",
}
_METER_NAMES = {
    MeterUsage.GRID: "Grid meter",
    MeterUsage.LOAD: "Consumption meter",
    MeterUsage.GENERATION: "Production meter",
    MeterUsage.CHARGER: "Charger meter",
}
_ACTION_STATES = {
    ActionState.PENDING: "under way",
    ActionState.CONFIRMED: "done",
    ActionState.FAILED: "failed",
    ActionState.CANCELLED: "cancelled",
}


@dataclass(frozen=True, slots=True)
class ActionView:
    """What was asked, how it went and when."""

    what: str
    state: str
    is_bad: bool
    age_s: float
    age: str


@dataclass(frozen=True, slots=True)
class Card:
    """`age_s` is None where it cannot count on: no data, or data of before a restart."""

    id: str
    kind: str
    name: str
    kind_name: str
    figures: Figures
    is_reachable: bool
    age_s: float | None
    age: str
    action: ActionView | None
    reason: str | None
    governed: GovernedView | None


def cards(
    site: Site, now: datetime, monotonic: float, told: Overview | None = None
) -> tuple[Card, ...]:
    """All assets, kind by kind, oldest first."""
    states = (state for kind in _KIND_NAMES for state in site.of_kind(kind))
    return tuple(card(state, now, monotonic, told) for state in states)


def card(state: AssetState, now: datetime, monotonic: float, told: Overview | None = None) -> Card:
    """What is known of one asset now; `told` is what control knows."""
    asset, sample, governed = state.asset, state.sample, _governed(state, told)
    age_s = monotonic - sample.at_monotonic if sample else None
    return Card(
        asset.id,
        asset.kind.value,
        asset.display_name,
        _kind_name(asset),
        figures(sample.reading, asset.spec.reports) if sample else Figures(UNKNOWN, "", ()),
        state.is_reachable,
        age_s if age_s is not None and isfinite(age_s) else None,
        "no data yet" if age_s is None else age(age_s),
        _action(state.action, now) if state.action else None,
        _reason(state, governed),
        governed,
    )


def _governed(state: AssetState, told: Overview | None) -> GovernedView | None:
    found = told.assets.get(state.asset.id) if told else None
    return governed_view(found, told.zone) if told and found else None


def _reason(state: AssetState, governed: GovernedView | None) -> str | None:
    """Who has the say now, else what was decided last."""
    if governed and governed.say:
        return governed.say
    return sentence(state.decision.in_words) if state.decision else None


def _kind_name(asset: Asset) -> str:
    return _METER_NAMES[asset.usage] if asset.usage else _KIND_NAMES[asset.kind]


def _action(action: Action, now: datetime) -> ActionView:
    age_s = (now - action.updated_at).total_seconds()
    state = _ACTION_STATES[action.state]
    is_bad = action.state is ActionState.FAILED
    if is_bad and action.failure_reason:
        why = action.failure_detail or action.failure_reason.value.replace("_", " ").lower()
        state = f"{state} ({why})"
    return ActionView(sentence(in_words(action.command)), state, is_bad, age_s, age(age_s))
