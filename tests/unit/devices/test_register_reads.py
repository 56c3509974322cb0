"""What a device has of the blocks it is asked for, and for how long that is believed."""

import asyncio

import pytest

from gatewayd.devices.register_reads import Reads
from gatewayd.errors import AbsentError, BusyError, DeviceError, RefusedError
from gatewayd.sdk.maps.blocks import Block, Joining, plan
from gatewayd.sdk.maps.codec import Placed
from gatewayd.sdk.maps.points import Point
from tests.fakes.jump_loop import jumping


class Unit:
    """Each register holds its address, save those that are refused."""

    def __init__(self, **refused: DeviceError) -> None:
        self.refused = {int(name[1:]): error for name, error in refused.items()}
        self.asked: list[tuple[int, int]] = []

    async def read_holding(self, address: int, count: int) -> tuple[int, ...]:
        self.asked.append((address, count))
        for at in range(address, address + count):
            if at in self.refused:
                raise self.refused[at]
        return tuple(range(address, address + count))

    read_input = read_holding

    async def read_coils(self, address: int, count: int) -> tuple[bool, ...]:
        raise NotImplementedError

    read_discrete = read_coils


def blocks(*addresses: int, optional: bool | str = "some") -> list[Block]:
    points = [Point(holding=at, type="u16", optional=optional) for at in addresses]
    return plan([Placed(f"at {point.address}", point) for point in points], Joining())


def reads(unit: Unit, *, is_strict: bool = False) -> Reads:
    return Reads({None: unit}, Joining(), is_strict=is_strict)


@jumping
async def test_a_hole_is_none_and_its_neighbours_are_read_together() -> None:
    unit = Unit(a12=AbsentError())
    wanted, found = blocks(10, 11, 12, 13, 14), reads(unit)
    assert await found.values(wanted, some=True) == [10, 11, None, 13, 14]

    unit.asked.clear()
    assert await found.values(wanted, some=True) == [10, 11, None, 13, 14]
    assert unit.asked == [(10, 2), (13, 2)]
    assert found.missing(wanted) == {"at 12"}


@jumping
async def test_what_is_absent_is_tried_again_after_an_hour() -> None:
    unit = Unit(a10=AbsentError())
    wanted, found = blocks(10), reads(unit)
    assert await found.values(wanted, some=True) == [None]
    assert unit.asked == [(10, 1)] * 2

    unit.refused.clear()
    await asyncio.sleep(3590)
    assert await found.values(wanted, some=True) == [None]
    await asyncio.sleep(20)
    assert await found.values(wanted, some=True) == [10]


@jumping
async def test_what_is_absent_still_costs_one_question_an_hour() -> None:
    unit = Unit(a10=AbsentError())
    wanted, found = blocks(10, 11), reads(unit)
    await found.values(wanted, some=True)
    await asyncio.sleep(3610)
    unit.asked.clear()

    for _ in range(2):
        assert await found.values(wanted, some=True) == [None, 11]
    assert unit.asked == [(10, 2), (11, 1), (11, 1)]


@jumping
async def test_a_refusal_that_passes_is_tried_again_after_a_minute() -> None:
    unit = Unit(a10=RefusedError("exception 4"))
    wanted, found = blocks(10, 11), reads(unit)
    assert await found.values(wanted, some=True) == [None, 11]
    assert not found.is_unsettled(wanted)

    unit.refused.clear()
    await asyncio.sleep(70)
    assert found.is_unsettled(wanted)
    assert await found.values(wanted, some=True) == [10, 11]
    assert not found.missing(wanted)


@jumping
async def test_a_part_that_comes_to_be_refused_leaves_the_others() -> None:
    unit = Unit(a12=AbsentError())
    wanted, found = blocks(10, 12, 14, optional=False), reads(unit)
    await found.values(wanted, some=True)

    unit.refused[14] = AbsentError()
    assert await found.values(wanted, some=True) == [10, None, None]


@jumping
async def test_busy_is_for_the_poller() -> None:
    unit = Unit(a10=BusyError())
    found = reads(unit)
    with pytest.raises(BusyError):
        await found.values(blocks(10), some=True)

    unit.refused.clear()
    assert await found.values(blocks(10), some=True) == [10]


@jumping
async def test_a_gateway_that_does_not_reach_a_further_unit_does_not_hold_up_the_rest() -> None:
    point = Point(holding=10, type="u16", unit="meter", optional=True)
    units = {"meter": Unit(a10=BusyError()), None: Unit()}
    wanted = [Block([Placed("meter", point)]), *blocks(20)]

    assert await Reads(units, Joining(), is_strict=False).values(wanted, some=True) == [None, 20]


@jumping
async def test_one_that_has_nothing_at_all_is_refused() -> None:
    wanted = [*blocks(10, optional=False), *blocks(20)]
    with pytest.raises(AbsentError):
        await reads(Unit(a10=AbsentError(), a20=AbsentError())).values(wanted, some=True)

    assert await reads(Unit(a10=AbsentError())).values(wanted, some=True) == [None, 20]


@jumping
async def test_where_all_must_be_there_one_hole_is_enough() -> None:
    unit = Unit(a12=AbsentError())
    with pytest.raises(AbsentError):
        await reads(unit, is_strict=True).values(blocks(10, 12, optional=False), some=True)
    assert unit.asked == [(10, 3), (10, 1), (12, 1)]

    assert await reads(unit, is_strict=True).values(blocks(12), some=True) == [None]


@jumping
async def test_a_unit_that_is_not_there_is_not_asked() -> None:
    point = Point(holding=10, type="u16", unit="meter")
    wanted = [Block([Placed("at 10", point)])]
    found = reads(Unit())

    assert await found.values(wanted, some=True) == [None]
    assert found.missing(wanted) == {"at 10"}


@jumping
async def test_what_one_function_has_not_is_asked_of_the_other() -> None:
    class Mirrored(Unit):
        async def read_input(self, address: int, count: int) -> tuple[int, ...]:
            return (7,) * count

    unit = Mirrored(a10=AbsentError(), a11=RefusedError())
    found = Reads({None: unit}, Joining(), is_strict=False, are_mirrored=True)

    assert await found.values([*blocks(10), *blocks(11)], some=True) == [7, None]
