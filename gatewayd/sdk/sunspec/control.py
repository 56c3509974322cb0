"""What the controls of one role have in common, and the writing of their registers."""

from collections.abc import Awaitable, Callable
from typing import Protocol

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


class Control(Protocol):
    """How one role is told things. `see` gets what was read at each poll, before all else."""

    capabilities: frozenset[Capability]

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

    `wear` counts those.
    """

    def __init__(self, unit: ModbusReader, wear: Wear) -> None:
        self._wear = wear
        self._unit = unit

    async def write(self, address: int, words: Words) -> None:
        """To RAM. UnsupportedError for a unit that can only be read."""
        if not isinstance(self._unit, ModbusWriter):
            raise UnsupportedError("the device is read only; see its `read_only` option")
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


def steps(value: float, factor: float | None) -> int:
    """A value in steps of ten to the scale factor, rounded towards zero.

    RefusedError for a factor that nobody means.
    """
    if factor is None or not MIN_SCALE_FACTOR <= factor <= MAX_SCALE_FACTOR:
        raise RefusedError(f"the scale factor {factor} makes no sense")
    raw = value / 10**factor
    whole = round(raw)
    return whole if abs(raw - whole) < 1e-6 else int(raw)
