"""Devices are read forever; what goes wrong with one stays with it."""

import asyncio
import logging
from pathlib import Path

import pytest

from gatewayd.errors import (
    BadReadingError,
    BusyError,
    DeviceError,
    RefusedError,
    UnreachableError,
)
from gatewayd.model.reading import PowerDelivery
from tests.fakes.clock import FakeClock
from tests.fakes.driver import ScriptedBox, battery_box
from tests.fakes.gateway import Gateway, gateway

GONE = UnreachableError("keba: no answer")


def is_reachable(home: Gateway, device_id: str = "keba") -> bool:
    health = home.poller.health(device_id)
    assert health is not None
    assert home.state(device_id).is_reachable == health.is_reachable
    return health.is_reachable


async def test_a_device_is_identified_once_and_read_at_its_interval(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(9)

        assert box.steps[:2] == ["open", "identify"]
        assert box.count("identify") == 1
        assert box.count("read") == 5
        assert home.state("keba").sample is not None
        assert is_reachable(home)


async def test_a_read_that_takes_long_does_not_lengthen_the_interval(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async def slow(step: str) -> None:
        if step == "read":
            await clock.sleep(1.5)

    box.step = slow
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(9)

        assert box.count("read") == 5
        health = home.poller.health("keba")
        assert health is not None
        assert health.latency_s == pytest.approx(1.5)


async def test_a_device_slower_than_its_interval_is_not_taken_for_dead(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async def slow(step: str) -> None:
        if step == "read":
            await clock.sleep(8)

    box.step = slow
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(8.25)

        for _ in range(80):
            await home.pass_time(0.5)
            assert is_reachable(home)


async def test_a_device_comes_back_after_an_outage(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        before = home.state("keba").sample
        box.faults["read"] = box.faults["open"] = GONE
        await home.pass_time(10)

        assert not is_reachable(home)
        assert home.poller.driver("keba") is None
        assert home.state("keba").sample == before

        box.faults.clear()
        await home.pass_time(5.25)

        assert is_reachable(home)
        assert home.poller.driver("keba") is not None
        assert box.count("identify") == 2


async def test_a_device_that_answers_the_next_read_after_its_loss_is_asked_who_it_is(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        box.faults["read"] = GONE
        await home.pass_time(5)
        assert not is_reachable(home)
        box.faults.clear()
        await home.pass_time(3)

        assert is_reachable(home)
        assert box.count("identify") == 2


async def test_a_device_found_silent_between_two_reads_is_asked_who_it_is(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async def time_out(step: str) -> None:
        if step == "read" and "read" in box.faults:
            await clock.sleep(0.9)

    box.step = time_out
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        box.faults["read"] = GONE
        while is_reachable(home):
            await home.pass_time(0.25)
        health = home.poller.health("keba")
        assert health is not None
        assert health.failures < 3
        box.faults.clear()
        await home.pass_time(6)

        assert is_reachable(home)
        assert box.count("identify") == 2


async def test_a_device_whose_link_times_out_is_unreachable_within_10_seconds(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async def time_out(step: str) -> None:
        if step == "read" and "read" in box.faults:
            await clock.sleep(2)

    box.step = time_out
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(2)
        box.faults["read"] = GONE
        await home.pass_time(10)

        assert not is_reachable(home)


async def test_a_read_that_hangs_makes_the_device_unreachable_meanwhile(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    hang = asyncio.Event()

    async def step(name: str) -> None:
        if name == "read" and box.count("read") > 1:
            await hang.wait()

    box.step = step
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(10)
        assert not is_reachable(home)

        hang.set()
        await home.pass_time(1)
        assert is_reachable(home)


async def test_a_call_that_never_returns_is_ended(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async def step(name: str) -> None:
        if name == "identify" and box.count("identify") == 1:
            await asyncio.Event().wait()

    box.step = step
    async with gateway(db, clock, {"keba": box}, call_s=0.02) as home:
        while home.poller.health("keba") is None or box.count("close") == 0:
            await asyncio.sleep(0.005)
        await home.pass_time(5)

        assert is_reachable(home)


async def test_one_lost_poll_changes_nothing(db: Path, clock: FakeClock, box: ScriptedBox) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        box.faults["read"] = GONE
        await home.pass_time(2)
        box.faults.clear()

        assert is_reachable(home)
        await home.pass_time(10)
        assert box.count("identify") == 1


async def test_an_outage_is_logged_once_and_so_is_its_end(
    db: Path, clock: FakeClock, box: ScriptedBox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gatewayd.devices")
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        box.faults["read"] = box.faults["identify"] = GONE
        await home.pass_time(120, step_s=0.5)
        box.faults.clear()
        await home.pass_time(10)

    lines = [line for line in caplog.messages if line.startswith("keba:")]
    assert lines == ["keba: unreachable: keba: no answer", "keba: back after 122 s"]


async def test_a_device_that_is_away_from_the_start_is_logged_once(
    db: Path, clock: FakeClock, box: ScriptedBox, caplog: pytest.LogCaptureFixture
) -> None:
    box.faults["open"] = GONE
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(120, step_s=0.5)

    assert caplog.messages == ["keba: unreachable: keba: no answer"]


async def test_a_dead_device_is_asked_every_5_seconds_then_every_30(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        box.faults["open"] = box.faults["read"] = GONE
        await home.pass_time(599, step_s=1)
        box.steps.clear()
        await home.pass_time(300, step_s=1)

        assert 9 <= box.count("open") <= 11


async def test_a_busy_device_is_asked_less_often_and_stays_reachable(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        before = home.state("keba").sample
        box.faults["read"] = BusyError("keba: busy")
        box.steps.clear()
        await home.pass_time(30)

        assert box.count("read") == 4
        assert is_reachable(home)
        assert home.state("keba").sample == before


async def test_a_device_that_is_busy_for_a_minute_is_as_good_as_dead(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        box.faults["read"] = BusyError("keba: busy")
        await home.pass_time(63)

        assert not is_reachable(home)


async def test_a_bad_reading_is_dropped_and_the_last_sample_stays(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        before = home.state("keba").sample
        box.faults["read"] = BadReadingError("keba: register 7 is nonsense")
        await home.pass_time(2)

        assert is_reachable(home)
        assert home.state("keba").sample == before


async def test_bad_readings_without_end_make_a_device_unreachable(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        box.faults["read"] = BadReadingError("keba: register 7 is nonsense")
        await home.pass_time(6)

        assert not is_reachable(home)


@pytest.mark.parametrize("step", ["open", "identify", "read", "close"])
@pytest.mark.parametrize("fault", [ZeroDivisionError("bug"), GONE, RefusedError("no")])
async def test_no_fault_of_one_driver_touches_another_device(
    db: Path, clock: FakeClock, box: ScriptedBox, step: str, fault: Exception
) -> None:
    box.faults[step] = fault
    cell = battery_box()
    async with gateway(db, clock, {"keba": box, "cell": cell}) as home:
        await home.pass_time(9)

        assert cell.count("read") == 5
        assert is_reachable(home, "cell")


async def test_a_bug_in_a_driver_is_logged_with_its_trace_once(
    db: Path, clock: FakeClock, box: ScriptedBox, caplog: pytest.LogCaptureFixture
) -> None:
    box.faults["read"] = ZeroDivisionError("bug")
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(60)
        box.faults.clear()
        await home.pass_time(5)

        traces = [record for record in caplog.records if record.exc_info]
        assert [record.message for record in traces] == ["keba: bug in driver"]
        assert is_reachable(home)


async def test_after_a_bug_the_driver_is_opened_anew(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        box.faults["read"] = ZeroDivisionError("bug")
        await home.pass_time(2)
        box.faults.clear()
        await home.pass_time(2)

        assert box.count("open") == 2
        assert box.count("close") == 1


async def test_a_cancellation_that_leaks_from_a_library_does_not_end_the_polling(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        box.faults["read"] = asyncio.CancelledError()
        await home.pass_time(2)
        box.faults.clear()
        await home.pass_time(3)

        assert is_reachable(home)
        assert box.count("identify") >= 2


async def test_a_hanging_device_does_not_delay_another(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async def hang(step: str) -> None:
        if step == "read":
            await asyncio.Event().wait()

    box.step = hang
    cell = battery_box()
    async with gateway(db, clock, {"keba": box, "cell": cell}) as home:
        await home.pass_time(9)

        assert cell.count("read") == 5


async def test_a_poke_makes_one_more_read_soon_however_many_there_are(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}, poll_s=60) as home:
        await home.pass_time(1)
        box.steps.clear()
        for _ in range(10):
            home.poller.poke("keba")
        home.poller.poke("nobody")
        await home.pass_time(1)

        assert box.count("read") == 1


async def test_a_poke_during_a_read_makes_another_read_after_it(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async def slow(step: str) -> None:
        if step == "read":
            await clock.sleep(1)

    box.step = slow
    async with gateway(db, clock, {"keba": box}, poll_s=60) as home:
        await home.pass_time(0.5)
        home.poller.poke("keba")
        await home.pass_time(3)

        assert box.count("read") == 2


async def test_pokes_do_not_hammer_a_device_in_an_outage(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        box.faults["open"] = box.faults["read"] = GONE
        await home.pass_time(30)
        box.steps.clear()
        for _ in range(40):
            home.poller.poke("keba")
            await home.pass_time(0.25)

        assert box.count("open") == 2


async def test_a_device_that_answered_once_exists_after_a_restart_before_it_answers(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        known = home.asset("keba")
    box.faults["open"] = GONE
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)

        assert home.asset("keba") == known
        assert not is_reachable(home)


async def test_a_device_that_never_answered_has_no_assets(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    box.faults["open"] = GONE
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(30)

        assert not home.store.site.assets


async def test_health_tells_what_is_wrong(db: Path, clock: FakeClock, box: ScriptedBox) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        fine = home.poller.health("keba")
        box.faults["read"] = GONE
        await home.pass_time(4)
        sick = home.poller.health("keba")

        assert fine is not None
        assert sick is not None
        assert (fine.failures, fine.last_error, fine.last_success_age_s) == (0, None, 1.0)
        assert (sick.failures, sick.last_error, sick.last_success_age_s) == (
            2,
            "keba: no answer",
            5.0,
        )
        assert home.poller.health("nobody") is None


async def test_a_driver_is_closed_when_the_daemon_stops(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)

    assert box.steps[-1] == "close"


async def test_a_driver_that_fails_to_close_does_not_stop_the_stopping(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    box.faults["close"] = OSError("stuck")
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)

    assert box.count("close") == 1


async def test_what_a_driver_says_is_not_changed_by_it_afterwards(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        poll = home.poller.latest("keba")
        box.set_charger(power_delivery=PowerDelivery.CHARGING)

        assert poll is not None
        assert poll.readings["charger"] != box.readings["charger"]


async def test_an_error_out_of_place_is_a_failure_like_any_other(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        box.faults["read"] = DeviceError("keba: odd")
        await home.pass_time(8)
        assert not is_reachable(home)

        box.faults.clear()
        await home.pass_time(6)
        assert is_reachable(home)
