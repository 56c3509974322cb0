"""Modbus links: TCP, UDP, RTU over both, serial lines and gateways behind one pair of unit classes.

An endpoint is opened once, whoever asks, and shared by all units on it. Nothing is retried here:
the poller does that. Every fault of the library or the wire leaves this room as a `DeviceError`.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from struct import Struct
from typing import ClassVar, Literal, TypeVar, overload

from gatewayd.errors import (
    AbsentError,
    BadReadingError,
    BusyError,
    ConfigError,
    DeviceError,
    RefusedError,
    UnreachableError,
)
from gatewayd.links import modbus_wire
from gatewayd.links.aa55 import Aa55Envelope
from gatewayd.links.data_adapter import DataAdapterEnvelope
from gatewayd.links.modbus_line import Line, Pace
from gatewayd.links.modbus_wire import Question, Wire
from gatewayd.links.solarman import SolarmanEnvelope

# Connecting has its own limit: a powered device on the LAN takes the connection at once, and a
# long patience for slow answers must not become a long wait for a dead host.
_CONNECT_TIMEOUT_S = 3.0

_BUSY_CODES = {5: "acknowledge", 6: "busy", 10: "gateway path unavailable", 11: "gateway timeout"}
_ABSENT_CODES = {1: "illegal function", 2: "illegal address", 3: "illegal value"}
_REFUSED_CODES = {4: "device failure", 0x80: "permission denied"}


@dataclass(frozen=True)
class _HostEndpoint:
    scheme: ClassVar[str]
    host: str
    port: int = 502

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"


class TcpEndpoint(_HostEndpoint):
    """Modbus TCP."""

    scheme = "tcp"


class RtuOverTcpEndpoint(_HostEndpoint):
    """RTU frames in a TCP stream, as plain serial converters send them."""

    scheme = "rtu"


class UdpEndpoint(_HostEndpoint):
    """Modbus TCP's frames, each in a datagram."""

    scheme = "udp"


class RtuOverUdpEndpoint(_HostEndpoint):
    """RTU frames, each in a datagram."""

    scheme = "rtu-udp"


@dataclass(frozen=True)
class SolarmanEndpoint:
    """RTU frames through a Solarman data logging stick, which must be told its own serial."""

    host: str
    logger_serial: int
    port: int = 8899

    def __str__(self) -> str:
        return f"solarman://{self.host}:{self.port}"


class Aa55Endpoint(_HostEndpoint):
    """RTU frames in datagrams, the answers with AA 55 in front."""

    scheme = "aa55"


class DataAdapterEndpoint(_HostEndpoint):
    """RTU frames through a data adapter, which has a frame of its own."""

    scheme = "data-adapter"


@dataclass(frozen=True)
class SerialEndpoint:
    """A serial port with RTU framing. A /dev/serial/by-id path survives replugging."""

    path: str
    baudrate: int = 9600
    parity: str = "N"
    stopbits: int = 1

    def __str__(self) -> str:
        return f"serial://{self.path}"


Endpoint = (
    TcpEndpoint
    | RtuOverTcpEndpoint
    | UdpEndpoint
    | RtuOverUdpEndpoint
    | SolarmanEndpoint
    | Aa55Endpoint
    | DataAdapterEndpoint
    | SerialEndpoint
)


class UnitReader:
    """One unit that can only be read: it has no method that writes."""

    def __init__(self, line: Line, name: str, unit: int, pace: Pace) -> None:
        self._line = line
        self._name = name
        self._unit = unit
        self._pace = pace

    async def read_holding(self, address: int, count: int) -> tuple[int, ...]:
        """Function code 3."""
        answer = await self._ask(modbus_wire.ask_registers(3, address, count))
        return _registers(count).unpack_from(answer, 2)

    async def read_input(self, address: int, count: int) -> tuple[int, ...]:
        """Function code 4."""
        answer = await self._ask(modbus_wire.ask_registers(4, address, count))
        return _registers(count).unpack_from(answer, 2)

    async def read_coils(self, address: int, count: int) -> tuple[bool, ...]:
        """Function code 1."""
        return _bits(await self._ask(modbus_wire.ask_bits(1, address, count)), count)

    async def read_discrete(self, address: int, count: int) -> tuple[bool, ...]:
        """Function code 2."""
        return _bits(await self._ask(modbus_wire.ask_bits(2, address, count)), count)

    async def _exchange(self, question: Question) -> bytes:
        try:
            return await self._line.ask(question, self._unit, self._pace)
        except (UnreachableError, BadReadingError) as error:
            raise type(error)(f"{self._name}: {error}") from error

    async def _ask(self, question: Question) -> bytes:
        answer = await self._exchange(question)
        if modbus_wire.is_exception(answer):
            raise _refusal(f"{self._name}: {question.text}", answer[1])
        return answer


class UnitWriter(UnitReader):
    """One unit that can be written too."""

    async def write_register(self, address: int, value: int) -> None:
        """Function code 6. `value` 0 to 65535."""
        await self._ask(modbus_wire.write_register(address, value))

    async def write_registers(self, address: int, values: tuple[int, ...]) -> None:
        """Function code 16: up to 123 registers at once."""
        await self._ask(modbus_wire.write_registers(address, values))

    async def write_coil(self, address: int, *, value: bool) -> None:
        """Function code 5."""
        await self._ask(modbus_wire.write_coil(address, value=value))


class UnitGuest(UnitReader):
    """One unit as others ask it through us, behind all questions of our own."""

    async def relay(self, question: Question) -> bytes:
        """The answer PDU, also when it is an exception's. UnreachableError, BadReadingError."""
        return await self._exchange(question)


_Unit = TypeVar("_Unit", bound=UnitReader)


@dataclass
class _Shared:
    line: Line
    users: int = 0


class ModbusLinks:
    """All Modbus endpoints in use: each is connected once and closed with its last unit."""

    def __init__(self) -> None:
        self._shared: dict[Endpoint, _Shared] = {}

    @overload
    def unit(
        self,
        endpoint: Endpoint,
        unit_id: int,
        *,
        read_only: Literal[False],
        timeout_s: float = 2.0,
        min_gap_s: float = 0.0,
        connect_delay_s: float = 0.0,
    ) -> AbstractAsyncContextManager[UnitWriter]: ...

    @overload
    def unit(
        self,
        endpoint: Endpoint,
        unit_id: int,
        *,
        read_only: bool,
        timeout_s: float = 2.0,
        min_gap_s: float = 0.0,
        connect_delay_s: float = 0.0,
    ) -> AbstractAsyncContextManager[UnitReader]: ...

    def unit(
        self,
        endpoint: Endpoint,
        unit_id: int,
        *,
        read_only: bool,
        timeout_s: float = 2.0,
        min_gap_s: float = 0.0,
        connect_delay_s: float = 0.0,
    ) -> AbstractAsyncContextManager[UnitReader]:
        """One unit (0 to 255) behind an endpoint, connected at the first question.

        With `read_only` the object cannot write. ConfigError when the endpoint is already in use
        with other settings.
        """
        pace = Pace(timeout_s, max(min_gap_s, _silence_s(endpoint)), connect_delay_s)
        kind = UnitReader if read_only else UnitWriter
        return self._open(kind, endpoint, unit_id, pace)

    def guest(
        self,
        endpoint: Endpoint,
        unit_id: int,
        *,
        timeout_s: float = 2.0,
        min_gap_s: float = 0.0,
        connect_delay_s: float = 0.0,
    ) -> AbstractAsyncContextManager[UnitGuest]:
        """One unit for somebody else's questions. ConfigError as for `unit`."""
        gap_s = max(min_gap_s, _silence_s(endpoint))
        pace = Pace(timeout_s, gap_s, connect_delay_s, is_guest=True)
        return self._open(UnitGuest, endpoint, unit_id, pace)

    @asynccontextmanager
    async def _open(
        self, kind: type[_Unit], endpoint: Endpoint, unit_id: int, pace: Pace
    ) -> AsyncIterator[_Unit]:
        shared = self._shared.get(endpoint) or self._share(endpoint)
        shared.users += 1
        try:
            yield kind(shared.line, f"{endpoint} unit {unit_id}", unit_id, pace)
        finally:
            shared.users -= 1
            if not shared.users:
                shared.line.close()
                del self._shared[endpoint]

    def _share(self, endpoint: Endpoint) -> _Shared:
        for other in self._shared:
            if _place(other) == _place(endpoint):
                raise ConfigError([f"{endpoint}: already open as {other!r}; give both one setting"])
        has_tid = isinstance(endpoint, TcpEndpoint | UdpEndpoint)
        line = Line(has_tid=has_tid, make_wire=lambda line: _wire(endpoint, line))
        self._shared[endpoint] = _Shared(line)
        return self._shared[endpoint]


def _place(endpoint: Endpoint) -> str:
    """What can be opened once only."""
    return str(endpoint).partition("://")[2]


def _silence_s(endpoint: Endpoint) -> float:
    """What RTU wants between frames on a serial line: three and a half characters of 11 bits."""
    return 38.5 / endpoint.baudrate if isinstance(endpoint, SerialEndpoint) else 0.0


def _wire(endpoint: Endpoint, line: Line) -> Wire:
    match endpoint:
        case TcpEndpoint(host, port):
            return Wire(modbus_wire.tcp(host, port, _CONNECT_TIMEOUT_S), line.accepts_tid)
        case RtuOverTcpEndpoint(host, port):
            return Wire(modbus_wire.tcp(host, port, _CONNECT_TIMEOUT_S), None)
        case UdpEndpoint(host, port):
            return Wire(modbus_wire.udp(host, port, _CONNECT_TIMEOUT_S), line.accepts_tid)
        case RtuOverUdpEndpoint(host, port):
            return Wire(modbus_wire.udp(host, port, _CONNECT_TIMEOUT_S), None)
        case SolarmanEndpoint(host, logger_serial, port):
            settings = modbus_wire.tcp(host, port, _CONNECT_TIMEOUT_S)
            return Wire(settings, None, SolarmanEnvelope(logger_serial))
        case Aa55Endpoint(host, port):
            return Wire(modbus_wire.udp(host, port, _CONNECT_TIMEOUT_S), None, Aa55Envelope())
        case DataAdapterEndpoint(host, port):
            settings = modbus_wire.tcp(host, port, _CONNECT_TIMEOUT_S)
            return Wire(settings, None, DataAdapterEnvelope())
        case SerialEndpoint(path, baudrate, parity, stopbits):
            settings = modbus_wire.serial(path, baudrate, parity, stopbits, _CONNECT_TIMEOUT_S)
            return Wire(settings, None)


@lru_cache(maxsize=128)
def _registers(count: int) -> Struct:
    return Struct(f">{count}H")


def _bits(answer: bytes, count: int) -> tuple[bool, ...]:
    """Coils come lowest bit first."""
    packed = int.from_bytes(answer[2:], "little")
    return tuple(bool(packed >> bit & 1) for bit in range(count))


def _refusal(text: str, code: int) -> DeviceError:
    if code in _BUSY_CODES:
        return BusyError(f"{text}: exception {code} ({_BUSY_CODES[code]}); try later")
    if code in _ABSENT_CODES:
        return AbsentError(f"{text}: exception {code} ({_ABSENT_CODES[code]})")
    meaning = _REFUSED_CODES.get(code, "vendor's own")
    return RefusedError(f"{text}: exception {code} ({meaning})")
