"""Schedules, between the model and the wire."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from pydantic import TypeAdapter

from gatewayd.enode.views.hold import permanent_hold
from gatewayd.enode.wire import schedule as wire
from gatewayd.errors import InvalidError
from gatewayd.model.asset import AssetKind
from gatewayd.model.climate import FollowSchedule, PermanentHold, TargetState
from gatewayd.model.hour_minute import format_hour_minute, parse_hour_minute
from gatewayd.model.schedule import (
    ChargeSchedule,
    HourMinute,
    Rule,
    Schedule,
    TemperatureSchedule,
    Timetable,
)

T = TypeVar("T")

_TARGET: TypeAdapter[wire.TargetState] = TypeAdapter(wire.TargetState)


def schedule(found: Schedule) -> wire.ChargeScheduleResponse | wire.TemperatureScheduleResponse:
    """A schedule as Enode shows it."""
    table = found.timetable
    if isinstance(found, TemperatureSchedule):
        return wire.TemperatureScheduleResponse.model_validate(
            {
                **_shared(found),
                "target_type": "hvac",
                "default_target_state": target_state(found.timetable.default),
                "rules": [
                    {**_filters(rule), "targetState": target_state(rule.value)}
                    for rule in found.timetable.rules
                ],
            }
        )
    return wire.ChargeScheduleResponse.model_validate(
        {
            **_shared(found),
            "target_type": found.target_kind.value,
            "location_id": found.location_id,
            "default_should_charge": table.default,
            "rules": [{**_filters(rule), "shouldCharge": rule.value} for rule in table.rules],
        }
    )


def target_state(state: TargetState) -> wire.TargetState:
    """What a heater or cooler is set to, or to be set to."""
    if isinstance(state, FollowSchedule):
        return wire.ScheduledTarget.model_validate({"holdType": "SCHEDULED"})
    body: dict[str, Any] = {"mode": state.mode, "holdType": "PERMANENT"}
    if state.mode.heats:
        body["heatSetpoint"] = state.heat_setpoint_c
    if state.mode.cools:
        body["coolSetpoint"] = state.cool_setpoint_c
    return _TARGET.validate_python(body)


def schedule_of(
    asked: wire.ChargeSchedule | wire.TemperatureSchedule,
    schedule_id: str,
    user_id: str,
    now: datetime,
) -> Schedule:
    """A new schedule of a user, as a payload asks for."""
    if isinstance(asked, wire.TemperatureSchedule):
        return TemperatureSchedule(
            id=schedule_id,
            user_id=user_id,
            target_id=asked.target_id,
            timetable=Timetable(_state(asked.default_target_state), _states(asked.rules)),
            created_at=now,
            is_enabled=asked.is_enabled,
        )
    return ChargeSchedule(
        id=schedule_id,
        user_id=user_id,
        target_id=asked.target_id,
        target_kind=AssetKind(asked.target_type),
        location_id=asked.location_id,
        timetable=Timetable(asked.default_should_charge, _charges(asked.rules)),
        created_at=now,
        is_enabled=asked.is_enabled,
    )


def changed(known: Schedule, change: wire.PartialSchedule) -> Schedule:
    """A schedule with what a payload of its kind names replaced."""
    match known, change:
        case ChargeSchedule(), wire.PartialChargeSchedule():
            return _charge_changed(known, change)
        case TemperatureSchedule(), wire.PartialTemperatureSchedule():
            return _temperature_changed(known, change)
    raise InvalidError("a schedule of one kind cannot become one of the other")


def _charge_changed(known: ChargeSchedule, change: wire.PartialChargeSchedule) -> ChargeSchedule:
    sent, table = change.model_fields_set, known.timetable
    default = change.default_should_charge if "default_should_charge" in sent else table.default
    rules = _charges(change.rules) if "rules" in sent else table.rules
    kind = AssetKind(change.target_type) if "target_type" in sent else known.target_kind
    return replace(
        known,
        target_id=change.target_id if "target_id" in sent else known.target_id,
        target_kind=kind,
        location_id=change.location_id if "location_id" in sent else known.location_id,
        is_enabled=change.is_enabled if "is_enabled" in sent else known.is_enabled,
        timetable=Timetable(default, rules),
    )


def _temperature_changed(
    known: TemperatureSchedule, change: wire.PartialTemperatureSchedule
) -> TemperatureSchedule:
    sent, table = change.model_fields_set, known.timetable
    is_new = "default_target_state" in sent
    default = _state(change.default_target_state) if is_new else table.default
    rules = _states(change.rules) if "rules" in sent else table.rules
    return replace(
        known,
        target_id=change.target_id if "target_id" in sent else known.target_id,
        is_enabled=change.is_enabled if "is_enabled" in sent else known.is_enabled,
        timetable=Timetable(default, rules),
    )


def _shared(found: Schedule) -> dict[str, Any]:
    return {"id": found.id, "target_id": found.target_id, "is_enabled": found.is_enabled}


def _filters(rule: Rule[bool] | Rule[TargetState]) -> dict[str, Any]:
    """The filters that a rule has."""
    filters: dict[str, Any] = {}
    if rule.hour_minute is not None:
        filters["hourMinute"] = {
            "from": format_hour_minute(rule.hour_minute.from_minute),
            "to": format_hour_minute(rule.hour_minute.to_minute),
        }
    if rule.from_at is not None:
        filters["fromTimestamp"] = rule.from_at
    if rule.to_at is not None:
        filters["toTimestamp"] = rule.to_at
    if rule.weekdays is not None:
        filters["weekdays"] = sorted(rule.weekdays)
    return filters


def _charges(rules: Iterable[wire.ChargeRule]) -> tuple[Rule[bool], ...]:
    return tuple(_rule(rule, rule.should_charge) for rule in rules)


def _states(rules: Iterable[wire.TemperatureRule]) -> tuple[Rule[TargetState], ...]:
    return tuple(_rule(rule, _state(rule.target_state)) for rule in rules)


def _rule(rule: wire.Filters, value: T) -> Rule[T]:
    sent = rule.model_fields_set
    return Rule(
        value,
        hour_minute=_interval(rule.hour_minute) if "hour_minute" in sent else None,
        weekdays=frozenset(rule.weekdays) if "weekdays" in sent else None,
        from_at=rule.from_timestamp if "from_timestamp" in sent else None,
        to_at=rule.to_timestamp if "to_timestamp" in sent else None,
    )


def _interval(interval: wire.HourMinuteInterval) -> HourMinute:
    return HourMinute(parse_hour_minute(interval.from_), parse_hour_minute(interval.to))


def _state(asked: wire.TargetState) -> PermanentHold | FollowSchedule:
    if isinstance(asked, wire.ScheduledTarget):
        return FollowSchedule()
    return permanent_hold(asked)
