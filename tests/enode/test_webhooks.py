"""Webhooks: the operations."""

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from gatewayd.enode.delivery import signing
from gatewayd.state import clients, webhooks
from tests.enode.home import Home, say, token
from tests.enode.hooks import SECRET, Hooks, hooks
from tests.fakes import receiver as fake
from tests.fakes.receiver import Authority, receiver, response

AUTHENTICATION = {"headerName": "x-my-key", "headerValue": "open sesame"}
UNKNOWN = "6560fa37-b7ec-4ace-81ca-a8b64279f8d2"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest_asyncio.fixture
async def a_hook(a_home: Home, authority: Authority) -> AsyncIterator[Hooks]:
    async with hooks(a_home, authority) as made:
        yield made


async def test_098_a_new_webhook_is_active_and_succeeded_at_its_creation(a_hook: Hooks) -> None:
    made = (await a_hook.post()).json()

    assert made == {
        "id": made["id"],
        "url": a_hook.receiver.url,
        "events": ["*"],
        "lastSuccess": made["createdAt"],
        "isActive": True,
        "createdAt": made["createdAt"],
        "apiVersion": None,
        "authentication": None,
    }
    assert await a_hook.get(made["id"]) == made


async def test_097_a_second_webhook_with_the_same_url_is_refused(a_hook: Hooks) -> None:
    await a_hook.create()

    again = await a_hook.post(secret="another-secret")

    assert again.status_code == 400
    problem = again.json()
    assert (problem["title"], problem["detail"]) == (
        "Webhook input is not valid.",
        "The webhook input is not valid.",
    )
    assert "already" in problem["issues"][0]["message"]


async def test_094_no_answer_ever_shows_a_secret(a_hook: Hooks) -> None:
    async def echo(writer: Any) -> None:
        sent = a_hook.receiver.deliveries[-1].headers
        body = f"{sent['x-my-key']} {SECRET}".encode()
        await fake.say(response(200, body, f"X-Echo: {sent['x-my-key']}"))(writer)

    a_hook.receiver.respond = echo
    created = await a_hook.post(authentication=AUTHENTICATION)
    path = f"/webhooks/{created.json()['id']}"
    answers = [
        created,
        await a_hook.home.http.get(path),
        await a_hook.home.http.get("/webhooks"),
        await a_hook.home.http.patch(
            path, json={"secret": SECRET, "authentication": AUTHENTICATION}
        ),
        await a_hook.home.http.post(f"{path}/test"),
    ]

    for answer in answers:
        assert answer.status_code == 200
        assert SECRET not in answer.text
        assert "sesame" not in answer.text
    assert answers[0].json()["authentication"] == {"headerName": "x-my-key"}
    assert answers[-1].json()["response"]["body"] == "*** ***"


async def test_a_change_replaces_what_it_names(a_hook: Hooks) -> None:
    made = await a_hook.create(authentication=AUTHENTICATION, apiVersion="2025-10-01")
    path = f"/webhooks/{made['id']}"

    changed = await a_hook.home.http.patch(path, json={"events": ["user:charger:updated"]})
    cleared = await a_hook.home.http.patch(path, json={"authentication": None, "apiVersion": None})

    assert changed.json() == made | {"events": ["user:charger:updated"]}
    assert cleared.json() == changed.json() | {"authentication": None, "apiVersion": None}


async def test_a_change_of_nothing_changes_nothing(a_hook: Hooks) -> None:
    made = await a_hook.create(authentication=AUTHENTICATION)

    same = await a_hook.home.http.patch(f"/webhooks/{made['id']}", json={})

    assert same.json() == made


async def test_a_webhook_cannot_take_another_s_url(a_hook: Hooks) -> None:
    first = await a_hook.create()
    second = await a_hook.create(url="https://other.example/")
    path = f"/webhooks/{second['id']}"

    assert (await a_hook.home.http.patch(path, json={"url": first["url"]})).status_code == 400
    assert (await a_hook.home.http.patch(path, json={"url": second["url"]})).status_code == 200


async def test_a_deleted_webhook_is_gone_and_gets_nothing(a_hook: Hooks) -> None:
    made = await a_hook.create()
    path = f"/webhooks/{made['id']}"

    gone = await a_hook.home.http.delete(path)

    assert gone.status_code == 204
    for method, place in (
        ("GET", path),
        ("PATCH", path),
        ("DELETE", path),
        ("POST", f"{path}/test"),
    ):
        answer = await a_hook.home.http.request(method, place, json={})
        problem = answer.json()
        assert (answer.status_code, problem["title"]) == (404, "Webhook not found")
        assert problem["detail"] == f"Could not find webhook {made['id']}"
    await a_hook.home.clock.advance(400)
    await a_hook.rest()
    assert a_hook.receiver.deliveries == []


async def test_014_a_page_back_is_the_page_one_came_from(a_hook: Hooks) -> None:
    made = [(await a_hook.create(url=f"https://a.example/{number}"))["id"] for number in range(5)]

    async def page(**query: Any) -> Any:
        return (await a_hook.home.http.get("/webhooks", params={"pageSize": 2} | query)).json()

    first = await page()
    second = await page(after=first["pagination"]["after"])
    back = await page(before=second["pagination"]["before"])

    assert [one["id"] for one in first["data"] + second["data"]] == made[:0:-1]
    assert back["data"] == first["data"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": None},
        {"url": "https:/"},
        {"url": "https://a.example/" + "x" * 200},
        {"url": "http://a.example/"},
        {"url": "https://192.168.1.1/"},
        {"url": "https://127.1/hook"},
        {"url": "https://user:pass@a.example/"},
        {"url": "ftp://a.example/hook"},
        {"secret": "short"},
        {"secret": "x" * 257},
        {"events": ["user:*"]},
        {"events": ["system:heartbeat"]},
        {"events": "*"},
        {"apiVersion": "2025-10-02"},
        {"apiVersion": ""},
        {"authentication": None},
        {"authentication": {}},
        {"authentication": {"headerName": "x-key"}},
        {"authentication": AUTHENTICATION | {"headerName": "X-Key"}},
        {"authentication": AUTHENTICATION | {"headerName": "x key"}},
        {"authentication": AUTHENTICATION | {"headerName": "x-key\n"}},
        {"authentication": AUTHENTICATION | {"headerName": "host"}},
        {"authentication": AUTHENTICATION | {"headerName": "content-length"}},
        {"authentication": AUTHENTICATION | {"headerName": "transfer-encoding"}},
        {"authentication": AUTHENTICATION | {"headerName": "x-enode-signature"}},
        {"authentication": AUTHENTICATION | {"headerValue": "a\r\nx-b: 1"}},
        {"authentication": AUTHENTICATION | {"headerValue": "a\n"}},
        {"authentication": AUTHENTICATION | {"headerValue": "å"}},
        {"authentication": AUTHENTICATION | {"scheme": "Basic"}},
        {"isActive": True},
    ],
)
async def test_what_could_not_work_is_refused_with_its_place(
    a_hook: Hooks, wrong: dict[str, Any]
) -> None:
    answer = await a_hook.post(**wrong)
    made = await a_hook.create(url="https://right.example/hook")
    changed = await a_hook.home.http.patch(f"/webhooks/{made['id']}", json=wrong)

    assert answer.status_code == 400
    problem = answer.json()
    assert problem["title"] == "Webhook input is not valid."
    assert problem["issues"][0]["path"][0] in wrong
    assert changed.status_code == (200 if wrong == {"authentication": None} else 400)


async def test_every_value_the_contract_allows_for_a_header_is_taken(a_hook: Hooks) -> None:
    value = "aZ0_:;.,/\\\"'?!(){}[]@<>=-+*#$&`|~^% "
    await a_hook.create(authentication={"headerName": "a-z0_9", "headerValue": value})

    answer = await a_hook.home.http.get("/webhooks")

    assert answer.json()["data"][0]["authentication"] == {"headerName": "a-z0_9"}


async def test_a_webhook_may_want_no_events(a_hook: Hooks) -> None:
    assert (await a_hook.create(events=[]))["events"] == []


async def test_087_the_signature_is_over_the_exact_bytes(a_hook: Hooks) -> None:
    made = await a_hook.create(authentication=AUTHENTICATION)

    await a_hook.home.http.post(f"/webhooks/{made['id']}/test")

    (arrived,) = a_hook.receiver.deliveries
    expected = hmac.new(SECRET.encode(), arrived.body, hashlib.sha1).hexdigest()
    assert arrived.headers["x-enode-signature"] == f"sha1={expected}"
    assert arrived.headers["content-type"] == "application/json"
    assert arrived.headers["x-my-key"] == "open sesame"
    assert (arrived.method, arrived.path) == ("POST", "/hook?key=1%2f2")


def test_the_published_vector_of_the_signature_holds() -> None:
    signature = signing.enode_signature("example-secret", b'{"payload":"example"}')

    assert signature == "e417e6fc2e7f8a78c93a35a7b344d36ce179fc8d"


@pytest.mark.parametrize(
    ("secret", "key"),
    [
        (SECRET, SECRET.encode()),
        (
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        ),
        ("whsec_not base64", b"whsec_not base64"),
    ],
)
async def test_the_standard_s_headers_ride_beside_enode_s(
    a_hook: Hooks, secret: str, key: bytes
) -> None:
    made = await a_hook.create(secret=secret)

    await a_hook.home.http.post(f"/webhooks/{made['id']}/test")

    (arrived,) = a_hook.receiver.deliveries
    sent = arrived.headers
    assert sent["webhook-id"] == arrived.id
    assert int(sent["webhook-timestamp"]) == int(a_hook.home.clock.now().timestamp())
    signed = f"{arrived.id}.{sent['webhook-timestamp']}.".encode() + arrived.body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert sent["webhook-signature"] == f"v1,{expected}"


async def test_a_test_delivers_a_test_event_and_shows_the_answer(a_hook: Hooks) -> None:
    made = await a_hook.create(events=[])
    a_hook.receiver.respond = fake.say(response(202, b"thanks", "X-Seen: yes"))

    answer = (await a_hook.home.http.post(f"/webhooks/{made['id']}/test")).json()

    (arrived,) = a_hook.receiver.deliveries
    (event,) = arrived.events
    assert (event["event"], event["version"]) == ("enode:webhook:test", "2025-10-01")
    assert answer["status"] == "SUCCESS"
    assert (answer["response"]["code"], answer["response"]["body"]) == (202, "thanks")
    assert "X-Seen: yes" in answer["response"]["headers"]


async def test_092_a_test_that_nobody_answers_is_a_failure_without_a_response(
    a_hook: Hooks,
) -> None:
    made = await a_hook.create(url=f"https://hooks.example:{1}/dead")

    answer = await a_hook.home.http.post(f"/webhooks/{made['id']}/test")

    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["response"]) == ("FAILURE", None)


async def test_a_test_that_is_answered_with_an_error_is_a_failure_that_shows_it(
    a_hook: Hooks,
) -> None:
    made = await a_hook.create()
    for status in (302, 404, 500):
        a_hook.receiver.answer(status)

        answer = (await a_hook.home.http.post(f"/webhooks/{made['id']}/test")).json()

        assert (answer["status"], answer["response"]["code"]) == ("FAILURE", status)


async def test_a_name_that_leads_into_the_home_is_not_called(a_home: Home) -> None:
    async with receiver(None) as trap:
        body = {"url": f"https://localhost:{trap.port}/", "secret": SECRET}
        made = (await a_home.http.post("/webhooks", json=body)).json()

        answer = (await a_home.http.post(f"/webhooks/{made['id']}/test")).json()

        assert (answer["status"], answer["response"]) == ("FAILURE", None)
        assert "api.webhooks.allow" in answer["description"]
        assert trap.connections == 0


async def test_there_is_an_end_to_the_number_of_webhooks(
    a_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gatewayd.state.webhooks.MOST", 2)
    codes = [
        (
            await a_home.http.post(
                "/webhooks", json={"url": f"https://a.example/{number}", "secret": SECRET}
            )
        ).status_code
        for number in range(3)
    ]

    assert codes == [200, 200, 400]


async def inactive(hook: Hooks) -> str:
    """A webhook that was given up; returns its path."""
    made = await hook.create(events=[])
    stored = await hook.stored(made["id"])
    await hook.home.db.write(lambda c: webhooks.give_up(c, stored))
    path = f"/webhooks/{made['id']}"
    assert not (await hook.get(made["id"]))["isActive"]
    return path


async def test_091_an_update_makes_an_inactive_webhook_active(a_hook: Hooks) -> None:
    path = await inactive(a_hook)

    assert (await a_hook.home.http.patch(path, json={})).json()["isActive"]


@pytest.mark.parametrize(("status", "is_active"), [(200, True), (500, False)])
async def test_091_a_test_makes_it_active_if_it_succeeds(
    a_hook: Hooks, *, status: int, is_active: bool
) -> None:
    path = await inactive(a_hook)
    before = (await a_hook.home.http.get(path)).json()
    a_hook.receiver.answer(status)

    await a_hook.home.http.post(f"{path}/test")

    after = (await a_hook.home.http.get(path)).json()
    assert after["isActive"] is is_active
    assert (after["lastSuccess"] > before["lastSuccess"]) is is_active


async def test_a_client_sees_its_own_webhooks_alone(a_hook: Hooks) -> None:
    made = await a_hook.create()
    home = a_hook.home
    other = await home.db.write(lambda c: clients.add(c, "other", home.clock.now()))
    home.http.headers["Authorization"] = f"Bearer {await token(home.http, other)}"
    path = f"/webhooks/{made['id']}"

    assert (await home.http.get("/webhooks")).json()["data"] == []
    for method, place in (
        ("GET", path),
        ("PATCH", path),
        ("DELETE", path),
        ("POST", f"{path}/test"),
    ):
        assert (await home.http.request(method, place, json={})).status_code == 404
    assert a_hook.receiver.deliveries == []
    same_url = await a_hook.post()
    assert same_url.status_code == 200
    assert (await home.http.get("/webhooks")).json()["data"] == [same_url.json()]


async def test_a_client_s_webhooks_end_with_it(a_hook: Hooks) -> None:
    await a_hook.create()
    home = a_hook.home
    await home.db.write(lambda c: clients.remove(c, home.client.id))

    say(home.devices["hybrid"], "meter", power_w=2500.0)
    await a_hook.step(20)

    assert await home.db.read(webhooks.load) == []
    assert a_hook.receiver.deliveries == []


async def test_a_webhook_without_a_version_speaks_its_client_s(a_hook: Hooks) -> None:
    made = await a_hook.create()
    home = a_hook.home
    await home.db.write(lambda c: clients.pin(c, home.client.id, "2024-10-01"))
    say(home.devices["hybrid"], "meter", power_w=2500.0)

    await a_hook.step(5)
    await home.http.post(f"/webhooks/{made['id']}/test")

    assert [event["version"] for event in a_hook.receiver.events] == ["2024-10-01"] * 2
    assert (await a_hook.get(made["id"]))["apiVersion"] is None
