"""Datagrams over loopback. Time jumps, so timeouts cost nothing."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import IPv4Interface
from typing import cast

import pytest

from gatewayd.errors import UnreachableError
from gatewayd.links import udp
from gatewayd.links.udp import UdpLinks
from tests.fakes.jump_loop import jumping

GROUP = "239.12.255.254"


class Box:
    """A device on its own loopback address that answers to whatever port asks."""

    def __init__(self, answer: Callable[[bytes], list[bytes]], late_s: float = 0.0) -> None:
        self.asked: list[tuple[float, bytes]] = []
        self.senders: set[tuple[str, int]] = set()
        self._answer = answer
        self._late_s = late_s

    @asynccontextmanager
    async def at(self, host: str, port: int = 0) -> AsyncIterator[int]:
        """Yields the port."""
        loop = asyncio.get_running_loop()
        box = self

        class Protocol(asyncio.DatagramProtocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                self.transport = cast(asyncio.DatagramTransport, transport)

            def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
                box.asked.append((loop.time(), data))
                box.senders.add(addr)
                for answer in box._answer(data):
                    loop.call_later(box._late_s, self.transport.sendto, answer, addr)

        transport, _ = await loop.create_datagram_endpoint(Protocol, local_addr=(host, port))
        try:
            yield transport.get_extra_info("sockname")[1]
        finally:
            transport.close()


def echo(data: bytes) -> list[bytes]:
    return [b"answer to " + data]


def to(data: bytes) -> Callable[[bytes], bool]:
    return lambda answer: answer == b"answer to " + data


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


@jumping
async def test_a_question_is_answered() -> None:
    async with (
        Box(echo).at("127.0.0.1") as port,
        UdpLinks().peer("127.0.0.1", port) as peer,
    ):
        assert await peer.ask(b"report 2", to(b"report 2")) == b"answer to report 2"


@jumping
async def test_several_devices_share_one_port_of_ours_and_each_hears_its_own() -> None:
    links, ours = UdpLinks(), free_port()
    one, two = Box(lambda _data: [b"one"]), Box(lambda _data: [b"two"])
    async with (
        one.at("127.0.0.2") as port,
        two.at("127.0.0.3", port),
        links.peer("127.0.0.2", port, local_port=ours) as first,
        links.peer("127.0.0.3", port, local_port=ours) as second,
        asyncio.TaskGroup() as tasks,
    ):
        asked = [
            tasks.create_task(peer.ask(b"?", lambda _answer: True)) for peer in (first, second) * 20
        ]

    assert [task.result() for task in asked] == [b"one", b"two"] * 20
    assert {port for _, port in one.senders | two.senders} == {ours}


@jumping
async def test_one_device_is_asked_one_thing_at_a_time_and_not_too_fast() -> None:
    links, box = UdpLinks(), Box(echo, late_s=0.5)
    async with (
        box.at("127.0.0.1") as port,
        links.peer("127.0.0.1", port, min_gap_s=0.1) as peer,
        asyncio.TaskGroup() as tasks,
    ):
        for number in range(3):
            data = b"%d" % number
            tasks.create_task(peer.ask(data, to(data)))

    assert [at for at, _ in box.asked] == [pytest.approx(at) for at in (0.0, 0.6, 1.2)]


@jumping
async def test_two_who_ask_one_device_at_one_port_of_ours_take_turns() -> None:
    links, box, ours = UdpLinks(), Box(echo, late_s=1.0), free_port()
    async with (
        box.at("127.0.0.1") as port,
        links.peer("127.0.0.1", port, local_port=ours) as first,
        links.peer("127.0.0.1", port, local_port=ours) as second,
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(first.ask(b"a", to(b"a")))
        tasks.create_task(second.ask(b"b", to(b"b")))

    assert [at for at, _ in box.asked] == [pytest.approx(0.0), pytest.approx(1.0)]


@jumping
async def test_other_senders_and_other_matters_are_passed_over() -> None:
    box = Box(lambda data: [b"State 3", b"answer to " + data, b"more"])
    stranger = Box(echo)
    links, ours = UdpLinks(), free_port()
    async with (
        stranger.at("127.0.0.9") as port,
        box.at("127.0.0.2", port),
        links.peer("127.0.0.2", port, local_port=ours) as peer,
        links.peer("127.0.0.9", port, local_port=ours) as other,
    ):
        await other.tell(b"a")
        assert await peer.ask(b"a", to(b"a")) == b"answer to a"
        assert await peer.ask(b"b", to(b"b")) == b"answer to b"


@jumping
async def test_a_late_answer_is_never_the_next_one() -> None:
    box = Box(lambda _data: [b"%d" % len(box.asked)], late_s=1.5)
    async with (
        box.at("127.0.0.1") as port,
        UdpLinks().peer("127.0.0.1", port, timeout_s=1.0) as hasty,
    ):
        with pytest.raises(UnreachableError, match=r"udp://127\.0\.0\.1:\d+: no answer in 1 s"):
            await hasty.ask(b"a", lambda _answer: True)
        box._late_s = 0.0
        assert await hasty.ask(b"b", lambda _answer: True) == b"2"

    assert box.asked[1][0] == pytest.approx(2.0)


@jumping
async def test_a_cancelled_question_takes_its_late_answer_with_it() -> None:
    box = Box(lambda _data: [b"%d" % len(box.asked)], late_s=0.5)
    async with box.at("127.0.0.1") as port, UdpLinks().peer("127.0.0.1", port) as peer:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.4):
                await peer.ask(b"a", lambda _answer: True)
        assert await peer.ask(b"b", lambda _answer: True) == b"2"


@jumping
async def test_a_port_of_ours_that_another_program_has_is_told_and_tried_again() -> None:
    links = UdpLinks()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("", 0))
        ours = taken.getsockname()[1]
        with pytest.raises(UnreachableError, match=f"udp port {ours}"):
            async with links.peer("127.0.0.1", 7090, local_port=ours):
                pass
    async with links.peer("127.0.0.1", 7090, local_port=ours):
        pass
    async with links.peer("127.0.0.1", 7090, local_port=ours):
        pass


@jumping
async def test_a_name_that_leads_nowhere_is_unreachable() -> None:
    async with UdpLinks().peer("no-such-host.invalid", 7090) as peer:
        with pytest.raises(UnreachableError, match="no-such-host"):
            await peer.ask(b"a", lambda _answer: True)


def first_byte(data: bytes) -> int | None:
    return data[0] if data[:1] > b"\x0f" else None


def shout(port: int, *datagrams: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as speaker:
        own = socket.inet_aton("127.0.0.1")
        speaker.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, own)
        for data in datagrams:
            speaker.sendto(data, (GROUP, port))


@jumping
async def test_what_is_told_to_a_group_is_heard_by_all_who_listen() -> None:
    links, port = UdpLinks(), free_port()
    places = ("127.0.0.1",)
    async with (
        links.ear(port, first_byte, group=GROUP, interfaces=places) as one,
        links.ear(port, first_byte, group=GROUP, interfaces=places) as two,
    ):
        loop = asyncio.get_running_loop()
        loop.call_later(0.3, shout, port, b"\x01noise", b"\x10a", b"\x20b", b"\x10c")

        assert await one.newest(0x20) == b"\x20b"
        assert await two.newest(0x10, max_age_s=0.0) in (b"\x10a", b"\x10c")
        assert await one.newest(0x10) == b"\x10c"
        assert set(one.heard()) == {0x10, 0x20}


@jumping
async def test_an_old_datagram_does_not_pass_for_a_new_one() -> None:
    links, port = UdpLinks(), free_port()
    async with links.ear(port, first_byte, group=GROUP, interfaces=("127.0.0.1",)) as ear:
        asyncio.get_running_loop().call_later(0.1, shout, port, b"\x10a")
        await ear.newest(0x10)
        await asyncio.sleep(10)
        with pytest.raises(UnreachableError, match="nothing heard of 16 in 3 s"):
            await ear.newest(0x10, timeout_s=3.0)
        asyncio.get_running_loop().call_later(0.1, shout, port, b"\x10b")
        assert await ear.newest(0x10) == b"\x10b"


@jumping
async def test_a_flood_of_made_up_senders_does_not_fill_the_memory() -> None:
    links, port = UdpLinks(), free_port()
    async with (
        links.ear(port, lambda data: data) as ear,
        links.peer("127.0.0.1", port) as flood,
    ):
        for number in range(200):
            await flood.tell(b"%d" % number)
        await ear.newest(b"63")
        assert len(ear.heard()) == 64


@jumping
async def test_a_group_without_a_network_is_unreachable() -> None:
    with pytest.raises(UnreachableError, match=f"cannot join {GROUP}"):
        async with UdpLinks().ear(free_port(), first_byte, group=GROUP, interfaces=("192.0.2.77",)):
            pass


class Elsewhere(asyncio.DatagramProtocol):
    """Is asked at one address, and answered for at others too."""

    def __init__(self) -> None:
        self.others: list[asyncio.DatagramTransport] = []

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        for other in self.others:
            other.sendto(data + b"!", addr)


@pytest.mark.parametrize(
    ("network", "heard"),
    [("127.0.0.1/8", set()), ("127.0.0.1/29", {"127.0.0.6"})],
    ids=["a host", "a network"],
)
@jumping
async def test_only_who_was_called_is_heard(
    network: str, heard: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(udp, "local_networks", lambda: [IPv4Interface(network)])
    loop, box = asyncio.get_running_loop(), Elsewhere()
    places = ("127.0.0.7", 0), ("127.0.0.6", 0), ("127.0.0.9", 0)
    made = [
        (await loop.create_datagram_endpoint(lambda: box, local_addr=place))[0] for place in places
    ]
    box.others = made

    answers = await UdpLinks().call(b"who", [made[0].get_extra_info("sockname")])

    for transport in made:
        transport.close()
    assert answers == dict.fromkeys({"127.0.0.7", *heard}, b"who!")
