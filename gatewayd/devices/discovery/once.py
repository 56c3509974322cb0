"""A Modbus unit of which each register is read once, however many drivers look at it."""

from collections.abc import Awaitable, Callable

from gatewayd.errors import BadReadingError, BusyError, RefusedError, UnreachableError
from gatewayd.sdk.driver import ModbusReader

# So many questions without an answer end it for a unit that merely keeps silent about what it does
# not have.
_TIRED_AFTER = 12

_Ask = Callable[[int, int], Awaitable[tuple[int, ...]]]


class GoneError(UnreachableError):
    """Nobody answers under this unit id: there is no sense in asking more."""


class Once:
    """A `ModbusReader` with a memory. Silence once is a refusal, several times GoneError."""

    def __init__(self, unit: ModbusReader, patience: int = 2) -> None:
        """`patience` is after how many questions one that never answered is gone."""
        self._unit = unit
        self._patience = patience
        self._known: dict[tuple[str, int], int] = {}
        self._refused: set[tuple[str, int, int]] = set()
        self._silent = 0
        self.has_answered = False

    async def read_holding(self, address: int, count: int) -> tuple[int, ...]:
        return await self._read("holding", self._unit.read_holding, address, count)

    async def read_input(self, address: int, count: int) -> tuple[int, ...]:
        return await self._read("input", self._unit.read_input, address, count)

    async def read_coils(self, address: int, count: int) -> tuple[bool, ...]:
        found = await self._read("coil", self._unit.read_coils, address, count)
        return tuple(bool(bit) for bit in found)

    async def read_discrete(self, address: int, count: int) -> tuple[bool, ...]:
        found = await self._read("discrete", self._unit.read_discrete, address, count)
        return tuple(bool(bit) for bit in found)

    async def _read(self, table: str, ask: _Ask, address: int, count: int) -> tuple[int, ...]:
        known = [self._known.get((table, at)) for at in range(address, address + count)]
        if None not in known:
            return tuple(value for value in known if value is not None)
        # Not what holds it: some devices refuse the half of a value, and tell the whole.
        if (table, address, count) in self._refused:
            raise RefusedError(f"{table} {address}+{count} has been refused already")
        try:
            found = await ask(address, count)
        except RefusedError:
            self.has_answered = True
            self._refused.add((table, address, count))
            raise
        except (UnreachableError, BusyError, BadReadingError) as error:
            self._refused.add((table, address, count))
            self._fall_silent(error)
            raise RefusedError(str(error)) from error
        self.has_answered = True
        self._known.update(((table, address + i), value) for i, value in enumerate(found))
        return found

    def _fall_silent(self, error: Exception) -> None:
        self._silent += 1
        if self._silent >= (_TIRED_AFTER if self.has_answered else self._patience):
            raise GoneError(f"nobody answers: {error}") from error
