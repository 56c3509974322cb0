"""Devices by HTTP: logins, pinned certificates, turns."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from gatewayd.errors import (
    AuthError,
    BadReadingError,
    BusyError,
    DeviceError,
    RefusedError,
    UnreachableError,
)
from gatewayd.links import tls
from gatewayd.links.http import ANSWER_MAX_BYTES, Answer, Login
from gatewayd.links.http_device import Asker, Basic, Digest, HttpDevices, Token
from gatewayd.sdk.options import HttpOptions
from tests.fakes.receiver import Delivery, Receiver, receiver, response

LOGIN = Login("user", "pass word")


class Status(BaseModel):
    power: float


@pytest.fixture
async def box() -> AsyncIterator[Receiver]:
    async with receiver(None) as made:
        yield made


def at(box: Receiver, **more: object) -> HttpOptions:
    return HttpOptions.model_validate({"host": "127.0.0.1", "port": box.port, **more})


def answering(box: Receiver, decide: Callable[[Delivery], bytes]) -> None:
    """Answer each request by what it is."""

    async def respond(writer: asyncio.StreamWriter) -> None:
        writer.write(decide(box.deliveries[-1]))
        await writer.drain()

    box.respond = respond


GOOD = response(200, b'{"power": 5}')


async def test_a_document_is_read_sent_and_answered(box: Receiver) -> None:
    answering(box, lambda _asked: GOOD)
    device = HttpDevices().device(at(box))

    assert await device.get("/status", Status) == Status(power=5)
    assert await device.ask("/rpc", Status(power=1), Status) == Status(power=5)
    await device.put("/limit", Status(power=2))
    await device.submit("/form", {"ampere": "10.0", "why": "a b"})
    assert await device.text("/plain") == '{"power": 5}'
    assert await device.talk("/xml", "<a/>") == '{"power": 5}'
    assert (await device.exchange("POST", "/user", Status(power=3))).status == 200

    told = [(each.method, each.path, each.body) for each in box.deliveries]
    assert told == [
        ("GET", "/status", b""),
        ("POST", "/rpc", b'{"power":1.0}'),
        ("PUT", "/limit", b'{"power":2.0}'),
        ("POST", "/form", b"ampere=10.0&why=a+b"),
        ("GET", "/plain", b""),
        ("POST", "/xml", b"<a/>"),
        ("POST", "/user", b'{"power":3.0}'),
    ]


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (response(401), AuthError),
        (response(403), RefusedError),
        (response(404), RefusedError),
        (response(429), BusyError),
        (response(503), BusyError),
        (response(500), BadReadingError),
        (response(302, b"", "Location: http://127.0.0.1/"), BadReadingError),
        (response(200, b"<html>"), BadReadingError),
        (response(200, b'{"power": "much"}'), BadReadingError),
        (response(200, b" " * ANSWER_MAX_BYTES + b'{"power": 5}'), BadReadingError),
        (b"SIP/2.0 whatever", UnreachableError),
        (b"", UnreachableError),
    ],
)
async def test_every_other_answer_is_an_error_that_tells_what_to_do(
    box: Receiver, raw: bytes, error: type[DeviceError]
) -> None:
    answering(box, lambda _asked: raw)

    with pytest.raises(DeviceError) as raised:
        await HttpDevices().device(at(box)).get("/status", Status)

    assert type(raised.value) is error
    assert f"http://127.0.0.1:{box.port}/status" in str(raised.value)


async def test_a_device_that_never_answers_is_unreachable(box: Receiver) -> None:
    box.hang()

    with pytest.raises(UnreachableError, match="no answer within"):
        await HttpDevices().device(at(box, timeout_s=0.2)).get("/status", Status)


async def test_devices_at_one_host_take_turns_also_at_several_ports(box: Receiver) -> None:
    under_way = most = 0

    async def respond(writer: asyncio.StreamWriter) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        for _ in range(20):
            await asyncio.sleep(0)
        under_way -= 1
        writer.write(GOOD)
        await writer.drain()

    links = HttpDevices()
    async with receiver(None) as other, asyncio.TaskGroup() as tasks:
        box.respond = other.respond = respond
        for place in (at(box), at(other), at(box)) * 3:
            tasks.create_task(links.device(place).get("/status", Status))

    assert most == 1


def digest_checked(delivery: Delivery) -> bytes:
    """RFC 7616 with MD5 and qop=auth, as the server's side reckons it."""
    given = dict(re.findall(r'(\w+)="?([^",]*)"?', delivery.headers.get("authorization", "")))

    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    secret = md5(f"{LOGIN.username}:home:{LOGIN.password}")
    asked = md5(f"{delivery.method}:{delivery.path}")
    middle = f"{given.get('nonce')}:{given.get('nc')}:{given.get('cnonce')}:auth"
    if given.get("nonce") == "n1" and given.get("response") == md5(f"{secret}:{middle}:{asked}"):
        return GOOD
    challenge = 'WWW-Authenticate: Digest realm="home", nonce="n1", qop="auth", algorithm=MD5'
    return response(401, b"", challenge)


async def test_a_digest_login_is_challenged_once(box: Receiver) -> None:
    answering(box, digest_checked)
    device = HttpDevices().device(at(box), Digest(LOGIN))

    assert await device.get("/status?all=1", Status) == Status(power=5)
    assert await device.ask("/rpc", Status(power=1), Status) == Status(power=5)

    assert len(box.deliveries) == 3


async def test_a_wrong_digest_login_is_the_user_s_to_mend(box: Receiver) -> None:
    answering(box, digest_checked)

    with pytest.raises(AuthError):
        await HttpDevices().device(at(box), Digest(Login("user", "other"))).get("/", Status)


async def test_a_basic_login_goes_with_every_request(box: Receiver) -> None:
    answering(box, lambda _asked: GOOD)

    await HttpDevices().device(at(box), Basic(LOGIN)).get("/", Status)

    assert box.deliveries[0].headers["authorization"] == "Basic dXNlcjpwYXNzIHdvcmQ="


async def login(send: Asker) -> str:
    answer: Answer = await send("POST", "/login", b"{}")
    if not answer.is_success:
        raise AuthError("the login is refused")
    return answer.body.decode()


async def test_a_token_is_fetched_once_and_again_when_it_has_ended(box: Receiver) -> None:
    tokens = iter(["t1", "t2"])
    valid = ""

    def decide(asked: Delivery) -> bytes:
        nonlocal valid
        if asked.path == "/login":
            valid = next(tokens)
            return response(200, valid.encode())
        return GOOD if asked.headers.get("x-token") == f"T {valid}" else response(401)

    answering(box, decide)
    device = HttpDevices().device(at(box), Token(login, "X-Token", "T {}"))
    for _ in range(2):
        await device.get("/a", Status)
    valid = "none"
    await device.get("/b", Status)

    paths = [each.path for each in box.deliveries]
    assert paths == ["/login", "/a", "/a", "/b", "/login", "/b"]


async def test_a_refused_token_is_asked_for_once_more_and_then_is_the_user_s_to_mend(
    box: Receiver,
) -> None:
    answering(box, lambda asked: response(200, b"t") if asked.path == "/login" else response(401))

    with pytest.raises(AuthError):
        await HttpDevices().device(at(box), Token(login)).get("/a", Status)

    assert [each.path for each in box.deliveries] == ["/login", "/a", "/login", "/a"]


@pytest.mark.parametrize(("status", "error"), [(403, RefusedError), (401, BusyError)])
async def test_a_token_outlives_what_it_is_not_shown_where_logins_are_rationed(
    box: Receiver, status: int, error: type[DeviceError]
) -> None:
    logins = iter([response(200, b"t"), response(429), response(200, b"t")])

    async def rationed(send: Asker) -> dict[str, str]:
        answer = await send("POST", "/login", b"{}")
        if answer.status == 429:
            raise BusyError("later")
        return {"A": "1", "Cookie": answer.body.decode()}

    def decide(asked: Delivery) -> bytes:
        if asked.path == "/login":
            return next(logins)
        return GOOD if asked.path == "/a" else response(status)

    answering(box, decide)
    device = HttpDevices().device(at(box), Token(rationed, refusals=frozenset({401, 403})))
    await device.get("/a", Status)
    with pytest.raises(error):
        await device.get("/b", Status)
    await device.get("/a", Status)

    again = [] if error is RefusedError else ["/login"]
    paths = [each.path for each in box.deliveries]
    assert paths == ["/login", "/a", "/b", "/login", *again, "/a"]
    assert box.deliveries[-1].headers["cookie"] == "t"
    assert box.deliveries[-1].headers["a"] == "1"


async def test_a_self_signed_certificate_is_accepted_by_its_fingerprint_alone(
    tmp_path: Path,
) -> None:
    (tmp_path / "other").mkdir()
    certificate, other = tls.own(tmp_path), tls.own(tmp_path / "other")
    async with receiver(certificate.context()) as box:
        answering(box, lambda _asked: GOOD)
        links = HttpDevices()
        right = at(box, tls=True, fingerprint=certificate.fingerprint)
        wrong = at(box, tls=True, fingerprint=other.fingerprint)

        assert await links.device(right).get("/", Status) == Status(power=5)
        with pytest.raises(UnreachableError, match=certificate.fingerprint):
            await links.device(wrong).get("/", Status)
        with pytest.raises(UnreachableError, match="certificate is not valid"):
            await links.device(at(box, tls=True)).get("/", Status)
        assert len(box.deliveries) == 1


def test_the_port_follows_the_scheme_and_a_fingerprint_wants_tls() -> None:
    assert HttpOptions(host="a").port == 80
    assert HttpOptions.model_validate({"host": "a", "tls": True}).port == 443
    assert (
        HttpOptions.model_validate_strings({"host": "a", "tls": "true", "port": "8443"}).port
        == 8443
    )
    with pytest.raises(ValidationError, match="no TLS"):
        HttpOptions(host="a", fingerprint="ab" * 32)


def test_a_login_is_not_shown() -> None:
    assert "pass word" not in repr(Digest(LOGIN))
