"""What was forced is left as it was found, at a stop too, and lives only while it is wanted."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from gatewayd.errors import UnreachableError
from gatewayd.model.asset import Capability
from gatewayd.model.command import SetOperationMode
from gatewayd.model.reading import BatteryReading, OperationMode, PowerDelivery
from gatewayd.plan.arbiter.claims import Setpoint
from gatewayd.plan.keeping import Kept
from tests.fakes.clock import FakeClock
from tests.fakes.driver import ScriptedBox, battery_box, charger_box, configured
from tests.fakes.gateway import Gateway, gateway
from tests.unit.devices.test_holding import keep, limit, touched


async def test_before_a_stop_a_battery_is_given_back_and_a_charger_keeps_what_it_has(
    db: Path, clock: FakeClock
) -> None:
    charging, box = charger_box(), battery_box()
    charging.set_charger(power_delivery=PowerDelivery.CHARGING)
    async with gateway(db, clock, {"keba": charging, "cell": box}) as home:
        await home.pass_time(1)
        keep(home, Setpoint(10.0))
        forced = Kept(SetOperationMode(OperationMode.IMPORT_FOCUS), "plan", 1e6)
        home.commander.steer(home.asset("cell").id, forced)
        await home.pass_time(5)
        async with asyncio.TaskGroup() as group:
            ending = group.create_task(home.commander.give_back(5))
            await home.pass_time(5)
            assert ending.done()

        assert await touched(home) == [home.asset("keba").id]
    assert charging.writes == [limit(10)]
    assert box.writes[-1] == SetOperationMode(OperationMode.SELF_RELIANCE)


@pytest.mark.parametrize("after_s", [0.5, 60.0])
async def test_a_battery_that_never_shows_what_it_was_told_is_given_back_all_the_same(
    db: Path, clock: FakeClock, after_s: float
) -> None:
    box = battery_box()
    box.obeys = False
    forced = SetOperationMode(OperationMode.IMPORT_FOCUS)
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        keep(home, forced)
        await home.pass_time(after_s)
        home.commander.release(home.asset("keba").id)
        await home.pass_time(6)

        assert await touched(home) == []
    assert set(box.writes[:-1]) == {forced}
    assert box.writes[-1] == SetOperationMode(OperationMode.SELF_RELIANCE)


async def stop(home: Gateway, within_s: float = 5.0) -> None:
    async with asyncio.TaskGroup() as group:
        ending = group.create_task(home.commander.give_back(within_s))
        await home.pass_time(within_s + 1)
        assert ending.done()


async def test_before_a_stop_a_battery_is_given_back_without_waiting_for_a_reading(
    db: Path, clock: FakeClock
) -> None:
    box = battery_box()
    forced = SetOperationMode(OperationMode.IMPORT_FOCUS)
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)

        async def slow(step: str) -> None:
            if step == "read":
                await home.clock.sleep(60)

        box.step = slow
        keep(home, forced)
        await home.pass_time(5)
        await stop(home)

        assert box.writes == [forced, SetOperationMode(OperationMode.SELF_RELIANCE)]
        assert await touched(home) == [home.asset("keba").id]


async def test_a_stop_does_not_wait_for_what_is_left_to_somebody_else(
    db: Path, clock: FakeClock
) -> None:
    box = battery_box()
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        keep(home, SetOperationMode(OperationMode.IMPORT_FOCUS))
        for _ in range(2):
            await home.pass_time(5)
            box.readings["battery"] = BatteryReading(operation_mode=OperationMode.EXPORT_FOCUS)
        await home.pass_time(5)
        assert home.asset("keba").is_yielded
        async with asyncio.TaskGroup() as group:
            ending = group.create_task(home.commander.give_back(60))
            await home.pass_time(4)
            assert ending.done()


async def test_what_is_found_forced_as_it_is_wanted_is_given_back_to_itself(
    db: Path, clock: FakeClock
) -> None:
    box = battery_box()
    box.readings["battery"] = BatteryReading(operation_mode=OperationMode.IMPORT_FOCUS)
    role = replace(box.identity.roles["battery"], safe=Capability.SELF_RELIANCE)
    box.identity = replace(box.identity, roles={"battery": role})
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        keep(home, SetOperationMode(OperationMode.IMPORT_FOCUS))
        await home.pass_time(5)
        assert (box.writes, await touched(home)) == ([], [home.asset("keba").id])
        await stop(home)

        assert box.writes == [SetOperationMode(OperationMode.SELF_RELIANCE)]
        assert await touched(home) == []


async def test_a_stop_tells_what_it_leaves(
    db: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    box = battery_box()
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        keep(home, SetOperationMode(OperationMode.IMPORT_FOCUS))
        await home.pass_time(5)
        box.faults["apply"] = UnreachableError("keba: no answer")
        await stop(home)

        assert f"{home.asset('keba').id}: is not known to be as it was" in caplog.text


async def test_nothing_is_forced_of_which_only_memory_knows(db: Path, clock: FakeClock) -> None:
    charging, cell = charger_box(), battery_box()
    charging.set_charger(power_delivery=PowerDelivery.CHARGING)
    async with gateway(db, clock, {"keba": charging, "cell": cell}) as home:
        await home.pass_time(1)
        home.db.is_lasting = False
        forced = Kept(SetOperationMode(OperationMode.IMPORT_FOCUS), "plan", 1e6)
        home.commander.steer(home.asset("cell").id, forced)
        keep(home, Setpoint(8.0))
        await home.pass_time(5)
        home.commander.release(home.asset("keba").id)
        await home.pass_time(5)

    assert cell.writes == []
    assert charging.writes == [limit(8), limit(16)]


async def renewed(home: Gateway, box: ScriptedBox, seconds: float = 15) -> int:
    before = len(box.renewals)
    await home.pass_time(seconds)
    return len(box.renewals) - before


async def test_what_a_battery_was_told_is_kept_going_only_while_it_is_wanted(
    db: Path, clock: FakeClock
) -> None:
    box = battery_box()
    box.watchdogs["battery"] = 6.0
    forced = SetOperationMode(OperationMode.IMPORT_FOCUS)
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        assert await renewed(home, box)
        keep(home, forced, 20)
        assert await renewed(home, box)
        await home.pass_time(10)
        # Given back, and never fed again by itself.
        assert (await touched(home), await renewed(home, box)) == ([], 0)
        # What a user tells it lasts.
        await home.commander.submit(home.asset("keba").id, forced, "api")
        assert await renewed(home, box)
        keep(home, SetOperationMode(OperationMode.SELF_RELIANCE), 5)
        await home.pass_time(4)
        box.faults["apply"] = UnreachableError("keba: no answer")
        await home.pass_time(4)
        assert await touched(home)
        assert await renewed(home, box) == 0


async def test_a_battery_left_to_somebody_else_is_not_fed(db: Path, clock: FakeClock) -> None:
    box = battery_box()
    box.watchdogs["battery"] = 6.0
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        keep(home, SetOperationMode(OperationMode.IMPORT_FOCUS))
        for _ in range(2):
            await home.pass_time(5)
            box.readings["battery"] = BatteryReading(operation_mode=OperationMode.EXPORT_FOCUS)
        await home.pass_time(5)

        assert await renewed(home, box) == 0
        keep(home, SetOperationMode(OperationMode.IMPORT_FOCUS), may_yield=False)
        assert await renewed(home, box)


@pytest.mark.parametrize("is_removed", [True, False])
async def test_a_battery_is_given_back_before_its_device_is_removed_or_only_read(
    db: Path, clock: FakeClock, *, is_removed: bool
) -> None:
    box = battery_box()
    async with gateway(db, clock, {"cell": box}) as home:
        await home.pass_time(1)
        forced = Kept(SetOperationMode(OperationMode.IMPORT_FOCUS), "plan", 1e6)
        home.commander.steer(home.asset("cell").id, forced)
        await home.pass_time(5)
        after = {} if is_removed else {"cell": configured("cell", box, read_only=True)}
        async with asyncio.TaskGroup() as group:
            changing = group.create_task(home.poller.reconfigure(after))
            for _ in range(12):
                await home.pass_time(0.5)
                # Who steers it still does not know.
                if not changing.done():
                    home.commander.steer(home.asset("cell").id, forced)
            assert changing.done()

        assert await touched(home) == []
    assert box.writes == [forced.wish, SetOperationMode(OperationMode.SELF_RELIANCE)]
