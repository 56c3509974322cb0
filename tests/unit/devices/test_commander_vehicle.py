"""What differs for vehicles and heaters: actions used again, and holds that simply come true."""

from pathlib import Path

import pytest

from gatewayd.model.climate import FollowSchedule, HvacMode, PermanentHold
from gatewayd.model.command import (
    ActionState,
    Command,
    FailureReason,
    SetMaxCurrent,
    StartCharging,
    StopCharging,
)
from tests.fakes.clock import FakeClock
from tests.fakes.driver import ScriptedBox, car_box, thermostat_box
from tests.fakes.gateway import gateway


@pytest.fixture
def car() -> ScriptedBox:
    return car_box()


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


async def test_an_equal_start_of_a_vehicle_is_the_same_action(db: Path, car: ScriptedBox) -> None:
    car.obeys = False
    async with gateway(db, FakeClock(), {"car": car}) as running:
        asset_id = running.asset("car").id
        first = await running.commander.submit(asset_id, StartCharging(), "api")
        await running.pass_time(3)
        again = await running.commander.submit(asset_id, StartCharging(), "api")
        pending = await running.pending()

    assert again.id == first.id
    assert [action.id for action in pending] == [first.id]


async def test_the_opposite_replaces_it(db: Path, car: ScriptedBox) -> None:
    car.obeys = False
    async with gateway(db, FakeClock(), {"car": car}) as running:
        asset_id = running.asset("car").id
        first = await running.commander.submit(asset_id, StartCharging(), "api")
        second = await running.commander.submit(asset_id, StopCharging(), "api")
        ended = await running.action(first.id)

    assert second.id != first.id
    assert (ended.state, ended.failure_reason) == (ActionState.CANCELLED, FailureReason.CONFLICT)


async def test_an_ended_action_is_not_used_again(db: Path, car: ScriptedBox) -> None:
    async with gateway(db, FakeClock(), {"car": car}) as running:
        asset_id = running.asset("car").id
        first = await running.commander.submit(asset_id, StartCharging(), "api")
        await running.pass_time(5)
        stop = await running.commander.submit(asset_id, StopCharging(), "api")
        await running.pass_time(5)
        again = await running.commander.submit(asset_id, StartCharging(), "api")

    assert len({first.id, stop.id, again.id}) == 3


async def test_equal_current_limits_of_a_vehicle_are_two_actions(
    db: Path, car: ScriptedBox
) -> None:
    car.obeys = False
    async with gateway(db, FakeClock(), {"car": car}) as running:
        asset_id = running.asset("car").id
        first = await running.commander.submit(asset_id, SetMaxCurrent(10.0), "api")
        second = await running.commander.submit(asset_id, SetMaxCurrent(10.0), "api")

    assert first.id != second.id


@pytest.mark.parametrize(
    "command",
    [FollowSchedule(), PermanentHold(HvacMode.OFF), PermanentHold(HvacMode.HEAT, 22.5)],
)
async def test_a_hold_is_confirmed_by_the_reading_after_it(db: Path, command: Command) -> None:
    box = thermostat_box()
    async with gateway(db, FakeClock(), {"heat": box}) as running:
        action = await running.commander.submit(running.asset("heat").id, command, "api")
        await running.pass_time(5)
        ended = await running.action(action.id)

    assert ended.state is ActionState.CONFIRMED
    assert ended.command == command


async def test_what_a_heater_does_already_is_confirmed_without_a_write(db: Path) -> None:
    box = thermostat_box()
    async with gateway(db, FakeClock(), {"heat": box}) as running:
        asset_id = running.asset("heat").id
        action = await running.commander.submit(asset_id, FollowSchedule(), "api")
        await running.pass_time(5)
        ended = await running.action(action.id)

    assert (ended.state, box.writes) == (ActionState.CONFIRMED, [])
