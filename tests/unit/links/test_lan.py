"""The neighbours in the local network."""

import asyncio
import socket

import pytest

from gatewayd.links import lan


async def test_only_a_host_that_accepts_is_found() -> None:
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    async with server:
        found = await lan.answering(["127.0.0.2", "127.0.0.1", "127.0.0.3"], port)

    assert found == ["127.0.0.1"]


async def test_a_search_through_nothing_finds_nothing() -> None:
    assert await lan.answering([], 502) == []


@pytest.mark.parametrize(
    ("host", "is_local"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("192.168.1.20", True),
        ("10.1.2.3", True),
        ("172.31.0.1", True),
        ("169.254.9.9", True),
        ("fe80::1%lo", True),
        ("fd00::1", True),
        ("::ffff:192.168.1.1", True),
        ("172.32.0.1", False),
        ("8.8.8.8", False),
        ("100.64.0.1", False),
        ("2001:4860:4860::8888", False),
        ("::ffff:8.8.8.8", False),
        ("0.0.0.0", False),
        ("::", False),
        ("224.0.0.1", False),
        ("", False),
        ("a" * 300, False),
        ("no host", False),
    ],
)
async def test_what_lies_outside_the_home_is_not_local(host: str, *, is_local: bool) -> None:
    assert await lan.is_local(host) is is_local


def test_neighbours_are_private_and_not_ourselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lan, "local_addresses", lambda: ["192.168.7.9", "8.8.8.8"])

    found = lan.neighbours()

    assert len(found) == 253
    assert "192.168.7.1" in found
    assert "192.168.7.9" not in found
    assert all(socket.inet_aton(host) for host in found)
