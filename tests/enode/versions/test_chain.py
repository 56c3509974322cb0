"""What holds for every step: pure, complete, and nothing in it that came later."""

import copy
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.enode.versions import NEWEST, SERVED, adapt_event, effective, knows_event
from gatewayd.enode.versions.chain import STEPS, request_up, response_down, steps
from gatewayd.enode.versions.resources import LISTS, SHOWN
from gatewayd.errors import InvalidError
from tests.enode import contract
from tests.enode.versions import samples
from tests.enode.versions.samples import ANSWERS, ASSETS, PROBLEM, event

OLDER = SERVED[1:]

# The values that came with a version, by thing, as dotted paths.
CAME = {
    "2024-10-01": {
        "vehicle": {"location.id"},
        "charger": {"location"},
        "hvac": {"location"},
        "inverter": {"location.id", "location.lastUpdated", "information.sn"},
        "battery": {"location.id", "location.lastUpdated"},
        "meter": {"location.id", "location.lastUpdated"},
    },
    "2024-01-01": {
        **{kind: {"scopes"} for kind in ASSETS},
        "link session": {"linkToken"},
    },
    "2023-08-01": {
        "vehicle": {"locationId"},
        "charger": {"locationId"},
        "hvac": {"locationId"},
        "battery": {"locationId"},
        "schedule": {"locationId"},
        "smart plan": {"locationId"},
        "smart status": {"plan.locationId"},
        "charging session": {"locationId", "estimatedSavings", "nonSmartPrice"},
    },
    "2023-05-01": {
        "schedule": {"defaultTargetState", "rules.targetState"},
        "schedule status": {"smartOverride", "upcomingTransitions.target"},
    },
}
# The values that ended with a version.
ENDED = {
    "2024-10-01": {
        "vehicle": {"locationId", "chargingLocationId"},
        "charger": {"locationId", "chargingLocationId"},
        "hvac": {"locationId", "chargingLocationId", "mode", "isActive", "capableHoldTypes"},
        "inverter": {"chargingLocationId"},
        "battery": {"locationId", "chargingLocationId"},
        "smart status": {"externalStart"},
    },
    "2024-01-01": {"link session": {"linkState"}},
    "2023-08-01": {
        "schedule": {"chargingLocationId"},
        "smart plan": {"chargingLocationId"},
        "charging sample": {"nonSmartCostSum"},
        "charging session": {"smartStats", "smartSession"},
    },
    "2023-05-01": {
        "schedule": {"chargeableId", "entityId", "defaultTarget", "rules.targetTemperature"},
        "schedule status": {"externalStart"},
    },
    "2023-04-01": {"smart status": {"consideration.singleUser"}},
}


def paths(body: Any, prefix: str = "") -> Iterator[str]:
    """The dotted paths of everything in a body; lists add no step."""
    if isinstance(body, list):
        for item in body:
            yield from paths(item, prefix)
    elif isinstance(body, Mapping):
        for name, value in body.items():
            yield prefix + name
            yield from paths(value, f"{prefix}{name}.")


def unpaged(body: Any) -> Any:
    return body["data"] if isinstance(body, dict) and "data" in body else body


def snake(operation_id: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", operation_id).lower()


def test_every_served_version_but_the_newest_is_reached_by_one_more_step() -> None:
    assert [step.since for step in STEPS] == list(SERVED[:-1])
    assert [len(steps(version)) for version in SERVED] == list(range(len(SERVED)))


def test_an_unknown_version_is_refused_and_none_means_the_default() -> None:
    assert effective(None, "2023-08-01") == "2023-08-01"
    assert effective("2023-03-01", NEWEST) == "2023-03-01"
    for unknown in ("2023-02-01", "2023-08-02", "", "newest"):
        with pytest.raises(InvalidError, match="2023-03-01"):
            effective(unknown, NEWEST)


def test_steps_name_operations_of_the_contract_or_one_that_has_ended() -> None:
    named = {
        operation
        for step in STEPS
        for operation in (
            *step.takes,
            *step.asks,
            *step.answers,
            *step.new,
            *(moved.operation for moved in step.moved),
        )
    }

    operations = {snake(described["operationId"]) for _, _, described in contract.operations()}
    operations.add("get_production_statistics")
    assert named | LISTS | set(SHOWN) <= operations


def test_lists_are_the_operations_that_answer_with_pages() -> None:
    paged = {
        snake(described["operationId"])
        for _, _, described in contract.operations()
        if "Paginated" in json.dumps(described["responses"])
    }

    assert paged == LISTS


@pytest.mark.parametrize("version", SERVED)
@pytest.mark.parametrize("operation", ANSWERS)
def test_an_answer_has_nothing_newer_and_nothing_older_than_its_version(
    operation: str, version: str
) -> None:
    _, body = response_down(version, operation, 200, copy.deepcopy(ANSWERS[operation]))

    has, thing = set(paths(unpaged(body))), SHOWN.get(operation, "")
    for since, things in CAME.items():
        if version < since:
            assert not has & things.get(thing, set())
    for since, things in ENDED.items():
        if version >= since:
            assert not has & things.get(thing, set())


@pytest.mark.parametrize("version", OLDER)
@pytest.mark.parametrize("operation", ANSWERS)
def test_a_step_leaves_what_it_is_given(operation: str, version: str) -> None:
    before = copy.deepcopy(ANSWERS[operation])

    response_down(version, operation, 200, ANSWERS[operation])

    assert ANSWERS[operation] == before


@pytest.mark.parametrize("operation", ANSWERS)
def test_the_newest_version_is_the_very_answer(operation: str) -> None:
    assert response_down(NEWEST, operation, 200, ANSWERS[operation])[1] is ANSWERS[operation]


@pytest.mark.parametrize("version", OLDER)
def test_the_action_of_a_refused_cancellation_is_no_problem(version: str) -> None:
    action = {"id": samples.ID, "state": "CONFIRMED", "targetType": "charger"}

    assert response_down(version, "cancel_charger_action", 409, action) == (409, action)


def test_problems_are_told_twice_from_the_old_host_before_2024_10_01() -> None:
    for version in SERVED:
        status, problem = response_down(version, "get_user", 404, PROBLEM)
        assert status == 404
        if version >= "2024-10-01":
            assert problem == PROBLEM
        else:
            assert problem == {
                "type": "https://docs.enode.io/problems/not-found",
                "title": "Not Found",
                "detail": "no such thing",
                "error": "https://docs.enode.io/problems/not-found",
                "message": "no such thing",
            }


def test_what_is_created_answers_201_before_2023_08_01() -> None:
    for operation, body in (("create_schedule", samples.CHARGE_SCHEDULE), ("create_location", {})):
        assert response_down("2023-08-01", operation, 200, body)[0] == 200
        assert response_down("2023-05-01", operation, 200, body)[0] == 201
        assert response_down("2023-05-01", operation, 400, PROBLEM)[0] == 400


def test_a_deleted_location_is_not_shown_before_2023_08_01() -> None:
    assert response_down("2023-08-01", "delete_location", 200, {"id": "a"}) == (200, {"id": "a"})
    assert response_down("2023-05-01", "delete_location", 200, {"id": "a"}) == (204, None)
    assert response_down("2023-05-01", "delete_location", 404, PROBLEM)[0] == 404


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                (
                    "targetId",
                    "entityId",
                    "targetType",
                    "rules",
                    "target",
                    "targetTemperature",
                    "defaultTarget",
                    "temperature",
                    "deadband",
                    "scopes",
                    "vendorType",
                    "forceLanguage",
                    "chargingLocationId",
                    "locationId",
                    "defaultShouldCharge",
                )
            )
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
TAKING = sorted({operation for step in STEPS for operation in step.takes})


@given(st.sampled_from(OLDER), st.sampled_from(TAKING), JSON)
def test_no_body_of_a_request_makes_a_step_fail_or_changes_under_it(
    version: str, operation: str, body: Any
) -> None:
    before = copy.deepcopy(body)

    request_up(version, operation, [], body)

    assert body == before


@pytest.mark.parametrize("version", SERVED)
def test_095_an_event_has_the_form_and_the_version_it_is_asked_for(version: str) -> None:
    for kind, asset in ASSETS.items():
        told = event(f"user:{kind}:updated", **{kind: asset}, updatedFields=["isReachable"])
        before = copy.deepcopy(told)

        adapted = adapt_event(version, told)

        assert adapted["version"] == version
        assert adapted["updatedFields"] == ["isReachable"]
        assert adapted[kind] == response_down(version, f"get_{kind}", 200, asset)[1]
        for step in STEPS:
            step.event_down(told)
        assert told == before


def test_updated_fields_are_those_the_version_has() -> None:
    told = event(
        "user:hvac:updated",
        hvac=samples.HVAC,
        updatedFields=["location.id", "thermostatState.heatSetpoint", "lastSeen"],
    )

    fields = {version: set(adapt_event(version, told)["updatedFields"]) for version in SERVED}

    assert fields["2025-10-01"] == {"location.id", "thermostatState.heatSetpoint", "lastSeen"}
    assert fields["2024-10-01"] == fields["2025-10-01"]
    assert fields["2024-01-01"] == {
        "locationId",
        "heatSetpoint",
        "thermostatState.heatSetpoint",
        "lastSeen",
    }
    assert fields["2023-05-01"] == {"chargingLocationId", "heatSetpoint", "lastSeen"}


def test_updated_fields_are_never_empty() -> None:
    told = event(
        "user:inverter:updated", inverter=samples.INVERTER, updatedFields=["information.sn"]
    )

    assert adapt_event("2024-01-01", told)["updatedFields"] == ["information"]


def test_a_value_of_what_is_unknown_is_still_an_updated_field() -> None:
    told = event(
        "user:vehicle:smart-charging-status-updated",
        smartChargingStatus=samples.CONSIDERING,
        updatedFields=["plan.locationId", "state", "plan.id"],
    )

    fields = adapt_event("2023-05-01", told)["updatedFields"]

    assert {"state", "plan.chargingLocationId", "plan.id"} <= set(fields)


def test_events_without_an_asset_only_change_their_version() -> None:
    beat = {"event": "system:heartbeat", "createdAt": samples.AT, "version": NEWEST}

    assert adapt_event("2023-03-01", beat) == {**beat, "version": "2023-03-01"}


def test_a_schedule_event_has_both_its_things_in_the_older_form() -> None:
    told = event(
        "user:schedule:execution-updated",
        schedule=samples.CHARGE_SCHEDULE,
        status=samples.CHARGE_STATUS,
        updatedFields=["state", "smartOverride"],
    )

    adapted = adapt_event("2023-04-15", told)

    assert adapted["schedule"]["chargingLocationId"] == samples.PLACE
    assert adapted["status"]["externalStart"] == samples.OVERRIDE
    assert set(adapted["updatedFields"]) == {"state", "externalStart"}


def test_statistics_of_inverters_are_told_of_since_2024_10_01() -> None:
    known = [
        version for version in SERVED if knows_event(version, "user:inverter:statistics-updated")
    ]

    assert known == ["2025-10-01", "2024-10-01"]
    assert all(knows_event(version, "user:meter:updated") for version in SERVED)
