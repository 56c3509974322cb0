"""A Solarman logging stick on loopback, with an inverter of our own behind it.

Its framing is written here once more, so that a mistake in the one under test shows.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from tests.fakes.wrapped import Sheathing, Wrapped

SERIAL = 2712345678


class Quirk(StrEnum):
    """What a stick does to one answer. HEARTBEAT, SLICED and DOUBLE_CRC leave it right."""

    HEARTBEAT = "heartbeat"
    SLICED = "sliced"
    DOUBLE_CRC = "double_crc"
    NO_DEVICE = "no_device"
    WRONG_SEQUENCE = "wrong_sequence"
    WRONG_LOGGER = "wrong_logger"
    WRONG_SUM = "wrong_sum"
    WRONG_KIND = "wrong_kind"
    GARBAGE = "garbage"
    HUGE = "huge"
    TWICE = "twice"


def v5(control: int, sequence: int, payload: bytes, logger: int = SERIAL) -> bytes:
    """One frame."""
    inside = struct.pack("<HHHI", len(payload), control, sequence, logger) + payload
    return b"\xa5" + inside + bytes((sum(inside) % 256, 0x15))


HEARTBEAT = v5(0x4710, 0x0C00, b"\x00")


@dataclass
class SolarmanLogger(Wrapped):
    """`plan` tells the quirk of each answer by its number, from 0."""

    plan: Callable[[int], Quirk | None] = lambda _number: None
    acknowledged: list[bytes] = field(default_factory=list)

    def size(self, buffer: bytes) -> int:
        return 13 + int.from_bytes(buffer[1:3], "little")

    def opened(self, frame: bytes) -> tuple[bytes, Sheathing] | None:
        control, sequence, logger = struct.unpack_from("<HHI", frame, 3)
        assert frame[-2:] == bytes((sum(frame[1:-2]) % 256, 0x15))
        assert logger == SERIAL
        if control != 0x4510:
            self.acknowledged.append(frame)
            return None
        assert frame[11:26] == b"\x02" + bytes(14)
        return frame[26:-2], lambda said: self.sheathed(sequence, said)

    def sheathed(self, sequence: int, frame: bytes) -> list[bytes]:
        """An answer as it goes onto the wire, in the pieces it is sent in."""
        quirk = self.plan(self.answers)
        self.answers += 1
        if quirk is Quirk.DOUBLE_CRC:
            frame += b"\0\0"
        if quirk is Quirk.NO_DEVICE:
            frame = b"\x05"
        number = sequence + (quirk is Quirk.WRONG_SEQUENCE) & 0xFF
        control = 0x1610 if quirk is Quirk.WRONG_KIND else 0x1510
        logger = SERIAL + (quirk is Quirk.WRONG_LOGGER)
        right = v5(control, 0x3300 | number, b"\x02\x01" + bytes(12) + frame, logger)
        if quirk is Quirk.SLICED:
            return [right[:7], right[7:20], right[20:]]
        spoil = _SPOILT.get(quirk)
        return [spoil(right) if spoil else right]


_SPOILT: dict[Quirk | None, Callable[[bytes], bytes]] = {
    Quirk.HEARTBEAT: lambda right: HEARTBEAT + right,
    Quirk.WRONG_SUM: lambda right: right[:-2] + bytes((right[-2] ^ 1, 0x15)),
    Quirk.GARBAGE: lambda right: b"AT+OK" + right,
    Quirk.HUGE: lambda right: b"\xa5\xff\xff" + right,
    Quirk.TWICE: lambda right: right + right,
}
