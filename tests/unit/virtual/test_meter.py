"""The SDM630 in front of the household, over the wire."""

from collections.abc import AsyncIterator

import pytest

from gatewayd.virtual.devices.meter import POINTS
from gatewayd.virtual.home import VirtualHome
from tests.fakes.clock import FakeClock
from tests.unit.virtual.wire import RefusedByDevice, Wire, wire


@pytest.fixture
async def meter(home: VirtualHome) -> AsyncIterator[Wire]:
    async with wire(home.address("meter")) as meter:
        yield meter


async def test_it_measures_the_household_and_not_the_car(
    home: VirtualHome, meter: Wire, clock: FakeClock
) -> None:
    home.devices["charger"].restart()
    home.house.extra_w = [0.0, 1500.0, 0.0]
    await clock.advance(15)

    assert sum(home.house.charger_w) > 10_000
    assert await meter.f32(POINTS["power"]) == pytest.approx(sum(home.house.load_w), rel=1e-6)
    assert await meter.f32(POINTS["power_b"]) == pytest.approx(home.house.load_w[1], rel=1e-6)
    assert await meter.f32(POINTS["power_b"]) > 1500


async def test_its_values_agree_with_each_other(meter: Wire) -> None:
    value = {name: await meter.f32(address) for name, address in POINTS.items()}

    for phase in "abc":
        volts, amps = value[f"voltage_{phase}"], value[f"current_{phase}"]
        apparent = value[f"apparent_{phase}"]
        assert 215 < volts < 245
        assert volts * amps == pytest.approx(apparent, rel=1e-5)
        assert value[f"power_{phase}"] == pytest.approx(
            apparent * value[f"factor_{phase}"], rel=1e-5
        )
    for total in ("power", "import_kwh"):
        parts = sum(value[f"{total}_{phase}"] for phase in "abc")
        assert value[total] == pytest.approx(parts, rel=1e-6)
    assert value["total_kwh"] == value["import_kwh"] + value["export_kwh"]
    assert value["frequency"] == pytest.approx(50, abs=0.1)


async def test_its_counter_follows_the_load(
    home: VirtualHome, meter: Wire, clock: FakeClock
) -> None:
    home.house.extra_w = [3000.0, 3000.0, 3000.0]
    before = await meter.f32(POINTS["import_kwh"])
    await clock.advance(600)

    grown = await meter.f32(POINTS["import_kwh"]) - before
    assert grown == pytest.approx(9.2 / 6, rel=0.05)


async def test_addresses_without_a_meaning_read_as_zero(meter: Wire) -> None:
    assert await meter.read(0x24, 4, function=4) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("address", "count", "function", "code"),
    [(0, 82, 4, 3), (0, 3, 4, 2), (1, 2, 4, 2), (0x17E, 4, 4, 2), (0, 2, 3, 1)],
)
async def test_it_keeps_to_its_limits(
    meter: Wire, address: int, count: int, function: int, code: int
) -> None:
    with pytest.raises(RefusedByDevice, match=f"exception {code}"):
        await meter.read(address, count, function)


async def test_it_takes_no_orders(meter: Wire) -> None:
    with pytest.raises(RefusedByDevice, match="exception 1"):
        await meter.write(0, 1)
