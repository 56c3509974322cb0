"""The hybrid inverter's controls, over the wire."""

from collections.abc import AsyncIterator

import pytest

from gatewayd.virtual.devices.inverter import BASE, CHAIN
from gatewayd.virtual.devices.sunspec import Image
from gatewayd.virtual.home import VirtualHome
from tests.fakes.clock import FakeClock
from tests.unit.virtual.wire import RefusedByDevice, Wire, wire

AT = Image(BASE, CHAIN, inputs=4).address
MODE, IN_RATE, OUT_RATE = AT(124, "StorCtl_Mod"), AT(124, "InWRte"), AT(124, "OutWRte")
REVERT, RESERVE, GRID = (
    AT(124, "InOutWRte_RvrtTms"),
    AT(124, "MinRsvPct"),
    AT(124, "ChaGriSet"),
)
LIMIT, LIMIT_ON, LIMIT_REVERT = (
    AT(123, "WMaxLimPct"),
    AT(123, "WMaxLim_Ena"),
    AT(123, "WMaxLimPct_RvrtTms"),
)
FREE = 10_000


@pytest.fixture
async def inverter(home: VirtualHome) -> AsyncIterator[Wire]:
    async with wire(home.address("inverter")) as inverter:
        yield inverter


def night(home: VirtualHome) -> None:
    home.house.cloud_factor = 0.0


async def test_surplus_goes_into_the_battery_and_little_over_the_meter(
    home: VirtualHome, clock: FakeClock
) -> None:
    home.house.cloud_factor = 0.3
    await clock.advance(30)

    assert home.house.battery.power_w > 1000
    assert abs(sum(home.house.grid_w)) < 60


async def test_a_load_is_met_by_the_battery_after_a_short_lag(
    home: VirtualHome, clock: FakeClock
) -> None:
    night(home)
    await clock.advance(30)
    home.house.extra_w = [2000.0, 0.0, 0.0]
    await clock.advance(1)
    assert sum(home.house.grid_w) > 500
    await clock.advance(30)

    assert abs(sum(home.house.grid_w)) < 60
    assert home.house.grid_w[0] > 1000


async def test_holding_keeps_the_battery_from_discharging(
    home: VirtualHome, inverter: Wire, clock: FakeClock
) -> None:
    night(home)
    await inverter.write(OUT_RATE, 0)
    await inverter.write(MODE, 2)
    await clock.advance(30)

    assert home.house.battery.power_w == pytest.approx(0, abs=1)
    assert sum(home.house.grid_w) > 150


async def test_a_negative_discharge_rate_charges_from_the_grid_where_that_is_allowed(
    home: VirtualHome, inverter: Wire, clock: FakeClock
) -> None:
    night(home)
    await inverter.write(GRID, 1)
    await inverter.write(OUT_RATE, -5_000)
    await inverter.write(MODE, 2)
    await clock.advance(30)

    assert home.house.battery.power_w == pytest.approx(2500, abs=10)
    assert home.house.inverter_w < -2500
    assert (await inverter.read(AT(103, "W"), 1))[0] > 0x8000


async def test_a_forced_charge_without_leave_takes_only_the_sun(
    home: VirtualHome, inverter: Wire, clock: FakeClock
) -> None:
    home.house.cloud_factor = 0.1
    home.house.extra_w = [3000.0, 0.0, 0.0]
    await inverter.write(OUT_RATE, -FREE)
    await inverter.write(MODE, 2)
    await clock.advance(30)

    assert home.house.battery.power_w == pytest.approx(home.house.pv_w, rel=0.01)
    assert home.house.inverter_w == pytest.approx(0, abs=20)


async def test_a_negative_charge_rate_forces_a_discharge(
    home: VirtualHome, inverter: Wire, clock: FakeClock
) -> None:
    night(home)
    await inverter.write_many(OUT_RATE, [FREE, -6_000])
    await inverter.write(MODE, 1)
    await clock.advance(30)

    assert home.house.battery.power_w == pytest.approx(-3000, abs=10)
    assert sum(home.house.grid_w) < -2000


async def test_the_reserve_is_kept_even_in_a_forced_discharge(
    home: VirtualHome, inverter: Wire, clock: FakeClock
) -> None:
    night(home)
    home.house.battery.soc = 0.305
    await inverter.write(RESERVE, 3_000)
    await inverter.write(IN_RATE, -FREE)
    await inverter.write(MODE, 1)
    home.clock.run_at(60)
    await clock.advance(60)

    assert home.house.battery.soc == pytest.approx(0.3, abs=0.001)
    assert (await inverter.read(AT(124, "ChaSt"), 1))[0] == 2


async def test_contradicting_orders_mean_hold(
    home: VirtualHome, inverter: Wire, clock: FakeClock
) -> None:
    await inverter.write_many(OUT_RATE, [-FREE, -FREE])
    await inverter.write(MODE, 3)
    await clock.advance(30)

    assert home.house.battery.power_w == pytest.approx(0, abs=1)


async def test_rates_without_a_mode_mean_nothing(
    home: VirtualHome, inverter: Wire, clock: FakeClock
) -> None:
    await inverter.write_many(OUT_RATE, [0, 0])
    await clock.advance(30)

    assert home.house.battery.power_w > 1000


async def test_a_forced_mode_reverts_when_it_is_not_renewed(
    home: VirtualHome, inverter: Wire, clock: FakeClock
) -> None:
    await inverter.write(REVERT, 60)
    await inverter.write(OUT_RATE, 0)
    await inverter.write(MODE, 2)
    await clock.advance(50)
    await inverter.write(MODE, 2)
    await clock.advance(50)
    assert await inverter.read(MODE, 1) == (2,)
    await clock.advance(15)

    assert await inverter.read(MODE, 1) == (0,)
    assert await inverter.read(OUT_RATE, 2) == (FREE, FREE)


async def test_a_write_elsewhere_does_not_renew_a_forced_mode(
    inverter: Wire, clock: FakeClock
) -> None:
    await inverter.write(REVERT, 60)
    await inverter.write(MODE, 2)
    await clock.advance(40)
    await inverter.write(LIMIT, 9_000)
    await clock.advance(25)

    assert await inverter.read(MODE, 1) == (0,)


async def test_without_a_reversion_time_a_forced_mode_stays(
    inverter: Wire, clock: FakeClock
) -> None:
    await inverter.write(MODE, 3)
    await clock.advance(300)

    assert await inverter.read(MODE, 1) == (3,)


async def test_reversion_runs_in_wall_time_however_fast_the_home_is(
    home: VirtualHome, inverter: Wire, clock: FakeClock
) -> None:
    home.clock.run_at(60)
    await inverter.write(REVERT, 30)
    await inverter.write(MODE, 2)
    await clock.advance(25)

    assert await inverter.read(MODE, 1) == (2,)
    await clock.advance(10)
    assert await inverter.read(MODE, 1) == (0,)


async def test_output_is_limited_and_the_limit_reverts(
    home: VirtualHome, inverter: Wire, clock: FakeClock
) -> None:
    home.house.battery.soc = 1.0
    await inverter.write_many(LIMIT, [2_000, 0, 60])
    await inverter.write(LIMIT_ON, 1)
    await clock.advance(10)
    assert home.house.inverter_w == pytest.approx(2_000)
    assert await inverter.read(AT(103, "St"), 1) == (5,)
    await clock.advance(60)

    assert home.house.inverter_w > 3_000
    assert await inverter.read(LIMIT_ON, 1) == (0,)


async def test_a_disconnected_inverter_makes_nothing(
    home: VirtualHome, inverter: Wire, clock: FakeClock
) -> None:
    await inverter.write(AT(123, "Conn"), 0)
    await clock.advance(2)

    assert (home.house.pv_w, home.house.inverter_w) == (0, 0)
    assert await inverter.read(AT(103, "St"), 1) == (1,)


async def test_a_setting_reads_back_at_once(inverter: Wire) -> None:
    await inverter.write(OUT_RATE, -4_000)

    assert await inverter.read(OUT_RATE, 1) == (65_536 - 4_000,)


@pytest.mark.parametrize(
    ("address", "values", "code"),
    [
        (AT(124, "ChaState"), [1], 2),
        (OUT_RATE - 1, [1, 1], 2),
        (AT(103, "W"), [1], 2),
        (MODE, [4], 3),
        (OUT_RATE, [10_001], 3),
        (OUT_RATE, [FREE, -10_001], 3),
        (RESERVE, [10_001], 3),
        (GRID, [2], 3),
        (LIMIT, [10_001], 3),
    ],
)
async def test_a_bad_write_is_refused_as_a_whole(
    home: VirtualHome, inverter: Wire, address: int, values: list[int], code: int
) -> None:
    before = dict(home.devices["inverter"].settings())

    with pytest.raises(RefusedByDevice, match=f"exception {code}"):
        await inverter.write_many(address, values)

    assert home.devices["inverter"].settings() == before


async def test_reading_past_the_end_marker_is_refused(inverter: Wire) -> None:
    end = BASE + len(Image(BASE, CHAIN, inputs=4).words({m: {} for m in CHAIN})) - 2
    assert await inverter.read(end, 2) == (0xFFFF, 0)

    with pytest.raises(RefusedByDevice, match="exception 2"):
        await inverter.read(end + 1, 2)
