"""The page of a link session, from the first look to the way back."""

from datetime import timedelta

import pytest

from gatewayd.model.asset import AssetKind, Consent
from gatewayd.state import linked_devices, ocpp, outbox
from tests.enode.home import USER
from tests.unit.web.link.conftest import SCOPES, LinkHome


async def test_a_device_is_typed_in_allowed_and_at_once_the_users(linking: LinkHome) -> None:
    browser = await linking.opened()
    assert "Acme: Wall" in browser.text

    await browser.press("driver", driver="acme_wall")
    await browser.press("connect", host="127.0.0.1", port=str(linking.box.port))
    assert "Acme Wall" in browser.text
    assert "control it: charger" in browser.text
    assert await linking.chargers() == []

    await browser.press("allow")

    assert (browser.status, browser.headers["location"]) == (303, "app://linked")
    (charger,) = await linking.chargers()
    assert charger["userId"] == "ben"
    assert charger["scopes"] == SCOPES
    assert charger["information"]["serialNumber"] == "77"
    shown = (await linking.home.http.get("/users/ben")).json()["linkedVendors"]
    assert shown == [{"vendor": "ACME", "vendorType": "charger", "isValid": True}]
    rows = await linking.home.db.read(lambda c: outbox.after(c, 0))
    told = [row for row in rows if row.entity_id == charger["id"]]
    assert [(row.event, row.user_id) for row in told] == [("user:charger:discovered", "ben")]


async def test_a_linked_device_is_read_and_can_be_told(linking: LinkHome) -> None:
    await linking.linked()

    async def is_heard_of() -> bool:
        (charger,) = await linking.chargers()
        return bool(charger["isReachable"])

    await linking.home.until(is_heard_of)
    (charger,) = await linking.chargers()
    assert charger["chargeState"]["powerDeliveryState"] == "PLUGGED_IN:STOPPED"
    assert charger["capabilities"]["startCharging"]["isCapable"]


async def test_nothing_is_written_before_the_person_allows_it(linking: LinkHome) -> None:
    browser = await linking.opened()
    await browser.press("driver", driver="acme_wall")
    await browser.press("search", port=str(linking.box.port))
    await browser.press("connect", host="127.0.0.1", port=str(linking.box.port))

    assert linking.box.requests
    assert linking.box.writes == []
    assert await linking.home.db.read(linked_devices.load) == []


async def test_a_search_finds_what_answers_in_the_network(linking: LinkHome) -> None:
    browser = await linking.opened()
    await browser.press("driver", driver="acme_wall")

    await browser.press("search", port=str(linking.box.port))
    assert browser.status == 200
    assert "Acme Wall 127.0.0.1, 77" in browser.text

    await browser.press("found:127.0.0.1", port=str(linking.box.port))
    await browser.press("allow")
    assert len(await linking.chargers()) == 1


async def test_charge_points_that_wait_for_approval_are_offered(linking: LinkHome) -> None:
    now = linking.home.clock.now()
    rows = [
        ocpp.ChargePointRow("cp-7", "1.6", "192.0.2.9", False, now, "Acme", "Pole", "S7"),
        ocpp.ChargePointRow("cp-8", "1.6", "192.0.2.9", True, now),
    ]
    for row in rows:
        await linking.home.db.write(lambda c, row=row: ocpp.see(c, row))  # type: ignore[misc]
    browser = await linking.opened()
    await browser.press("driver", driver="acme_wall")
    other = browser.text
    await browser.press("back")
    await browser.press("driver", driver="ocpp")
    shown = browser.text
    await browser.press("waiting:cp-7")

    assert "Acme Pole cp-7, S7" in shown
    assert "cp-8" not in shown
    assert "cp-7" not in other
    # It was tried, but nothing listens for calls here.
    assert "charge points can call the daemon only" in browser.text


async def test_a_search_that_finds_nothing_says_what_to_look_at(linking: LinkHome) -> None:
    browser = await linking.opened()
    await browser.press("driver", driver="acme_wall")

    await browser.press("search", port="1")

    assert "Nothing answered" in browser.text


async def test_a_device_of_the_gateway_is_taken_over_under_its_id(linking: LinkHome) -> None:
    before = linking.home.asset(AssetKind.CHARGER)
    browser = await linking.opened()
    assert "KEBA P30" in browser.text

    await browser.press("known", device="wallbox")
    await browser.press("allow")

    (charger,) = await linking.chargers()
    assert charger["id"] == before.id
    assert await linking.chargers(USER) == []


async def test_only_what_was_asked_for_is_granted(linking: LinkHome) -> None:
    browser = await linking.opened(scopes=["meter:read:data"])
    await browser.press("known", device="hybrid")
    await browser.press("allow")

    (meter,) = (await linking.home.http.get("/users/ben/meters")).json()["data"]
    assert meter["location"]["latitude"] is None
    assert (await linking.home.http.get("/users/ben/batteries")).json()["data"] == []
    assert len((await linking.home.http.get(f"/users/{USER}/batteries")).json()["data"]) == 1


async def test_what_somebody_else_has_linked_is_not_offered(linking: LinkHome) -> None:
    await linking.linked("ben")

    browser = await linking.opened("carl")
    assert "77" not in browser.text
    await browser.press("driver", driver="acme_wall")
    await browser.press("connect", host="127.0.0.1", port=str(linking.box.port))

    assert browser.status == 400
    assert "somebody else" in browser.text


async def test_the_same_box_is_not_added_twice(linking: LinkHome) -> None:
    await linking.linked("ben")
    await linking.linked("ben")

    assert len(await linking.chargers()) == 1
    assert len(await linking.home.db.read(linked_devices.load)) == 1


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        ("app://linked", "app://linked?error=cancelled&error_message=the+user+went+back"),
        ("https://x.example/a?b=c#d", "https://x.example/a?b=c&error=cancelled&error_message="),
        ("com.app:/done", "com.app:/done?error=cancelled&error_message="),
    ],
)
async def test_who_goes_back_is_sent_back_with_the_reason(
    linking: LinkHome, uri: str, place: str
) -> None:
    browser = await linking.opened(redirectUri=uri)

    await browser.press("cancel")

    assert browser.status == 303
    assert browser.headers["location"].startswith(place)
    assert browser.headers["location"].endswith("#d") is ("#" in uri)
    assert await linking.chargers() == []


async def test_100_a_link_session_works_once(linking: LinkHome) -> None:
    browser = await linking.linked()
    url = browser.url

    for again in (browser, await linking.browser()):
        await again.open(url)
        assert again.status == 410
        await again.press("allow")
        assert again.status == 410
    assert len(await linking.chargers()) == 1


async def test_100_a_link_session_ends_after_a_day(linking: LinkHome) -> None:
    browser = await linking.opened()
    linking.home.clock.jump_wall(timedelta(hours=24))

    await browser.press("known", device="wallbox")
    assert browser.status == 410
    await browser.open(browser.url)
    assert browser.status == 410
    assert "used up" in browser.text


async def test_a_look_does_not_use_a_session_up(linking: LinkHome) -> None:
    url = await linking.session()

    for _ in range(3):
        browser = await linking.browser()
        await browser.open(url)
        assert browser.status == 200


async def test_an_unknown_session_is_not_found(linking: LinkHome) -> None:
    browser = await linking.browser()

    await browser.open("/ui/link/guessed")

    assert browser.status == 404
    assert "Ask the app" in browser.text


async def test_the_words_are_the_persons(linking: LinkHome) -> None:
    english = await linking.opened(language="en-GB")
    dutch = await linking.opened(language="nl-BE")
    browser = await linking.browser(**{"Accept-Language": "xx, de-AT;q=0.9, en;q=0.8"})
    await browser.open(await linking.session(language="browser"))

    assert 'lang="en"' in english.html
    assert 'lang="nl"' in dutch.html
    assert 'lang="de"' in browser.html


async def test_the_colours_are_the_clients_choice(linking: LinkHome) -> None:
    browser = await linking.opened(colorScheme="dark")

    assert 'data-scheme="dark"' in browser.html
    assert 'name="color-scheme" content="dark"' in browser.html


async def test_a_vendor_without_a_driver_of_its_own_gets_what_may_fit(linking: LinkHome) -> None:
    browser = await linking.opened(vendor="TOSHIBA", scopes=["hvac:read:data"])

    assert "TOSHIBA" in browser.text
    assert "Stiebel Eltron" in browser.text


async def test_a_disconnected_linked_device_is_read_no_more(linking: LinkHome) -> None:
    await linking.linked()
    (charger,) = await linking.chargers()

    await linking.home.http.delete("/users/ben/vendors/ACME")

    assert charger["id"] not in linking.home.store.site.assets
    assert await linking.home.db.read(linked_devices.load) == []
    assert linking.home.poller.health("acme_wall") is None


async def test_104_a_new_link_restores_ids_after_a_withdrawal(linking: LinkHome) -> None:
    await linking.linked()
    (before,) = await linking.chargers()
    await linking.home.http.delete("/users/ben/authorization")

    made = await linking.home.http.post(
        f"/assets/{before['id']}/relink", json={"language": "en-US", "redirectUri": "app://again"}
    )
    browser = await linking.browser()
    await browser.open(made.json()["linkUrl"])
    await browser.press("connect", host="127.0.0.1", port=str(linking.box.port))
    await browser.press("allow")

    assert browser.headers["location"] == "app://again"
    (after,) = await linking.chargers()
    assert after["id"] == before["id"]
    assert after["scopes"] == before["scopes"]
    assert after["capabilities"]["startCharging"]["isCapable"]


async def test_a_configured_device_is_restored_by_consent_alone(linking: LinkHome) -> None:
    before = linking.home.asset(AssetKind.CHARGER)
    await linking.home.http.delete(f"/users/{USER}/authorization")
    made = await linking.home.http.post(
        f"/assets/{before.id}/relink", json={"language": "en-US", "redirectUri": "app://again"}
    )
    browser = await linking.browser()
    await browser.open(made.json()["linkUrl"])
    assert "KEBA P30" in browser.text

    await browser.press("allow")

    after = linking.home.asset(AssetKind.CHARGER)
    assert (after.id, after.consent, after.user_id) == (before.id, Consent.GRANTED, USER)
