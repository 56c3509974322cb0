"""The frame that GivEnergy's data adapters put around every RTU frame.

Bytes in, bytes out, no connection. Numbers are big-endian. A frame is 59 59 00 01, the length of
what follows, 01 and a kind; then the adapter's serial. A request goes on with the length of the
RTU frame in eight bytes, and that frame. An answer has ten bytes of the inverter's serial behind
unit and function, and repeats the address and the count that was asked for. The facts are from
givenergy-modbus (Apache-2.0), which has them from recorded traffic.

An adapter tells every client what any of them, or the maker's cloud, has asked for.
"""

import struct

from gatewayd.errors import BadReadingError
from gatewayd.links.envelope import Opened
from gatewayd.sdk.crc import modbus

_MARK = bytes.fromhex("59590001")
# Mark, length of what follows it, 1, kind.
_HEADER = struct.Struct(">4sHBB")
# The longest answer has 60 registers.
_LENGTH_MAX = 300
_HEARTBEAT, _TRANSPARENT = 1, 2
# No adapter looks at what a client calls itself.
_CLIENT = b"AB1234G567"
_LENGTH = struct.Struct(">Q")
# In an answer: where the unit is, where the inverter's serial, and where what was asked for.
_UNIT_AT, _SERIAL_AT = 26, 28
_ASKED_AT = _SERIAL_AT + 10
_ANSWER_MIN_SIZE = _ASKED_AT + 6
_WRITE = 6
_EXCEPTION = 0x80
# An adapter says no without a reason: it has no such register, or it failed to write.
_ABSENT, _FAILED = 2, 4


class DataAdapterEnvelope:
    """The frames of one connection to one adapter, which must stay the same one."""

    def __init__(self) -> None:
        self._asked = b""
        self._adapter = b""

    def wrap(self, frame: bytes, _number: int) -> bytes:
        """An RTU request as the adapter wants it. Functions 3, 4 and 6 are known."""
        # The value of a write may come back as another one, which is for others to judge.
        self._asked = frame[:4] if frame[1] == _WRITE else frame[:6]
        return _framed(_CLIENT + _LENGTH.pack(len(frame)) + frame)

    def open(self, received: bytes) -> Opened:
        """Take the whole frames out of what was received; answers to others are passed over.

        BadReadingError for what no adapter sends, and for answers of another one.
        """
        frames: list[bytes] = []
        replies, rest = b"", received
        while (size := _size(rest)) and len(rest) >= size:
            raw, rest = rest[:size], rest[size:]
            if raw[7] == _HEARTBEAT:
                replies += raw
            elif self._is_answer(raw):
                frames.append(self._answer(raw))
        return Opened(tuple(frames), replies, rest)

    def _is_answer(self, raw: bytes) -> bool:
        """Whether it is for us, also when it says no, and the first one that is."""
        if not self._asked or len(raw) < _ANSWER_MIN_SIZE:
            return False
        unit, function = raw[_UNIT_AT], raw[_UNIT_AT + 1]
        head = bytes((unit, function & ~_EXCEPTION)) + raw[_ASKED_AT : _ASKED_AT + 4]
        # An exception has no count that could be relied on.
        return head.startswith(self._asked[:4] if function & _EXCEPTION else self._asked)

    def _answer(self, raw: bytes) -> bytes:
        """The RTU frame that a serial line would have brought."""
        if modbus(raw[_UNIT_AT:-2]) != int.from_bytes(raw[-2:], "little"):
            raise BadReadingError("a damaged frame")
        adapter = raw[8:18]
        if self._adapter not in (b"", adapter):
            raise BadReadingError("an answer of another data adapter")
        self._adapter, self._asked = adapter, b""
        function, told = raw[_UNIT_AT + 1], raw[_ASKED_AT:-2]
        if function & _EXCEPTION:
            told = bytes((_FAILED if function & ~_EXCEPTION == _WRITE else _ABSENT,))
        elif function != _WRITE:
            values = told[4:]
            told = bytes((len(values) & 0xFF,)) + values
        frame = raw[_UNIT_AT:_SERIAL_AT] + told
        return frame + modbus(frame).to_bytes(2, "little")


def _size(data: bytes) -> int:
    """How long the first frame is; 0 while that is not known."""
    if not data.startswith(_MARK[: len(data)]):
        raise BadReadingError("no frame of a data adapter")
    if len(data) < _HEADER.size:
        return 0
    length, unit, kind = int.from_bytes(data[4:6], "big"), data[6], data[7]
    if not 2 <= length <= _LENGTH_MAX or unit > 1 or kind not in (_HEARTBEAT, _TRANSPARENT):
        raise BadReadingError("no frame of a data adapter")
    return _HEADER.size - 2 + length


def _framed(payload: bytes) -> bytes:
    return _HEADER.pack(_MARK, len(payload) + 2, 1, _TRANSPARENT) + payload
