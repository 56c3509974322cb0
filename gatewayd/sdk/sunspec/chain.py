"""Finds the models of a SunSpec device and reads them.

A device says `SunS` at one of three addresses; there begins a chain of models, each with its
number and length, so that unknown ones can be passed over.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

from gatewayd.errors import AbsentError, BadReadingError, RefusedError
from gatewayd.sdk.driver import ModbusReader
from gatewayd.sdk.maps.codec import Words
from gatewayd.sdk.maps.points import Value
from gatewayd.sdk.sunspec import models

BASES = (40000, 50000, 0)

_MARK = (0x5375, 0x6E53)
# A few firmwares end with 0 instead of 0xFFFF.
_ENDS = frozenset({0, 0xFFFF})
# Meter models, and the same in the other kind of numbers.
_TWINS = {number + f: number + 10 - f for number in (201, 202, 203, 204) for f in (0, 10)}
# Where a SolarEdge always has its inverter and its meters, from the mark on, should the chain not
# lead there.
_INVERTER_OFFSET, _METER_OFFSETS = 69, (188, 362, 536)
_COMMON_LENGTH = 65
_MAX_MODELS = 100
_MAX_LENGTH = 4096
_LAST_ADDRESS = 0xFFFF


@dataclass(frozen=True)
class ModelAt:
    """A model in the chain. `length` is without the two header registers, as the device says.

    One that is not `is_told` was found outside the chain, or without its header.
    """

    id: int
    address: int
    length: int
    is_told: bool = True

    @property
    def size(self) -> int:
        """All its registers."""
        return self.length + 2


@dataclass(frozen=True)
class ModelValues:
    """What a model says now: values by point name, and those of its groups."""

    at: ModelAt
    values: Mapping[str, Value]
    groups: Sequence[Mapping[str, Value]] = field(default=())

    def number(self, name: str) -> float | None:
        """A point that is a number, None where it means nothing."""
        value = self.values.get(name)
        return float(value) if isinstance(value, int | float) else None

    def text(self, name: str) -> str | None:
        """A point that is a text."""
        value = self.values.get(name)
        return value if isinstance(value, str) else None


async def walk(unit: ModbusReader, bases: Sequence[int] = BASES) -> tuple[ModelAt, ...]:
    """The whole chain. RefusedError without a SunSpec mark, BadReadingError for a broken chain."""
    for base in bases:
        if await _is_marked(unit, base):
            return await _chain(unit, base)
    places = ", ".join(str(base) for base in bases)
    raise RefusedError(f"no SunSpec mark at {places}; switch SunSpec on in the device")


async def fetch(unit: ModbusReader, at: ModelAt, max_registers: int) -> ModelValues:
    """Read what is used of one model.

    BadReadingError when another model answers there: some devices change their chain at night,
    or when a meter comes and goes.
    """
    codec = models.codec(at.id, at.size)
    lost: Set[int] = frozenset()
    try:
        words = await _whole(unit, at, codec, max_registers)
    except AbsentError as error:
        words, lost = await _in_pieces(unit, at, codec, error)
    if at.is_told and (words[0], words[1]) != (at.id, at.length) and lost.isdisjoint((0, 1)):
        told = f"model {words[0]} instead of {at.id} at {at.address}"
        raise BadReadingError(f"the SunSpec chain has changed: {told}")
    values = codec.decode(words, lost=lost)
    return ModelValues(at, values, tuple(_groups(at, values, words, lost)))


async def _whole(unit: ModbusReader, at: ModelAt, codec: models.Codec, max_registers: int) -> Words:
    words: Words = ()
    for start, count in _parts(at, codec, max_registers):
        # Gaps between two requests hold nothing that is used.
        words += (0,) * (start - len(words))
        words += await unit.read_holding(at.address + start, count)
    return words


async def _in_pieces(
    unit: ModbusReader, at: ModelAt, codec: models.Codec, refusal: AbsentError
) -> tuple[Words, Set[int]]:
    """All that is there, value by value, and the offsets of what is not; or the refusal."""
    words, lost = [0] * at.size, set(range(at.size))
    for start, end in _spans(at, codec):
        try:
            words[start:end] = await unit.read_holding(at.address + start, end - start)
            lost -= set(range(start, end))
        except AbsentError:
            continue
    if lost.issuperset(range(2, at.size)):
        raise refusal
    return tuple(words), lost


def _spans(at: ModelAt, codec: models.Codec) -> Iterator[tuple[int, int]]:
    """From and to where each value lies."""
    yield from codec.spans
    if found := models.group(at.id):
        group, inner = found
        for start in range(group.start, at.size - group.size + 1, group.size):
            yield from ((start + first, start + last) for first, last in inner.spans)


async def fetch_twice(unit: ModbusReader, at: ModelAt, max_registers: int) -> ModelValues:
    """The same, asked once more after a refusal that may pass."""
    try:
        return await fetch(unit, at, max_registers)
    except AbsentError:
        raise
    except RefusedError:
        return await fetch(unit, at, max_registers)


def without_twins(chain: Sequence[ModelAt]) -> tuple[ModelAt, ...]:
    """A meter that is there twice, in whole numbers and as floats, once."""
    kept: list[ModelAt] = []
    seen: set[int] = set()
    for at in chain:
        if at.id == 1:
            # Here another box begins.
            seen.clear()
        if at.id in _TWINS and _TWINS[at.id] in seen:
            continue
        seen.add(at.id)
        kept.append(at)
    return tuple(kept)


def _parts(at: ModelAt, codec: models.Codec, max_registers: int) -> Iterator[tuple[int, int]]:
    """Requests, as start and count, that split no value: groups are read whole."""
    found = models.group(at.id)
    if found is None:
        yield from codec.parts(max_registers)
        return
    group, _ = found
    start, count = 0, group.start + (max_registers - group.start) // group.size * group.size
    while start < at.size:
        yield start, min(count, at.size - start)
        start, count = start + count, max_registers // group.size * group.size


def _groups(
    at: ModelAt, values: Mapping[str, Value], words: Words, lost: Set[int]
) -> Iterator[Mapping[str, Value]]:
    found = models.group(at.id)
    if found is None:
        return
    group, codec = found
    # The count is not believed beyond the length: one vendor says six and has two.
    wanted = values.get(group.count)
    fitting = (at.size - group.start) // group.size
    count = min(fitting, int(wanted)) if isinstance(wanted, int | float) and wanted else fitting
    for number in range(count):
        start = group.start + number * group.size
        gone = {offset - start for offset in lost}
        yield codec.decode(words[start : start + group.size], values, gone)


async def _is_marked(unit: ModbusReader, base: int) -> bool:
    try:
        return await unit.read_holding(base, 2) == _MARK
    except RefusedError:
        return False


async def _chain(unit: ModbusReader, base: int) -> tuple[ModelAt, ...]:
    found: list[ModelAt] = []
    address, refusal = base + 2, None
    while len(found) <= _MAX_MODELS:
        try:
            at = await _header(unit, address)
            if at is not None and not _is_plausible(at):
                at = await _recounted(unit, found, at)
        except RefusedError as error:
            # A chain without an end mark ends where the registers do.
            at, refusal = None, error
        if at is None:
            found += await _outside(unit, base, found)
            if refusal is not None and not found:
                raise refusal
            return tuple(found)
        found.append(at)
        address = at.address + at.size
    raise BadReadingError(f"the SunSpec chain is broken: more than {_MAX_MODELS} models")


async def _outside(unit: ModbusReader, base: int, found: Sequence[ModelAt]) -> list[ModelAt]:
    """What a SolarEdge has where the chain does not lead: behind a header, or an end, missing."""
    more: list[ModelAt] = []
    if not found:
        if not (inverter := await _at_place(unit, base + _INVERTER_OFFSET)):
            return []
        more = [ModelAt(1, base + 2, _COMMON_LENGTH, is_told=False), inverter]
    elif found[-1].address != base + _INVERTER_OFFSET:
        return []
    places = [await _at_place(unit, base + offset) for offset in _METER_OFFSETS]
    return more + [at for at in places if at is not None]


async def _at_place(unit: ModbusReader, address: int) -> ModelAt | None:
    try:
        (model_id,) = await unit.read_holding(address, 1)
    except RefusedError:
        return None
    # The length of a common model does not tell it from any other small number.
    length = models.LENGTHS.get(model_id) if model_id > 1 else None
    return ModelAt(model_id, address, length, is_told=False) if length else None


async def _header(unit: ModbusReader, address: int) -> ModelAt | None:
    """The model that begins there, None at the end of the chain."""
    model_id, length = await unit.read_holding(address, 2)
    return None if model_id in _ENDS else ModelAt(model_id, address, length)


async def _recounted(
    unit: ModbusReader, found: Sequence[ModelAt], wrong: ModelAt
) -> ModelAt | None:
    """What follows when the last model is as long as its definition has it, and not as it says."""
    last = found[-1] if found else None
    length = models.LENGTHS.get(last.id) if last else None
    if last and length and length != last.length:
        at = await _header(unit, last.address + 2 + length)
        if at is None or _is_plausible(at):
            return at
    told = f"model {wrong.id} at {wrong.address} with {wrong.length} registers"
    raise BadReadingError(f"the SunSpec chain is broken: {told}")


def _is_plausible(at: ModelAt) -> bool:
    """Models of the standard are numbered below 1000, those of makers from 64001 on."""
    is_number = at.id < 1000 or at.id >= 60000
    fits = 0 < at.length <= _MAX_LENGTH and at.address + at.size <= _LAST_ADDRESS
    return is_number and fits
