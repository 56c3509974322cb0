"""Numbers and text as 16-bit words, most significant word first.

A number outside its type's range is given as the nearest one inside, as devices do; it never wraps
to another sign.
"""

import struct
from dataclasses import dataclass

Words = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """How a point is written: registers it takes, range, and each register when it has no value."""

    name: str
    size: int
    low: int
    high: int
    blank: int


U16 = Kind("uint16", 1, 0, 0xFFFE, 0xFFFF)
S16 = Kind("int16", 1, -0x7FFF, 0x7FFF, 0x8000)
U32 = Kind("uint32", 2, 0, 0xFFFFFFFE, 0xFFFF)
# Accumulators start again at zero when full, and zero means that there is none.
ACC32 = Kind("acc32", 2, 0, 0xFFFFFFFF, 0)
SCALE = Kind("sunssf", 1, -10, 10, 0x8000)
ENUM16 = Kind("enum16", 1, 0, 0xFFFE, 0xFFFF)
BITS16 = Kind("bitfield16", 1, 0, 0xFFFE, 0xFFFF)
BITS32 = Kind("bitfield32", 2, 0, 0xFFFFFFFE, 0xFFFF)
COUNT = Kind("count", 1, 0, 0xFFFE, 0xFFFF)
TEXT = Kind("string", 1, 0, 0, 0)
PAD = Kind("pad", 1, 0, 0, 0x8000)

# By SunSpec's names.
KINDS = {
    kind.name: kind
    for kind in (U16, S16, U32, ACC32, SCALE, ENUM16, BITS16, BITS32, COUNT, TEXT, PAD)
}


def number(kind: Kind, value: float) -> Words:
    """A whole number as words."""
    raw = round(value)
    raw = raw % 2**32 if kind is ACC32 else max(kind.low, min(kind.high, raw))
    return (raw & 0xFFFF,) if kind.size == 1 else (raw >> 16, raw & 0xFFFF)


def float32(value: float) -> Words:
    """A number as IEEE 754 single precision."""
    high, low = struct.unpack(">HH", struct.pack(">f", value))
    return high, low


def text(value: str, size: int) -> Words:
    """Text, two characters per register, filled up with zero bytes."""
    raw = value.encode("ascii")[: 2 * size].ljust(2 * size, b"\0")
    return tuple(struct.unpack(f">{size}H", raw))


def signed(word: int) -> int:
    """A word read as a 16-bit number with sign."""
    return word - 0x10000 if word & 0x8000 else word
