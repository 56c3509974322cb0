"""A GivEnergy data adapter on loopback, with an inverter of our own behind it.

Its framing is written here once more, so that a mistake in the one under test shows.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from tests.fakes.modbus_server import _crc
from tests.fakes.wrapped import Sheathing, Wrapped

ADAPTER, INVERTER = b"WO2101G003", b"SA2114G047"


class Quirk(StrEnum):
    """What an adapter does to one answer. Up to TWICE they leave it right."""

    HEARTBEAT = "heartbeat"
    SLICED = "sliced"
    NOTHING_FIRST = "nothing_first"
    ADDRESS_FIRST = "address_first"
    OTHERS_FIRST = "others_first"
    TWICE = "twice"
    WRONG_CRC = "wrong_crc"
    NO_CRC = "no_crc"
    OTHER_ADAPTER = "other_adapter"
    TRUNCATED = "truncated"
    GARBAGE = "garbage"
    HUGE = "huge"


def framed(kind: int, payload: bytes) -> bytes:
    """One frame."""
    return b"\x59\x59\x00\x01" + struct.pack(">HBB", len(payload) + 2, 1, kind) + payload


def transparent(inside: bytes, adapter: bytes = ADAPTER) -> bytes:
    """An answer of the device, without its checksum."""
    body = inside + _crc(inside)
    return framed(2, adapter + struct.pack(">Q", len(body)) + body)


def answer(frame: bytes, asked: bytes, adapter: bytes = ADAPTER) -> bytes:
    """An RTU answer to an RTU request, as the adapter tells it."""
    head, function = frame[:2] + INVERTER, frame[1]
    if function & 0x80:
        return transparent(head + asked[2:6], adapter)
    values = frame[2:-2] if function == 6 else asked[2:6] + frame[3:-2]
    return transparent(head + values, adapter)


HEARTBEAT = framed(1, ADAPTER + b"\x01")
NOTHING = transparent(b"\x00\x00" + bytes(10) + bytes(124))
ADDRESS = framed(2, ADAPTER + bytes(7) + b",192.168.1.20,255.255.255.0,192.168.1.1\r\n\r\n\x12\x34")
# What another client has asked for: fewer registers, and another unit.
OTHERS = b"".join(
    transparent(unit + INVERTER + struct.pack(">HH", 0, 30) + bytes(range(60)))
    for unit in (b"\x01\x04", b"\x33\x03")
)


@dataclass
class DataAdapter(Wrapped):
    """`plan` tells the quirk of each answer by its number, from 0."""

    plan: Callable[[int], Quirk | None] = lambda _number: None
    heartbeats: list[bytes] = field(default_factory=list)

    def size(self, buffer: bytes) -> int:
        return max(8, 6 + int.from_bytes(buffer[4:6], "big"))

    def opened(self, frame: bytes) -> tuple[bytes, Sheathing] | None:
        assert frame[:4] == b"\x59\x59\x00\x01"
        if frame[7] == 1:
            self.heartbeats.append(frame)
            return None
        asked = frame[26:]
        # Real ones keep silent where this is 0.
        assert frame[18:26] == struct.pack(">Q", len(asked))
        return asked, lambda said: self.told(said, asked)

    def told(self, frame: bytes, asked: bytes) -> list[bytes]:
        """An answer as it goes onto the wire, in the pieces it is sent in."""
        quirk = self.plan(self.answers)
        self.answers += 1
        adapter = b"WO2101G004" if quirk is Quirk.OTHER_ADAPTER else ADAPTER
        right = answer(frame, asked, adapter)
        if quirk is Quirk.SLICED:
            return [right[:3], right[3:30], right[30:]]
        spoil = _SPOILT.get(quirk)
        return [spoil(right) if spoil else right]


_SPOILT: dict[Quirk | None, Callable[[bytes], bytes]] = {
    Quirk.HEARTBEAT: lambda right: HEARTBEAT + right,
    Quirk.NOTHING_FIRST: lambda right: NOTHING + right,
    Quirk.ADDRESS_FIRST: lambda right: ADDRESS + right,
    Quirk.OTHERS_FIRST: lambda right: OTHERS + right,
    Quirk.TWICE: lambda right: right + right,
    Quirk.WRONG_CRC: lambda right: right[:-1] + bytes((right[-1] ^ 1,)),
    Quirk.NO_CRC: lambda right: right[:-2] + b"\0\0",
    Quirk.TRUNCATED: lambda right: right[:-5],
    Quirk.GARBAGE: lambda right: b"AT+OK" + right,
    Quirk.HUGE: lambda right: b"\x59\x59\x00\x01\xff\xff\x01\x02" + right,
}
