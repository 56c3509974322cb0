"""Smart Message Language, as German meters push it out of their front: lists of values.

Facts from BSI TR-03109-1, annex IV (SML 1.04): a file is framed by escape sequences and a
CRC-16/X-25, holds messages with a CRC each, and one of these is the list of what is measured.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from gatewayd.errors import BadReadingError
from gatewayd.sdk import crc

_ESCAPE = b"\x1b" * 4
_BEGIN = _ESCAPE + b"\x01" * 4
_END = 0x1A
_SIZE_MAX = 8 * 1024
_DEPTH_MAX = 8

_OCTETS, _BOOLEAN, _INTEGER, _UNSIGNED, _LIST = 0, 4, 5, 6, 7
_GET_LIST_RESPONSE = 0x0701
_MESSAGE_PARTS, _LIST_PARTS, _ENTRY_PARTS = 6, 7, 7
# The last part of a code: any other is what was stored, such as the last day's energy.
_NOW = 255

# DLMS unit codes, IEC 62056-6-2.
_UNITS = {27: "W", 30: "Wh", 33: "A", 35: "V", 44: "Hz"}

# Meters of DZG (DVS74) that tell a positive power as a signed number of too few bytes: their first
# bytes, and the serial numbers that follow, as libsml has them. What is negative has four bytes.
_DZG = b"\x0a\x01DZG"
_DZG_SERIALS = (range(42_000_000, 49_000_000), range(55_000_000, 59_000_000))
_POWER = "1-0:16.7.0"


class Number(int):
    """A number and the bytes it had."""

    width: int


Value = bytes | bool | int | list["Value"] | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One measured value."""

    value: bytes | bool | int
    unit: str | None
    scaler: int


@dataclass(frozen=True, slots=True)
class Readout:
    """What a meter said: its id, and its values by OBIS code such as `1-0:1.8.0`."""

    server_id: bytes
    entries: Mapping[str, Entry]

    def number(self, code: str, unit: str) -> float | None:
        """A value in W, Wh, A, V or Hz; None where the meter has none.

        BadReadingError when it is no number of that unit.
        """
        entry = self.entries.get(code)
        if entry is None:
            return None
        if entry.unit != unit or isinstance(entry.value, bytes | bool):
            raise BadReadingError(f"sml: {code} should be a number of {unit}")
        # Dividing rounds once, where multiplying by 0.1 rounds twice.
        power = 10.0 ** abs(entry.scaler)
        return entry.value / power if entry.scaler < 0 else entry.value * power


def cut(received: bytes) -> tuple[list[bytes], bytes]:
    """The whole files in a stream, and what is left over of it."""
    files = []
    begin = received.find(_BEGIN)
    while begin >= 0:
        end = _end(received, begin + len(_BEGIN))
        if end is None:
            break
        begin, whole = end
        if whole:
            files.append(whole)
        begin = received.find(_BEGIN, begin)
    # The beginning of the next may have come in part.
    rest = received[begin:] if begin >= 0 else received[-len(_BEGIN) + 1 :]
    return files, rest if len(rest) <= _SIZE_MAX else b""


def _end(data: bytes, at: int) -> tuple[int, bytes] | None:
    """Where to go on, and the file that began before `at`; None while its end is not there."""
    begin = at - len(_BEGIN)
    while (at := data.find(_ESCAPE, at)) >= 0 and len(data) >= at + 8:
        following = data[at + 4 : at + 8]
        if following == _ESCAPE:
            at += 8
        elif following[0] == _END:
            return at + 8, data[begin : at + 8]
        else:
            # A new beginning, or nothing that SML knows.
            return at, b""
    return None


def parse(file: bytes) -> Readout:
    """One file as `cut` gives it. BadReadingError when it is damaged or holds no list of values."""
    messages = _body(file)
    found: Readout | None = None
    at = 0
    while at < len(messages):
        begin = at
        message, at = _value(messages, at, 0)
        tag, body = _message(message, messages[begin:at])
        if tag == _GET_LIST_RESPONSE:
            found = _readout(body)
    if found is None:
        raise BadReadingError("sml: no list of values")
    return found


def _body(file: bytes) -> bytes:
    """What a file holds, without its frame, fill bytes and escapes."""
    if len(file) < 16 or not file.startswith(_BEGIN) or file[-8:-3] != _ESCAPE + bytes((_END,)):
        raise BadReadingError("sml: no file")
    fill, told = struct.unpack("<BH", file[-3:])
    if crc.x25(file[:-2]) != told:
        raise BadReadingError("sml: the file is damaged")
    body = file[8:-8]
    if fill > 3 or body[len(body) - fill :] != bytes(fill):
        raise BadReadingError("sml: the file is filled up wrongly")
    return body[: len(body) - fill].replace(_ESCAPE * 2, _ESCAPE)


def _message(message: Value, raw: bytes) -> tuple[Value, Value]:
    """Kind and content of a message whose own CRC is right."""
    parts = _parts(message, _MESSAGE_PARTS)
    kind, told = parts[3], parts[4]
    if parts[5] is not None or not isinstance(told, int) or raw[-1:] != b"\0":
        raise BadReadingError("sml: a message without an end")
    # The CRC is of all before it; itself it stands with its type in three bytes, or in two.
    size = 4 if raw[-4] == 0x63 else 3
    sum_here = crc.x25(raw[:-size])
    if told != (sum_here >> 8 | (sum_here & 0xFF) << 8):
        raise BadReadingError("sml: a message is damaged")
    tag, body = _parts(kind, 2)
    return tag, body


def _readout(body: Value) -> Readout:
    parts = _parts(body, _LIST_PARTS)
    server_id, listed = parts[1], parts[4]
    if not isinstance(server_id, bytes) or not isinstance(listed, list):
        raise BadReadingError("sml: no list of values")
    entries: dict[str, Entry] = {}
    for each in listed:
        name, _status, _time, unit, scaler, value, _signature = _parts(each, _ENTRY_PARTS)
        if not isinstance(name, bytes) or len(name) != 6 or isinstance(value, list):
            raise BadReadingError("sml: no value")
        code = "{}-{}:{}.{}.{}".format(*name[:5])
        if name[5] != _NOW:
            code += f"*{name[5]}"
        if code in entries:
            raise BadReadingError(f"sml: {code} is there twice")
        if code == _POWER and isinstance(value, Number) and _is_miscounting(server_id):
            value = value % (1 << 8 * value.width) if value.width < 4 else value
        if value is not None:
            known = _UNITS.get(unit) if isinstance(unit, int) else None
            entries[code] = Entry(value, known, scaler if isinstance(scaler, int) else 0)
    return Readout(server_id, entries)


def _is_miscounting(server_id: bytes) -> bool:
    serial = int.from_bytes(server_id[len(_DZG) :], "big")
    return server_id.startswith(_DZG) and any(serial in known for known in _DZG_SERIALS)


def _parts(value: Value, count: int) -> list[Value]:
    if not isinstance(value, list) or len(value) != count:
        raise BadReadingError(f"sml: no list of {count}")
    return value


def _value(data: bytes, at: int, depth: int) -> tuple[Value, int]:
    """One value of any kind, and where the next begins."""
    kind, length, at = _head(data, at)
    if kind == _LIST:
        return _list(data, at, length, depth)
    if length < 0 or at + length > len(data):
        raise BadReadingError("sml: a value is longer than the file")
    raw = data[at : at + length]
    return _simple(kind, raw), at + length


def _head(data: bytes, at: int) -> tuple[int, int, int]:
    """Kind, length of what follows (of a list its count), and where that begins."""
    begin, length, more = at, 0, True
    while more:
        if at >= len(data) or at - begin > 2:
            raise BadReadingError("sml: no type")
        more = bool(data[at] & 0x80)
        length = length << 4 | data[at] & 0x0F
        at += 1
    kind = data[begin] >> 4 & 0x07
    if kind == _LIST:
        return kind, length, at
    # The end of a message is an octet string of no length at all.
    return kind, max(length - (at - begin), 0 if length == 0 else -1), at


def _list(data: bytes, at: int, count: int, depth: int) -> tuple[list[Value], int]:
    if depth >= _DEPTH_MAX or count > len(data) - at:
        raise BadReadingError("sml: lists too deep or too long")
    found = []
    for _ in range(count):
        value, at = _value(data, at, depth + 1)
        found.append(value)
    return found, at


def _simple(kind: int, raw: bytes) -> Value:
    if kind == _OCTETS:
        return raw or None
    if kind == _BOOLEAN and len(raw) == 1:
        return raw != b"\0"
    if kind in (_INTEGER, _UNSIGNED) and 1 <= len(raw) <= 8:
        number = Number.from_bytes(raw, "big", signed=kind == _INTEGER)
        number.width = len(raw)
        return number
    raise BadReadingError("sml: a type that there is not")
