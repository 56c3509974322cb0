"""The running home: its clock, its repeatability, and its balance as seen in the registers."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from gatewayd.errors import ConfigError
from gatewayd.virtual.devices.charger import SET_ENABLE
from gatewayd.virtual.devices.device import Registers
from gatewayd.virtual.devices.inverter import BASE, CHAIN
from gatewayd.virtual.devices.meter import POINTS
from gatewayd.virtual.devices.sunspec import Image
from gatewayd.virtual.home import VirtualHome, virtual_home
from gatewayd.virtual.picture import picture
from tests.fakes.clock import FakeClock
from tests.unit.virtual.conftest import NOON
from tests.unit.virtual.wire import wire

AT = Image(BASE, CHAIN, inputs=4).address


async def counted_wh(home: VirtualHome) -> dict[str, float]:
    """Every energy counter a gateway can read."""
    async with wire(home.address("inverter")) as inverter:
        counted = {
            "import": await inverter.u32(AT(203, "TotWhImp")),
            "export": await inverter.u32(AT(203, "TotWhExp")),
            "pv": await inverter.u32(AT(160, "1.DCWH")) + await inverter.u32(AT(160, "2.DCWH")),
            "charged": await inverter.u32(AT(160, "3.DCWH")),
            "discharged": await inverter.u32(AT(160, "4.DCWH")),
        }
    async with wire(home.address("meter")) as meter:
        load_wh = await meter.f32(POINTS["import_kwh"]) * 1000
    async with wire(home.address("charger")) as charger:
        charger_wh = await charger.u32(1036) / 10
    return {**counted, "load": load_wh, "charger": charger_wh}


async def test_the_registers_balance_over_a_day() -> None:
    clock = FakeClock()
    async with virtual_home(seed=3, clock=clock, start=NOON, speed=3600) as home:
        before = await counted_wh(home)
        lost_before = home.house.counters.conversion_loss_wh
        await clock.advance(6)
        async with wire(home.address("charger")) as charger:
            await charger.write(SET_ENABLE, 1)
        await clock.advance(18)
        after = await counted_wh(home)
        lost_wh = home.house.counters.conversion_loss_wh - lost_before

    assert all(after[name] >= before[name] for name in before)
    flow = {name: after[name] - before[name] for name in before}
    given = flow["import"] - flow["export"] + flow["pv"]
    taken = flow["load"] + flow["charger"] + flow["charged"] - flow["discharged"]
    assert flow["charger"] > 5_000
    assert flow["pv"] > 10_000
    assert given == pytest.approx(taken + lost_wh, rel=0.01)


async def registers_after(
    seed: int, naps: list[float], speed: float = 1.0
) -> tuple[list[Registers], datetime]:
    clock = FakeClock()
    async with virtual_home(seed=seed, clock=clock, start=NOON, speed=speed) as home:
        for nap in naps:
            await clock.advance(nap)
        return [device.registers for device in home.devices.values()], home.house.at


async def test_the_same_seed_and_start_give_the_same_registers() -> None:
    steady = await registers_after(5, [60.0])
    restless = await registers_after(5, [0.7, 11.3, 0.05, 47.95])

    assert steady == restless
    assert steady != await registers_after(6, [60.0])


async def test_a_fast_home_is_as_repeatable() -> None:
    steady = await registers_after(5, [30.0], speed=60)
    restless = await registers_after(5, [3.3, 21.0, 5.7], speed=60)

    assert steady == restless


async def test_the_home_lives_at_its_own_speed() -> None:
    clock = FakeClock()
    async with virtual_home(clock=clock, start=NOON, speed=60) as home:
        began = home.house.at
        await clock.advance(60)
        assert home.clock.now() - began == timedelta(hours=1)
        assert timedelta(0) <= home.clock.now() - home.house.at < timedelta(seconds=30)

        home.clock.run_at(1)
        await clock.advance(60)
        assert home.clock.now() - began == timedelta(hours=1, minutes=1)
        assert home.clock.now() - home.house.at < timedelta(seconds=2)


async def test_the_home_starts_now_unless_told_otherwise(clock: FakeClock) -> None:
    async with virtual_home(clock=clock) as home:
        assert home.house.at == clock.now()


async def test_a_start_without_an_offset_is_the_homes_local_time(home: VirtualHome) -> None:
    assert home.house.at == datetime(2026, 6, 21, 10, 0, 2, tzinfo=UTC)
    assert home.house.local.hour == 12


async def test_a_jump_moves_the_sun_and_counts_nothing(home: VirtualHome, clock: FakeClock) -> None:
    before = sum(home.house.counters.pv_wh)
    home.set_time(datetime(2026, 6, 21, 23, 0, tzinfo=UTC))

    assert home.house.sun.elevation_deg < 0
    assert home.house.pv_w == 0
    await clock.advance(5)
    assert sum(home.house.counters.pv_wh) == before
    assert home.house.at == datetime(2026, 6, 21, 23, 0, 5, tzinfo=UTC)


async def test_a_jump_back_goes_on_from_there(home: VirtualHome, clock: FakeClock) -> None:
    home.set_time(datetime(2026, 1, 1, 11, 0, tzinfo=UTC))
    await clock.advance(10)

    assert home.house.at == datetime(2026, 1, 1, 11, 0, 10, tzinfo=UTC)


async def test_a_home_far_behind_catches_up_in_bursts(home: VirtualHome, clock: FakeClock) -> None:
    home.house.jump(home.house.at - timedelta(seconds=700))

    assert home.advance()
    assert home.house.at < home.clock.now() - timedelta(seconds=250)
    assert not home.advance()
    assert home.house.at == home.clock.now()


async def test_devices_show_values_before_anything_is_asked(clock: FakeClock) -> None:
    async with (
        virtual_home(clock=clock, start=NOON) as home,
        wire(home.address("inverter")) as inverter,
    ):
        assert (await inverter.read(AT(103, "W"), 1))[0] > 0


async def test_the_callers_own_error_comes_out_unwrapped(clock: FakeClock) -> None:
    async with asyncio.timeout(60):
        with pytest.raises(KeyError, match="mine"):
            async with virtual_home(clock=clock):
                raise KeyError("mine")


async def test_a_taken_port_is_the_operators_to_change(home: VirtualHome) -> None:
    ports = {"meter": home.servers["meter"].port}

    with pytest.raises(ConfigError, match="address already in use; choose another"):
        async with virtual_home(clock=FakeClock(), ports=ports):
            pass


async def test_the_picture_tells_the_truth_whatever_devices_say(home: VirtualHome) -> None:
    told = picture(home)

    assert set(told) == {
        "clock", "seed", "location", "sun", "pv", "load", "battery", "inverter", "grid", "car",
        "heat", "energy", "devices",
    }  # fmt: skip
    grid = told["grid"]
    assert isinstance(grid, dict)
    assert grid["power"] == pytest.approx(grid["a"] + grid["b"] + grid["c"])
