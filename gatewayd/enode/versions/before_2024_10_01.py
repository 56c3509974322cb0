"""Before 2024-10-01: locations of assets are ids beside them, heaters' states are flat, Problems
come from another host and say everything twice."""

from typing import Any

from gatewayd.enode.versions.edits import Json, Object, only, within, without
from gatewayd.enode.versions.step import Answer, Step

_THERMOSTAT = ("mode", "heatSetpoint", "coolSetpoint", "holdType")
_TEMPERATURE = ("isActive", "currentTemperature")
_HOLDS = {"setPermanentHold": "PERMANENT", "setFollowSchedule": "SCHEDULED"}

_NEW_PROBLEMS = "https://developers.enode.com/api/problems/"
_OLD_PROBLEMS = "https://docs.enode.io/problems/"


def _vehicle(vehicle: Object) -> dict[str, Any]:
    placed = {**vehicle, "locationId": _location_id(vehicle)}
    return within(placed, "location", lambda location: without(location, "id"))


def _charger(charger: Object) -> dict[str, Any]:
    return {**without(charger, "location"), "locationId": _location_id(charger)}


def _battery(battery: Object) -> dict[str, Any]:
    return _meter({**battery, "locationId": _location_id(battery)})


def _meter(meter: Object) -> dict[str, Any]:
    return within(meter, "location", lambda location: only(location, "longitude", "latitude"))


def _inverter(inverter: Object) -> dict[str, Any]:
    placed = _meter({**inverter, "chargingLocationId": _location_id(inverter)})
    return within(placed, "information", lambda information: without(information, "sn"))


def _hvac(hvac: Object) -> dict[str, Any]:
    flat = {
        **without(hvac, "location"),
        **only(hvac.get("thermostatState") or {}, *_THERMOSTAT),
        **only(hvac.get("temperatureState") or {}, *_TEMPERATURE),
        "locationId": _location_id(hvac),
    }
    return within(flat, "capabilities", _hvac_capabilities)


def _hvac_capabilities(capabilities: Object) -> dict[str, Any]:
    capable = [hold for name, hold in _HOLDS.items() if _is_capable(capabilities.get(name))]
    return {**capabilities, "capableHoldTypes": capable}


def _is_capable(capability: Object | None) -> bool:
    return bool(capability and capability["isCapable"])


def _location_id(asset: Object) -> str | None:
    return (asset.get("location") or {}).get("id")


def _smart_status(status: Object) -> dict[str, Any]:
    return {**status, "externalStart": status.get("smartOverride")}


def _problem(problem: Object) -> dict[str, Any]:
    uri = str(problem["type"]).replace(_NEW_PROBLEMS, _OLD_PROBLEMS)
    return {**problem, "type": uri, "error": uri, "message": problem["detail"]}


def _interventions(status: int, body: Json) -> Answer:
    """Those that belong to a vendor: there were no others."""
    if isinstance(body, list):
        return status, [one for one in body if _has_vendor(one)]
    return status, body


def _intervention(status: int, body: Json) -> Answer:
    if status >= 400 or _has_vendor(body):
        return status, body
    return 404, {
        "type": _NEW_PROBLEMS + "not-found",
        "title": "Not Found",
        "detail": f"Could not find intervention with ID {body['id']}",
    }


def _has_vendor(intervention: Object) -> bool:
    return intervention.get("vendor") is not None


STEP = Step(
    since="2024-10-01",
    shows={
        "vehicle": _vehicle,
        "charger": _charger,
        "battery": _battery,
        "meter": _meter,
        "inverter": _inverter,
        "hvac": _hvac,
        "smart status": _smart_status,
    },
    answers={"list_interventions": _interventions, "get_intervention": _intervention},
    problem=_problem,
    fields={
        "vehicle": {"location.id": "locationId"},
        "charger": {"location.id": "locationId"},
        "battery": {"location.id": "locationId"},
        "inverter": {"location.id": "chargingLocationId"},
        "hvac": {
            "location.id": "locationId",
            **{f"thermostatState.{name}": name for name in _THERMOSTAT},
            **{f"temperatureState.{name}": name for name in _TEMPERATURE},
        },
        "smart status": {"smartOverride": "externalStart"},
    },
    new=frozenset({"get_inverter_statistics"}),
    new_events=frozenset({"user:inverter:statistics-updated"}),
)
