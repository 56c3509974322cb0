"""Raw registers to values and back, compiled once for each map.

A block is decoded by one `struct` over the words its points need, in their order. Plain numbers
are then scaled together; only strings, bits, enums and the like cost a call each.
"""

import math
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import accumulate
from operator import itemgetter, mul, truediv

from gatewayd.sdk.maps.points import CODES, MAX_NAN, SUNSPEC_NAN, Point, Shape, Value

Words = tuple[int, ...]

MIN_SCALE_FACTOR, MAX_SCALE_FACTOR = -10, 10


@dataclass(frozen=True)
class Placed:
    """A settled point, the key its value gets, and whether a plain number must be a float."""

    key: str
    point: Point
    is_float: bool = False


class BlockDecoder:
    """Decodes the words read from `start` on into a list of values, in the order of `keys`.

    Most values need no Python of their own: they are scaled in one go, after one look that none
    of them is a value that means nothing.
    """

    def __init__(self, start: int, placed: Sequence[Placed]) -> None:
        groups: dict[_Group, list[Point]] = {group: [] for group in _Group}
        ordered = sorted(placed, key=_group)
        for item in ordered:
            groups[_group(item)].append(item.point)
        self.keys = tuple(item.key for item in ordered)
        indexes = [i for item in ordered for i in _word_indexes(item.point, start)]
        self._pick = itemgetter(*indexes) if len(indexes) > 1 else _only(indexes[0])
        self._pack = struct.Struct(f">{len(indexes)}H").pack
        self._unpack = struct.Struct(">" + "".join(_code(i.point) for i in ordered)).unpack
        self._divisors = [round(1 / point.scale) for point in groups[_Group.DIVIDED]]
        self._factors = [p.scale for g in (_Group.MULTIPLIED, _Group.REAL) for p in groups[g]]
        self._ends = tuple(accumulate(len(groups[group]) for group in _Group))
        self._nans = [_nan(item.point) for item in ordered[: self._ends[_Group.MULTIPLIED]]]
        self._nothing = frozenset(number for number in self._nans if number is not None)
        self._converters = [converter(point) for point in groups[_Group.OTHER]]

    def decode(self, words: Words) -> list[Value]:
        """The values, None where the device has none."""
        raw = self._unpack(self._pack(*self._pick(words)))
        divided, multiplied, real, _ = self._ends
        values: list[Value] = list(map(truediv, raw[:divided], self._divisors))
        values.extend(map(mul, raw[divided:real], self._factors))
        if not self._nothing.isdisjoint(raw[:multiplied]):
            for index, none in enumerate(self._nans):
                if raw[index] == none:
                    values[index] = None
        if not math.isfinite(sum(raw[multiplied:real])):
            for index in range(multiplied, real):
                if not math.isfinite(raw[index]):
                    values[index] = None
        for convert, number in zip(self._converters, raw[real:], strict=True):
            values.append(convert(number))
        return values


def _nan(point: Point) -> float | None:
    found = nans(point)
    return found[0] if found else None


def nans(point: Point) -> list[float]:
    """All raw values that mean nothing, in the point's own sign."""
    if point.nan in (None, "none"):
        return []
    if point.nan in ("sunspec", "max"):
        known = SUNSPEC_NAN if point.nan == "sunspec" else MAX_NAN
        return [known[point.type]] if point.type in known else []
    given = point.nan if isinstance(point.nan, list) else [point.nan]
    return [_signed(int(number), point) for number in given]


def converter(point: Point) -> Callable[[float | bytes], Value]:
    """From one raw value to the point's value, whatever the point asks for."""
    if point.bytes == "little":
        return _swapped(point)
    if point.type == "string":
        return lambda raw: _text(raw) if isinstance(raw, bytes) else None
    return _number(point)


def words_of(shape: Shape, value: float) -> Words:
    """The registers for a value, rounded towards zero where they are whole numbers.

    ValueError when it does not fit. The inverse of reading it.
    """
    kind = shape.type or "u16"
    # As a float, a number of 64 bits would lose its end.
    is_plain = shape.scale == 1 and shape.offset == 0
    raw = value if is_plain else (value - shape.offset) / shape.scale
    if kind not in ("f32", "f64"):
        # A value that is whole but for the noise of floating point must not lose a step.
        whole = round(raw)
        is_whole = math.isclose(raw, whole, rel_tol=1e-14, abs_tol=1e-9)
        raw = whole if is_whole else math.trunc(raw)
    if shape.bcd:
        raw = _bcd_of(int(raw))
    code, count = CODES[kind]
    try:
        words = struct.unpack(f">{count}H", struct.pack(">" + code, raw))
    except (struct.error, OverflowError) as error:
        raise ValueError(f"{value:g} does not fit into {kind}") from error
    if shape.bytes == "little":
        words = tuple((word >> 8) | (word & 0xFF) << 8 for word in words)
    return words[::-1] if shape.order == "little" else words


class _Group(IntEnum):
    """How a value is made of its raw number, in the order of decoding."""

    DIVIDED = 0
    MULTIPLIED = 1
    REAL = 2
    OTHER = 3


def _group(item: Placed) -> _Group:
    point = item.point
    if not _is_plain(point) or not (item.is_float or point.scale != 1):
        return _Group.OTHER
    if point.type in ("f32", "f64"):
        return _Group.REAL
    by = 1 / point.scale
    is_whole = abs(by) >= 1 and math.isclose(by, round(by))
    return _Group.DIVIDED if is_whole else _Group.MULTIPLIED


def _is_plain(point: Point) -> bool:
    """Whether it is a number with at most a scale and one value that means nothing."""
    return (
        point.type not in ("string", "bool")
        and point.bytes != "little"
        and point.offset == 0
        and point.valid is None
        and not (point.bits or point.enum or point.hex or point.bcd)
        and point.bit is None
        and len(nans(point)) < 2
    )


def _code(point: Point) -> str:
    if point.type == "string" or point.bytes == "little":
        return f"{2 * point.width()}s"
    return CODES[point.type or "u16"][0]


def _word_indexes(point: Point, start: int) -> list[int]:
    first = point.address - start
    indexes = list(range(first, first + point.width()))
    is_reversed = point.order == "little" and point.type != "string"
    return indexes[::-1] if is_reversed else indexes


def _only(index: int) -> Callable[[Words], Words]:
    return lambda words: (words[index],)


def _signed(number: int, point: Point) -> int:
    """0x8000 of an s16 is -32768."""
    bits = 16 * point.width()
    is_negative = (point.type or "").startswith("s") and number >= 1 << (bits - 1)
    return number - (1 << bits) if is_negative else number


def _swapped(point: Point) -> Callable[[float | bytes], Value]:
    plain = converter(point.model_copy(update={"bytes": "big"}))
    unpack = None if point.type == "string" else struct.Struct(">" + CODES[point.type or "u16"][0])

    def convert(raw: float | bytes) -> Value:
        data = bytes(raw) if isinstance(raw, bytes) else b""
        data = b"".join(data[i : i + 2][::-1] for i in range(0, len(data), 2))
        return plain(unpack.unpack(data)[0] if unpack else data)

    return convert


def _text(raw: bytes) -> str | None:
    """Up to the first zero, in printable characters; None when nothing is left.

    Some devices put one character into each register, behind a zero.
    """
    if not any(raw[::2]):
        raw = raw[1::2]
    text = raw.split(b"\0", 1)[0].decode("latin-1")
    return "".join(c for c in text if c.isprintable()).strip() or None


def _number(point: Point) -> Callable[[float | bytes], Value]:
    nothing = frozenset(nans(point))
    scale = _scaler(point)
    labels = point.enum
    low, high = point.valid or (-math.inf, math.inf)

    def convert(raw: float | bytes) -> Value:
        if isinstance(raw, bytes) or raw in nothing or raw - raw != 0:
            return None
        number = _part(point, raw)
        if number != number:
            return None
        if labels is not None:
            return labels.get(int(number))
        if point.bit is not None or point.type == "bool":
            return bool(number)
        if point.hex is not None:
            return f"{int(number):0{point.hex}X}"
        value = scale(number)
        return value if low <= value <= high else None

    return convert


def _part(point: Point, raw: float) -> float:
    if point.bit is not None:
        return int(raw) >> point.bit & 1
    if point.bits is not None:
        low, high = point.bits
        raw = int(raw) >> low & ((1 << (high - low + 1)) - 1)
    return _number_of(int(raw)) if point.bcd else raw


def _number_of(bcd: int) -> float:
    """NaN where there is more than decimal digits."""
    text = f"{bcd:x}"
    return int(text) if text.isdecimal() else math.nan


def _bcd_of(number: int) -> int:
    if number < 0:
        raise ValueError(f"{number} has no decimal digits")
    return int(str(number), 16)


def _scaler(point: Point) -> Callable[[float], float]:
    scale, offset = point.scale, point.offset
    if scale == 1 and offset == 0:
        return lambda number: number
    by = 1 / scale
    if abs(by) > 1 and math.isclose(by, round(by)):
        # Dividing by 10 gives 230.2 where multiplying by 0.1 gives 230.20000000000002.
        divisor = round(by)
        return lambda number: number / divisor + offset
    return lambda number: number * scale + offset


def with_factor(value: Value, factor: Value) -> Value:
    """A value times ten to a SunSpec scale factor; None where either means nothing.

    Devices send garbage factors while they wake up, hence the limits.
    """
    if not isinstance(value, int | float) or not isinstance(factor, int | float):
        return None
    if not MIN_SCALE_FACTOR <= factor <= MAX_SCALE_FACTOR:
        return None
    return value / 10 ** int(-factor) if factor < 0 else float(value * 10 ** int(factor))
