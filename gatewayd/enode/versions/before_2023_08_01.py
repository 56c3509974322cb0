"""Before 2023-08-01: everything is one user's, lists are bare arrays, locations are for charging,
and what is created answers 201."""

from typing import Any

from gatewayd.enode.versions.edits import Json, Object, renamed, within, without
from gatewayd.enode.versions.paths_before_2023_08_01 import MOVED, NEW
from gatewayd.enode.versions.resources import LISTS
from gatewayd.enode.versions.step import Answer, Query, Step

# More than a home has of anything: the lists had no pages.
_ALL = ("pageSize", "1000")
_PAGING = ("after", "before", "pageSize")
_OLD, _NEW = "chargingLocationId", "locationId"


def _charging_location(body: Object) -> dict[str, Any]:
    return renamed(body, _NEW, _OLD)


def _location(body: Object) -> dict[str, Any]:
    return renamed(body, _OLD, _NEW)


def _hvac(hvac: Object) -> dict[str, Any]:
    """Flat only: the blocks that hold the same came later."""
    flat = without(_charging_location(hvac), "thermostatState", "temperatureState")
    return within(
        flat, "capabilities", lambda known: without(known, "setFollowSchedule", "setPermanentHold")
    )


def _schedule(schedule: Object) -> dict[str, Any]:
    return {_OLD: None, **_charging_location(schedule)}


def _schedule_payload(payload: Object) -> dict[str, Any]:
    """A schedule's location; those of heaters have none today."""
    is_temperature = payload.get("targetType") == "hvac" or "defaultTargetState" in payload
    return without(payload, _OLD) if is_temperature else _location(payload)


def _new_schedule(payload: Object) -> dict[str, Any]:
    changed = _schedule_payload(payload)
    if "defaultShouldCharge" in changed:
        changed.setdefault(_NEW, None)
    return changed


def _smart_status(status: Object) -> dict[str, Any]:
    return within(status, "plan", _charging_location)


def _sample(sample: Object) -> dict[str, Any]:
    """A time series' entry: without savings the price was the same, not unknown."""
    savings = sample["estimatedSavings"] or 0
    price = sample["nonSmartPrice"]
    return {
        **sample,
        "estimatedSavings": savings,
        "nonSmartCostSum": round(sample["costSum"] + savings, 9),
        "nonSmartPrice": sample["price"] if price["mean"] is None else price,
    }


def _session(session: Object) -> dict[str, Any]:
    smart = {name: session[name] for name in ("estimatedSavings", "nonSmartPrice")}
    return {
        **_charging_location(without(session, *smart)),
        "targetId": session["id"],
        "smartSession": session["estimatedSavings"] is not None,
        "smartStats": smart,
    }


def _everything(query: Query) -> Query:
    return [*(pair for pair in query if pair[0] not in _PAGING), _ALL]


def _at_location(query: Query) -> Query:
    return [(_NEW if name == _OLD else name, value) for name, value in query]


def _unwrapped(status: int, body: Json) -> Answer:
    return status, body["data"] if status < 400 else body


def _created(status: int, body: Json) -> Answer:
    return 201 if status == 200 else status, body


def _deleted(status: int, body: Json) -> Answer:
    return (204, None) if status == 200 else (status, body)


STEP = Step(
    since="2023-08-01",
    shows={
        **dict.fromkeys(("vehicle", "charger", "battery", "smart plan"), _charging_location),
        "hvac": _hvac,
        "schedule": _schedule,
        "smart status": _smart_status,
        "charging sample": _sample,
        "charging session": _session,
    },
    takes={
        "update_charger": _location,
        "update_hvac": _location,
        "create_schedule": _new_schedule,
        "update_schedule": _schedule_payload,
    },
    asks={
        **dict.fromkeys(LISTS, _everything),
        "get_charging_statistics": _at_location,
        "get_charging_sessions_statistics": _at_location,
        "get_production_statistics": _at_location,
    },
    answers={
        **dict.fromkeys(LISTS, _unwrapped),
        "create_location": _created,
        "create_schedule": _created,
        "delete_location": _deleted,
    },
    fields={
        **{thing: {_NEW: _OLD} for thing in ("vehicle", "charger", "battery", "hvac", "schedule")},
        "smart status": {f"plan.{_NEW}": f"plan.{_OLD}"},
    },
    new=NEW,
    moved=MOVED,
)
