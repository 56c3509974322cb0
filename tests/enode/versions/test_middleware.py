"""Older versions over HTTP: the same home, asked as applications of then ask."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from starlette.types import Scope

from gatewayd.enode.api import Api
from gatewayd.enode.app import create_app
from gatewayd.enode.versions import SERVED
from gatewayd.errors import StorageError
from gatewayd.model.asset import AssetKind
from gatewayd.state import users
from tests.enode.home import USER, Home
from tests.enode.versions.conftest import Client

BEFORE_USERS = [version for version in SERVED if version < "2023-08-01"]
SINCE_USERS = [version for version in SERVED if version >= "2023-08-01"]
JSON = {"content-type": "application/json"}
UNKNOWN = "6560fa37-b7ec-4ace-81ca-a8b64279f8d2"


async def test_the_version_is_echoed(client: Client) -> None:
    for version in SERVED:
        answer = await client(version).get(f"/meters/{UNKNOWN}")

        assert (answer.status_code, answer.headers["enode-version"]) == (404, version)


async def test_005_the_user_header_is_refused_since_2023_08_01(client: Client) -> None:
    for version in SINCE_USERS:
        answer = await client(version).get("/users", headers={"Enode-User-Id": USER})

        assert answer.status_code == 400
        assert "Enode-User-Id" in answer.json()["detail"]


async def test_006_the_form_of_a_problem_is_that_of_its_version(client: Client) -> None:
    for version in SERVED:
        problem = (await client(version).get(f"/meters/{UNKNOWN}")).json()

        is_old = version < "2024-10-01"
        host = (
            "https://docs.enode.io/problems/"
            if is_old
            else "https://developers.enode.com/api/problems/"
        )
        assert problem["type"] == f"{host}not-found"
        assert ("error" in problem, "message" in problem) == (is_old, is_old)


async def test_003_no_token_is_unauthorized_in_every_version(client: Client) -> None:
    for version in SERVED:
        http = client(version, None)
        del http.headers["authorization"]

        answers = [await http.get(path) for path in ("/chargers", f"/meters/{UNKNOWN}")]

        assert [answer.status_code for answer in answers] == [401, 401]
        assert answers[0].headers["www-authenticate"] == "Bearer"
        assert answers[0].json()["type"].endswith("/unauthorized")


async def test_a_disk_that_fails_is_told_in_every_version(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(_api: Api, _scope: Scope) -> str:
        raise StorageError("the disk is full")

    monkeypatch.setattr(Api, "client_id", failing)
    for version in SERVED:
        answer = await client(version).get("/chargers")

        assert answer.status_code == 503, version
        assert answer.json()["type"].endswith("/service-unavailable")


async def test_lists_are_bare_arrays_of_one_users_assets(client: Client) -> None:
    for version in BEFORE_USERS:
        mine = (await client(version).get("/chargers")).json()
        theirs = (await client(version, "nobody").get("/chargers")).json()

        assert [charger["userId"] for charger in mine] == [USER]
        assert theirs == []


async def test_all_lists_are_bare(client: Client) -> None:
    http = client("2023-05-01")

    kinds = ("batteries", "inverters", "meters", "charging-locations", "webhooks")
    for path in kinds:
        answer = await http.get(
            f"/{path}", params={"pageSize": "zero", "after": "x", "before": "y"}
        )
        assert answer.status_code == 200, path
        assert isinstance(answer.json(), list)


async def test_a_list_of_one_user_must_name_the_user(client: Client) -> None:
    answer = await client("2023-05-01", None).get("/chargers")

    assert answer.status_code == 400
    assert "Enode-User-Id" in answer.json()["message"]


async def test_me_is_the_user_of_the_header(client: Client) -> None:
    answer = await client("2023-05-01").get("/me")

    assert (answer.status_code, answer.json()["id"]) == (200, USER)
    assert (await client("2023-05-01", "nobody").get("/me")).json()["title"] == (
        "User does not exist"
    )
    assert (await client("2023-08-01").get("/me")).status_code == 404


async def test_charging_locations_live_and_die_under_their_old_path(client: Client) -> None:
    http = client("2023-04-15")
    place = {"name": "Cabin", "latitude": 60.5, "longitude": 8.2, "timezoneName": "Europe/Oslo"}

    made = await http.post("/charging-locations", json=place)
    path = f"/charging-locations/{made.json()['id']}"
    changed = await http.put(path, json={"name": "Hut"})
    shown = await http.get(path)
    listed = await http.get("/charging-locations")
    gone = await http.delete(path)

    assert (made.status_code, made.json()["userId"]) == (201, USER)
    assert changed.json() == shown.json()
    assert shown.json()["name"] == "Hut"
    assert {one["name"] for one in listed.json()} == {"Home", "Hut"}
    assert (gone.status_code, gone.content) == (204, b"")
    assert "content-type" not in gone.headers
    assert (await http.get(path)).status_code == 404


async def test_old_paths_answer_in_their_versions_only(client: Client) -> None:
    for version in SERVED:
        http = client(version)
        paths = ("/me", "/charging-locations")

        found = [(await http.get(path)).status_code for path in paths]

        assert found == ([200, 200] if version in BEFORE_USERS else [404, 404])


async def test_paths_that_came_later_are_not_found(client: Client) -> None:
    for version in BEFORE_USERS:
        http = client(version)

        paths = (f"/users/{USER}/chargers", "/users", f"/users/{USER}", "/locations")
        for path in paths:
            answer = await http.get(path)
            assert (answer.status_code, answer.json()["error"][-9:]) == (404, "not-found"), path
        hint = await http.post(f"/chargers/{UNKNOWN}/refresh-hint")
        assert hint.status_code == 404


async def test_the_external_start_of_2023_02_01_is_gone(client: Client) -> None:
    for version in SERVED:
        answer = await client(version).post(f"/chargers/{UNKNOWN}/external-start")

        assert answer.status_code == 404


async def test_an_unknown_path_is_an_old_problem(client: Client) -> None:
    answer = await client("2024-01-01").get("/nothing")

    assert (answer.status_code, answer.json()["message"]) == (404, "no operation has this path")


async def test_nothing_of_another_user_is_found(a_home: Home, client: Client) -> None:
    place = await a_home.another_location("berta")
    http = client("2023-05-01", "berta")
    charger = f"/chargers/{a_home.asset(AssetKind.CHARGER).id}"

    answers = [
        await http.get(charger),
        await http.put(charger, json={"chargingLocationId": None}),
        await http.post(f"{charger}/charging", json={"action": "START"}),
        await http.get(f"/charging-locations/{a_home.location.id}"),
        await http.delete(f"/charging-locations/{a_home.location.id.upper()}"),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert (await http.get(f"/charging-locations/{place.id}")).status_code == 200
    assert (await client("2023-05-01", None).get(charger)).status_code == 200
    assert (await a_home.http.get(f"/locations/{a_home.location.id}")).status_code == 200


async def test_an_action_of_another_user_is_not_found(a_home: Home, client: Client) -> None:
    charger = f"/chargers/{a_home.asset(AssetKind.CHARGER).id}"
    action = (
        await client("2023-05-01").post(f"{charger}/charging", json={"action": "START"})
    ).json()
    path = f"/chargers/actions/{action['id']}"

    assert (await client("2023-05-01", "berta").post(f"{path}/cancel")).status_code == 404
    assert (await client("2023-05-01").get(path)).json()["state"] == "PENDING"


async def test_a_user_whose_name_is_a_path_is_nobody(client: Client) -> None:
    answer = await client("2023-05-01", f"{USER}/chargers").get("/me")

    assert answer.status_code == 404


async def test_a_charger_is_attached_by_its_old_key(a_home: Home, client: Client) -> None:
    charger = f"/chargers/{a_home.asset(AssetKind.CHARGER).id}"
    http = client("2023-05-01")

    detached = await http.put(charger, json={"chargingLocationId": None})
    attached = await http.put(charger, json={"chargingLocationId": a_home.location.id})

    assert detached.json()["chargingLocationId"] is None
    assert attached.json()["chargingLocationId"] == a_home.location.id
    assert not {"location", "scopes"} & set(attached.json())
    newest = (await a_home.http.get(charger)).json()
    assert newest["location"]["id"] == a_home.location.id


async def test_a_body_that_is_not_right_is_refused_in_the_older_form(
    a_home: Home, client: Client
) -> None:
    charger, http = f"/chargers/{a_home.asset(AssetKind.CHARGER).id}", client("2023-05-01")
    wrong = [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b'{"chargingLocationId": NaN}',
        b'{"chargingLocationId": null, "chargingLocationId": null}',
        b'{"chargingLocationId": null, "locationId": null}',
        b'{"chargingLocationId": null, "colour": "red"}',
        b"[" * 100_000,
        b'"' + b"a" * 2_000_000 + b'"',
    ]
    for body in wrong:
        answer = await http.put(charger, content=body, headers=JSON)

        refused = (answer.status_code, answer.json()["error"][-11:])
        assert refused == (400, "bad-request"), body[:80]


async def test_a_body_may_come_in_pieces(a_home: Home, client: Client) -> None:
    charger = f"/chargers/{a_home.asset(AssetKind.CHARGER).id}"

    async def pieces() -> AsyncIterator[bytes]:
        yield b'{"chargingLoc'
        yield b'ationId": null}'

    answer = await client("2023-05-01").put(charger, content=pieces(), headers=JSON)

    assert answer.status_code == 200


async def test_every_served_get_answers_in_every_version(a_home: Home, client: Client) -> None:
    for version in SERVED[1:]:
        http, kinds = client(version), list(AssetKind)
        for kind in kinds:
            for state in a_home.store.site.of_kind(kind):
                plural = "batteries" if kind is AssetKind.BATTERY else f"{kind.value}s"
                answer = await http.get(f"/{plural}/{state.asset.id}")
                assert answer.status_code == 200
                assert ("scopes" in answer.json()) == (version >= "2024-01-01")
                assert int(answer.headers["content-length"]) == len(answer.content)
        assert (await http.get("/health/ready")).status_code == 204
        assert (await http.get("/integrations")).status_code == 200


async def test_what_an_older_version_does_not_change_keeps_its_bytes(
    a_home: Home, client: Client
) -> None:
    for path in (f"/locations/{a_home.location.id}", "/integrations"):
        newest = await a_home.http.get(path)
        older = await client("2023-08-01").get(path)
        assert older.content == newest.content


async def test_a_default_version_is_spoken_where_none_is_named(a_home: Home) -> None:
    services = a_home.app.state.api.services
    settings = replace(services.settings, default_version="2023-05-01")
    app = create_app(replace(services, settings=settings))
    headers = {
        "authorization": a_home.http.headers["authorization"],
        "enode-user-id": USER,
    }
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://gateway", headers=headers
    ) as http:
        old = await http.get("/chargers")
        new = await http.get(f"/users/{USER}/chargers", headers={"enode-version": "2025-10-01"})

    assert isinstance(old.json(), list)
    assert old.headers["enode-version"] == "2023-05-01"
    assert new.status_code == 400


async def test_the_query_of_an_operation_that_never_changed_arrives_as_it_is(
    client: Client,
) -> None:
    http = client("2023-08-01")

    assert (await http.get("/integrations?assetTypes=battery,meter")).status_code == 200
    assert (await http.get("/integrations?assetTypes=moon")).status_code == 400


async def test_users_are_made_by_nobody_who_only_names_them(a_home: Home, client: Client) -> None:
    await client("2023-05-01", "carl").get("/chargers")

    assert await a_home.db.read(lambda c: users.get(c, "carl")) is None
