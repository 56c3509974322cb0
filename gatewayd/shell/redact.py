"""What of a record would name its owner, replaced by something of the same shape."""

import json
import re
from collections.abc import Mapping
from typing import Literal

from gatewayd.links.recording import Record, Registers

# Keys of documents that say who or where somebody is, or let somebody in.
_PRIVATE = re.compile(
    r"serial|\bsn\b|mac|ssid|imei|iccid|uuid|unique_?id|(^|_)id$|name$|mail|phone|address|lat(itude)?$"
    r"|lo?ng?(itude)?$|location|pass|secret|token|key|\bip\b|host|rfid|cards?$|vin$|wifi|gateway",
    re.IGNORECASE,
)
# What tells devices apart, and must stay.
_PUBLIC = re.compile(r"model|product|type|vendor|firmware|version", re.IGNORECASE)


def redacted(record: Record, serial: str | None) -> Record:
    """The record without the device's serial number, and without what is private in documents."""
    units = {unit: _registers(tables, serial) for unit, tables in record.units.items()}
    documents = {where: _document(body, serial) for where, body in record.documents.items()}
    return Record(units, documents)


def masked(text: str) -> str:
    """A text of the same shape that names nobody: digits are 0, letters stay only in front."""
    return text[:2] + re.sub(r"[A-Za-z]", "X", re.sub(r"\d", "0", text[2:]))


def _registers(tables: Registers, serial: str | None) -> Registers:
    if not serial:
        return tables
    pairs = [*_as_text(serial), *_as_number(serial)]
    found = {name: dict(words) for name, words in tables.items()}
    for words in found.values():
        for old, new in pairs:
            _replace(words, old, new)
    return found


def _replace(words: dict[int, int], old: tuple[int, ...], new: tuple[int, ...]) -> None:
    for start in list(words):
        if all(words.get(start + i) == word for i, word in enumerate(old)):
            words.update((start + i, word) for i, word in enumerate(new))


def _as_text(serial: str) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """As it lies in registers: two letters in each, in either order, or one."""
    old, new = serial.encode(errors="replace"), masked(serial).encode(errors="replace")
    if len(old) < 3:
        return []
    pairs = []
    orders: tuple[Literal["big", "little"], ...] = ("big", "little")
    for order in orders:
        whole = len(old) // 2 * 2
        pairs.append((_words(old[:whole], order), _words(new[:whole], order)))
        if len(old) % 2:
            pairs.append((_words(old + b"\0", order), _words(new + b"\0", order)))
    return [*reversed(pairs), (tuple(old), tuple(new))]


def _words(data: bytes, order: Literal["big", "little"]) -> tuple[int, ...]:
    return tuple(int.from_bytes(data[i : i + 2], order) for i in range(0, len(data), 2))


def _as_number(serial: str) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    if not serial.isdecimal() or not 0xFFFF < int(serial) <= 0xFFFFFFFF:
        return []
    high, low = divmod(int(serial), 0x10000)
    # The high word is kept, so that the number keeps its size.
    return [((high, low), (high, 0)), ((low, high), (0, high))]


def _document(body: bytes, serial: str | None) -> bytes:
    text = body.decode(errors="replace")
    if serial:
        text = text.replace(serial, masked(serial))
    try:
        return json.dumps(_value(json.loads(text), "")).encode()
    except ValueError:
        return text.encode()


def _value(value: object, key: str) -> object:
    if isinstance(value, Mapping):
        return {name: _value(one, str(name)) for name, one in value.items()}
    if isinstance(value, list):
        return [_value(one, key) for one in value]
    if not _PRIVATE.search(key) or _PUBLIC.search(key):
        return value
    if isinstance(value, str):
        return masked(value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return type(value)(0) if is_number else value  # type: ignore[call-arg]
