"""Tokens: who gets one, who gets in, and who is kept out."""

import asyncio
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from gatewayd.model.asset import AssetKind
from gatewayd.state import clients
from tests.enode.home import Home, home, token

GRANT = {"grant_type": "client_credentials"}


async def ask(at: Home, secret: str, address: str = "192.0.2.7") -> httpx.Response:
    """A token request from an address."""
    transport = httpx.ASGITransport(at.app, client=(address, 40000))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
        return await http.post("/oauth2/token", data=GRANT, auth=(at.client.id, secret))


async def test_001_valid_credentials_give_a_bearer_token(a_home: Home) -> None:
    granted = await ask(a_home, a_home.client.secret)

    body = granted.json()
    assert granted.status_code == 200
    assert set(body) == {"access_token", "expires_in", "scope", "token_type"}
    assert (body["expires_in"], body["scope"], body["token_type"]) == (3599, "", "bearer")
    assert granted.headers["content-type"] == "application/json;charset=UTF-8"
    assert granted.headers["cache-control"] == "no-store"
    assert granted.headers["pragma"] == "no-cache"


async def test_002_a_wrong_secret_is_an_invalid_client(a_home: Home) -> None:
    refused = await ask(a_home, "wrong")

    assert refused.status_code == 401
    assert refused.json()["error"] == "invalid_client"
    assert refused.headers["www-authenticate"].startswith("Basic")


async def test_003_no_token_is_unauthorized(a_home: Home) -> None:
    del a_home.http.headers["authorization"]

    refused = await a_home.http.get("/batteries")

    assert refused.status_code == 401
    assert refused.json() == {
        "type": "https://developers.enode.com/api/problems/unauthorized",
        "title": "Unauthorized",
        "detail": "Unauthorized for resource",
    }


async def test_004_public_operations_need_no_token(a_home: Home) -> None:
    del a_home.http.headers["authorization"]

    kinds = ("ready", "batteries", "chargers", "hvacs", "inverters", "meters", "vehicles")
    for path in (*(f"/health/{kind}" for kind in kinds), "/integrations"):
        assert (await a_home.http.get(path)).is_success, path


async def test_anything_but_a_valid_bearer_token_is_unauthorized(a_home: Home) -> None:
    long = b"Bearer " + b"a" * 5000
    for header in (b"", b"Bearer", b"Bearer ", b"Basic abc", b"Bearer wrong", long, b"Bearer \xff"):
        answer = await a_home.http.get("/batteries", headers=[(b"authorization", header)])
        assert answer.status_code == 401, header


async def test_the_scheme_of_the_header_has_no_case(a_home: Home) -> None:
    a_home.http.headers["authorization"] = f"bEARER {await token(a_home.http, a_home.client)}"

    assert (await a_home.http.get("/batteries")).status_code == 200


async def test_credentials_may_come_in_the_form(a_home: Home) -> None:
    form = GRANT | {"client_id": a_home.client.id, "client_secret": a_home.client.secret}

    assert (await a_home.http.post("/oauth2/token", data=form)).status_code == 400
    del a_home.http.headers["authorization"]
    assert (await a_home.http.post("/oauth2/token", data=form)).status_code == 200


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ("", "invalid_request"),
        ("grant_type=", "invalid_request"),
        ("grant_type=password", "unsupported_grant_type"),
        ("grant_type=client_credentials&grant_type=client_credentials", "invalid_request"),
        ("grant_type=client_credentials&a=%ff", "invalid_request"),
        ("&".join(f"a{n}=1" for n in range(100)), "invalid_request"),
        ("grant_type=client_credentials\u00e9", "invalid_request"),
    ],
)
async def test_a_token_request_that_is_no_grant_is_refused_in_the_words_of_rfc_6749(
    a_home: Home, form: str, error: str
) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}

    refused = await a_home.http.post("/oauth2/token", content=form.encode(), headers=headers)

    assert refused.status_code == 400
    assert refused.json()["error"] == error


async def test_a_token_request_in_json_is_refused(a_home: Home) -> None:
    refused = await a_home.http.post("/oauth2/token", json=GRANT)

    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "header", ["Basic", "Basic !", "Basic YWI=", "Basic /w==", "Bearer abc", "Digest a"]
)
async def test_credentials_that_cannot_be_read_are_an_invalid_client(
    a_home: Home, header: str
) -> None:
    headers = {"authorization": header}

    refused = await a_home.http.post("/oauth2/token", data=GRANT, headers=headers)

    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


async def test_a_page_in_a_browser_gets_no_token_and_costs_its_visitor_no_attempt(
    a_home: Home,
) -> None:
    for origin in ("https://evil.example", "http://gateway", "null"):
        for _ in range(3):
            refused = await a_home.http.post(
                "/oauth2/token", data=GRANT, auth=("x", "guess"), headers={"origin": origin}
            )
            assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")

    assert (await ask(a_home, a_home.client.secret, "127.0.0.1")).status_code == 200


async def test_a_page_of_another_site_cannot_use_the_api(a_home: Home) -> None:
    path = f"/chargers/{a_home.asset(AssetKind.CHARGER).id}/charging"
    origin = {"origin": "https://evil.example"}
    asks = origin | {
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }
    del a_home.http.headers["authorization"]

    allowed = await a_home.http.options(path, headers=asks)
    simple = await a_home.http.post(
        path, content='{"action": "START"}', headers=origin | {"content-type": "text/plain"}
    )

    assert (allowed.status_code, simple.status_code) == (405, 401)
    for answer in (allowed, simple):
        assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_the_sixth_attempt_after_five_failures_is_told_to_wait(a_home: Home) -> None:
    for _ in range(5):
        assert (await ask(a_home, "wrong")).status_code == 401
    await a_home.clock.advance(60)

    refused = await ask(a_home, a_home.client.secret)

    assert refused.status_code == 429
    assert refused.json()["type"].endswith("/too-many-requests")
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == str(14 * 60)


async def test_after_the_wait_the_right_secret_is_enough(tmp_path: Path) -> None:
    async with home(tmp_path, devices={}) as quiet:
        for _ in range(5):
            await ask(quiet, "wrong")
        await quiet.clock.advance(15 * 60)

        assert (await ask(quiet, quiet.client.secret)).status_code == 200


async def test_one_address_that_guesses_does_not_shut_out_another(a_home: Home) -> None:
    for _ in range(6):
        await ask(a_home, "wrong", "192.0.2.66")

    assert (await ask(a_home, a_home.client.secret)).status_code == 200


async def test_an_ipv6_host_cannot_escape_into_its_own_network(a_home: Home) -> None:
    for n in range(5):
        await ask(a_home, "wrong", f"2001:db8::{n}")

    assert (await ask(a_home, "wrong", "2001:db8::abcd")).status_code == 429
    assert (await ask(a_home, "wrong", "2001:db8:0:1::1")).status_code == 401


async def test_guesses_at_the_same_moment_count_each(a_home: Home) -> None:
    answers = await asyncio.gather(*(ask(a_home, "wrong") for _ in range(30)))

    statuses = [answer.status_code for answer in answers]
    assert sorted(statuses) == [401] * 5 + [429] * 25


async def test_a_token_ends_after_an_hour(a_home: Home) -> None:
    assert (await a_home.http.get("/batteries")).status_code == 200
    a_home.clock.jump_wall(timedelta(hours=1))
    await a_home.clock.advance(30)

    assert (await a_home.http.get("/batteries")).status_code == 401


async def test_a_removed_client_is_out_within_half_a_minute(a_home: Home) -> None:
    assert (await a_home.http.get("/batteries")).status_code == 200
    await a_home.db.write(lambda c: clients.remove(c, a_home.client.id))
    await a_home.clock.advance(30)

    assert (await a_home.http.get("/batteries")).status_code == 401


async def test_a_known_token_costs_no_database(a_home: Home) -> None:
    await a_home.http.get("/chargers")
    await a_home.db.write(lambda c: clients.remove(c, a_home.client.id))

    assert (await a_home.http.get("/chargers")).status_code == 200


async def test_a_new_secret_ends_the_old_one_at_once(a_home: Home) -> None:
    fresh = await a_home.db.write(lambda c: clients.rotate(c, a_home.client.id))

    assert (await ask(a_home, a_home.client.secret)).status_code == 401
    assert (await ask(a_home, fresh.secret)).status_code == 200


async def test_the_home_own_vendors_are_shown_to_clients_only(a_home: Home) -> None:
    known = (await a_home.http.get("/health/chargers")).json()
    del a_home.http.headers["authorization"]

    assert [entry["vendor"] for entry in known] == ["KEBA"]
    assert (await a_home.http.get("/health/chargers")).json() == []
    assert [entry["vendor"] for entry in (await a_home.http.get("/integrations")).json()] == [
        "Deye"
    ]
