"""Blocks of SolarEdge's own registers, which have their low word first, unlike the chain's.

A float of 0xFF7FFFFF is no number.
"""

from collections.abc import Iterable, Mapping

from gatewayd.errors import AbsentError, RefusedError
from gatewayd.sdk.driver import ModbusReader
from gatewayd.sdk.maps.codec import BlockDecoder, Placed, Words, words_of
from gatewayd.sdk.maps.points import Defaults, Point, Shape, Value

Values = Mapping[str, Value]

_NUMBER = 1e9


class Block:
    """Registers that are read together. Points are written `name:type:address`."""

    def __init__(self, start: int, points: str) -> None:
        placed = [_placed(text, start) for text in points.split()]
        self._start = start
        self._count = max(one.point.address + one.point.width() for one in placed) - start
        self._decoder = BlockDecoder(start, placed)
        self._placed = placed

    async def read(self, unit: ModbusReader) -> Values:
        """By name, None for what means nothing; RefusedError when there is nothing of it."""
        try:
            words = await unit.read_holding(self._start, self._count)
        except AbsentError as error:
            return await self._in_pieces(unit, error)
        return dict(zip(self._decoder.keys, self._decoder.decode(words), strict=True))

    async def _in_pieces(self, unit: ModbusReader, refusal: AbsentError) -> Values:
        found: dict[str, Value] = {}
        for one in self._placed if len(self._placed) > 1 else ():
            try:
                words = await unit.read_holding(one.point.address, one.point.width())
            except AbsentError:
                continue
            (found[one.key],) = BlockDecoder(one.point.address, [one]).decode(words)
        if not found:
            raise refusal
        return dict.fromkeys(self._decoder.keys) | found

    async def read_if_there(self, unit: ModbusReader) -> Values:
        """Nothing where the device has no such registers."""
        try:
            return await self.read(unit)
        except RefusedError:
            return {}


def _placed(text: str, start: int) -> Placed:
    name, kind, at = text.split(":")
    valid = (-_NUMBER, _NUMBER) if kind == "f32" else None
    address = int(at) + (start if int(at) < 1000 else 0)
    point = Point.model_validate(
        {"holding": address, "type": kind, "order": "little", "valid": valid}
    )
    return Placed(name, point.settled(Defaults(nan="sunspec")))


def words(kind: str, value: float) -> Words:
    """The registers for a value."""
    return words_of(Shape.model_validate({"type": kind, "order": "little"}), value)


def number(values: Values, name: str) -> float | None:
    """A value that is a number."""
    value = values.get(name)
    return float(value) if isinstance(value, int | float) else None


def total(all_values: Iterable[Values], name: str) -> float | None:
    """None when one of them does not say it."""
    numbers = [number(values, name) for values in all_values]
    known = [one for one in numbers if one is not None]
    return sum(known) if numbers and len(known) == len(numbers) else None
