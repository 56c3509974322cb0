"""What each step does to each thing, in words of the older version."""

from typing import Any

import pytest

from gatewayd.enode.versions.chain import request_up, response_down
from tests.enode.versions import samples
from tests.enode.versions.samples import AT, PLACE, page


def shown(version: str, operation: str, body: Any) -> Any:
    return response_down(version, operation, 200, body)[1]


def taken(version: str, operation: str, body: Any) -> Any:
    return request_up(version, operation, [], body)[1]


def test_a_heater_says_when_it_was_moved_in_2024_10_01() -> None:
    hvac = shown("2024-10-01", "get_hvac", samples.HVAC)

    assert hvac == samples.HVAC | {"location": {"id": PLACE, "lastUpdated": None}}


def test_only_heaters_differ_in_2024_10_01() -> None:
    for operation, body in samples.ANSWERS.items():
        if "hvac" not in operation:
            assert shown("2024-10-01", operation, body) == body


@pytest.mark.parametrize(
    ("kind", "name", "location"),
    [
        ("vehicle", "locationId", {"longitude": 10.75, "latitude": 59.91, "lastUpdated": AT}),
        ("charger", "locationId", None),
        ("hvac", "locationId", None),
        ("battery", "locationId", {"longitude": 10.75, "latitude": 59.91}),
        ("inverter", "chargingLocationId", {"longitude": 10.75, "latitude": 59.91}),
    ],
)
def test_the_location_of_an_asset_stands_beside_its_position_in_2024_01_01(
    kind: str, name: str, location: Any
) -> None:
    asset = shown("2024-01-01", f"get_{kind}", samples.ASSETS[kind])

    assert asset[name] == PLACE
    assert asset.get("location") == location


def test_a_meter_has_a_position_and_no_location_in_2024_01_01() -> None:
    meter = shown("2024-01-01", "get_meter", samples.METER)

    assert meter == samples.METER | {"location": {"longitude": 10.75, "latitude": 59.91}}


def test_an_asset_nowhere_has_no_location_id() -> None:
    nowhere = samples.CHARGER | {"location": {"id": None, "lastUpdated": None}}

    assert shown("2024-01-01", "get_charger", nowhere)["locationId"] is None


def test_a_heater_is_flat_in_2024_01_01() -> None:
    hvac = shown("2024-01-01", "get_hvac", samples.HVAC)

    flat = {
        "mode": "HEAT",
        "heatSetpoint": 22,
        "coolSetpoint": None,
        "holdType": "PERMANENT",
        "isActive": True,
        "currentTemperature": 20.8,
    }
    assert flat.items() <= hvac.items()
    assert hvac["capabilities"]["capableHoldTypes"] == ["PERMANENT"]


def test_a_heater_is_nothing_but_flat_before_2023_08_01() -> None:
    hvac = shown("2023-05-01", "get_hvac", samples.HVAC)

    assert set(hvac) == {
        "id",
        "userId",
        "vendor",
        "lastSeen",
        "isReachable",
        "consumptionRate",
        "information",
        "mode",
        "heatSetpoint",
        "coolSetpoint",
        "holdType",
        "isActive",
        "currentTemperature",
        "chargingLocationId",
        "capabilities",
    }
    assert set(hvac["capabilities"]) == {
        "capableModes",
        "capableHoldTypes",
        "coolSetpointRange",
        "heatSetpointRange",
        "setpointDifferenceRange",
    }


def test_an_intervention_without_a_vendor_is_unknown_before_2024_10_01() -> None:
    interventions = [samples.INTERVENTION, samples.AGNOSTIC]

    assert shown("2024-10-01", "list_interventions", interventions) == interventions
    assert shown("2024-01-01", "list_interventions", interventions) == [samples.INTERVENTION]
    status, problem = response_down("2024-01-01", "get_intervention", 200, samples.AGNOSTIC)
    assert (status, problem["error"]) == (404, "https://docs.enode.io/problems/not-found")


def test_the_override_of_smart_charging_is_an_external_start_too_before_2024_10_01() -> None:
    operation = "get_vehicles_vehicleid_smartchargingstatus"

    assert "externalStart" not in shown("2024-10-01", operation, samples.SMART_STATUS)
    status = shown("2024-01-01", operation, samples.SMART_STATUS)
    assert status["externalStart"] == status["smartOverride"] == samples.OVERRIDE


def test_a_link_session_of_old_asks_for_all_of_its_vendor_type() -> None:
    body = taken("2023-08-01", "post_users_userid_link", {"vendorType": "charger"})

    assert body["scopes"] == ["charger:control:charging", "charger:read:data"]
    assert body["language"] == "browser"
    assert body["redirectUri"].startswith("https://")


def test_a_link_session_of_old_keeps_what_it_names() -> None:
    asked = {
        "vendor": "TESLA",
        "forceLanguage": "nb-NO",
        "username": "anna@example.com",
        "redirectUri": "app://done",
        "scopes": ["offline_access", "control:vehicle:charging"],
    }

    assert taken("2023-03-01", "post_users_userid_link", asked) == {
        "vendor": "TESLA",
        "language": "nb-NO",
        "redirectUri": "app://done",
        "scopes": ["vehicle:control:charging", "vehicle:read:data"],
    }
    assert taken("2024-01-01", "post_users_userid_link", asked) == asked


def test_a_scope_nobody_knows_is_left_to_be_refused() -> None:
    body = taken("2023-08-01", "post_users_userid_link", {"scopes": ["moon:read:data", 7]})

    assert body["scopes"] == ["moon:read:data", "7"]


def test_a_link_sessions_state_is_in_its_address_before_2024_01_01() -> None:
    assert shown("2024-01-01", "post_users_userid_link", samples.LINK) == samples.LINK
    assert shown("2023-08-01", "post_users_userid_link", samples.LINK) == {
        "linkUrl": "http://gateway/ui/link/abc?link_state=abc",
        "linkState": "abc",
    }


def test_lists_are_bare_before_2023_08_01_and_hold_everything() -> None:
    chargers = page(samples.CHARGER)

    assert set(shown("2023-08-01", "list_user_chargers", chargers)) == {"data", "pagination"}
    assert len(shown("2023-05-01", "list_user_chargers", chargers)) == 1
    query, _ = request_up("2023-05-01", "list_user_chargers", [("pageSize", "2"), ("x", "")], None)
    assert query == [("x", ""), ("pageSize", "1000")]


def test_locations_are_for_charging_before_2023_08_01() -> None:
    for operation in ("update_charger", "update_hvac"):
        assert taken("2023-05-01", operation, {"chargingLocationId": None}) == {"locationId": None}
        assert taken("2023-08-01", operation, {"locationId": None}) == {"locationId": None}
    plan = "get_vehicles_vehicleid_smartchargingplans"
    assert shown("2023-05-01", plan, samples.PLAN)["chargingLocationId"] == PLACE
    query, _ = request_up(
        "2023-05-01", "get_charging_statistics", [("chargingLocationId", PLACE)], None
    )
    assert query == [("locationId", PLACE)]


def test_a_location_named_twice_is_left_to_be_refused() -> None:
    both = {"chargingLocationId": PLACE, "locationId": None}

    assert taken("2023-05-01", "update_charger", both) == both


def test_a_sample_says_what_it_would_have_cost_before_2023_08_01() -> None:
    (sample,) = shown("2023-05-01", "get_charging_statistics", [samples.SAMPLE])

    assert sample == samples.SAMPLE | {"nonSmartCostSum": 0.9}


def test_a_sample_without_savings_saved_nothing_before_2023_08_01() -> None:
    plain = samples.SAMPLE | {"estimatedSavings": None, "nonSmartPrice": samples.UNKNOWN}

    (sample,) = shown("2023-05-01", "get_charging_statistics", [plain])

    assert sample["nonSmartCostSum"] == sample["costSum"]
    assert (sample["estimatedSavings"], sample["nonSmartPrice"]) == (0, sample["price"])


def test_a_session_keeps_its_savings_apart_before_2023_08_01() -> None:
    (session,) = shown("2023-05-01", "get_charging_sessions_statistics", [samples.SESSION])

    assert session["smartStats"] == {"estimatedSavings": None, "nonSmartPrice": samples.UNKNOWN}
    assert (session["smartSession"], session["targetId"]) == (False, "v1")
    assert session["chargingLocationId"] == PLACE


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
