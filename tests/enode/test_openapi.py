"""The description that the API gives of itself, against the published contract."""

import json
from typing import Any

import httpx
import pytest

from gatewayd.enode.openapi.document import document
from tests.enode import contract
from tests.enode.home import Home
from tests.enode.shapes import defaults, shape
from tests.enode.test_contract import bodies, served

# The contract does not say with what these answer.
UNTOLD = {"getFlexPolicyStatus", "postAssetsAssetidRelink"}
# Vendors are open, an offset is no number, and an id of ours may look otherwise; a tariff's is
# held to the whole pattern.
OWN = {"smartChargingPlanId", "tariffId", "utcOffset", "vendor"}
# A change keeps what it does not name: a client would send a default, and overwrite it.
CHANGES = {
    "updateLocation",
    "updateSchedule",
    "updateVehicleSmartChargingPolicy",
    "updateWebhook",
}

OURS = document()
DESCRIBED = {
    found["operationId"]: (method, path, found)
    for path, methods in OURS["paths"].items()
    for method, found in methods.items()
}


def theirs(operation_id: str) -> Any:
    method, path, _ = DESCRIBED[operation_id]
    return contract.spec()["paths"][path][method]


def parameters(described: Any, root: Any) -> dict[tuple[str, str], Any]:
    """Whether each parameter is required, its schema and its default, by place and name."""
    followed = [
        root["components"]["parameters"][given["$ref"].rpartition("/")[2]]
        if "$ref" in given
        else given
        for given in described.get("parameters", [])
    ]
    return {
        (given["in"], given["name"]): (
            given.get("required", False),
            None if given["name"] in OWN else shape(given["schema"], root),
            defaults(given["schema"], root),
        )
        for given in followed
    }


async def test_the_document_is_public(a_home: Home) -> None:
    transport = httpx.ASGITransport(a_home.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
        answer = await http.get("/openapi.json")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == json.loads(json.dumps(OURS))


def test_every_operation_served_is_described() -> None:
    assert set(DESCRIBED) == set(served())
    assert len(DESCRIBED) == 100


@pytest.mark.parametrize("operation_id", DESCRIBED)
def test_an_operation_is_described_as_in_the_contract(operation_id: str) -> None:
    ours, expected = DESCRIBED[operation_id][2], theirs(operation_id)

    assert ours["tags"] == expected["tags"][:1]
    assert ours["security"] == expected.get("security", [{"ClientAccessToken": []}])
    assert parameters(ours, OURS) == parameters(expected, contract.spec())


@pytest.mark.parametrize("operation_id", sorted(set(DESCRIBED) - UNTOLD))
def test_the_bodies_are_those_of_the_contract(operation_id: str) -> None:
    ours = {
        which: shape(schema, OURS)
        for which, schema in bodies(DESCRIBED[operation_id][2]).items()
        if which != "default"
    }
    expected = {
        which: shape(schema, contract.spec())
        for which, schema in bodies(theirs(operation_id)).items()
        if schema and (operation_id != "getInverterStatistics" or which < "400")
    }

    assert ours == expected


@pytest.mark.parametrize("operation_id", sorted(set(DESCRIBED) - UNTOLD))
def test_the_defaults_are_those_of_the_contract(operation_id: str) -> None:
    ours, expected = (
        {which: defaults(schema, root) for which, schema in bodies(described).items()}
        for described, root in (
            (DESCRIBED[operation_id][2], OURS),
            (theirs(operation_id), contract.spec()),
        )
    )

    if operation_id in CHANGES:
        assert expected.pop("request") != {}
        assert ours.pop("request") == {}
    for which, found in expected.items():
        assert ours.get(which, {}) == found


@pytest.mark.parametrize("operation_id", DESCRIBED)
def test_any_other_answer_is_described_as_a_problem(operation_id: str) -> None:
    answers = DESCRIBED[operation_id][2]["responses"]
    problem = shape({"$ref": "#/components/schemas/Problem"}, contract.spec())

    (described,) = answers["default"]["content"].items()
    assert (described[0], shape(described[1]["schema"], OURS)) == (
        "application/problem+json",
        problem,
    )


def test_tokens_are_got_here_and_as_in_the_contract() -> None:
    (ours,) = OURS["components"]["securitySchemes"].items()
    (expected,) = contract.spec()["components"]["securitySchemes"].items()

    flow = expected[1]["flows"]["clientCredentials"] | {"tokenUrl": "/oauth2/token"}
    assert ours == (expected[0], {"type": "oauth2", "flows": {"clientCredentials": flow}})


def test_every_event_is_described() -> None:
    assert set(OURS["webhooks"]) == set(contract.spec()["webhooks"])
    assert len(OURS["webhooks"]) == 25


@pytest.mark.parametrize("name", OURS["webhooks"])
def test_an_event_is_described_as_in_the_contract(name: str) -> None:
    ours, expected = ((root["webhooks"][name]["post"], root) for root in (OURS, contract.spec()))

    assert ours[0]["operationId"] == expected[0]["operationId"]
    assert ours[0]["security"] == expected[0]["security"]
    assert set(ours[0]["responses"]) == set(expected[0]["responses"])
    assert shape(body(ours[0]), OURS) == shape(body(expected[0]), contract.spec())
    assert defaults(body(ours[0]), OURS) == defaults(body(expected[0]), contract.spec())


def body(described: Any) -> Any:
    return bodies(described)["request"]
