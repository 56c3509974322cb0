"""Datagrams: devices asked one question at a time, and what is told to a whole group.

Devices of this kind are on IPv4. A local port is opened once, whoever asks, because chargers of
one make all answer to the same port of ours. Nothing is queued: an answer nobody waits for is
dropped, and of what a group hears the newest of each sender's key is kept.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import cast

from gatewayd.errors import UnreachableError
from gatewayd.links.interfaces import local_addresses, local_networks

# A meter's key is in the datagram, where anybody in the network can write what they like.
_KEYS_MAX = 64
# Between datagrams to several.
_BETWEEN_S = 0.01

Address = tuple[str, int]
Key = Hashable


class UdpPeer:
    """One device that is asked. Raises UnreachableError only."""

    def __init__(self, line: "_Line", timeout_s: float, min_gap_s: float) -> None:
        self._line = line
        self._timeout_s = timeout_s
        self._min_gap_s = min_gap_s

    async def ask(self, data: bytes, is_answer: Callable[[bytes], bool]) -> bytes:
        """Send a datagram and wait for the first that `is_answer` takes; others are passed over.

        Without an answer, also when cancelled, the device is then left in peace until a late one
        must have come: no datagram tells which question it belongs to.
        """
        line = self._line
        async with line.turn:
            await line.rest(self._min_gap_s)
            try:
                await line.send(data, is_answer)
                async with asyncio.timeout(self._timeout_s):
                    return await line.answer
            except TimeoutError as error:
                raise UnreachableError(f"{line}: no answer in {self._timeout_s:g} s") from error
            finally:
                line.finish(self._timeout_s)

    async def tell(self, data: bytes) -> None:
        """Send a datagram that has no answer."""
        async with self._line.turn:
            await self._line.rest(self._min_gap_s)
            await self._line.send(data)


class UdpEar:
    """What is told on a port, to a group or to us: the newest datagram of each key."""

    def __init__(self, key_of: Callable[[bytes], Key | None]) -> None:
        self._key_of = key_of
        self._newest: dict[Key, tuple[float, bytes]] = {}
        self._waiting: dict[Key, asyncio.Future[bytes]] = {}

    def heard(self) -> dict[Key, bytes]:
        """Whom we have heard, and what of them last."""
        return {key: data for key, (_, data) in self._newest.items()}

    async def newest(self, key: Key, *, max_age_s: float = 1.5, timeout_s: float = 5.0) -> bytes:
        """The last datagram of a key, or the next where that is too old. UnreachableError."""
        loop = asyncio.get_running_loop()
        at, data = self._newest.get(key, (-float("inf"), b""))
        if loop.time() - at <= max_age_s:
            return data
        waiting = self._waiting.setdefault(key, loop.create_future())
        try:
            async with asyncio.timeout(timeout_s):
                return await asyncio.shield(waiting)
        except TimeoutError as error:
            raise UnreachableError(f"nothing heard of {key} in {timeout_s:g} s") from error

    def receive(self, data: bytes, _sender: Address) -> None:
        """Take a datagram; one without a key is somebody else's."""
        key = self._key_of(data)
        if key is None or (key not in self._newest and len(self._newest) >= _KEYS_MAX):
            return
        self._newest[key] = (asyncio.get_running_loop().time(), data)
        waiting = self._waiting.pop(key, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(data)


@dataclass(eq=False)
class _Port(asyncio.DatagramProtocol):
    """One socket, and who listens at it."""

    receivers: set[Callable[[bytes, Address], None]] = field(default_factory=set)
    lines: dict[Address, "_Line"] = field(default_factory=dict)
    users: int = 0
    transport: asyncio.DatagramTransport | None = None
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        sender = (str(addr[0]), int(addr[1]))
        for receive in tuple(self.receivers):
            receive(data, sender)

    def send(self, data: bytes, to: Address) -> None:
        if self.transport is not None:
            self.transport.sendto(data, to)

    def connection_lost(self, _exc: Exception | None) -> None:
        self.closed.set()

    async def close(self) -> None:
        """Return when the port is free again."""
        if self.transport is not None:
            self.transport.abort()
            await self.closed.wait()


class _Line:
    """One device on a port: one question at a time."""

    def __init__(self, port: _Port, host: str, number: int) -> None:
        self.turn = asyncio.Lock()
        self.users = 0
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._port = port
        self._place = (host, number)
        self._address: Address | None = None
        self._is_answer: Callable[[bytes], bool] | None = None
        self._spoke_at = self._quiet_until = -float("inf")

    def __str__(self) -> str:
        return f"udp://{self._place[0]}:{self._place[1]}"

    async def rest(self, min_gap_s: float) -> None:
        """Wait until the device may be spoken to."""
        until = max(self._spoke_at + min_gap_s, self._quiet_until)
        await asyncio.sleep(max(0.0, until - asyncio.get_running_loop().time()))

    async def send(self, data: bytes, is_answer: Callable[[bytes], bool] | None = None) -> None:
        loop = asyncio.get_running_loop()
        self.answer = loop.create_future()
        if self._address is None:
            self._address = await _look_up(*self._place)
        self._is_answer = is_answer
        self._port.send(data, self._address)
        self._spoke_at = loop.time()

    def receive(self, data: bytes, sender: Address) -> None:
        """Take a datagram of this device, if it is waited for."""
        if self._is_answer is None or sender != self._address or self.answer.done():
            return
        if self._is_answer(data):
            self.answer.set_result(data)

    def finish(self, patience_s: float) -> None:
        """Nothing is an answer any more; without one, be quiet for so long."""
        self._spoke_at = asyncio.get_running_loop().time()
        self._is_answer = None
        if not self.answer.done() or self.answer.cancelled():
            self._quiet_until = self._spoke_at + patience_s
            # By now the name may lead elsewhere.
            self._address = None


class UdpLinks:
    """All ports in use: each is opened once and closed with its last user."""

    def __init__(self) -> None:
        self._ports: dict[Key, _Port] = {}
        self._opening = asyncio.Lock()

    @asynccontextmanager
    async def peer(
        self,
        host: str,
        port: int,
        *,
        local_port: int = 0,
        timeout_s: float = 2.0,
        min_gap_s: float = 0.0,
    ) -> AsyncIterator[UdpPeer]:
        """A device to be asked. With `local_port` 0 our end of it is any free port.

        Only datagrams from just its address and port count. UnreachableError when our port is
        taken by another program.
        """
        key = local_port or object()
        async with self._open(key, local_port, None, ()) as shared:
            line = shared.lines.get((host, port)) or _Line(shared, host, port)
            shared.lines[host, port] = line
            line.users += 1
            shared.receivers.add(line.receive)
            try:
                yield UdpPeer(line, timeout_s, min_gap_s)
            finally:
                line.users -= 1
                if not line.users:
                    shared.receivers.discard(line.receive)
                    del shared.lines[host, port]

    @asynccontextmanager
    async def ear(
        self,
        port: int,
        key_of: Callable[[bytes], Key | None],
        *,
        group: str | None = None,
        interfaces: Sequence[str] = (),
    ) -> AsyncIterator[UdpEar]:
        """Listen on a port, and to a multicast group on these addresses of ours.

        `key_of` tells whose a datagram is: None for what is not understood. Without `interfaces`
        the group is joined wherever this machine has an address. UnreachableError when it cannot.
        """
        ear = UdpEar(key_of)
        async with self._open((group, port), port, group, interfaces) as shared:
            shared.receivers.add(ear.receive)
            try:
                yield ear
            finally:
                shared.receivers.discard(ear.receive)

    async def call(
        self, question: bytes, to: Sequence[Address], *, local_port: int = 0, wait_s: float = 2.0
    ) -> dict[str, bytes]:
        """Ask several at once, also all of a network; the first answer of each host asked.

        UnreachableError when our port is taken by another program, or there is no network.
        """
        answers: dict[str, bytes] = {}
        hosts = {host for host, _ in to}
        ours = (one.network for one in local_networks())
        networks = [one for one in ours if str(one.broadcast_address) in hosts]

        def receive(data: bytes, sender: Address) -> None:
            host = IPv4Address(sender[0])
            is_asked = sender[0] in hosts or any(host in one for one in networks)
            if is_asked and len(answers) < _KEYS_MAX and data != question:
                answers.setdefault(sender[0], data)

        key = local_port or object()
        async with self._open(key, local_port, None, ()) as shared:
            shared.receivers.add(receive)
            try:
                for address in to:
                    with suppress(UnreachableError):
                        place = await _look_up(*address)
                        hosts.add(place[0])
                        shared.send(question, place)
                    await asyncio.sleep(_BETWEEN_S)
                await asyncio.sleep(wait_s)
            finally:
                shared.receivers.discard(receive)
        return answers

    @asynccontextmanager
    async def _open(
        self, key: Key, port: int, group: str | None, interfaces: Sequence[str]
    ) -> AsyncIterator[_Port]:
        async with self._opening:
            shared = self._ports.get(key) or await _bound(port, group, interfaces)
            self._ports[key] = shared
            shared.users += 1
        try:
            yield shared
        finally:
            shared.users -= 1
            if not shared.users:
                del self._ports[key]
                await shared.close()


async def _look_up(host: str, port: int) -> Address:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            host, port, family=socket.AF_INET, type=socket.SOCK_DGRAM
        )
    except OSError as error:
        raise UnreachableError(f"udp://{host}:{port}: {error}") from error
    address = found[0][4]
    return (str(address[0]), int(address[1]))


async def _bound(port: int, group: str | None, interfaces: Sequence[str]) -> _Port:
    ours = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        ours.settimeout(0)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        if group is not None:
            # Others on this machine may listen too: each gets a copy.
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        ours.bind(("", port))
        if group is not None:
            _join(ours, group, interfaces or local_addresses())
        _, shared = await asyncio.get_running_loop().create_datagram_endpoint(_Port, sock=ours)
    except OSError as error:
        ours.close()
        raise UnreachableError(f"udp port {port}: {error.strerror or error}") from error
    return shared


def _join(ours: socket.socket, group: str, interfaces: Sequence[str]) -> None:
    """Join on each interface that there is; OSError when there is none."""
    joined = 0
    for address in interfaces:
        member = socket.inet_aton(group) + socket.inet_aton(address)
        with suppress(OSError):
            ours.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
            joined += 1
    if not joined:
        raise OSError(f"cannot join {group}: no network yet")
