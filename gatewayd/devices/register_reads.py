"""Reads blocks of registers, and finds out what of them the device has."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from gatewayd.errors import AbsentError, BusyError, RefusedError
from gatewayd.sdk.driver import ModbusReader
from gatewayd.sdk.maps.blocks import Block, Joining, plan
from gatewayd.sdk.maps.points import Table, Value

_MIRRORS: Mapping[Table, Table] = {"holding": "input", "input": "holding"}
# A device may come to have more, by an update or a further battery.
_ABSENT_S = 3600.0
# Any other refusal passes.
_PASSING_S = 60.0


@dataclass
class _Lack:
    """What of a refused block can be read, and until when the rest is not asked for."""

    parts: Sequence[Block]
    refusal: RefusedError
    until: float

    @property
    def is_certain(self) -> bool:
        return isinstance(self.refusal, AbsentError)


class Reads:
    """Reads blocks from the units that are there.

    Of a block that is refused each value is asked for by itself. What the device has not (Modbus
    exceptions 1 to 3, said twice) is None for an hour, what it refuses otherwise for a minute.
    With `is_strict` a value that is not optional must be there: RefusedError. Where holding and
    input registers mirror each other, what the one has not is asked of the other.
    """

    def __init__(
        self,
        units: Mapping[str | None, ModbusReader],
        joining: Joining,
        *,
        is_strict: bool,
        are_mirrored: bool = False,
    ) -> None:
        self._mirrors = _MIRRORS if are_mirrored else {}
        self._units = units
        self._joining = replace(joining, max_gap=0)
        self._is_strict = is_strict
        self._lacks: dict[int, _Lack] = {}

    async def values(self, blocks: Sequence[Block], *, some: bool) -> list[Value]:
        """What is in all blocks.

        With `some` RefusedError when there is nothing, and not all of it is optional.
        """
        values: list[Value] = []
        refusal, is_any = None, False
        for block in blocks:
            try:
                values += await self._read(block)
                is_any = True
            except RefusedError as error:
                if not block.is_optional:
                    refusal = refusal or error
                    if self._is_strict:
                        break
                values += block.nothing()
        if refusal is not None and (self._is_strict or (some and not is_any)):
            raise refusal
        return values

    def missing(self, blocks: Iterable[Block]) -> set[str]:
        """The keys of what cannot be read."""
        keys: set[str] = set()
        for block in blocks:
            lack = self._lacks.get(id(block))
            if lack or block.unit not in self._units:
                keys.update(block.keys)
            if lack:
                keys -= {key for part in lack.parts for key in part.keys}
        return keys

    def is_unsettled(self, blocks: Iterable[Block]) -> bool:
        """Whether some of it was refused for a while that is over."""
        lacks = (self._lacks.get(id(block)) for block in blocks)
        return any(lack and not lack.is_certain and _now() >= lack.until for lack in lacks)

    async def _read(self, block: Block) -> list[Value]:
        """RefusedError when there is nothing of it."""
        if block.unit not in self._units:
            return block.nothing()
        lack = self._lacks.get(id(block))
        if lack is None or _now() >= lack.until:
            try:
                values = await self._ask(block)
            except RefusedError as error:
                lack = self._lacks[id(block)] = await self._find(block, lack, error)
            else:
                self._lacks.pop(id(block), None)
                return values
        return await self._read_parts(block, lack)

    async def _read_parts(self, block: Block, lack: _Lack) -> list[Value]:
        if not lack.parts:
            raise lack.refusal
        found: dict[str, Value] = {}
        for part in lack.parts:
            with suppress(RefusedError):
                found.update(zip(part.keys, await self._read(part), strict=True))
        return [found.get(key) for key in block.keys]

    async def _find(self, block: Block, before: _Lack | None, refusal: RefusedError) -> _Lack:
        """What is there of a block that was refused as a whole."""
        if before and before.is_certain and isinstance(refusal, AbsentError):
            return replace(before, until=_now() + _ABSENT_S)
        there: list[Block] = []
        for part in block.parts:
            try:
                await self._ask(part)
                there.append(part)
            except RefusedError as error:
                if self._is_strict and not block.is_optional:
                    raise
                refusal = refusal if isinstance(error, AbsentError) else error
        found = plan([item for part in there for item in part.placed], self._joining)
        lack = _Lack(found, refusal, 0.0)
        lack.until = _now() + (_ABSENT_S if lack.is_certain else _PASSING_S)
        return lack

    async def _ask(self, block: Block) -> list[Value]:
        try:
            return await self._answer(block)
        except BusyError as error:
            # So a gateway says, too, that there is no such unit behind it.
            if block.unit is None or not block.is_optional:
                raise
            raise RefusedError(str(error)) from error

    async def _answer(self, block: Block) -> list[Value]:
        unit, mirror = self._units[block.unit], self._mirrors.get(block.table)
        try:
            found = await _reader(unit, block.table)(block.address, block.count)
        except AbsentError:
            if mirror is None:
                raise
            found = await _reader(unit, mirror)(block.address, block.count)
        return block.decode(found)


def _reader(unit: ModbusReader, table: Table) -> Callable[[int, int], Awaitable[tuple[int, ...]]]:
    match table:
        case "holding":
            return unit.read_holding
        case "input":
            return unit.read_input
        case "coil":
            return unit.read_coils
        case "discrete":
            return unit.read_discrete


def _now() -> float:
    return asyncio.get_running_loop().time()
