"""What the controls of one role have in common, and the writing of their registers."""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, Protocol

from gatewayd.errors import RefusedError, UnsupportedError
from gatewayd.model.asset import Capability
from gatewayd.model.command import Command
from gatewayd.sdk.driver import ModbusReader, ModbusWriter
from gatewayd.sdk.maps.codec import MAX_SCALE_FACTOR, MIN_SCALE_FACTOR, Words, words_of
from gatewayd.sdk.maps.points import Shape
from gatewayd.sdk.sunspec import models
from gatewayd.sdk.sunspec.chain import ModelAt, ModelValues
from gatewayd.sdk.sunspec.roles import Fields, Models
from gatewayd.sdk.wear import Wear

Fetch = Callable[[ModelAt], Awaitable[ModelValues]]


class Place(NamedTuple):
    """Registers that a control writes together; `wears`: their memory does."""

    address: int
    width: int
    wears: bool = False

    def names(self) -> list[str]:
        """Each of them, as what it held is kept."""
        return [str(self.address + offset) for offset in range(self.width)]


class Control(Protocol):
    """How one role is told things. `see` gets what was read at each poll, before all else.

    `places` are what it writes, in the order in which it is written back as it was.
    """

    capabilities: frozenset[Capability]
    places: Sequence[Place]

    def see(self, models: Models) -> None: ...

    def fields(self) -> Fields:
        """What the role is set to, as fields of its reading."""

    async def apply(self, command: Command) -> None:
        """Write one command; UnsupportedError for what is not among the capabilities."""

    async def renew(self) -> None:
        """Keep alive what is ours and would end by itself; nothing else."""

    @property
    def watchdog_s(self) -> float | None:
        """After this time what is ours ends by itself, None when nothing of ours is in force."""


class Registers:
    """Writes to one unit; memory that wears out, or may do so, only when it changes something.

    `written` is what was written last, by register; `wear` counts the writes.
    """

    def __init__(self, unit: ModbusReader, wear: Wear) -> None:
        self.written: dict[str, int] = {}
        self._wear = wear
        self._unit = unit

    async def read(self, place: Place) -> Words:
        """What is there."""
        return await self._unit.read_holding(place.address, place.width)

    async def put_back(self, place: Place, words: Words) -> None:
        """What was there before; no number of writes keeps it from it."""
        if place.wears:
            await self.change(place.address, words, is_safe=True)
        else:
            await self.write(place.address, words)

    async def write(self, address: int, words: Words) -> None:
        """To RAM. UnsupportedError for a unit that can only be read."""
        if not isinstance(self._unit, ModbusWriter):
            raise UnsupportedError("the device is read only; see its `read_only` option")
        self.written |= zip(Place(address, len(words)).names(), words, strict=True)
        if len(words) == 1:
            await self._unit.write_register(address, words[0])
        else:
            await self._unit.write_registers(address, words)

    async def change(self, address: int, words: Words, *, is_safe: bool = False) -> None:
        """To memory that wears out: not what is there already, and at most ten times a day."""
        if await self._unit.read_holding(address, len(words)) == words:
            return
        if self._wear.is_spent(address) and not is_safe:
            raise RefusedError(self._wear.words(address))
        self._wear.note(address)
        await self.write(address, words)

    async def set(self, at: ModelAt, name: str, raw: float) -> None:
        """A model's point in RAM, in its raw unit."""
        await self.write(*_place(at, name, raw))

    async def keep(self, at: ModelAt, name: str, raw: float, *, is_safe: bool = False) -> None:
        """A model's point in memory that wears out."""
        await self.change(*_place(at, name, raw), is_safe=is_safe)


def _place(at: ModelAt, name: str, raw: float) -> tuple[int, Words]:
    point = models.point(at.id, name)
    try:
        return at.address + point.address, words_of(Shape(type=point.type), raw)
    except ValueError as error:
        raise RefusedError(f"{name} of model {at.id}: {error}; its scale factor is odd") from error


def places(at: ModelAt, names: Sequence[str], *, wearing: Sequence[str] = ()) -> list[Place]:
    """Where a model has these points; of those `wearing` the memory wears out."""
    points = [(name, models.point(at.id, name)) for name in names]
    return [
        Place(at.address + point.address, point.width(), name in wearing) for name, point in points
    ]


def steps(value: float, factor: float | None) -> int:
    """A value in steps of ten to the scale factor, rounded towards zero.

    RefusedError for a factor that nobody means.
    """
    if factor is None or not MIN_SCALE_FACTOR <= factor <= MAX_SCALE_FACTOR:
        raise RefusedError(f"the scale factor {factor} makes no sense")
    raw = value / 10**factor
    whole = round(raw)
    return whole if abs(raw - whole) < 1e-6 else int(raw)
