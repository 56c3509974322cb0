"""One Modbus connection: bytes out, one checked answer in. The only module that knows pymodbus.

From pymodbus come the transports (TCP, serial), the framers (MBAP, RTU with its CRC) and the
request PDUs. Its transaction manager is left out on purpose: it passes over frames of another
unit or transaction, takes any answer of transaction id 0, and checks neither function code nor
count, so that one late answer shifts every later read by one register, silently. Its decoding of
a register answer also costs forty times the one `struct` call made of it here.
"""

import asyncio
import logging
import select
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from pymodbus.framer import FramerBase, FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU, ModbusPDU
from pymodbus.pdu.bit_message import (
    ReadCoilsRequest,
    ReadDiscreteInputsRequest,
    WriteSingleCoilRequest,
)
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadInputRegistersRequest,
    WriteMultipleRegistersRequest,
    WriteSingleRegisterRequest,
)
from pymodbus.transport import CommParams, CommType, ModbusProtocol

from gatewayd.errors import BadReadingError, DeviceError, UnreachableError
from gatewayd.links.envelope import Envelope

# pymodbus logs every refused connection and every odd frame, at each poll; here each becomes one
# error, and whoever polls logs it once down and once up.
logging.getLogger("pymodbus").setLevel(logging.CRITICAL)

# An MBAP header holds transaction, protocol, length and unit; a PDU has at most 253 bytes.
_MBAP_SIZE = 7
_MAX_LENGTH = 254
_EXCEPTION = 0x80


@dataclass(frozen=True, slots=True)
class Question:
    """A request PDU, and what its answer must begin with and how long it must be.

    A read's answer begins with function code and byte count; a write's repeats address and value
    (or count). `text` names it in errors.
    """

    pdu: bytes
    echo: bytes
    answer_size: int
    text: str
    is_write: bool = False


@lru_cache(maxsize=4096)
def ask_registers(function: int, address: int, count: int) -> Question:
    """Read 1 to 125 holding (3) or input (4) registers. ValueError out of range."""
    kind = ReadHoldingRegistersRequest if function == 3 else ReadInputRegistersRequest
    return _read(kind(address=address, count=count), 2 * count)


@lru_cache(maxsize=1024)
def ask_bits(function: int, address: int, count: int) -> Question:
    """Read 1 to 2000 coils (1) or discrete inputs (2). ValueError out of range."""
    kind = ReadCoilsRequest if function == 1 else ReadDiscreteInputsRequest
    return _read(kind(address=address, count=count), (count + 7) // 8)


def write_register(address: int, value: int) -> Question:
    """Function code 6: the whole request comes back."""
    pdu = _encode(WriteSingleRegisterRequest(address=address, registers=[value]))
    return Question(pdu, pdu, len(pdu), f"write of {value} to {address}", is_write=True)


def write_registers(address: int, values: tuple[int, ...]) -> Question:
    """Function code 16: address and count come back."""
    pdu = _encode(WriteMultipleRegistersRequest(address=address, registers=values))
    return Question(
        pdu, pdu[:5], 5, f"write of {len(values)} registers to {address}", is_write=True
    )


def write_coil(address: int, *, value: bool) -> Question:
    """Function code 5: the whole request comes back."""
    pdu = _encode(WriteSingleCoilRequest(address=address, bits=[value]))
    return Question(pdu, pdu, len(pdu), f"write of {value} to coil {address}", is_write=True)


def _read(request: ModbusPDU, byte_count: int) -> Question:
    pdu = _encode(request)
    echo = bytes((pdu[0], byte_count & 0xFF))
    text = f"read of {request.count} at {request.address} (function {pdu[0]})"
    return Question(pdu, echo, 2 + byte_count, text)


def _encode(request: ModbusPDU) -> bytes:
    return bytes((request.function_code,)) + request.encode()


def tcp(host: str, port: int, timeout_s: float) -> CommParams:
    """Where a TCP connection goes."""
    return CommParams(CommType.TCP.name, CommType.TCP, 0, 0, timeout_s, host, port)


def udp(host: str, port: int, timeout_s: float) -> CommParams:
    """Where datagrams go; only answers from there are taken."""
    return CommParams(CommType.UDP.name, CommType.UDP, 0, 0, timeout_s, host, port)


def serial(path: str, baudrate: int, parity: str, stopbits: int, timeout_s: float) -> CommParams:
    """Which serial port, and how it is set."""
    params = CommParams(CommType.SERIAL.name, CommType.SERIAL, 0, 0, timeout_s, path)
    params.baudrate, params.bytesize = baudrate, 8
    params.parity, params.stopbits = parity, stopbits
    return params


_NOTHING = Question(b"", b"", 0, "nothing")


class Wire(ModbusProtocol):
    """One connection with at most one question under way. Any fault closes it, for good.

    `accepts_tid` decides over the transaction id of an answer; without it the framing is RTU, in
    an `envelope` if there is one. An envelope holds exactly one frame, and so does a datagram.
    Sending and receiving go past pymodbus' own, which copy each frame into a log of their own.
    """

    def __init__(
        self,
        params: CommParams,
        accepts_tid: Callable[[int, int], bool] | None,
        envelope: Envelope | None = None,
    ) -> None:
        super().__init__(params, is_server=False)
        self._accepts_tid = accepts_tid
        self._envelope = envelope
        self._unopened = b""
        decoder = DecodePDU(is_server=False)
        self._framer: FramerBase = FramerSocket(decoder) if accepts_tid else FramerRTU(decoder)
        self._answer: asyncio.Future[bytes] | None = None
        self._question = _NOTHING
        self._unit = self._tid = 0
        self._received = b""

    async def open(self) -> None:
        """Connect within the parameters' time; UnreachableError."""
        is_open = False
        try:
            is_open = await self.connect()
            is_open = is_open and not _is_cancelled()
        finally:
            if not is_open:
                self.close()
        if _is_cancelled():
            raise asyncio.CancelledError
        if not is_open:
            raise UnreachableError("cannot connect; check address, power and network")

    def is_open(self) -> bool:
        """Whether it can be written to; uvloop raises an error of its own when it is closing."""
        return self.is_active() and not self._out.is_closing()

    @property
    def _out(self) -> asyncio.WriteTransport:
        return cast(asyncio.WriteTransport, self.transport)

    def _send(self, data: bytes) -> None:
        if self.comm_params.comm_type is CommType.UDP:
            cast(asyncio.DatagramTransport, self.transport).sendto(data)
        else:
            self._out.write(data)

    async def exchange(self, question: Question, unit: int, tid: int, timeout_s: float) -> bytes:
        """Send one request and return its answer PDU: the one asked for, or an exception's.

        UnreachableError when nothing came or the connection broke, BadReadingError when what
        came is not the answer. The caller closes the wire after any error or cancellation.
        """
        if not self.is_open():
            raise UnreachableError(f"connection lost before {question.text}")
        self._question, self._unit, self._tid, self._received = question, unit, tid, b""
        self._answer = answer = self.loop.create_future()
        deadline = self.loop.call_later(timeout_s, _expire, answer, question, timeout_s)
        try:
            frame = self._framer.encode(question.pdu, unit, tid)
            self._send(frame if self._envelope is None else self._envelope.wrap(frame, tid))
            pdu: bytes = await answer
            return pdu
        finally:
            deadline.cancel()
            self._answer = None

    def has_waiting(self) -> bool:
        """Whether bytes have come that nobody asked for and the loop has not handed over yet."""
        serial_port = getattr(self.transport, "sync_serial", None)
        source = serial_port or self.transport.get_extra_info("socket")
        poll = select.poll()
        poll.register(source.fileno(), select.POLLIN)
        return bool(poll.poll(0))

    def data_received(self, data: bytes) -> None:
        """Take what has come of a stream."""
        self._arrive(data, is_whole=False)

    def datagram_received(self, data: bytes, addr: tuple[object, ...] | None) -> None:  # noqa: ARG002
        """Take a datagram of the one address that we are connected to."""
        self._arrive(data, is_whole=True)

    def error_received(self, exc: Exception) -> None:
        """The other end's system told that nobody is there."""
        self._fail(UnreachableError(str(exc)))

    def _arrive(self, data: bytes, *, is_whole: bool) -> None:
        if self._envelope is None:
            self._take(data, is_whole=is_whole)
            return
        try:
            opened = self._envelope.open(self._unopened + data)
        except DeviceError as error:
            self._fail(error)
            return
        self._unopened = opened.rest
        if opened.replies:
            self._send(opened.replies)
        for frame in opened.frames:
            self._take(frame, is_whole=True)

    def _take(self, data: bytes, *, is_whole: bool) -> None:
        """Look for the answer. Bytes that nobody asked for end the connection."""
        if self._answer is None or self._answer.done():
            self.close()
            return
        data = self._received = self._received + data
        fault = self._hopeless(data) if data else "nothing"
        if not fault and self._is_long_echo(data):
            self._answer.set_result(data[1:-2])
            return
        if not fault:
            used, unit, tid, pdu = self._framer.decode(data)
            if not is_whole and (not used or (not pdu and self._is_echo(data))):
                return
            if self._accepts_tid is None:
                # The RTU framer takes all bytes at hand; a frame is unit, PDU and a CRC of two.
                used = len(pdu) + 3
            fault = self._fault(unit, tid, pdu, data[used:])
        if fault:
            self._fail(BadReadingError(fault))
        else:
            self._answer.set_result(pdu)

    def _fail(self, error: DeviceError) -> None:
        if self._answer is not None and not self._answer.done():
            text = f"{error} in answer to {self._question.text}"
            self._answer.set_exception(type(error)(text))
        self.close()

    def callback_data(self, data: bytes, addr: tuple[object, ...] | None = None) -> int:
        """Never called: `data_received` has taken the bytes."""
        raise NotImplementedError

    def callback_connected(self) -> None:
        """Nothing to do: whoever opens the wire waits for it."""

    def callback_disconnected(self, _exc: Exception | None) -> None:
        """The other end hung up."""
        if self._answer is not None and not self._answer.done():
            text = f"connection lost during {self._question.text}"
            self._answer.set_exception(UnreachableError(text))

    def callback_new_connection(self) -> ModbusProtocol:
        """Never called: a wire does not listen."""
        raise NotImplementedError

    def _hopeless(self, data: bytes) -> str:
        """Why these bytes can never become the answer, else nothing.

        Without this, garbage in front would be waited on until the timeout, and RTU decoding
        would hunt through it for something that looks like a frame.
        """
        if self._accepts_tid is None:
            return self._hopeless_rtu(data)
        if len(data) >= _MBAP_SIZE - 1:
            length = int.from_bytes(data[4:6], "big")
            if data[2:4] != b"\0\0" or not 2 <= length <= _MAX_LENGTH:
                return "no Modbus header"
        return ""

    def _hopeless_rtu(self, data: bytes) -> str:
        if data[0] != self._unit:
            return f"unit {data[0]}"
        start = data[1 : 1 + len(self._question.echo)]
        if self._question.echo.startswith(start) or start[0] == self._question.pdu[0] | _EXCEPTION:
            return ""
        return "another function, address or count"

    def _is_echo(self, data: bytes) -> bool:
        """Whether RTU bytes begin as the answer to a write does."""
        is_rtu_write = self._accepts_tid is None and self._question.is_write
        return is_rtu_write and data[1:].startswith(self._question.echo)

    def _is_long_echo(self, data: bytes) -> bool:
        """Whether they are such an answer, whole, but longer than it should be: as a Sofar's is."""
        is_longer = len(data) > self._question.answer_size + 3 and self._is_echo(data)
        return is_longer and FramerRTU.check_CRC(data[:-2], int.from_bytes(data[-2:], "big"))

    def _fault(self, unit: int, tid: int, pdu: bytes, extra: bytes) -> str:
        """What is wrong with a whole frame, else nothing."""
        if not pdu:
            return "a damaged frame"
        # Some loggers add a CRC of the frame with its CRC, which is always zero.
        if extra and not (self._envelope is not None and extra == b"\0\0"):
            return f"{len(extra)} bytes too many"
        if unit != self._unit:
            return f"unit {unit}"
        if self._accepts_tid is not None and not self._accepts_tid(self._tid, tid):
            return f"transaction {tid} instead of {self._tid}"
        if len(pdu) == 2 and pdu[0] == self._question.pdu[0] | _EXCEPTION:
            return ""
        is_long = self._question.is_write and len(pdu) > self._question.answer_size
        is_sized = is_long or len(pdu) == self._question.answer_size
        if not is_sized or not pdu.startswith(self._question.echo):
            return "another function, address or count"
        return ""


def _is_cancelled() -> bool:
    """Whether somebody ends this task.

    Until Python 3.12 the `wait_for` in pymodbus' connect loses a cancellation that arrives together
    with the connection, and whoever waits for the task to end would wait for ever.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def is_exception(pdu: bytes) -> bool:
    """Whether an answer PDU says no; its second byte says why."""
    return pdu[0] >= _EXCEPTION


def _expire(answer: asyncio.Future[bytes], question: Question, timeout_s: float) -> None:
    if not answer.done():
        answer.set_exception(UnreachableError(f"no answer to {question.text} in {timeout_s:g} s"))
