"""Before 2023-05-01: schedules name their target thrice, and a temperature is a point with a dead
band around it."""

from collections.abc import Mapping
from typing import Any

from gatewayd.enode.versions.edits import Json, Object, each, renamed, without
from gatewayd.enode.versions.step import Step

_TWINS = {
    "targetId": ("chargeableId", "entityId"),
    "targetType": ("chargeableType", "entityType"),
}
_OLD_TARGETS = ("target", "targetTemperature")
# What cannot be a temperature is refused as it came.
_MOST_C = 1000


def _schedule(schedule: Object) -> dict[str, Any]:
    twins = {
        twin: schedule[name]
        for name, names in _TWINS.items()
        for twin in names
        if name in schedule and not _is_stranger(twin, schedule)
    }
    if "defaultTargetState" not in schedule:
        return {**schedule, **twins}
    return {
        **without(schedule, "defaultTargetState"),
        **twins,
        "defaultTarget": _point(schedule["defaultTargetState"]),
        "rules": each(schedule["rules"], _rule),
    }


def _is_stranger(twin: str, schedule: Object) -> bool:
    """Heaters were entities, but never chargeable."""
    return twin.startswith("chargeable") and schedule.get("targetType") == "hvac"


def _rule(rule: Object) -> dict[str, Any]:
    return {**without(rule, "targetState"), "targetTemperature": _point(rule["targetState"])}


def _point(state: Object | None) -> dict[str, Any] | None:
    """The middle of the setpoints and their distance; None for what has no temperature."""
    low, high = (state or {}).get("heatSetpoint"), (state or {}).get("coolSetpoint")
    ends = [end for end in (low, high) if end is not None]
    if not ends:
        return None
    return {"temperature": sum(ends) / len(ends), "deadband": max(ends) - min(ends)}


def _state(point: Json) -> Json:
    """The hold that keeps the temperature within the dead band; anything else as it is."""
    if not isinstance(point, Mapping) or "temperature" not in point:
        return point
    temperature, deadband = point["temperature"], point.get("deadband") or 0
    if not all(_is_temperature(value) for value in (temperature, deadband)):
        return point
    return {
        "holdType": "PERMANENT",
        "mode": "AUTO",
        "heatSetpoint": temperature - deadband / 2,
        "coolSetpoint": temperature + deadband / 2,
    }


def _is_temperature(value: Json) -> bool:
    return type(value) in (int, float) and abs(value) < _MOST_C


def _payload(payload: Object) -> dict[str, Any]:
    changed = dict(payload)
    for name, twins in _TWINS.items():
        for twin in twins:
            changed = _one_of(changed, twin, name)
    if "defaultTarget" in changed:
        changed = renamed(changed, "defaultTarget", "defaultTargetState")
        changed["defaultTargetState"] = _state(changed["defaultTargetState"])
    return (
        {**changed, "rules": each(changed["rules"], _new_rule)} if "rules" in changed else changed
    )


def _one_of(payload: Object, twin: str, name: str) -> dict[str, Any]:
    """The payload with one name for two that say the same; both stay when they do not."""
    if twin in payload and payload.get(name) == payload[twin]:
        return without(payload, twin)
    return renamed(payload, twin, name)


def _new_rule(rule: Object) -> dict[str, Any]:
    for old in _OLD_TARGETS:
        if old in rule:
            changed = renamed(rule, old, "targetState")
            return {**changed, "targetState": _state(changed["targetState"])}
    return dict(rule)


def _status(status: Object) -> dict[str, Any]:
    changed = renamed(status, "smartOverride", "externalStart")
    return {**changed, "upcomingTransitions": each(status["upcomingTransitions"], _transition)}


def _transition(transition: Object) -> dict[str, Any]:
    return {
        "at": transition["at"],
        "shouldCharge": transition.get("shouldCharge"),
        "targetTemperature": _point(transition.get("target")),
    }


STEP = Step(
    since="2023-05-01",
    shows={"schedule": _schedule, "schedule status": _status},
    takes={"create_schedule": _payload, "update_schedule": _payload},
    fields={
        "schedule status": {"smartOverride": "externalStart"},
        "schedule": {"defaultTargetState": "defaultTarget"},
    },
)
