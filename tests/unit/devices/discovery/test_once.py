"""A unit's registers are read once, and silence is told from refusal."""

from dataclasses import dataclass, field

import pytest

from gatewayd.devices.discovery.once import GoneError, Once
from gatewayd.errors import RefusedError, UnreachableError


@dataclass
class Unit:
    """Holds its address in each register from 0 to 9; silent from 20, refusing between."""

    asked: list[tuple[int, int]] = field(default_factory=list)

    async def read_holding(self, address: int, count: int) -> tuple[int, ...]:
        self.asked.append((address, count))
        if address >= 20:
            raise UnreachableError("no answer")
        if address + count > 10:
            raise RefusedError("illegal address")
        return tuple(range(address, address + count))

    read_input = read_holding

    async def read_coils(self, address: int, count: int) -> tuple[bool, ...]:
        return tuple(bool(at % 2) for at in await self.read_holding(address, count))

    read_discrete = read_coils


async def test_a_register_is_read_once() -> None:
    unit = Unit()
    once = Once(unit)

    assert await once.read_holding(2, 4) == (2, 3, 4, 5)
    assert await once.read_holding(3, 2) == (3, 4)
    assert await once.read_coils(3, 2) == (True, False)
    assert await once.read_discrete(3, 2) == (True, False)
    assert await once.read_input(3, 2) == (3, 4)

    assert unit.asked == [(2, 4), (3, 2), (3, 2), (3, 2)]


async def test_what_was_refused_is_not_asked_for_again() -> None:
    unit = Unit()
    once = Once(unit)

    for address, count in ((10, 2), (10, 2), (9, 4)):
        with pytest.raises(RefusedError):
            await once.read_holding(address, count)

    assert unit.asked == [(10, 2), (9, 4)]
    assert once.has_answered


async def test_a_unit_that_never_answers_is_gone_soon() -> None:
    once = Once(Unit())

    with pytest.raises(RefusedError):
        await once.read_holding(20, 1)
    with pytest.raises(GoneError):
        await once.read_holding(30, 1)


async def test_a_unit_may_be_silent_about_what_it_has_not() -> None:
    once = Once(Unit())
    await once.read_holding(0, 1)

    for address in range(20, 31):
        with pytest.raises(RefusedError):
            await once.read_holding(address, 1)
    with pytest.raises(GoneError):
        await once.read_holding(40, 1)
