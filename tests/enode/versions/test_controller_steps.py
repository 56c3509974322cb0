"""What each step does to schedules and smart charging."""

from typing import Any

import pytest

from gatewayd.enode.versions.chain import request_up, response_down
from tests.enode.versions import samples
from tests.enode.versions.samples import AT, PLACE, page


def shown(version: str, operation: str, body: Any) -> Any:
    return response_down(version, operation, 200, body)[1]


def taken(version: str, operation: str, body: Any) -> Any:
    return request_up(version, operation, [], body)[1]


def test_a_schedule_is_at_a_charging_location_before_2023_08_01() -> None:
    charge, temperature = shown(
        "2023-05-01", "get_schedules", page(samples.CHARGE_SCHEDULE, samples.TEMPERATURE_SCHEDULE)
    )

    assert charge["chargingLocationId"] == PLACE
    assert temperature["chargingLocationId"] is None
    assert temperature["defaultTargetState"] == samples.AUTO


def test_a_schedule_may_name_no_location_before_2023_08_01() -> None:
    asked = {"targetId": "v1", "targetType": "vehicle", "defaultShouldCharge": True}

    assert taken("2023-05-01", "create_schedule", asked) == asked | {"locationId": None}
    assert taken("2023-05-01", "update_schedule", {"isEnabled": False}) == {"isEnabled": False}


def test_the_location_of_a_heaters_schedule_is_dropped() -> None:
    asked = {"targetType": "hvac", "chargingLocationId": PLACE, "defaultTargetState": samples.HEAT}

    body = taken("2023-05-01", "create_schedule", asked)

    assert body == {"targetType": "hvac", "defaultTargetState": samples.HEAT}


def test_a_schedule_names_its_target_thrice_before_2023_05_01() -> None:
    charge = shown("2023-04-15", "get_schedule", samples.CHARGE_SCHEDULE)
    temperature = shown("2023-04-15", "get_schedule", samples.TEMPERATURE_SCHEDULE)

    assert [charge[name] for name in ("targetId", "chargeableId", "entityId")] == ["v1"] * 3
    assert [charge[name] for name in ("targetType", "chargeableType", "entityType")] == [
        "vehicle"
    ] * 3
    assert (temperature["entityId"], temperature["entityType"]) == ("h1", "hvac")
    assert "chargeableId" not in temperature


def test_a_temperature_is_a_point_with_a_dead_band_before_2023_05_01() -> None:
    schedule = shown("2023-04-15", "get_schedule", samples.TEMPERATURE_SCHEDULE)

    assert schedule["defaultTarget"] == {"temperature": 22, "deadband": 4}
    first, second = schedule["rules"]
    assert first["targetTemperature"] == {"temperature": 21, "deadband": 0}
    assert second == {"weekdays": [5], "targetTemperature": None}


@pytest.mark.parametrize("name", ["target", "targetTemperature"])
def test_a_dead_band_becomes_two_setpoints(name: str) -> None:
    asked = {
        "entityId": "h1",
        "entityType": "hvac",
        "defaultTarget": {"temperature": 22, "deadband": 4},
        "rules": [{"weekdays": [1], name: {"temperature": 20}}, {"targetState": samples.HEAT}],
    }

    body = taken("2023-04-15", "create_schedule", asked)

    assert (body["targetId"], body["targetType"]) == ("h1", "hvac")
    assert body["defaultTargetState"] == samples.AUTO
    assert body["rules"][0]["targetState"] == samples.AUTO | {
        "heatSetpoint": 20,
        "coolSetpoint": 20,
    }
    assert body["rules"][1] == {"targetState": samples.HEAT}
    assert not {"entityId", "entityType", "defaultTarget"} & set(body)


def test_all_names_of_a_target_may_be_given_if_they_agree() -> None:
    asked = {"targetId": "v1", "chargeableId": "v1", "entityId": "v1", "isEnabled": True}

    body = taken("2023-04-01", "update_schedule", asked)

    assert body == {"targetId": "v1", "isEnabled": True}
    unsure = asked | {"entityId": "v2"}
    assert "entityId" in taken("2023-04-01", "update_schedule", unsure)


@pytest.mark.parametrize("temperature", ["20", None, True, 10**400, [20], {}])
def test_what_is_no_temperature_is_left_to_be_refused(temperature: Any) -> None:
    target = {"temperature": temperature}

    body = taken("2023-04-15", "update_schedule", {"defaultTarget": target})

    assert body == {"defaultTargetState": target}


def test_a_transition_says_both_before_2023_05_01() -> None:
    operation = "get_schedule_status"

    charge = shown("2023-04-15", operation, samples.CHARGE_STATUS)
    temperature = shown("2023-04-15", operation, samples.TEMPERATURE_STATUS)

    assert charge["upcomingTransitions"] == [
        {"at": AT, "shouldCharge": True, "targetTemperature": None}
    ]
    assert temperature["upcomingTransitions"] == [
        {"at": AT, "shouldCharge": None, "targetTemperature": {"temperature": 22, "deadband": 4}}
    ]
    assert charge["externalStart"] == samples.OVERRIDE
    assert "externalStart" not in temperature


@pytest.mark.parametrize("failure", ["CHARGE_INTERRUPTED", "UNKNOWN", "STOP_FAILED", None])
def test_a_plan_told_of_some_failures_only_before_2023_04_15(failure: str | None) -> None:
    plan = samples.PLAN | {"failureCondition": failure}
    status = samples.SMART_STATUS | {"plan": plan}

    told = [
        shown("2023-04-01", "get_vehicles_vehicleid_smartchargingplans", plan),
        shown("2023-04-01", "get_vehicles_vehicleid_smartchargingstatus", status)["plan"],
    ]

    expected = failure if failure == "STOP_FAILED" else None
    assert [one["failureCondition"] for one in told] == [expected] * 2
    later = shown("2023-04-15", "get_vehicles_vehicleid_smartchargingplans", plan)
    assert later["failureCondition"] == failure


@pytest.mark.parametrize(
    ("state", "older"),
    [
        ("FULLY_CHARGED", "CONSIDERING"),
        ("UNKNOWN", "CONSIDERING"),
        ("PLAN:EXECUTING:STOPPED:AWAITING_PRICES", "PLAN:EXECUTING:STOPPED"),
        ("DISABLED", "DISABLED"),
        ("PLAN:EXECUTING:STARTED", "PLAN:EXECUTING:STARTED"),
    ],
)
def test_smart_charging_had_fewer_states_before_2023_04_01(state: str, older: str) -> None:
    status = samples.SMART_STATUS | {"state": state}
    operation = "get_vehicles_vehicleid_smartchargingstatus"

    told = shown("2023-03-01", operation, status)

    assert told["state"] == older
    assert (told["consideration"] is not None) == (older == "CONSIDERING")
    assert shown("2023-04-01", operation, status)["state"] == state


def test_more_was_considered_before_2023_04_01() -> None:
    status = shown("2023-03-01", "get_vehicles_vehicleid_smartchargingstatus", samples.CONSIDERING)

    assert status["consideration"] == samples.CONSIDERATION | {
        "recentlyAtChargingLocation": False,
        "isSmartChargeCapable": True,
        "singleUser": True,
        "needsSignificantCharge": True,
        "wontStopExistingChargingSession": True,
        "hasChargeAboveThreshold": True,
        "likelyToGenerateSavings": True,
    }


def test_the_oldest_difference_is_translated_first() -> None:
    asked = {
        "entityId": "h1",
        "entityType": "hvac",
        "chargingLocationId": PLACE,
        "defaultTarget": {"temperature": 22, "deadband": 4},
    }

    assert taken("2023-04-15", "create_schedule", asked) == {
        "targetId": "h1",
        "targetType": "hvac",
        "defaultTargetState": samples.AUTO,
    }
