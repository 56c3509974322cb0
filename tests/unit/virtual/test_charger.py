"""The KEBA P30 and the car behind it, over the wire."""

from collections.abc import AsyncIterator

import pytest

from gatewayd.virtual.devices.charger import (
    SET_CURRENT,
    SET_ENABLE,
    SET_FAILSAFE_CURRENT,
    SET_FAILSAFE_TIMEOUT,
    STORE_FAILSAFE,
)
from gatewayd.virtual.devices.device import Fault
from gatewayd.virtual.home import VirtualHome
from tests.fakes.clock import FakeClock
from tests.unit.virtual.wire import RefusedByDevice, Wire, wire

STATE, CABLE, POWER, SESSION, LIMIT = 1000, 1004, 1020, 1502, 1100
FAILSAFE_CURRENT, FAILSAFE_TIMEOUT = 1600, 1602


@pytest.fixture
async def box(home: VirtualHome) -> AsyncIterator[Wire]:
    async with wire(home.address("charger")) as box:
        yield box


async def charge(box: Wire, clock: FakeClock, current_ma: int = 16_000) -> None:
    await box.write(SET_CURRENT, current_ma)
    await box.write(SET_ENABLE, 1)
    await clock.advance(15)


async def arm(box: Wire, timeout_s: int, current_ma: int) -> None:
    await box.write(SET_FAILSAFE_CURRENT, current_ma)
    await box.write(SET_FAILSAFE_TIMEOUT, timeout_s)


async def test_it_starts_with_a_car_that_waits_to_be_charged(box: Wire) -> None:
    assert await box.u32(STATE) == 5
    assert await box.u32(CABLE) == 7
    assert await box.u32(POWER) == 0
    assert str(await box.u32(1016))[0] == "3"


async def test_enabling_is_enough_to_charge(box: Wire, clock: FakeClock) -> None:
    await box.write(SET_ENABLE, 1)
    await clock.advance(15)

    assert await box.u32(STATE) == 3
    assert await box.u32(POWER) == pytest.approx(3 * 230 * 16 * 1000, rel=0.04)
    assert await box.u32(1008) == await box.u32(1012) == 16_000
    assert await box.u32(1040) == pytest.approx(230, abs=8)


async def test_voltages_are_measured_only_while_charging(box: Wire) -> None:
    assert await box.u32(1040) == 0


async def test_the_car_follows_a_new_limit(box: Wire, clock: FakeClock) -> None:
    await charge(box, clock)
    await box.write(SET_CURRENT, 8_500)
    await clock.advance(2)

    assert await box.u32(LIMIT) == 8_500
    assert await box.u32(1010) == 8_500


async def test_zero_current_pauses(box: Wire, clock: FakeClock) -> None:
    await charge(box, clock)
    await box.write(SET_CURRENT, 0)
    await clock.advance(2)

    assert await box.u32(STATE) == 5
    assert await box.u32(POWER) == 0


async def test_a_one_phase_car_draws_on_one_phase(
    home: VirtualHome, box: Wire, clock: FakeClock
) -> None:
    home.house.car.phases = 1
    await charge(box, clock, 32_000)

    assert [await box.u32(a) for a in (1008, 1010, 1012)] == [16_000, 0, 0]
    assert home.house.charger_w[1:] == (0, 0)


@pytest.mark.parametrize(("address", "count"), [(1000, 4), (1000, 1), (1001, 2), (1002, 2)])
async def test_nothing_but_one_value_is_read_at_a_time(box: Wire, address: int, count: int) -> None:
    with pytest.raises(RefusedByDevice, match="exception 2"):
        await box.read(address, count)


@pytest.mark.parametrize("address", [SET_CURRENT, SET_ENABLE, SET_FAILSAFE_TIMEOUT])
async def test_what_is_written_cannot_be_read_back_there(box: Wire, address: int) -> None:
    with pytest.raises(RefusedByDevice, match="exception 2"):
        await box.read(address, 2)


async def test_only_single_registers_can_be_written(box: Wire) -> None:
    with pytest.raises(RefusedByDevice, match="exception 1"):
        await box.write_many(SET_CURRENT, [10_000])
    with pytest.raises(RefusedByDevice, match="exception 1"):
        await box.read(1000, 2, function=4)


@pytest.mark.parametrize(
    ("address", "value"),
    [
        (SET_CURRENT, 1),
        (SET_CURRENT, 5_999),
        (SET_CURRENT, 32_001),
        (SET_ENABLE, 2),
        (SET_FAILSAFE_CURRENT, 5_000),
        (SET_FAILSAFE_TIMEOUT, 9),
        (SET_FAILSAFE_TIMEOUT, 601),
        (STORE_FAILSAFE, 2),
    ],
)
async def test_a_value_out_of_range_is_refused(box: Wire, address: int, value: int) -> None:
    with pytest.raises(RefusedByDevice, match="exception 3"):
        await box.write(address, value)
    assert await box.u32(LIMIT) == 16_000


async def test_measured_registers_cannot_be_written(box: Wire) -> None:
    with pytest.raises(RefusedByDevice, match="exception 2"):
        await box.write(FAILSAFE_TIMEOUT, 30)


async def test_as_shipped_no_failsafe_trips(box: Wire, clock: FakeClock) -> None:
    assert await box.u32(FAILSAFE_TIMEOUT) == 0
    await charge(box, clock, 10_000)
    await clock.advance(300)

    assert await box.u32(LIMIT) == 10_000
    assert await box.u32(STATE) == 3


async def test_the_failsafe_holds_when_nobody_writes(
    home: VirtualHome, box: Wire, clock: FakeClock
) -> None:
    await arm(box, 30, 6_000)
    await charge(box, clock)
    await clock.advance(14)
    assert await box.u32(LIMIT) == 16_000
    await clock.advance(3)

    assert await box.u32(LIMIT) == 6_000
    assert home.house.car.current_a == pytest.approx(6.0)


@pytest.mark.parametrize(
    ("address", "value"),
    [(SET_CURRENT, 16_000), (SET_ENABLE, 1), (SET_FAILSAFE_TIMEOUT, 40)],
)
async def test_writes_keep_the_failsafe_quiet(
    box: Wire, clock: FakeClock, address: int, value: int
) -> None:
    await arm(box, 40, 6_000)
    await charge(box, clock)
    for _ in range(5):
        await clock.advance(20)
        await box.write(address, value)

    assert await box.u32(LIMIT) == 16_000


async def test_reads_and_refused_writes_do_not_keep_the_failsafe_quiet(
    box: Wire, clock: FakeClock
) -> None:
    await arm(box, 40, 6_000)
    await charge(box, clock)
    for _ in range(5):
        await clock.advance(20)
        await box.u32(STATE)
        with pytest.raises(RefusedByDevice):
            await box.write(SET_CURRENT, 1)

    assert await box.u32(LIMIT) == 6_000


@pytest.mark.parametrize(
    ("first", "second"),
    [((SET_CURRENT, 12_000), (SET_ENABLE, 1)), ((SET_ENABLE, 1), (SET_CURRENT, 12_000))],
)
async def test_after_the_trip_current_and_enable_must_both_be_set_again(
    box: Wire, clock: FakeClock, first: tuple[int, int], second: tuple[int, int]
) -> None:
    await arm(box, 30, 6_000)
    await charge(box, clock)
    await clock.advance(60)

    await box.write(*first)
    await clock.advance(2)
    assert await box.u32(LIMIT) == 6_000

    await box.write(*second)
    await clock.advance(10)
    assert await box.u32(LIMIT) == 12_000
    assert await box.u32(1008) == 12_000


async def test_a_failsafe_current_of_zero_stops_the_car(box: Wire, clock: FakeClock) -> None:
    await arm(box, 10, 0)
    await charge(box, clock)
    await clock.advance(20)

    assert await box.u32(STATE) == 5
    assert await box.u32(POWER) == 0


async def test_the_failsafe_lets_even_a_disabled_box_charge(box: Wire, clock: FakeClock) -> None:
    await arm(box, 10, 6_000)
    await clock.advance(20)

    assert await box.u32(STATE) == 3
    assert await box.u32(1008) == 6_000


async def test_only_a_stored_failsafe_survives_a_reboot(home: VirtualHome, box: Wire) -> None:
    await arm(box, 60, 6_000)
    await box.write(STORE_FAILSAFE, 1)
    await arm(box, 300, 10_000)
    await home.set_fault("charger", Fault.REBOOT, on=True)
    await home.set_fault("charger", Fault.REBOOT, on=False)

    async with wire(home.address("charger")) as again:
        assert await again.u32(FAILSAFE_TIMEOUT) == 60
        assert await again.u32(FAILSAFE_CURRENT) == 6_000


async def test_the_failsafe_runs_in_wall_time_however_fast_the_home_is(
    home: VirtualHome, box: Wire, clock: FakeClock
) -> None:
    home.clock.run_at(60)
    await arm(box, 30, 6_000)
    await box.write(SET_ENABLE, 1)
    await clock.advance(25)

    assert await box.u32(LIMIT) == 16_000
    await clock.advance(10)
    assert await box.u32(LIMIT) == 6_000


async def test_a_session_counts_from_the_plug_in(
    home: VirtualHome, box: Wire, clock: FakeClock
) -> None:
    await charge(box, clock)
    await clock.advance(60)
    counted = await box.u32(SESSION)
    total = await box.u32(1036)
    assert counted == pytest.approx(home.house.counters.charger_wh * 10, abs=1)
    assert counted > 1000

    home.house.car.plug(home.house.at, plugged=False)
    await clock.advance(2)
    assert await box.u32(STATE) == 1
    assert not await box.u32(CABLE) & 4

    home.house.car.plug(home.house.at, plugged=True)
    await clock.advance(2)
    assert await box.u32(SESSION) < 200
    assert await box.u32(1036) >= total


async def test_a_full_car_leaves_the_box_ready(
    home: VirtualHome, box: Wire, clock: FakeClock
) -> None:
    home.house.car.soc = home.house.car.limit
    await charge(box, clock)

    assert await box.u32(STATE) == 2
    assert await box.u32(POWER) == 0
