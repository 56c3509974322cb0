"""Checksums of 16 bits that devices send."""

from collections.abc import Iterable


def _table(polynomial: int) -> tuple[int, ...]:
    """The remainder of each byte, lowest bit first."""
    found = []
    for remainder in range(256):
        for _ in range(8):
            remainder = remainder >> 1 ^ (polynomial if remainder & 1 else 0)  # noqa: PLW2901
        found.append(remainder)
    return tuple(found)


_ARC, _X25 = _table(0xA001), _table(0x8408)


def arc(data: Iterable[int]) -> int:
    """CRC-16/ARC, as DSMR telegrams end with."""
    return _crc(_ARC, data, 0)


def modbus(data: Iterable[int]) -> int:
    """CRC-16/MODBUS, as RTU frames end with, low byte first."""
    return _crc(_ARC, data, 0xFFFF)


def x25(data: Iterable[int]) -> int:
    """CRC-16/X-25, as SML files and messages end with."""
    return _crc(_X25, data, 0xFFFF) ^ 0xFFFF


def _crc(table: tuple[int, ...], data: Iterable[int], crc: int) -> int:
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return crc
