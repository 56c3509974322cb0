"""What was steered and can be told nothing any more is told to a person, until it is right."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from gatewayd.devices.stranded import why_stranded
from gatewayd.model.asset import AssetKind
from gatewayd.model.command import SetOperationMode
from gatewayd.model.reading import BatteryReading, OperationMode
from gatewayd.plan.keeping import Kept
from gatewayd.sdk.options import DeviceOptions
from gatewayd.state import setpoints
from tests.fakes.clock import FakeClock
from tests.fakes.driver import ScriptedBox, battery_box, configured
from tests.fakes.gateway import Gateway, gateway
from tests.fakes.home import asset

IMPORT = OperationMode.IMPORT_FOCUS


@pytest.mark.parametrize(
    ("options", "is_stranger", "why"),
    [
        (DeviceOptions(), False, None),
        (None, False, "no longer configured"),
        (DeviceOptions(read_only=True), False, "read only"),
        (DeviceOptions(), True, "another device"),
    ],
)
def test_the_reason_is_told_with_what_to_do(
    options: DeviceOptions | None, is_stranger: bool, why: str | None
) -> None:
    found = why_stranded(replace(asset(AssetKind.BATTERY), is_stranger=is_stranger), options)

    assert found is None if why is None else found is not None and why in found


async def force(db: Path, clock: FakeClock, box: ScriptedBox) -> None:
    """A run that is killed while it forces the battery."""
    async with gateway(db, clock, {"cell": box, "other": battery_box("B2")}) as home:
        await home.pass_time(1)
        steer(home)
        await home.pass_time(4)
        assert home.commander.stranded() == ()


def steer(home: Gateway) -> None:
    kept = Kept(SetOperationMode(IMPORT), "plan", home.clock.monotonic() + 1e6)
    home.commander.steer(home.asset("cell").id, kept)


async def test_a_device_that_was_removed_while_we_were_away_is_told_of(
    db: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    box = battery_box()
    await force(db, clock, box)
    async with gateway(db, clock, {"other": battery_box("B2")}) as home:
        await home.pass_time(60, step_s=1)

        [told] = home.commander.stranded()
        assert "Acme Cell (cell)" in told
        assert told in caplog.text
        # A stop does not wait for it.
        began_s = clock.monotonic()
        await home.commander.give_back(5)
        assert clock.monotonic() == began_s
    async with gateway(db, clock, {"cell": box}) as home:
        await home.pass_time(40, step_s=1)
        assert home.commander.stranded() == ()
    assert box.writes[-1] == SetOperationMode(OperationMode.SELF_RELIANCE)


async def test_what_only_may_be_read_is_told_of_until_somebody_has_set_it_right(
    db: Path, clock: FakeClock
) -> None:
    box = battery_box()
    await force(db, clock, box)
    async with gateway(db, clock, {}) as home:
        await home.poller.reconfigure({"cell": configured("cell", box, read_only=True)})
        await home.pass_time(40, step_s=1)
        [told] = home.commander.stranded()
        assert "read only" in told
        box.readings["battery"] = BatteryReading(operation_mode=OperationMode.SELF_RELIANCE)
        await home.pass_time(5)

        assert home.commander.stranded() == ()
        assert await home.db.read(setpoints.touched) == []
    assert box.writes == [SetOperationMode(IMPORT)]


async def test_what_could_not_be_given_back_before_it_was_removed_is_told_of(
    db: Path, clock: FakeClock
) -> None:
    box = battery_box()
    async with gateway(db, clock, {"cell": box}) as home:
        await home.pass_time(1)
        steer(home)
        await home.pass_time(4)
        box.obeys = False
        async with asyncio.TaskGroup() as group:
            group.create_task(home.poller.reconfigure({}))
            await home.pass_time(8, step_s=0.5)

        [told] = home.commander.stranded()
        assert "no longer configured" in told
