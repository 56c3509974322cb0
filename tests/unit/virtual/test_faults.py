"""Faults as a client sees them."""

import asyncio
import struct
from typing import Any

import pytest

from gatewayd.errors import InvalidError, NotFoundError
from gatewayd.virtual.devices.charger import SET_CURRENT, SET_ENABLE
from gatewayd.virtual.devices.device import Fault
from gatewayd.virtual.home import REBOOT_S, VirtualHome
from gatewayd.virtual.modbus import LATE_S
from tests.fakes.clock import FakeClock, settle
from tests.unit.virtual.wire import RefusedByDevice, wire

VOLTAGE = struct.pack(">BHH", 4, 0, 2)
DEVICES = ("inverter", "meter", "charger")
GRID_W = 40000 + 2 + 68 + 52 + 28 + 32 + 26 + 26 + 90 + 18


def address(home: VirtualHome, name: str) -> dict[str, Any]:
    return home.address(name)


async def grid_w(home: VirtualHome) -> tuple[int, ...]:
    async with wire(address(home, "inverter")) as line:
        words = await line.read(GRID_W, 4)
    return tuple(word - 65536 if word & 0x8000 else word for word in words)


@pytest.mark.parametrize("name", DEVICES)
async def test_a_silent_device_refuses_connections_and_drops_those_it_has(
    home: VirtualHome, name: str
) -> None:
    async with wire(address(home, name)) as line:
        await home.set_fault(name, Fault.SILENT, on=True)

        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", home.servers[name].port)
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await line.answer()


@pytest.mark.parametrize("name", DEVICES)
async def test_a_silent_device_comes_back_on_the_same_port(home: VirtualHome, name: str) -> None:
    port = home.servers[name].port
    await home.set_fault(name, Fault.SILENT, on=True)
    await home.set_fault(name, Fault.SILENT, on=False)

    assert home.servers[name].port == port
    async with wire(address(home, name)):
        pass


async def test_a_fault_of_one_device_leaves_the_others_alone(home: VirtualHome) -> None:
    await home.set_fault("inverter", Fault.SILENT, on=True)

    async with wire(address(home, "meter")) as line:
        assert await line.f32(0) > 200


async def test_a_late_answer_comes_after_the_client_gave_up(
    home: VirtualHome, clock: FakeClock
) -> None:
    await home.set_fault("meter", Fault.LATE, on=True)
    async with wire(address(home, "meter")) as line:
        line.writer.write(line.frame(VOLTAGE))
        await _arrive()
        await clock.advance(LATE_S - 0.1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await line.reader.readexactly(1)
        await clock.advance(0.2)

        assert (await line.answer())[0] == 1


async def test_the_wrong_unit_answers(home: VirtualHome) -> None:
    await home.set_fault("charger", Fault.WRONG_UNIT, on=True)
    async with wire(address(home, "charger")) as line:
        line.writer.write(line.frame(struct.pack(">BHH", 3, 1000, 2)))

        transaction, unit, _ = await line.answer()

    assert transaction == 1
    assert unit != 255


async def test_torn_answers_come_in_bytes_and_every_second_is_cut(
    home: VirtualHome, clock: FakeClock
) -> None:
    await home.set_fault("meter", Fault.TORN, on=True)
    async with wire(address(home, "meter")) as line:
        line.writer.write(line.frame(VOLTAGE))
        await _arrive()
        assert await line.reader.read(100) == b"\x00"
        await clock.advance(0.1)
        rest = await line.reader.readexactly(12)
        assert rest[-6:-4] == bytes((4, 4))

        line.writer.write(line.frame(VOLTAGE))
        await _arrive()
        await clock.advance(1)
        assert len(await line.reader.read(100)) == 6


async def test_frozen_registers_stay_while_the_house_lives_on(
    home: VirtualHome, clock: FakeClock
) -> None:
    await home.set_fault("inverter", Fault.FROZEN, on=True)
    before, truth = await grid_w(home), sum(home.house.grid_w)
    home.house.extra_w = [4000.0, 4000.0, 4000.0]
    await clock.advance(10)

    assert await grid_w(home) == before
    assert sum(home.house.grid_w) > truth + 2000

    await home.set_fault("inverter", Fault.FROZEN, on=False)
    assert await grid_w(home) != before


async def test_a_frozen_device_does_not_show_what_it_is_told_but_does_it(
    home: VirtualHome, clock: FakeClock
) -> None:
    await home.set_fault("charger", Fault.FROZEN, on=True)
    async with wire(address(home, "charger")) as line:
        await line.write(SET_CURRENT, 10_000)
        await line.write(SET_ENABLE, 1)
        await clock.advance(10)

        assert await line.u32(1100) == 16_000
    assert home.house.car.current_a == pytest.approx(10.0)


async def test_a_wrong_sign_turns_import_into_export(home: VirtualHome) -> None:
    right = await grid_w(home)
    await home.set_fault("inverter", Fault.SIGN, on=True)

    assert await grid_w(home) == tuple(-watts for watts in right)
    assert right[0] != 0


async def test_a_wrong_sign_turns_the_meters_power(home: VirtualHome) -> None:
    await home.set_fault("meter", Fault.SIGN, on=True)
    async with wire(address(home, "meter")) as line:
        assert await line.f32(0x34) == pytest.approx(-sum(home.house.load_w), rel=1e-5)
        assert await line.f32(0x0C) == pytest.approx(-home.house.load_w[0], rel=1e-5)


async def test_a_charger_has_no_sign_to_turn(home: VirtualHome) -> None:
    with pytest.raises(InvalidError, match="no signed power"):
        await home.set_fault("charger", Fault.SIGN, on=True)


async def test_an_unknown_device_is_refused_by_name(home: VirtualHome) -> None:
    with pytest.raises(NotFoundError, match="'boiler'; there are inverter, meter, charger"):
        await home.set_fault("boiler", Fault.SILENT, on=True)


async def test_a_refused_write_fails_and_changes_nothing(home: VirtualHome) -> None:
    await home.set_fault("charger", Fault.REFUSE_WRITE, on=True)
    async with wire(address(home, "charger")) as line:
        with pytest.raises(RefusedByDevice, match="exception 4"):
            await line.write(SET_CURRENT, 10_000)
        assert await line.u32(1100) == 16_000


async def test_an_ignored_write_is_acknowledged_and_changes_nothing(home: VirtualHome) -> None:
    await home.set_fault("charger", Fault.IGNORE_WRITE, on=True)
    async with wire(address(home, "charger")) as line:
        await line.write(SET_CURRENT, 10_000)
        assert await line.u32(1100) == 16_000


async def test_an_ended_fault_is_over(home: VirtualHome) -> None:
    await home.set_fault("charger", Fault.REFUSE_WRITE, on=True)
    await home.set_fault("charger", Fault.REFUSE_WRITE, on=False)

    async with wire(address(home, "charger")) as line:
        await line.write(SET_CURRENT, 10_000)
        assert await line.u32(1100) == 10_000


@pytest.mark.parametrize("name", DEVICES)
async def test_a_reboot_takes_some_seconds_and_ends_by_itself(
    home: VirtualHome, clock: FakeClock, name: str
) -> None:
    await home.set_fault(name, Fault.REBOOT, on=True)
    await clock.advance(REBOOT_S - 0.5)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", home.servers[name].port)

    await clock.advance(1.5)
    await _arrive()

    assert home.devices[name].faults == set()
    async with wire(address(home, name)):
        pass


async def test_a_charger_comes_up_enabled_at_its_hardware_current(
    home: VirtualHome, clock: FakeClock
) -> None:
    async with wire(address(home, "charger")) as line:
        await line.write(SET_CURRENT, 6_000)
        await line.write(SET_ENABLE, 1)
    await clock.advance(5)
    assert home.house.car.current_a == pytest.approx(6.0)
    await home.set_fault("charger", Fault.REBOOT, on=True)
    await clock.advance(2)
    assert home.house.car.current_a == 0
    await clock.advance(REBOOT_S + 15)
    await _arrive()

    async with wire(address(home, "charger")) as line:
        assert await line.u32(1100) == await line.u32(1110) == 32_000
        assert await line.u32(1000) == 3
    assert home.house.car.current_a == pytest.approx(16.0)


async def test_an_inverter_forgets_its_orders_in_a_reboot(
    home: VirtualHome, clock: FakeClock
) -> None:
    device = home.devices["inverter"]
    usual = dict(device.settings())
    async with wire(address(home, "inverter")) as line:
        await line.write(40000 + 2 + 68 + 52 + 28 + 32 + 26 + 5, 2)
    assert device.settings() != usual

    await home.set_fault("inverter", Fault.REBOOT, on=True)
    await clock.advance(1)
    assert home.house.inverter_w == 0
    await home.set_fault("inverter", Fault.REBOOT, on=False)

    assert device.settings() == usual


async def test_a_device_that_is_also_silent_stays_away_after_its_reboot(
    home: VirtualHome, clock: FakeClock
) -> None:
    await home.set_fault("meter", Fault.REBOOT, on=True)
    await home.set_fault("meter", Fault.SILENT, on=True)
    await clock.advance(REBOOT_S + 2)

    assert home.devices["meter"].faults == {Fault.SILENT}
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", home.servers["meter"].port)


async def _arrive() -> None:
    """Let bytes cross the loopback and the tasks behind them run."""
    for _ in range(5):
        await asyncio.sleep(0.001)
        await settle()
