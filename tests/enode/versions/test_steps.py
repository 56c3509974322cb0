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
