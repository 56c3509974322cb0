"""What is told of a device's link: ages, latencies and counts."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from gatewayd.devices.device import DayOfWrites, LinkCounts
from gatewayd.devices.health import Health
from gatewayd.errors import (
    AuthError,
    BadReadingError,
    BusyError,
    DeviceError,
    RefusedError,
    UnreachableError,
)
from gatewayd.model.command import SetMaxCurrent
from gatewayd.sdk.options import DeviceOptions, ModbusOptions
from tests.fakes.clock import FakeClock
from tests.fakes.driver import ScriptedBox, charger_box, configured
from tests.fakes.gateway import gateway
from tests.unit.devices.asking import ask


@pytest.fixture
def health(clock: FakeClock) -> Health:
    return Health("keba", 2.0, clock)


async def test_it_tells_for_how_long_the_device_has_been_so(
    health: Health, clock: FakeClock
) -> None:
    await clock.advance(5)
    assert (health.view().is_reachable, health.view().state_age_s) == (False, 5.0)

    health.answered(0.1)
    await clock.advance(3)
    health.answered(0.1)
    assert (health.view().is_reachable, health.view().state_age_s) == (True, 3.0)

    for _ in range(3):
        health.failed(UnreachableError("no answer"))
    await clock.advance(2)
    health.failed(UnreachableError("no answer"))
    assert (health.view().is_reachable, health.view().state_age_s) == (False, 2.0)


async def test_the_last_error_stays_with_its_age(health: Health, clock: FakeClock) -> None:
    health.failed(BadReadingError("nonsense"))
    health.answered(0.1)
    await clock.advance(60)

    assert (health.view().last_error, health.view().last_error_age_s) == ("nonsense", 60.0)
    assert health.view().failures == 0


def test_latency_is_told_as_usual_and_at_worst(health: Health) -> None:
    assert (health.view().usual_latency_s, health.view().worst_latency_s) == (None, None)

    for latency_s in (0.1, 1.1, 0.1):
        health.answered(latency_s)

    assert health.view().usual_latency_s == pytest.approx(0.19)
    assert health.view().worst_latency_s == 1.1


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (UnreachableError("x"), LinkCounts(reads=1, timeouts=1)),
        (BusyError("x"), LinkCounts(reads=1, refused=1)),
        (RefusedError("x"), LinkCounts(reads=1, refused=1)),
        (AuthError("x"), LinkCounts(reads=1, refused=1)),
        (BadReadingError("x"), LinkCounts(reads=1, bad_frames=1)),
        (DeviceError("bug in driver"), LinkCounts(reads=1, faults=1)),
    ],
)
def test_failures_are_counted_by_their_kind(
    health: Health, error: DeviceError, expected: LinkCounts
) -> None:
    health.answered(0.1)
    health.failed(error)

    assert health.view().counts == expected


def test_writes_are_counted_by_day_for_a_week(health: Health, clock: FakeClock) -> None:
    for _ in range(9):
        health.wrote()
        health.wrote(is_renewal=True)
        clock.jump_wall(timedelta(days=1))

    writes = health.view().writes
    assert len(writes) == 7
    assert writes[-1] == DayOfWrites(date(2026, 6, 29), commands=1, renewals=1)


async def test_reads_reconnections_and_commands_of_a_device_are_counted(
    tmp_path: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(tmp_path / "db", clock, {"keba": box}) as home:
        await home.pass_time(1)
        await ask(home, SetMaxCurrent(10.0))
        await home.pass_time(5)
        box.faults |= {"read": UnreachableError("no answer")}
        await home.pass_time(20)
        box.faults.clear()
        await home.pass_time(20)

        found = home.poller.health("keba")
        assert found is not None
        assert found.counts.reconnects >= 1
        assert found.counts.timeouts >= 3
        # The last read may be under way.
        assert found.counts.reads in (box.count("answer"), box.count("answer") - 1)
        assert [day.commands for day in found.writes] == [box.count("apply")]
        assert [device.id for device in home.poller.devices()] == ["keba"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (ModbusOptions(host="10.0.0.7", unit=3), "10.0.0.7:502 unit 3"),
        (ModbusOptions(serial="/dev/ttyUSB0"), "/dev/ttyUSB0 unit 1"),
        (ModbusOptions(host="h").model_copy(update={"host": "me:secret@box"}), "box:502 unit 1"),
        (DeviceOptions(), None),
    ],
)
def test_a_device_says_where_it_is(options: DeviceOptions, expected: str | None) -> None:
    assert replace(configured("keba", charger_box()), options=options).address == expected


async def test_a_device_without_power_at_night_is_asleep_and_no_warning(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    health = Health("roof", 2.0, clock, sleeps=True)
    caplog.set_level("INFO")

    for is_dark in (True, False):
        health.answered(0.1, is_dark=is_dark)
        for _ in range(3):
            health.failed(UnreachableError("no answer"))
        assert (health.view().is_reachable, health.view().is_asleep) == (False, is_dark)

    told = [(r.levelname, r.getMessage()) for r in caplog.records]
    assert told[0] == ("INFO", "roof: asleep: no answer")
    assert told[-1] == ("WARNING", "roof: unreachable: no answer")
