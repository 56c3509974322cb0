"""What every request goes through: versions, unknown paths, bodies that are not right."""

import asyncio
import json
from dataclasses import replace

import httpx
import pytest
from fastapi import Request
from starlette.types import Message

from gatewayd.enode import problems
from gatewayd.enode.app import create_app
from gatewayd.enode.bodies import content
from gatewayd.errors import (
    ConflictError,
    ControlledError,
    InvalidError,
    NotFoundError,
    RequestError,
    StorageError,
    TooManyRequestsError,
    UnauthorizedError,
)
from gatewayd.model.asset import AssetKind
from tests.enode import contract
from tests.enode.home import Home
from tests.fakes.jump_loop import jumping

JSON = {"content-type": "application/json"}


def path_of(home: Home) -> str:
    return f"/chargers/{home.asset(AssetKind.CHARGER).id}/max-current"


async def post(home: Home, body: bytes | str, path: str | None = None) -> httpx.Response:
    return await home.http.post(path or path_of(home), content=body, headers=JSON)


def slug(response: httpx.Response) -> str:
    return str(response.json()["type"]).rpartition("/")[2]


async def test_005_the_user_header_of_old_is_refused(a_home: Home) -> None:
    headers = {"Enode-User-Id": "anna"}

    for path in ("/batteries", "/health/chargers"):
        assert (await a_home.http.get(path, headers=headers)).status_code == 400


async def test_006_a_problem_has_the_new_host_and_no_duplicates(a_home: Home) -> None:
    problem = (await a_home.http.get("/users/nobody")).json()

    assert problem == {
        "type": "https://developers.enode.com/api/problems/not-found",
        "title": "User does not exist",
        "detail": "Could not find user with ID nobody",
    }


@pytest.mark.parametrize("version", ["2025-10-01", "2024-10-01"])
async def test_the_version_asked_for_is_echoed(a_home: Home, version: str) -> None:
    answer = await a_home.http.get("/batteries", headers={"Enode-Version": version})

    assert (answer.status_code, answer.headers["enode-version"]) == (200, version)


async def test_without_a_version_the_newest_is_spoken_also_in_problems(a_home: Home) -> None:
    for path in ("/batteries", "/users/nobody"):
        assert (await a_home.http.get(path)).headers["enode-version"] == "2025-10-01"


@pytest.mark.parametrize("version", ["2023-02-01", "2024-10-02", "", "latest"])
async def test_a_version_that_is_not_served_is_refused(a_home: Home, version: str) -> None:
    answer = await a_home.http.get("/batteries", headers={"Enode-Version": version})

    assert (answer.status_code, slug(answer)) == (400, "bad-request")
    assert "2025-10-01" in answer.json()["detail"]
    assert "enode-version" not in answer.headers


async def test_008_an_unknown_key_is_named_in_the_issues(a_home: Home) -> None:
    answer = await post(a_home, '{"maxCurrent": 10, "colour": "red"}')

    assert answer.status_code == 400
    (fault,) = answer.json()["issues"]
    assert set(fault) == {"code", "path", "message"}
    assert fault["path"] == ["colour"]


@pytest.mark.parametrize("path", ["/", "/battery", "/batteries/", "/users//batteries", "/docs"])
async def test_a_path_no_operation_has_is_not_found(a_home: Home, path: str) -> None:
    answer = await a_home.http.get(path)

    assert (answer.status_code, slug(answer)) == (404, "not-found")


async def test_a_method_no_operation_has_is_told_the_others(a_home: Home) -> None:
    charger = f"/chargers/{a_home.asset(AssetKind.CHARGER).id}"

    answer = await a_home.http.patch(charger)

    assert (answer.status_code, slug(answer)) == (405, "method-not-allowed")
    assert answer.headers["allow"] == "GET, PUT"


async def test_an_id_that_must_be_a_uuid_and_is_none_is_refused(a_home: Home) -> None:
    ids = ("/batteries/1", "/inverters/x", "/meters/0-0", "/locations/%00", "/chargers/actions/7")
    for path in ids:
        answer = await a_home.http.get(path)
        assert answer.status_code == 400, path
        assert answer.json()["issues"][0]["path"][0].endswith("Id")


async def test_an_unknown_id_that_may_be_anything_is_not_found(a_home: Home) -> None:
    for path in ("/chargers/1", "/users/%F0%9F%9A%97", "/users/%00", "/users/%FF"):
        assert (await a_home.http.get(path)).status_code == 404, path


async def test_an_unknown_uuid_is_not_found(a_home: Home) -> None:
    for kind in ("batteries", "inverters", "meters", "locations", "chargers"):
        answer = await a_home.http.get(f"/{kind}/6560fa37-b7ec-4ace-81ca-a8b64279f8d2")
        assert answer.status_code == 404


async def test_a_uuid_has_no_case(a_home: Home) -> None:
    battery_id = a_home.asset(AssetKind.BATTERY).id

    assert (await a_home.http.get(f"/batteries/{battery_id.upper()}")).status_code == 200


async def test_an_asset_of_another_kind_is_not_found(a_home: Home) -> None:
    meter_id = a_home.asset(AssetKind.METER).id

    assert (await a_home.http.get(f"/batteries/{meter_id}")).status_code == 404
    assert (await a_home.http.get(f"/chargers/{meter_id}")).status_code == 404


WRONG_BODIES = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"maxCurrent"',
    b"{'maxCurrent': 10}",
    b'{"maxCurrent": 10,}',
    b'{"maxCurrent": 10} {}',
    b'{"maxCurrent": 10, "maxCurrent": 10}',
    b'{"maxCurrent": NaN}',
    b'{"maxCurrent": Infinity}',
    b'{"maxCurrent": -Infinity}',
    b'{"maxCurrent": 1e999}',
    b'{"maxCurrent": 1e308}',
    b'{"maxCurrent": ' + b"9" * 5000 + b"}",
    b'{"maxCurrent": "10"}',
    b'{"maxCurrent": true}',
    b'{"maxCurrent": null}',
    b'{"maxCurrent": [10]}',
    b'{"max_current": 10}',
    b'{"maxCurrent\\u0000": 10}',
    b'{"maxCurrent": 10, "\\ud800": 1}',
    b'{"maxCurrent": 10, "' + b"x" * 100_000 + b'": 1}',
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"\xff\xfe{\x00}\x00",
    b'\xef\xbb\xbf{"maxCurrent": 10}',
    '{"maxCurrent": 10}'.encode("utf-16"),
    b'{"maxCurrent": 10\x00}',
    b'{"a": "' + b"x" * 1024 * 1024 + b'"}',
    json.dumps({f"k{n}": n for n in range(50_000)}).encode(),
]


async def test_a_body_that_is_not_right_is_a_bad_request(a_home: Home) -> None:
    for body in WRONG_BODIES:
        answer = await post(a_home, body)
        assert (answer.status_code, slug(answer)) == (400, "bad-request"), body[:80]
        assert answer.headers["content-type"] == "application/json"
        assert len(answer.content) < 10_000
    assert a_home.devices["wallbox"].writes == []


async def test_what_only_some_parsers_take_for_json_is_refused_wherever_it_stands(
    a_home: Home,
) -> None:
    for body in ('{"a": NaN}', '{"a": [-Infinity]}', '{"a": {"b": 1, "b": 2}}'):
        assert "not valid JSON" in (await post(a_home, body)).json()["detail"]


@jumping
async def test_a_body_that_does_not_arrive_is_refused() -> None:
    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(InvalidError, match="did not arrive within 15 s"):
        await content(Request({"type": "http", "headers": []}, receive))


async def failing(home: Home, error: Exception) -> httpx.Response:
    """What a client sees when a room behind the API raises this."""

    def poke(_device_id: str) -> None:
        raise error

    services = replace(home.app.state.api.services, poke=poke)
    transport = httpx.ASGITransport(create_app(services), raise_app_exceptions=False)
    headers = {"authorization": home.http.headers["authorization"]}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://gateway", headers=headers
    ) as http:
        meter_id = home.asset(AssetKind.METER).id
        return await http.post(f"/meters/{meter_id}/refresh-hint")


async def test_a_bug_is_a_problem_that_tells_nothing_of_the_inside(a_home: Home) -> None:
    answer = await failing(a_home, RuntimeError("the secret of the inside"))

    assert (answer.status_code, slug(answer)) == (500, "internal-server-error")
    assert "secret" not in answer.text
    assert (
        contract.faults(
            "POST", "/meters/x/refresh-hint", 500, "application/problem+json", answer.content
        )
        == []
    )


@pytest.mark.parametrize(
    ("error", "status", "expected"),
    [
        (InvalidError("no"), 400, "bad-request"),
        (UnauthorizedError("no"), 401, "unauthorized"),
        (NotFoundError("no"), 404, "not-found"),
        (ConflictError("no"), 409, "conflict"),
        (ControlledError("no"), 422, "unprocessable-entity"),
        (TooManyRequestsError("no", retry_after_s=0.2), 429, "too-many-requests"),
    ],
)
def test_an_error_is_a_problem_in_the_media_type_of_the_operation(
    error: RequestError, status: int, expected: str
) -> None:
    declared, undeclared = problems.answer(error, {status}), problems.answer(error)

    assert declared.status_code == undeclared.status_code == status
    assert json.loads(bytes(declared.body))["type"].endswith(f"/{expected}")
    assert declared.headers["content-type"] == "application/json"
    assert undeclared.headers["content-type"] == "application/problem+json"


async def test_a_disk_that_fails_is_told_from_a_bug(a_home: Home) -> None:
    answer = await failing(a_home, StorageError("the disk is full"))

    assert (answer.status_code, slug(answer)) == (503, "service-unavailable")


async def test_a_body_that_is_not_declared_as_json_is_a_bad_request(a_home: Home) -> None:
    form = "application/x-www-form-urlencoded"
    for declared in ("", "text/plain", form, "multipart/form-data", "application/jsonp"):
        headers = {"content-type": declared}
        answer = await a_home.http.post(
            path_of(a_home), content='{"maxCurrent": 10}', headers=headers
        )
        assert answer.status_code == 400, declared


async def test_json_may_name_its_charset(a_home: Home) -> None:
    answer = await a_home.http.post(
        path_of(a_home),
        content='{"maxCurrent": 10}',
        headers={"content-type": "Application/JSON; charset=utf-8"},
    )

    assert answer.status_code == 200


async def test_whether_the_asset_exists_comes_before_the_body(a_home: Home) -> None:
    assert (await post(a_home, "{", "/chargers/nobody/max-current")).status_code == 404


async def test_a_body_where_none_belongs_is_ignored(a_home: Home) -> None:
    charger_id = a_home.asset(AssetKind.CHARGER).id

    assert (await post(a_home, "{", f"/chargers/{charger_id}/refresh-hint")).status_code == 204
