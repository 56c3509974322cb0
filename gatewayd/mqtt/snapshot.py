"""State documents: what is published of an asset, an action and the home. Pure, save `Counters`."""

import math
from collections.abc import Iterable, Mapping

from gatewayd.model.climate import FollowSchedule, PermanentHold
from gatewayd.model.command import (
    Action,
    Command,
    SetMaxCurrent,
    SetOperationMode,
    StartCharging,
    StopCharging,
    required,
)
from gatewayd.model.flow import Flow
from gatewayd.model.reading import Sample
from gatewayd.model.site import AssetState
from gatewayd.mqtt.entities import reported
from gatewayd.mqtt.entity import Entity

# Home Assistant refuses a longer state.
_LONGEST = 255

Document = Mapping[str, float | str | None]

# Devices show 0 for a few seconds after they were switched on.
_NOUGHT_S = 60.0


class Counters:
    """The last good value of each lifetime counter, in kWh.

    Home Assistant takes a counter that falls, or shows 0 for a moment, for a new meter, and adds
    its whole life to the energy of the day. A first 0 is therefore believed of new assets alone,
    once it has stayed for a minute: `known` are those from before a restart. Of them it is believed
    where it was 0 before, too: `noughts` are the asset ids and keys of counters still at 0.
    """

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._known = frozenset(known)
        self._last: dict[tuple[str, str], float] = {}
        self._nought_since: dict[tuple[str, str], float] = {}
        self.noughts: frozenset[tuple[str, str]] = frozenset()

    def risen(self, asset_id: str, key: str, value: float | None, at: float) -> float | None:
        """The value, or the last good one when this is missing or lower; None before any.

        `at` is when it was said, on the monotonic clock.
        """
        name = (asset_id, key)
        last = self._last.get(name)
        if value is None or value < (last or 0.0):
            return last
        if last is None and value == 0.0 and not self._is_believed(name, at):
            return None
        self._last[name] = value
        if (value == 0.0) != (name in self.noughts):
            self.noughts ^= {name}
        return value

    def _is_believed(self, name: tuple[str, str], at: float) -> bool:
        since = self._nought_since.setdefault(name, at)
        is_new = name[0] not in self._known and at - since >= _NOUGHT_S
        return is_new or name in self.noughts

    def recall(self, noughts: Iterable[tuple[str, str]]) -> None:
        """Take what was at 0 in an earlier life."""
        self.noughts |= {name for name in noughts if name not in self._last}

    def forget(self, asset_id: str) -> None:
        """An asset that is gone."""
        self.noughts = frozenset(name for name in self.noughts if name[0] != asset_id)
        for values in (self._last, self._nought_since):
            for name in [name for name in values if name[0] == asset_id]:
                del values[name]


def snapshot(state: AssetState, sample: Sample, counters: Counters) -> Document:
    """Everything the asset reports: unknown is null, except energy, which is left out.

    What can be told something has a reason for what it is told now, in plain words.
    """
    asset = state.asset
    document: dict[str, float | str | None] = {}
    for entity in reported(asset.kind, asset.spec.reports):
        value = _value(entity, sample)
        if entity.is_counter and not isinstance(value, str):
            value = counters.risen(asset.id, entity.key, value, sample.at_monotonic)
        if value is not None or not entity.is_total:
            document[entity.key] = value
    if asset.capabilities:
        document["reason"] = state.decision.in_words[:_LONGEST] if state.decision else None
    return document


def home(flow: Flow) -> Document:
    """The home's power in watt: grid import +, battery DISCHARGING +."""
    return {
        "home_w": _rounded(flow.home_w),
        "grid_w": _rounded(flow.grid_w),
        "pv_w": _rounded(flow.pv_w),
        "battery_w": _rounded(flow.battery_w, scale=-1.0),
        "charger_w": _rounded(flow.charger_w),
    }


def action(newest: Action) -> Document:
    """The newest action of an asset, in Enode's words."""
    return {
        "id": newest.id,
        "kind": _kind(newest.command),
        "state": newest.state.value,
        "failureReason": newest.failure_reason.value if newest.failure_reason else None,
    }


def _kind(command: Command) -> str:
    match command:
        case StartCharging():
            return "START"
        case StopCharging():
            return "STOP"
        case SetMaxCurrent():
            return "MAX_CURRENT"
        case SetOperationMode():
            return "OPERATION_MODE"
        case PermanentHold():
            return "PERMANENT_HOLD"
        case FollowSchedule():
            return "FOLLOW_SCHEDULE"
    return required(command).name


def _value(entity: Entity, sample: Sample) -> float | str | None:
    value = entity.read(sample.reading)
    if isinstance(value, bool):
        return "ON" if value else "OFF"
    if value is None or isinstance(value, str):
        return value
    if entity.unit is None:
        return None
    return _rounded(value, entity.unit.digits, entity.unit.scale)


def _rounded(value: float | None, digits: int = 0, scale: float = 1.0) -> float | None:
    # JSON has no NaN and no infinity, so a device that says so has said nothing.
    if value is None or not math.isfinite(value):
        return None
    # Adding 0.0 turns -0.0, which a flipped sign makes of an idle battery, into 0.0.
    return round(value * scale, digits) + 0.0 if digits else round(value * scale)
