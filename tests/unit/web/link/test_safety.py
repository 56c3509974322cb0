"""What the page refuses."""

import re
from typing import Any

import pytest

from gatewayd.state import links
from tests.unit.web.link.conftest import LinkHome


async def test_a_page_says_what_a_browser_may_do_with_it(linking: LinkHome) -> None:
    browser = await linking.opened(redirectUri="https://app.example:8443/done?x")

    headers = browser.headers
    assert headers["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        "frame-ancestors 'none'; form-action 'self' https://app.example:8443"
    )
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "<script" not in browser.html
    assert " style=" not in browser.html
    assert " on" not in re.sub(r">[^<]*<", "><", browser.html).replace(" one", "")


async def test_a_custom_scheme_may_be_followed(linking: LinkHome) -> None:
    browser = await linking.opened(redirectUri="com.Example.app:/done;script-src")

    policy = browser.headers["content-security-policy"]
    assert policy.endswith("form-action 'self' com.example.app:")


async def test_the_cookie_is_for_this_page_alone(linking: LinkHome) -> None:
    browser = await linking.opened()

    cookie = browser.headers["set-cookie"]
    path = "/" + browser.url.split("/", 3)[3]
    assert f"Path={path}" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


async def test_another_browser_cannot_go_on_with_a_session(linking: LinkHome) -> None:
    browser = await linking.opened()
    await browser.press("driver", driver="acme_wall")
    other = await linking.browser()

    await other.open(browser.url)
    assert (other.status, other.html.count("<form")) == (403, 0)
    await other.press("cancel")
    assert other.status == 403
    await browser.open(browser.url)
    assert browser.status == 200


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({}, "wrong"),
        ({}, ""),
        ({"Origin": "https://evil.example"}, None),
        ({"Origin": "null"}, None),
        ({"Sec-Fetch-Site": "cross-site"}, None),
        ({"Content-Type": "text/plain"}, None),
    ],
)
async def test_a_form_of_another_site_does_nothing(
    linking: LinkHome, headers: dict[str, str], key: str | None
) -> None:
    browser = await linking.opened()
    if key is not None:
        browser.html = f'name="key" value="{key}"'

    await browser.press("known", headers=headers, device="wallbox")
    assert browser.status == 403
    await browser.open(browser.url)
    assert "Add another device" in browser.text


async def test_a_form_without_the_cookie_does_nothing(linking: LinkHome) -> None:
    browser = await linking.opened()
    browser.http.cookies.clear()

    await browser.press("known", device="wallbox")

    assert browser.status == 403


async def test_a_foreign_name_is_not_answered(linking: LinkHome) -> None:
    url = await linking.session()
    path = "/" + url.split("/", 3)[3]
    browser = await linking.browser(Host="evil.example")

    await browser.open(path)

    assert browser.status == 400
    assert "unknown host name" in browser.text


@pytest.mark.parametrize(
    "host", ["8.8.8.8", "[2001:db8::1]", "2001:4860:4860::8888", "::ffff:8.8.8.8", "0.0.0.0"]
)
async def test_only_the_local_network_is_ever_asked(linking: LinkHome, host: str) -> None:
    browser = await linking.opened()
    await browser.press("driver", driver="acme_wall")

    await browser.press("connect", host=host)

    assert browser.status == 400
    assert "local network" in browser.text


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"host": "127.0.0.1", "port": "0"}, "port"),
        ({"host": "127.0.0.1", "unit": "x"}, "unit"),
        ({}, "host"),
        ({"host": "a b"}, "is not a name"),
        ({"host": "127.0.0.1", "port": "1"}, "127.0.0.1"),
        # What is the operator's alone cannot be sent along.
        ({"host": "127.0.0.1", "port": "1", "serial": "/dev/ttyS0"}, "127.0.0.1"),
    ],
)
async def test_what_was_typed_wrong_is_told_and_kept(
    linking: LinkHome, fields: dict[str, Any], told: str
) -> None:
    browser = await linking.opened()
    await browser.press("driver", driver="acme_wall")

    await browser.press("connect", **fields)

    assert browser.status == 400
    assert told in browser.text
    for value in fields.values():
        if not value.startswith("/dev"):
            assert f'value="{value}"' in browser.html


async def test_what_was_typed_is_shown_as_text(linking: LinkHome) -> None:
    browser = await linking.opened()
    await browser.press("driver", driver="acme_wall")

    await browser.press("connect", host='"><script>alert(1)</script>')

    assert "<script" not in browser.html


@pytest.mark.parametrize("driver", ["nothing", "../../etc/passwd", ""])
async def test_a_driver_that_was_not_offered_cannot_be_chosen(
    linking: LinkHome, driver: str
) -> None:
    browser = await linking.opened()

    await browser.press("driver", driver=driver)

    assert "What is it?" in browser.text


async def test_a_device_that_was_not_offered_cannot_be_chosen(linking: LinkHome) -> None:
    browser = await linking.opened()

    await browser.press("known", device="hybrid")
    assert (browser.status, await linking.chargers()) == (400, [])
    await browser.press("allow")
    assert (browser.status, await linking.chargers()) == (400, [])


async def test_a_form_that_is_too_long_is_refused(linking: LinkHome) -> None:
    browser = await linking.opened()

    await browser.press("known", device="x" * 40_000)

    assert browser.status == 403


async def test_a_device_of_another_kind_is_refused(linking: LinkHome) -> None:
    browser = await linking.opened(scopes=["charger:read:data", "meter:read:data"])
    await browser.press("driver", driver="eastron_sdm630")
    linking.registers.clear()

    await browser.press("connect", host="127.0.0.1", port=str(linking.box.port))

    assert browser.status == 400


async def test_a_box_that_went_away_before_the_consent_is_not_linked(linking: LinkHome) -> None:
    browser = await linking.opened()
    await browser.press("driver", driver="acme_wall")
    await browser.press("connect", host="127.0.0.1", port=str(linking.box.port))
    linking.registers.clear()

    await browser.press("allow")

    assert browser.status == 400
    assert await linking.chargers() == []
    token = browser.url.rpartition("/")[2]
    session = await linking.home.db.read(lambda c: links.find(c, token))
    assert session is not None
    assert session.ended_at is None
