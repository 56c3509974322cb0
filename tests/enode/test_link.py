"""Link sessions as clients ask for them, and what users can take back."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest

from gatewayd.devices.linking import picture
from gatewayd.enode.services import Settings
from gatewayd.model.asset import Asset, AssetKind, Consent
from gatewayd.state import consents, links, outbox
from tests.enode.home import USER, Home

SCOPES = ["charger:read:data", "charger:control:charging"]
BODY: dict[str, Any] = {"scopes": SCOPES, "language": "en-US", "redirectUri": "app://linked"}


async def link(a_home: Home, user_id: str = "ben", **changes: Any) -> Any:
    body = {key: value for key, value in {**BODY, **changes}.items() if value is not ...}
    return await a_home.http.post(f"/users/{user_id}/link", json=body)


async def session_of(a_home: Home, response: Any) -> links.LinkSession:
    token = response.json()["linkUrl"].rpartition("/")[2]
    found = await a_home.db.read(lambda c: links.find(c, token))
    assert found is not None
    return found


async def events(a_home: Home) -> list[tuple[str, str, str]]:
    rows = await a_home.db.read(lambda c: outbox.after(c, 0))
    return [(row.event, row.entity_id, row.user_id) for row in rows]


async def capabilities(a_home: Home, path: str) -> list[dict[str, Any]]:
    shown = (await a_home.http.get(path)).json()["capabilities"].values()
    return [one for one in shown if isinstance(one, dict) and "isCapable" in one]


async def invalidate(a_home: Home, device_id: str) -> None:
    now = a_home.clock.now()

    changed = await a_home.db.write(lambda c: consents.invalidate(c, device_id, now))
    picture.show(a_home.store, changed)


async def test_099_a_link_for_an_unknown_user_creates_the_user(a_home: Home) -> None:
    response = await link(a_home)

    assert response.status_code == 200
    shown = await a_home.http.get("/users/ben")
    assert shown.json() == {"id": "ben", "linkedVendors": []}


async def test_a_link_leads_to_a_page_of_the_gateway_the_caller_found(a_home: Home) -> None:
    body = (await link(a_home)).json()

    assert body["linkUrl"].startswith("http://gateway/ui/link/")
    assert json.loads(base64.b64decode(body["linkToken"])) == {"linkUrl": body["linkUrl"]}


async def test_a_session_keeps_what_was_asked(a_home: Home) -> None:
    response = await link(a_home, vendor="KEBA", language="nb-NO", colorScheme="dark")
    session = await session_of(a_home, response)

    assert session.wanted == links.Wanted(
        user_id="ben",
        client_id=a_home.client.id,
        scopes=tuple(SCOPES),
        language="nb-NO",
        color_scheme="dark",
        redirect_uri="app://linked",
        vendor="KEBA",
    )
    assert session.expires_at - a_home.clock.now() == timedelta(hours=24)


@pytest.mark.parametrize(
    "scopes",
    [
        ["charger:control:charging"],
        [*SCOPES, "battery:control:operation_mode"],
        ["vehicle:read:location"],
    ],
)
async def test_101_scopes_without_the_data_of_their_kind_are_refused(
    a_home: Home, scopes: list[str]
) -> None:
    response = await link(a_home, scopes=scopes)

    assert response.status_code == 400
    assert response.json()["issues"][0]["path"] == ["scopes"]
    assert (await a_home.http.get("/users/ben")).status_code == 404


@pytest.mark.parametrize(
    "changes",
    [
        {"scopes": []},
        {"scopes": ["charger:all"]},
        {"scopes": ...},
        {"language": "xx-XX"},
        {"language": ...},
        {"redirectUri": ...},
        {"redirectUri": "about:blank"},
        {"redirectUri": "javascript:alert(1)"},
        {"redirectUri": "JavaScript:alert(1)"},
        {"redirectUri": "data:text/html,x"},
        {"redirectUri": "not a uri"},
        {"redirectUri": "/relative"},
        {"redirectUri": "https:///nowhere"},
        {"redirectUri": "https://user:word@host/"},
        {"redirectUri": "app://x\r\nSet-Cookie: a=b"},
        {"redirectUri": "app://" + "x" * 495},
        {"colorScheme": "pink"},
        {"vendor": "NOBODY"},
        {"vendor": None},
        {"vendor": "KEBA", "vendorType": "meter"},
        {"vendor": "SOLAREDGE"},
        {"vendorType": "battery"},
        {"vendorType": "boat"},
        {"forceLanguage": True},
    ],
)
async def test_a_session_that_makes_no_sense_is_refused(
    a_home: Home, changes: dict[str, Any]
) -> None:
    assert (await link(a_home, **changes)).status_code == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"redirectUri": "https://app.example.com/done?x=1#y"},
        {"redirectUri": "com.example.app:/back"},
        {"vendor": "ZAPTEC"},
        {"vendor": "KEBA", "vendorType": "charger"},
        {"language": "browser"},
    ],
)
async def test_a_session_that_makes_sense_is_opened(a_home: Home, changes: dict[str, Any]) -> None:
    assert (await link(a_home, **changes)).status_code == 200


async def test_a_vendor_type_narrows_the_scopes(a_home: Home) -> None:
    scopes = [*SCOPES, "meter:read:data"]

    session = await session_of(a_home, await link(a_home, scopes=scopes, vendorType="meter"))

    assert session.wanted.scopes == ("meter:read:data",)


@pytest.mark.parametrize("user_id", ["a%00b", "x" * 256, "%E2%80%AE"])
async def test_a_user_id_that_cannot_be_shown_is_refused(a_home: Home, user_id: str) -> None:
    assert (await link(a_home, user_id)).status_code == 400


async def test_102_the_connection_limit_is_a_403_with_its_title(a_home: Home) -> None:
    services = a_home.app.state.api.services
    object.__setattr__(services, "settings", Settings(max_connections=2))

    response = await link(a_home)

    assert response.status_code == 403
    assert response.json()["title"] == "Connections limit reached."
    assert a_home.client.id in response.json()["detail"]


async def test_the_pages_can_have_an_address_of_their_own(a_home: Home) -> None:
    services = a_home.app.state.api.services
    object.__setattr__(services, "settings", Settings(public_url="https://home.example/"))

    url = (await link(a_home)).json()["linkUrl"]

    assert url.startswith("https://home.example/ui/link/")


async def test_103_disconnecting_a_vendor_takes_its_assets_and_tells_of_it(a_home: Home) -> None:
    charger = a_home.asset(AssetKind.CHARGER)
    before = len(await events(a_home))

    response = await a_home.http.delete(f"/users/{USER}/vendors/KEBA")

    assert (response.status_code, response.content) == (204, b"")
    assert (await a_home.http.get("/chargers")).json()["data"] == []
    assert (await a_home.http.get(f"/chargers/{charger.id}")).status_code == 404
    assert (await events(a_home))[before:] == [("user:charger:deleted", charger.id, USER)]
    vendors = (await a_home.http.get(f"/users/{USER}")).json()["linkedVendors"]
    assert {entry["vendor"] for entry in vendors} == {"SOLAREDGE"}


async def test_103_disconnecting_one_kind_keeps_the_vendors_others(a_home: Home) -> None:
    response = await a_home.http.delete(f"/users/{USER}/vendors/SOLAREDGE/battery")

    assert response.status_code == 204
    assert (await a_home.http.get("/batteries")).json()["data"] == []
    assert len((await a_home.http.get("/inverters")).json()["data"]) == 1
    vendors = (await a_home.http.get(f"/users/{USER}")).json()["linkedVendors"]
    kinds = [entry["vendorType"] for entry in vendors if entry["vendor"] == "SOLAREDGE"]
    assert kinds == ["inverter", "meter"]


async def test_what_is_disconnected_stays_in_the_home(a_home: Home) -> None:
    await a_home.http.delete(f"/users/{USER}/vendors/KEBA")
    await a_home.poll()

    left = a_home.asset(AssetKind.CHARGER)

    assert left.consent is Consent.NONE
    assert left.capabilities
    assert a_home.store.site.assets[left.id].sample is not None


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("anna/vendors/NOBODY", 400),
        ("anna/vendors/TESLA", 404),
        ("anna/vendors/KEBA/boat", 400),
        ("anna/vendors/KEBA/meter", 404),
        ("nobody/vendors/KEBA", 404),
        ("nobody/authorization", 404),
        ("nobody", 404),
    ],
)
async def test_what_is_not_there_cannot_be_taken_away(a_home: Home, path: str, status: int) -> None:
    assert (await a_home.http.delete(f"/users/{path}")).status_code == status
    assert len((await a_home.http.get("/chargers")).json()["data"]) == 1


async def test_104_a_withdrawn_authorisation_is_silent_until_a_new_grant_restores_it(
    a_home: Home,
) -> None:
    charger = a_home.asset(AssetKind.CHARGER)
    path = f"/chargers/{charger.id}"
    before = (await a_home.http.get(path)).json()

    response = await a_home.http.delete(f"/users/{USER}/authorization")
    await a_home.poll()

    assert response.status_code == 204
    shown = (await a_home.http.get(path)).json()
    assert shown["isReachable"] is False
    assert shown["chargeState"]["isPluggedIn"] is None
    vendors = (await a_home.http.get(f"/users/{USER}")).json()["linkedVendors"]
    assert {entry["isValid"] for entry in vendors} == {False}

    await restore(a_home, charger)

    after = (await a_home.http.get(path)).json()
    assert after["id"] == before["id"]
    assert after["capabilities"] == before["capabilities"]
    assert after["chargeState"]["isPluggedIn"] is True


async def scheduled(a_home: Home) -> str:
    """The path of a new schedule on the charger."""
    body: dict[str, Any] = {
        "targetId": a_home.asset(AssetKind.CHARGER).id,
        "targetType": "charger",
        "locationId": None,
        "isEnabled": True,
        "defaultShouldCharge": True,
        "rules": [],
    }
    made = await a_home.http.post(f"/users/{USER}/schedules", json=body)
    assert made.status_code == 200, made.text
    return f"/schedules/{made.json()['id']}"


async def test_104_a_schedule_outlives_a_withdrawal(a_home: Home) -> None:
    path = await scheduled(a_home)
    before = (await a_home.http.get(path)).json()

    await a_home.http.delete(f"/users/{USER}/authorization")
    await a_home.poll()
    await restore(a_home, a_home.asset(AssetKind.CHARGER))

    assert (await a_home.http.get(path)).json() == before


@pytest.mark.parametrize("path", ["", "/vendors/KEBA", "/vendors/KEBA/charger"])
async def test_what_a_user_wanted_of_an_asset_goes_with_it(a_home: Home, path: str) -> None:
    schedule = await scheduled(a_home)

    await a_home.http.delete(f"/users/{USER}{path}")
    await a_home.poll()

    assert (await a_home.http.get(schedule)).status_code == 404


async def restore(a_home: Home, asset: Asset) -> None:

    now = a_home.clock.now()
    given = await a_home.db.write(
        lambda c: consents.give(c, asset.device_id, [asset.kind], asset.user_id, SCOPES, now)
    )
    picture.show(a_home.store, given)


@pytest.mark.parametrize("how", ["invalid", "withdrawn"])
async def test_022_a_link_that_does_not_hold_can_do_nothing_and_says_what_helps(
    a_home: Home, how: str
) -> None:
    charger = a_home.asset(AssetKind.CHARGER)
    path = f"/chargers/{charger.id}"
    before = len(await events(a_home))

    if how == "invalid":
        await invalidate(a_home, charger.device_id)
    else:
        await a_home.http.delete(f"/users/{USER}/authorization")

    shown = await capabilities(a_home, path)
    assert [one["isCapable"] for one in shown] == [False] * len(shown)
    ids = {one for each in shown for one in each["interventionIds"]}
    assert [len(each["interventionIds"]) for each in shown] == [1] * len(shown)
    (intervention_id,) = ids
    intervention = await a_home.http.get(f"/interventions/{intervention_id}")
    assert intervention.json()["resolution"]["action"] == "Link"
    vendors = (await a_home.http.get(f"/users/{USER}")).json()["linkedVendors"]
    assert {e["vendor"] for e in vendors if not e["isValid"]} >= {"KEBA"}
    told = [event for event, _, _ in (await events(a_home))[before:]]
    assert told == (["user:credentials:invalidated"] if how == "invalid" else [])


async def test_nothing_can_be_done_with_a_link_that_does_not_hold(a_home: Home) -> None:
    charger = a_home.asset(AssetKind.CHARGER)
    await invalidate(a_home, charger.device_id)

    response = await a_home.http.post(f"/chargers/{charger.id}/charging", json={"action": "START"})

    assert response.status_code == 400
    assert "linked again" in response.json()["detail"]


async def test_a_broken_link_can_be_mended_on_a_page(a_home: Home) -> None:
    charger = a_home.asset(AssetKind.CHARGER)
    await invalidate(a_home, charger.device_id)

    response = await a_home.http.post(
        f"/assets/{charger.id}/relink", json={"language": "de-DE", "redirectUri": "app://x"}
    )

    assert response.status_code == 200
    assert set(response.json()) == {"linkUrl", "linkToken"}
    session = await session_of(a_home, response)
    assert session.wanted.asset_id == charger.id
    assert session.wanted.user_id == USER
    assert set(session.wanted.scopes) == set(SCOPES)


@pytest.mark.parametrize("asset_id", ["valid", "unknown", "hidden"])
async def test_105_only_a_known_asset_with_a_broken_link_can_be_relinked(
    a_home: Home, asset_id: str
) -> None:
    if asset_id == "hidden":
        await a_home.http.delete(f"/users/{USER}/vendors/KEBA")
    if asset_id in ("valid", "hidden"):
        asset_id = a_home.asset(AssetKind.CHARGER).id

    response = await a_home.http.post(
        f"/assets/{asset_id}/relink", json={"language": "en-US", "redirectUri": "app://x"}
    )

    assert response.status_code == 400


async def test_an_erased_user_is_gone_with_assets_and_locations(a_home: Home) -> None:
    before = len(await events(a_home))

    response = await a_home.http.delete(f"/users/{USER}")

    assert response.status_code == 204
    assert (await a_home.http.get(f"/users/{USER}")).status_code == 404
    for kind in ("batteries", "chargers", "inverters", "meters", "locations", "users"):
        assert (await a_home.http.get(f"/{kind}")).json()["data"] == []
    told = sorted(event for event, _, _ in (await events(a_home))[before:])
    assert told == [f"user:{kind}:deleted" for kind in ("battery", "charger", "inverter", "meter")]


async def test_an_erased_user_can_come_again(a_home: Home) -> None:
    await a_home.http.delete(f"/users/{USER}")

    assert (await link(a_home, USER)).status_code == 200
    assert (await a_home.http.get(f"/users/{USER}")).json()["linkedVendors"] == []


async def test_a_missing_control_scope_takes_the_control_away(a_home: Home) -> None:
    charger = a_home.asset(AssetKind.CHARGER)
    now = a_home.clock.now()
    scopes = ("charger:read:data",)
    given = await a_home.db.write(
        lambda c: consents.give(c, charger.device_id, [charger.kind], USER, scopes, now)
    )

    picture.show(a_home.store, given)

    shown = (await a_home.http.get(f"/chargers/{charger.id}")).json()
    answer = await a_home.http.post(f"/chargers/{charger.id}/charging", json={"action": "START"})
    limit = await a_home.http.post(f"/chargers/{charger.id}/max-current", json={"maxCurrent": 8})

    assert shown["scopes"] == ["charger:read:data"]
    assert not shown["capabilities"]["startCharging"]["isCapable"]
    assert not shown["capabilities"]["setMaxCurrent"]["isCapable"]
    assert shown["capabilities"]["chargeState"]["isCapable"]
    assert (answer.status_code, limit.status_code) == (400, 400)


async def test_a_missing_location_scope_hides_the_coordinates(a_home: Home) -> None:
    meter = a_home.asset(AssetKind.METER)
    path, now = f"/meters/{meter.id}", a_home.clock.now()
    before = (await a_home.http.get(path)).json()["location"]

    given = await a_home.db.write(
        lambda c: consents.give(c, meter.device_id, [meter.kind], USER, ["meter:read:data"], now)
    )

    picture.show(a_home.store, given)

    location = (await a_home.http.get(path)).json()["location"]
    assert before["latitude"] is not None
    assert (location["latitude"], location["longitude"]) == (None, None)
    assert location["id"] == before["id"]
