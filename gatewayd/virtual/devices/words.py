"""Numbers and text as 16-bit words, most significant word first.

A number outside its type's range is given as the nearest one inside, as devices do; it never wraps
to another sign.
"""

import struct
from enum import StrEnum


class Kind(StrEnum):
    """How a point is written into its registers. The values are SunSpec's names."""

    U16 = "uint16"
    S16 = "int16"
    U32 = "uint32"
    ACC32 = "acc32"
    F32 = "float32"
    SF = "sunssf"
    ENUM16 = "enum16"
    BITS16 = "bitfield16"
    BITS32 = "bitfield32"
    COUNT = "count"
    TEXT = "string"
    PAD = "pad"


_RANGES = {
    Kind.U16: (0, 0xFFFE),
    Kind.S16: (-0x7FFF, 0x7FFF),
    Kind.U32: (0, 0xFFFFFFFE),
    Kind.SF: (-10, 10),
    Kind.ENUM16: (0, 0xFFFE),
    Kind.BITS16: (0, 0xFFFE),
    Kind.BITS32: (0, 0xFFFFFFFE),
    Kind.COUNT: (0, 0xFFFE),
}
_LONG = frozenset({Kind.U32, Kind.ACC32, Kind.BITS32, Kind.F32})
# What a SunSpec device puts where it has nothing to say.
_ABSENT = {Kind.S16: 0x8000, Kind.SF: 0x8000, Kind.ACC32: 0, Kind.TEXT: 0, Kind.PAD: 0x8000}

Words = tuple[int, ...]


def length(kind: Kind) -> int:
    """How many registers a number of this kind takes."""
    return 2 if kind in _LONG else 1


def absent(kind: Kind, size: int) -> Words:
    """The words that say "not implemented"."""
    return (_ABSENT.get(kind, 0xFFFF),) * size


def number(kind: Kind, value: float) -> Words:
    """A number as words."""
    if kind is Kind.F32:
        return _split(struct.unpack(">I", struct.pack(">f", value))[0])
    raw = round(value)
    if kind is Kind.ACC32:
        # Accumulators start again at zero when full, which takes 4.3 GWh.
        return _split(raw % 2**32)
    low, high = _RANGES[kind]
    raw = max(low, min(high, raw))
    return _split(raw) if kind in _LONG else (raw & 0xFFFF,)


def text(value: str, size: int) -> Words:
    """Text, two characters per register, filled up with zero bytes."""
    raw = value.encode("ascii")[: 2 * size].ljust(2 * size, b"\0")
    return tuple(struct.unpack(f">{size}H", raw))


def signed(word: int) -> int:
    """A word read as a 16-bit number with sign."""
    return word - 0x10000 if word & 0x8000 else word


def _split(raw: int) -> Words:
    return raw >> 16, raw & 0xFFFF
