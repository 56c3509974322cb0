"""Solarman V5: the frame that data logging sticks put around every RTU frame.

Bytes in, bytes out, no connection. All numbers are little-endian. A frame is 0xA5, payload length,
control code, sequence number, logger serial, payload, the sum of all bytes after the first modulo
256, and 0x15. The facts are from the protocol description of pysolarmanv5 (MIT).
"""

import struct
import time
from collections.abc import Callable

from gatewayd.errors import BadReadingError, UnreachableError
from gatewayd.links.envelope import Opened

_START, _END = 0xA5, 0x15
# Start, payload length, control code, sequence number, logger serial.
_HEADER = struct.Struct("<BHHHI")
_TRAILER_SIZE = 2
# Reports of a logger to its cloud are the longest; what claims to be longer is garbage.
_PAYLOAD_MAX = 1024

_REQUEST, _ANSWER = 0x4510, 0x1510
# What a logger sends of its own accord: handshake, data, info, heartbeat, report.
_NOTICES = frozenset({0x4110, 0x4210, 0x4310, 0x4710, 0x4810})
# From a notice's control code to that of its answer.
_TO_ANSWER = 0x3000

# A request's payload begins with frame type 2 (inverter), sensor type and three times.
_REQUEST_HEAD = bytes((2,)) + bytes(14)
_ANSWER_HEAD_SIZE = 14
_RTU_MIN_SIZE = 5


class SolarmanEnvelope:
    """The frames of one connection to one logger. `now` is Unix time, which notices ask for."""

    def __init__(self, logger_serial: int, now: Callable[[], float] = time.time) -> None:
        self._logger = logger_serial
        self._now = now
        self._sequence = 0

    def wrap(self, frame: bytes, number: int) -> bytes:
        """An RTU request as the logger wants it. Only the low byte of `number` is sent."""
        self._sequence = number & 0xFF
        return _framed(_REQUEST, self._sequence, self._logger, _REQUEST_HEAD + frame)

    def open(self, received: bytes) -> Opened:
        """Take the whole frames out of what was received.

        BadReadingError for what no logger of this serial sends or belongs to another request,
        UnreachableError when the logger has no answer of its device.
        """
        frames: list[bytes] = []
        replies, rest = b"", received
        while (size := _size(rest)) and len(rest) >= size:
            raw, rest = rest[:size], rest[size:]
            control, sequence, payload = self._parsed(raw)
            if control in _NOTICES:
                replies += self._acknowledged(control, sequence)
            elif control == _ANSWER:
                frames.append(self._answer(sequence, payload))
            else:
                raise BadReadingError(f"a frame of unknown kind {control:#06x}")
        return Opened(tuple(frames), replies, rest)

    def _parsed(self, raw: bytes) -> tuple[int, int, bytes]:
        _, _, control, sequence, logger = _HEADER.unpack_from(raw)
        if raw[-1] != _END or raw[-2] != sum(raw[1:-2]) & 0xFF:
            raise BadReadingError("a damaged frame")
        if logger != self._logger:
            raise BadReadingError(f"logger {logger} instead of {self._logger}")
        return control, sequence, raw[_HEADER.size : -_TRAILER_SIZE]

    def _answer(self, sequence: int, payload: bytes) -> bytes:
        # The high byte is the logger's own counter.
        if sequence & 0xFF != self._sequence:
            raise BadReadingError(f"sequence {sequence & 0xFF} instead of {self._sequence}")
        if payload[:1] != b"\x02":
            raise BadReadingError("no answer of an inverter")
        frame = payload[_ANSWER_HEAD_SIZE:]
        if len(frame) < _RTU_MIN_SIZE:
            raise UnreachableError("the logger got no answer of its device")
        return frame

    def _acknowledged(self, control: int, sequence: int) -> bytes:
        number = (sequence & 0xFF00) | (sequence + 1 & 0xFF)
        payload = struct.pack("<HII", 0x0100, int(self._now()) & 0xFFFFFFFF, 0)
        return _framed(control - _TO_ANSWER, number, self._logger, payload)


def _size(data: bytes) -> int:
    """How long the first frame is; 0 while that is not known."""
    length = int.from_bytes(data[1:3], "little") if len(data) >= 3 else 0
    if data[:1] not in (b"", bytes((_START,))) or length > _PAYLOAD_MAX:
        raise BadReadingError("no frame of a logger")
    if len(data) < 3:
        return 0
    return _HEADER.size + length + _TRAILER_SIZE


def _framed(control: int, sequence: int, logger: int, payload: bytes) -> bytes:
    head = _HEADER.pack(_START, len(payload), control, sequence, logger)
    body = head + payload
    return body + bytes((sum(body[1:]) & 0xFF, _END))
