"""Messages between server and application, with the older versions in between."""

import json

from starlette.types import Message, Receive, Scope, Send

from gatewayd.enode.api import Api
from gatewayd.enode.versions.exchange import Answering, Asking
from gatewayd.enode.versions.middleware import OlderVersions
from tests.enode.home import Home


async def test_the_newest_version_is_untouched_byte_for_byte(a_home: Home) -> None:
    messages: list[Message] = []
    plain = b'{ "type" : 1.0 }'

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append((scope, receive, send))
        headers = [(b"Content-Type", b"application/problem+json"), (b"x-a", b"b")]
        await send({"type": "http.response.start", "status": 404, "headers": headers})
        await send({"type": "http.response.body", "body": plain})

    async def receive() -> Message:
        raise AssertionError("nobody asked for the body")

    async def send(message: Message) -> None:
        messages.append(message)

    asked: list[tuple[Scope, Receive, Send]] = []
    versions = OlderVersions(app, a_home.app.state.api, [])
    for headers in ([], [(b"enode-version", b"2025-10-01")], [(b"enode-version", b"1999-01-01")]):
        scope: Scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}
        await versions(scope, receive, send)
        assert asked.pop() == (scope, receive, send)
    assert [message["body"] for message in messages[1::2]] == [plain] * 3


async def test_an_answer_that_is_not_json_passes_in_its_pieces() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    answering = Answering(send, "2023-05-01", "")
    start = {
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"content-type", b"text/event-stream"), (b"Enode-Version", b"2025-10-01")],
    }
    await answering(start)
    await answering({"type": "http.response.body", "body": b"a", "more_body": True})
    assert len(sent) == 2
    await answering({"type": "http.response.body", "body": b"b"})

    assert sent[0]["headers"][1] == (b"Enode-Version", b"2023-05-01")
    assert [message["body"] for message in sent[1:]] == [b"a", b"b"]


async def test_an_answer_in_json_waits_for_its_end() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    answering = Answering(send, "2023-05-01", "list_webhooks")
    headers = [(b"content-type", b"application/json; charset=utf-8"), (b"content-length", b"40")]
    await answering({"type": "http.response.start", "status": 200, "headers": headers})
    await answering({"type": "http.response.body", "body": b'{"data":["\xc3', "more_body": True})
    assert not sent
    await answering({"type": "http.response.body", "body": b'\xa9"],"pagination":{}}'})

    assert sent[1]["body"] == '["é"]'.encode()
    assert (b"content-length", b"6") in sent[0]["headers"]


async def test_a_client_that_leaves_while_it_sends_is_gone_for_the_operation_too() -> None:
    arriving: list[Message] = [
        {"type": "http.request", "body": b"{", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return arriving.pop(0)

    asking = Asking(receive, lambda body: body)

    assert (await asking())["type"] == "http.disconnect"


async def test_after_the_body_the_application_hears_the_connection() -> None:
    arriving: list[Message] = [
        {"type": "http.request", "body": json.dumps({"a": 1}).encode()},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return arriving.pop(0)

    asking = Asking(receive, lambda body: {"b": body["a"]})

    assert (await asking())["body"] == b'{"b":1}'
    assert (await asking())["type"] == "http.disconnect"


async def test_other_protocols_pass(a_home: Home) -> None:
    asked: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append(scope)

    async def nothing() -> Message:
        return {}

    async def nowhere(message: Message) -> None:
        pass

    api: Api = a_home.app.state.api
    await OlderVersions(app, api, [])({"type": "lifespan"}, nothing, nowhere)

    assert asked == [{"type": "lifespan"}]


async def test_an_answer_that_did_not_change_keeps_its_bytes() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    answering = Answering(send, "2023-03-01", "get_location")
    headers = [(b"content-type", b"application/json")]
    await answering({"type": "http.response.start", "status": 200, "headers": headers})
    await answering({"type": "http.response.body", "body": b'{ "latitude": 1.50 }'})

    assert sent[1]["body"] == b'{ "latitude": 1.50 }'
