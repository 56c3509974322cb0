"""Locations."""

from typing import Any

import httpx

from gatewayd.model.asset import AssetKind
from gatewayd.model.location import Location
from gatewayd.state import locations
from tests.enode.home import Home

CABIN = {"name": "Cabin", "latitude": 60.5, "longitude": 8.2, "timezoneName": "Europe/Oslo"}
UNKNOWN = "6560fa37-b7ec-4ace-81ca-a8b64279f8d2"


async def create(home: Home, user_id: str = "anna") -> httpx.Response:
    return await home.http.post(f"/users/{user_id}/locations", json=CABIN)


async def test_a_location_is_created_and_found(a_home: Home) -> None:
    created = await create(a_home)
    body = created.json()

    assert created.status_code == 200
    assert body == CABIN | {"id": body["id"], "userId": "anna"}
    assert (await a_home.http.get(f"/locations/{body['id']}")).json() == body
    listed = (await a_home.http.get("/users/anna/locations")).json()["data"]
    assert body in listed
    assert len(listed) == 2


async def test_a_location_of_an_unknown_user_is_refused(a_home: Home) -> None:
    refused = await create(a_home, "nobody")

    assert (refused.status_code, refused.json()["title"]) == (404, "User does not exist")


async def test_a_location_without_a_time_zone_is_in_utc(a_home: Home) -> None:
    body = {key: value for key, value in CABIN.items() if key != "timezoneName"}

    created = await a_home.http.post("/users/anna/locations", json=body)

    assert created.json()["timezoneName"] == "UTC"


async def test_a_location_lacking_anything_else_is_refused(a_home: Home) -> None:
    for key in ("name", "latitude", "longitude"):
        body = {name: value for name, value in CABIN.items() if name != key}
        refused = await a_home.http.post("/users/anna/locations", json=body)
        assert refused.status_code == 400
        assert refused.json()["issues"][0]["path"] == [key]


async def test_078_an_invalid_value_is_refused_naming_its_key(a_home: Home) -> None:
    wrong: list[tuple[str, object]] = [
        *(
            ("timezoneName", zone)
            for zone in ("Mars/Phobos", "", "Europe", "../etc/passwd", "europe/oslo", 1)
        ),
        *(("latitude", degrees) for degrees in (90.1, -91, "60", None)),
        *(("longitude", degrees) for degrees in (180.5, -181, True)),
        *(("name", name) for name in ("a\0b", "a\nb", "x" * 256, None, 5)),
        ("colour", "red"),
        ("id", UNKNOWN),
    ]
    for key, value in wrong:
        for answer in (
            await a_home.http.post("/users/anna/locations", json=CABIN | {key: value}),
            await a_home.http.put(f"/locations/{a_home.location.id}", json={key: value}),
        ):
            assert answer.status_code == 400, (key, value)
            assert answer.json()["issues"][0]["path"] == [key]


async def test_an_update_replaces_what_it_names_and_keeps_the_rest(a_home: Home) -> None:
    body = (await create(a_home)).json()
    changes: list[dict[str, Any]] = [
        {},
        {"name": "Hytte"},
        {"latitude": -90.0, "longitude": 180.0},
        {"timezoneName": "UTC"},
        {"name": "", "latitude": 0.0, "longitude": 0.0},
    ]
    for change in changes:
        body |= change
        updated = await a_home.http.put(f"/locations/{body['id']}", json=change)
        assert (updated.status_code, updated.json()) == (200, body)
        assert (await a_home.http.get(f"/locations/{body['id']}")).json() == body


async def test_077_a_deleted_location_is_shown_a_last_time_and_its_assets_are_nowhere(
    a_home: Home,
) -> None:
    path = f"/locations/{a_home.location.id}"
    body = (await a_home.http.get(path)).json()
    await a_home.clock.advance(60)

    deleted = await a_home.http.delete(path)

    assert (deleted.status_code, deleted.json()) == (200, body)
    for method in ("GET", "DELETE"):
        assert (await a_home.http.request(method, path)).status_code == 404
    for kind in ("batteries", "chargers", "inverters", "meters"):
        (asset,) = (await a_home.http.get(f"/{kind}")).json()["data"]
        assert asset["location"]["id"] is None
        assert asset["location"]["lastUpdated"] == "2026-06-21T10:01:00.000Z"


async def test_the_home_that_was_deleted_does_not_come_back_by_a_restart(a_home: Home) -> None:
    home = a_home.location

    async def restart() -> Location | None:
        where, now = (home.name, home.latitude, home.longitude, home.timezone), a_home.clock.now()
        return await a_home.db.write(
            lambda c: locations.configured_home(c, home.user_id, *where, now)
        )

    assert await restart() == home
    await a_home.http.delete(f"/locations/{home.id}")

    assert await restart() is None
    assert (await a_home.http.get("/locations")).json()["data"] == []
    await a_home.http.delete(f"/users/{home.user_id}")
    assert await restart() is None
    assert (await a_home.http.get("/users")).json()["data"] == []


async def test_an_unknown_location_cannot_be_updated(a_home: Home) -> None:
    assert (await a_home.http.put(f"/locations/{UNKNOWN}", json={})).status_code == 404
    assert (await a_home.http.put(f"/locations/{UNKNOWN}", content="{")).status_code == 404


async def test_an_asset_shows_at_once_what_a_client_changes_of_its_location(a_home: Home) -> None:
    inverter = f"/inverters/{a_home.asset(AssetKind.INVERTER).id}"
    assert (await a_home.http.get(inverter)).json()["timezone"] == "Europe/Oslo"

    change = {"timezoneName": "Europe/Berlin", "latitude": 52.5}
    await a_home.http.put(f"/locations/{a_home.location.id}", json=change)

    body = (await a_home.http.get(inverter)).json()
    assert (body["timezone"], body["location"]["latitude"]) == ("Europe/Berlin", 52.5)


async def test_an_asset_shows_soon_what_the_configuration_changes_of_its_location(
    a_home: Home,
) -> None:
    inverter = f"/inverters/{a_home.asset(AssetKind.INVERTER).id}"
    await a_home.http.get(inverter)
    now = a_home.clock.now()
    await a_home.db.write(
        lambda c: locations.ensure_home(c, "anna", "Home", 48.2, 16.4, "Europe/Vienna", now)
    )
    await a_home.clock.advance(30)

    assert (await a_home.http.get(inverter)).json()["timezone"] == "Europe/Vienna"
