"""Requests to URLs that somebody else wrote."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from ipaddress import ip_address

import pytest

from gatewayd.errors import InvalidError, UpstreamError
from gatewayd.links.http import ANSWER_MAX_BYTES, HttpLink
from gatewayd.links.http_policy import ANYWHERE, Policy, is_public
from tests.fakes.receiver import HOST, Authority, Receiver, drip, receiver, response, say

LOOPBACK = Policy.of(["127.0.0.0/8"])


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
async def a_receiver(authority: Authority) -> AsyncIterator[Receiver]:
    async with receiver(authority.server()) as made:
        yield made


@pytest.fixture
async def a_listener() -> AsyncIterator[Receiver]:
    """Takes connections without TLS, so that one is counted before any certificate is judged."""
    async with receiver(None) as made:
        made.scheme = "https"
        yield made


async def here(_host: str) -> Sequence[str]:
    return ["127.0.0.1"]


def link(authority: Authority, policy: Policy = LOOPBACK) -> HttpLink:
    return HttpLink(policy, ca_file=authority.file, lookup=here)


async def test_a_request_arrives_as_it_was_given(
    authority: Authority, a_receiver: Receiver
) -> None:
    a_receiver.respond = say(response(201, b"taken", "X-Seen: yes"))

    answer = await link(authority).exchange(
        "POST", a_receiver.url, body=b'{"a": 1}', headers={"x-mine": "1"}
    )

    (arrived,) = a_receiver.deliveries
    assert (arrived.method, arrived.path, arrived.body) == ("POST", "/hook?key=1%2f2", b'{"a": 1}')
    assert arrived.headers["x-mine"] == "1"
    assert arrived.headers["host"] == f"{HOST}:{a_receiver.port}"
    assert (answer.status, answer.body, answer.is_success) == (201, b"taken", True)
    assert ("X-Seen", "yes") in answer.headers


async def test_a_redirect_is_an_answer_and_is_not_followed(
    authority: Authority, a_receiver: Receiver
) -> None:
    a_receiver.respond = say(response(302, b"", f"Location: https://{HOST}:{a_receiver.port}/"))

    answer = await link(authority).exchange("POST", a_receiver.url)

    assert (answer.status, answer.is_success, len(a_receiver.deliveries)) == (302, False, 1)


async def test_what_does_not_answer_in_time_has_not_answered(
    authority: Authority, a_receiver: Receiver
) -> None:
    a_receiver.hang()

    with pytest.raises(UpstreamError, match=r"no answer within 0\.05 s"):
        await link(authority).exchange("POST", a_receiver.url, timeout_s=0.05)


async def test_an_answer_that_trickles_is_no_answer(
    authority: Authority, a_receiver: Receiver
) -> None:
    a_receiver.respond = drip(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", b"x", 0.01)

    with pytest.raises(UpstreamError, match="no answer within"):
        await link(authority).exchange("POST", a_receiver.url, timeout_s=0.1)


async def test_of_an_endless_answer_only_the_beginning_is_read(
    authority: Authority, a_receiver: Receiver
) -> None:
    a_receiver.respond = drip(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 10_000, 0)

    answer = await link(authority).exchange("POST", a_receiver.url)

    assert (answer.status, len(answer.body)) == (200, ANSWER_MAX_BYTES)


async def test_a_compressed_answer_is_not_unpacked(
    authority: Authority, a_receiver: Receiver
) -> None:
    a_receiver.respond = say(response(200, b"\x1f\x8b not gzip", "Content-Encoding: gzip"))

    answer = await link(authority).exchange("POST", a_receiver.url)

    assert answer.body == b"\x1f\x8b not gzip"
    assert a_receiver.deliveries[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff\x00",
        b"HTTP/1.1 200\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nA: " + b"x" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 99999 OK\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_no_answer(
    authority: Authority, a_receiver: Receiver, raw: bytes
) -> None:
    a_receiver.respond = say(raw)

    with pytest.raises(UpstreamError):
        await link(authority).exchange("POST", a_receiver.url)


async def test_nobody_listens(authority: Authority, a_receiver: Receiver) -> None:
    url = a_receiver.url.replace(str(a_receiver.port), "1")

    with pytest.raises(UpstreamError, match="no answer"):
        await link(authority).exchange("POST", url)


async def test_a_certificate_of_an_unknown_authority_is_refused(a_receiver: Receiver) -> None:
    with pytest.raises(UpstreamError, match="certificate"):
        await HttpLink(LOOPBACK, lookup=here).exchange("POST", a_receiver.url)

    assert a_receiver.deliveries == []


async def test_a_certificate_of_another_host_is_refused(authority: Authority) -> None:
    async with receiver(authority.server("other.example")) as other:
        with pytest.raises(UpstreamError, match="certificate"):
            await link(authority).exchange("POST", other.url)

    assert other.deliveries == []


async def test_the_host_s_name_is_asked_of_the_server(authority: Authority) -> None:
    asked: list[str | None] = []
    tls = authority.server()

    def note(_socket: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        asked.append(name)

    tls.sni_callback = note
    async with receiver(tls) as other:
        await link(authority).exchange("POST", other.url)

    assert asked == [HOST]


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["192.168.1.1"],
        ["169.254.169.254"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["fe80::1%eth0"],
        ["127.0.0.1", "8.8.8.8"],
    ],
)
async def test_a_name_with_any_address_that_is_not_public_is_not_called(
    a_listener: Receiver, addresses: list[str]
) -> None:
    async def there(_host: str) -> Sequence[str]:
        return addresses

    with pytest.raises(UpstreamError, match="not public"):
        await HttpLink(lookup=there).exchange("POST", a_listener.url)
    assert a_listener.connections == 0


async def test_a_name_that_changes_its_mind_is_asked_once(
    authority: Authority, a_receiver: Receiver
) -> None:
    asked: list[str] = []

    async def flipping(host: str) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    answer = await HttpLink(LOOPBACK, ca_file=authority.file, lookup=flipping).exchange(
        "POST", a_receiver.url
    )

    assert (answer.status, asked) == (200, [HOST])


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "127.0.0.1.",
        "0x7f.1",
    ],
)
async def test_no_spelling_of_an_address_gets_past(a_listener: Receiver, host: str) -> None:
    with pytest.raises(UpstreamError):
        await HttpLink().exchange("POST", a_listener.url.replace(HOST, host))
    assert a_listener.connections == 0


async def test_a_listed_host_may_be_called_wherever_it_is(
    authority: Authority, a_receiver: Receiver
) -> None:
    for policy in (Policy.of([HOST.upper()]), Policy.of(["127.0.0.1"]), ANYWHERE):
        assert (await link(authority, policy).exchange("POST", a_receiver.url)).is_success


async def test_http_is_for_what_is_listed(authority: Authority) -> None:
    async with receiver(None) as plain:
        listed, unlisted = link(authority, Policy.of([HOST])), link(authority)

        assert (await listed.exchange("POST", plain.url)).is_success
        with pytest.raises(UpstreamError, match="https"):
            await unlisted.exchange("POST", plain.url)
        assert len(plain.deliveries) == 1


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hook",
        "//a.example/",
        "ftp://a.example/",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://user@a.example/",
        "https://user:password@a.example/",
        "https://a.example/#part",
        "https://a.example:0/",
        "https://a.example:99999/",
        "https://a.example:port/",
        "https://a.example/ b",
        "https://a.example/\n",
        "https://a.example\\@b.example/",
        "https://å.example/",
        "http://a.example/",
        "http://127.0.0.1/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://127.0.0.1./",
        "https://[::1%25lo]/",
        "https://10.1.2.3/",
        "https://192.168.1.1/",
        "https://100.64.0.1/",
        "https://[::1]/",
        "https://[fd00::1]/",
        "https://[::ffff:8.8.8.8]/",
        "https://[64:ff9b::808:808]/",
        "https://[2002:7f00:1::]/",
    ],
)
async def test_a_url_that_could_never_be_called_is_refused_at_once(url: str) -> None:
    with pytest.raises(InvalidError):
        HttpLink().check(url)
    with pytest.raises(UpstreamError):
        await HttpLink().exchange("POST", url)


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example",
        "https://a.example:8443/b?c=d%2F",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]/",
    ],
)
def test_a_public_url_is_taken(url: str) -> None:
    HttpLink().check(url)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8.8.8.8", True),
        ("0.0.0.0", False),
        ("100.127.255.255", False),
        ("100.128.0.0", True),
        ("172.15.0.1", True),
        ("172.31.0.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("2a00:1450::1", True),
        ("ff02::1", False),
        ("fe80::1", False),
        ("::", False),
        ("2001:db8::1", False),
        ("2001::1", False),
        ("::ffff:8.8.8.8", False),
    ],
)
def test_public_is_what_belongs_to_a_host_on_the_internet(*, text: str, expected: bool) -> None:
    assert is_public(ip_address(text)) is expected


async def test_a_header_cannot_be_split(authority: Authority, a_receiver: Receiver) -> None:
    with pytest.raises(UpstreamError):
        await link(authority).exchange("POST", a_receiver.url, headers={"x-a": "1\r\nx-b: 2"})
    assert a_receiver.deliveries == []


async def test_a_caller_who_gives_up_is_not_held(
    authority: Authority, a_receiver: Receiver
) -> None:
    a_receiver.hang()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(link(authority).exchange("POST", a_receiver.url))
        while not a_receiver.deliveries:
            await asyncio.sleep(0.001)
        task.cancel()

    assert task.cancelled()
