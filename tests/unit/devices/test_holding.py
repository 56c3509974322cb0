"""An asset is kept at a setpoint by its readings alone, and given back as it was found."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gatewayd.errors import RefusedError, StorageError, UnreachableError
from gatewayd.model.asset import Capability
from gatewayd.model.command import (
    Command,
    SetMaxCurrent,
    SetOperationMode,
    StartCharging,
    StopCharging,
)
from gatewayd.model.power import Hold, SetPhases
from gatewayd.model.reading import ChargerReading, OperationMode, PowerDelivery
from gatewayd.plan.arbiter.claims import Setpoint, Wish
from gatewayd.plan.given import DirectGiven
from gatewayd.plan.keeping import Kept
from gatewayd.state import decisions, setpoints
from tests.fakes.clock import FakeClock
from tests.fakes.driver import ScriptedBox, battery_box
from tests.fakes.gateway import Gateway, gateway

START, STOP = StartCharging(), StopCharging()


def limit(current_a: float) -> SetMaxCurrent:
    return SetMaxCurrent(float(current_a))


def keep(home: Gateway, wish: Wish, lease_s: float = 1e6, **terms: Any) -> None:
    until_s = home.clock.monotonic() + lease_s
    kept = Kept(wish, "guard", until_s, **terms)
    home.commander.steer(home.asset("keba").id, kept)


@asynccontextmanager
async def held(db: Path, clock: FakeClock, box: ScriptedBox) -> AsyncIterator[Gateway]:
    """A home whose charger is kept at 10 A."""
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        keep(home, Setpoint(10.0))
        await home.pass_time(5)
        yield home


async def touched(home: Gateway) -> list[str]:
    return await home.db.read(setpoints.touched)


@pytest.fixture
def charging(box: ScriptedBox) -> ScriptedBox:
    box.set_charger(power_delivery=PowerDelivery.CHARGING)
    return box


async def test_a_wish_is_written_once_and_then_only_looked_at(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        keep(home, Setpoint(10.0))
        await home.pass_time(60)

        assert box.writes == [limit(10), START]
        assert await home.events() == []
        assert await home.pending() == []


async def test_what_the_device_reports_already_is_neither_written_nor_remembered(
    db: Path, clock: FakeClock, charging: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": charging}) as home:
        await home.pass_time(1)
        keep(home, Setpoint(16.0))
        await home.pass_time(10)

        assert charging.writes == []
        assert await touched(home) == []


async def test_how_it_was_is_stored_before_the_first_byte_and_not_with_every_change(
    db: Path, clock: FakeClock, charging: ScriptedBox
) -> None:
    rows: list[setpoints.SetpointRow | None] = []
    async with gateway(db, clock, {"keba": charging}) as home:
        await home.pass_time(1)
        asset_id = home.asset("keba").id

        async def note(step: str) -> None:
            if step == "apply":
                rows.append(await home.db.read(lambda c: setpoints.get(c, asset_id)))

        charging.step = note
        for current_a in (10, 8, 12):
            keep(home, Setpoint(float(current_a)))
            await home.pass_time(3)

    assert [row and row.before for row in rows] == [(limit(16), START)] * 3


@pytest.mark.parametrize("ends", ["released", "lease over"])
async def test_at_its_end_the_device_is_as_it_was(
    db: Path, clock: FakeClock, charging: ScriptedBox, ends: str
) -> None:
    async with gateway(db, clock, {"keba": charging}) as home:
        await home.pass_time(1)
        keep(home, Setpoint(0.0), 1e6 if ends == "released" else 5)
        await home.pass_time(4)
        stopped = list(charging.writes)
        if ends == "released":
            home.commander.release(home.asset("keba").id)
        await home.pass_time(10)

        assert stopped == [STOP]
        assert charging.writes == [STOP, START]
        assert await touched(home) == []


async def test_a_battery_leaves_a_forced_mode_with_the_lease(db: Path, clock: FakeClock) -> None:
    box = battery_box()
    role = box.identity.roles["battery"]
    can_hold = replace(role, capabilities=role.capabilities | {Capability.HOLD})
    box.identity = replace(box.identity, roles={"battery": can_hold})
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        keep(home, Hold(), 20)
        await home.pass_time(30)

    assert box.writes == [Hold(), SetOperationMode(OperationMode.SELF_RELIANCE)]


async def test_after_a_restart_who_steers_has_half_a_minute_to_say_so(
    db: Path, clock: FakeClock, charging: ScriptedBox
) -> None:
    async with held(db, clock, charging) as home:
        pass
    async with gateway(db, clock, {"keba": charging}) as home:
        await home.pass_time(28)
        untouched = list(charging.writes)
        keep(home, Setpoint(10.0))
        await home.pass_time(30)
        adopted = list(charging.writes)
    async with gateway(db, clock, {"keba": charging}) as home:
        await home.pass_time(40)

        assert untouched == adopted == [limit(10)]
        assert charging.writes == [limit(10), limit(16)]
        assert await touched(home) == []


async def test_after_a_restart_nothing_is_written_before_the_device_was_read(
    db: Path, clock: FakeClock, charging: ScriptedBox
) -> None:
    async with held(db, clock, charging) as home:
        asset_id = home.asset("keba").id
    charging.faults["read"] = UnreachableError("keba: no answer")
    async with gateway(db, clock, {"keba": charging}) as home:
        home.commander.steer(asset_id, Kept(Setpoint(0.0), "guard", 1e6))
        await home.pass_time(120, step_s=1)
        assert charging.writes == [limit(10)]
        charging.faults.clear()
        await home.pass_time(90, step_s=1)

    assert charging.writes == [limit(10), STOP]


async def test_a_decrease_that_was_not_delivered_is_told_again_with_the_next_reading(
    db: Path, clock: FakeClock, charging: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": charging}) as home:
        await home.pass_time(1)
        charging.faults["apply"] = UnreachableError("keba: no answer")
        keep(home, Setpoint(8.0))
        await home.pass_time(1)
        charging.faults.clear()
        await home.pass_time(4)

    assert charging.writes == [limit(8)]


async def test_a_device_that_does_not_obey_is_told_every_ten_seconds_to_take_less(
    db: Path, clock: FakeClock, charging: ScriptedBox
) -> None:
    charging.obeys = False
    async with gateway(db, clock, {"keba": charging}) as home:
        await home.pass_time(1)
        keep(home, Setpoint(8.0))
        await home.pass_time(45)

    assert 4 <= len(charging.writes) <= 5
    assert set(charging.writes) == {limit(8)}


async def test_a_device_that_does_not_obey_is_told_ever_less_often_to_take_more(
    db: Path, clock: FakeClock, charging: ScriptedBox
) -> None:
    charging.obeys = False
    async with gateway(db, clock, {"keba": charging}) as home:
        await home.pass_time(1)
        keep(home, Setpoint(20.0))
        await home.pass_time(160, step_s=1)

    assert charging.writes == [limit(20)] * 5


async def test_a_charger_whose_limit_cannot_be_lowered_is_stopped(
    db: Path, clock: FakeClock, charging: ScriptedBox
) -> None:
    async def refuse(step: str) -> None:
        if step == "apply" and refusals:
            raise RefusedError(refusals.pop())

    refusals = ["its memory wears out"] * 2
    async with gateway(db, clock, {"keba": charging}) as home:
        await home.pass_time(1)
        charging.step = refuse
        keep(home, Setpoint(20.0))
        await home.pass_time(20)
        kept_as_it_was = list(charging.writes)
        keep(home, Setpoint(8.0))
        await home.pass_time(5)

    assert kept_as_it_was == []
    assert charging.writes == [STOP]


async def test_phases_are_switched_without_load(
    db: Path, clock: FakeClock, charging: ScriptedBox
) -> None:
    role = charging.identity.roles["charger"]
    can_switch = replace(role, capabilities=role.capabilities | {Capability.SET_PHASES})
    charging.identity = replace(charging.identity, roles={"charger": can_switch})
    charging.set_charger(phases=3)
    async with gateway(db, clock, {"keba": charging}) as home:
        await home.pass_time(1)
        keep(home, Setpoint(16.0, 1))
        await home.pass_time(10)
        assert charging.writes == [STOP, SetPhases(1), START]
        charging.writes.clear()
        home.commander.release(home.asset("keba").id)
        await home.pass_time(10)

    assert charging.writes == [STOP, SetPhases(3), START]


async def disturb(home: Gateway, box: ScriptedBox, current_a: float, times: int = 2) -> None:
    """Somebody else writes, and the gateway sees to it."""
    for _ in range(times):
        box.set_charger(max_current_a=float(current_a))
        await home.pass_time(8, step_s=0.5)


async def test_a_second_writer_is_given_way_to_for_half_an_hour(
    db: Path, clock: FakeClock, charging: ScriptedBox
) -> None:
    async with held(db, clock, charging) as home:
        await disturb(home, charging, 13)
        keep(home, Setpoint(11.0))
        await home.pass_time(1700, step_s=5)
        while_yielding = list(charging.writes)
        [decided] = (await home.db.read(decisions.latest)).values()
        await home.pass_time(120, step_s=5)

        assert while_yielding == [limit(10), limit(10)]
        assert decided.binding == "another writer"
        assert charging.writes == [limit(10), limit(10), limit(11)]


async def test_who_gave_way_shows_it_and_goes_on_giving_way_after_a_restart(
    db: Path, clock: FakeClock, charging: ScriptedBox
) -> None:
    async with held(db, clock, charging) as home:
        await disturb(home, charging, 13)
        assert home.asset("keba").is_yielded
    async with gateway(db, clock, {"keba": charging}) as home:
        await home.pass_time(2)
        keep(home, Setpoint(10.0))
        await home.pass_time(1700, step_s=10)
        assert home.asset("keba").is_yielded
        assert charging.writes == [limit(10), limit(10)]
        await home.pass_time(120, step_s=5)

        assert not home.asset("keba").is_yielded
        assert charging.writes[2:] == [limit(10)]


async def test_a_choice_that_ends_a_yield_does_not_bring_back_what_was_wanted_before(
    db: Path, clock: FakeClock, charging: ScriptedBox
) -> None:
    async with held(db, clock, charging) as home:
        await disturb(home, charging, 13)
        del charging.writes[:]
        home.commander.resume(home.asset("keba").id)
        await home.pass_time(3, step_s=0.5)
        keep(home, Setpoint(11.0))
        await home.pass_time(8)

    assert limit(10) not in charging.writes[:1]
    assert charging.writes[0] == limit(11)


@pytest.mark.parametrize("cause", [DirectGiven(None), None])
async def test_whoever_is_given_way_to_has_no_say_once_a_person_has_chosen(
    db: Path, clock: FakeClock, charging: ScriptedBox, cause: DirectGiven | None
) -> None:
    async with held(db, clock, charging) as home:
        await disturb(home, charging, 13)
        asset_id = home.asset("keba").id
        if cause is None:
            # Not a schedule's doing.
            await home.commander.submit(asset_id, STOP, "schedule")
            await home.pass_time(3)
            assert home.asset("keba").is_yielded
            home.commander.resume(asset_id)
        else:
            await home.commander.submit(asset_id, STOP, "api", cause=cause)
        keep(home, Setpoint(11.0))
        await home.pass_time(8)

        assert not home.asset("keba").is_yielded
        assert limit(11) in charging.writes
    async with gateway(db, clock, {"keba": charging}) as home:
        await home.pass_time(2)
        assert not home.asset("keba").is_yielded


async def test_what_another_writer_set_is_what_is_given_back(
    db: Path, clock: FakeClock, charging: ScriptedBox
) -> None:
    async with held(db, clock, charging) as home:
        await disturb(home, charging, 13)
        home.commander.release(home.asset("keba").id)
        await home.pass_time(20)

        assert await touched(home) == []
    reading = charging.readings["charger"]
    assert isinstance(reading, ChargerReading)
    assert reading.max_current_a == 13


@pytest.mark.parametrize("terms", [{"most_a": 12.0}, {"may_yield": False}])
async def test_what_safety_forbids_is_taken_away_from_another_writer_too(
    db: Path, clock: FakeClock, charging: ScriptedBox, terms: dict[str, Any]
) -> None:
    async with gateway(db, clock, {"keba": charging}) as home:
        await home.pass_time(1)
        keep(home, Setpoint(12.0), **terms)
        await home.pass_time(5)
        await disturb(home, charging, 20, times=4)
        assert charging.writes == [limit(12)] * 5
        await disturb(home, charging, 7)

    assert charging.writes == [limit(12)] * 5


async def test_a_restarted_device_is_put_right_once(
    db: Path, clock: FakeClock, charging: ScriptedBox
) -> None:
    async with held(db, clock, charging) as home:
        await disturb(home, charging, 32, times=1)
        await home.pass_time(700, step_s=5)
        await disturb(home, charging, 32, times=1)

    assert charging.writes == [limit(10)] * 3


async def test_another_plug_is_no_other_writer(
    db: Path, clock: FakeClock, charging: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": charging}) as home:
        await home.pass_time(1)
        keep(home, Setpoint(16.0))
        for _ in range(3):
            await home.pass_time(4)
            charging.set_charger(power_delivery=PowerDelivery.UNPLUGGED)
            await home.pass_time(4)
            charging.set_charger(power_delivery=PowerDelivery.STOPPED)
        await home.pass_time(4)

    assert charging.writes == [START] * 3


async def test_a_full_disk_does_not_keep_a_charger_from_being_lowered(
    db: Path, clock: FakeClock, charging: ScriptedBox
) -> None:

    async with gateway(db, clock, {"keba": charging}) as home:
        await home.pass_time(1)

        async def full(step: str) -> None:
            if step == "write":
                raise StorageError("disk full")

        home.db.step = full
        keep(home, Setpoint(20.0))
        await home.pass_time(4)
        raised: list[Command] = list(charging.writes)
        keep(home, Setpoint(8.0))
        await home.pass_time(4)

    assert raised == []
    assert charging.writes == [limit(8)]


async def test_a_read_only_device_is_steered_by_nobody(
    db: Path, clock: FakeClock, charging: ScriptedBox
) -> None:
    role = charging.identity.roles["charger"]
    mute = replace(role, capabilities=frozenset())
    charging.identity = replace(charging.identity, roles={"charger": mute})
    async with gateway(db, clock, {"keba": charging}) as home:
        await home.pass_time(1)
        keep(home, Setpoint(0.0))
        await home.pass_time(10)

    assert charging.writes == []
