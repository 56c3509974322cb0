"""The control loop feeds devices' watchdogs on fresh samples only, and systemd's on its turns."""

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest

from gatewayd.errors import UnreachableError
from gatewayd.model.command import StartCharging
from tests.fakes.clock import FakeClock
from tests.fakes.driver import ScriptedBox, charger_box, configured
from tests.fakes.gateway import gateway

GONE = UnreachableError("keba: no answer")
WATCHDOG_S = 30.0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def box() -> ScriptedBox:
    made = charger_box()
    made.watchdogs["charger"] = WATCHDOG_S
    return made


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "gatewayd.db"


def note_renewals(box: ScriptedBox, clock: FakeClock) -> list[float]:
    times: list[float] = []

    async def note(step: str) -> None:
        if step == "renew":
            times.append(clock.monotonic())

    box.step = note
    return times


async def test_a_watchdog_is_fed_at_a_third_of_its_time_while_samples_are_fresh(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    fed_at = note_renewals(box, clock)
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(60)

    gaps = [later - earlier for earlier, later in pairwise(fed_at)]
    assert len(fed_at) >= 6
    assert max(gaps) <= WATCHDOG_S / 3
    assert min(gaps) > WATCHDOG_S / 3 - 1.5
    assert set(box.renewals) == {"charger"}


async def test_a_watchdog_starves_when_readings_stop_though_writing_would_work(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(5)
        # A read that never returns leaves the driver open and writable.
        hang = asyncio.Event()

        async def step(name: str) -> None:
            if name == "read":
                await hang.wait()

        box.step = step
        await home.pass_time(18)
        assert home.poller.driver("keba") is not None
        box.renewals.clear()
        await home.pass_time(120, step_s=0.5)

        assert box.renewals == []
        hang.set()
        await home.pass_time(3)
        assert len(box.renewals) == 1


async def test_a_watchdog_starves_when_the_control_loop_is_dead(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(5)
        home.tasks["control"].cancel()
        box.renewals.clear()
        await home.pass_time(60)

        assert home.state("keba").is_reachable
        assert box.renewals == []


async def test_a_watchdog_is_not_fed_while_the_device_is_away(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(5)
        box.faults["read"] = box.faults["open"] = GONE
        await home.pass_time(60, step_s=0.5)
        before = len(box.renewals)
        await home.pass_time(60, step_s=0.5)

        assert len(box.renewals) == before


async def test_a_device_without_watchdog_is_not_fed(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    box.watchdogs.clear()
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(30)

    assert box.renewals == []


async def test_a_watchdog_that_was_switched_off_is_not_fed_any_more(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(5)
        box.watchdogs.clear()
        await home.pass_time(3)
        box.renewals.clear()
        await home.pass_time(30)

    assert box.renewals == []


async def test_a_read_only_device_is_not_fed(db: Path, clock: FakeClock, box: ScriptedBox) -> None:
    async with gateway(db, clock, {}) as home:
        await home.poller.reconfigure({"keba": configured("keba", box, read_only=True)})
        await home.pass_time(30)

        assert home.state("keba").is_reachable
    assert box.renewals == []


async def test_a_feeding_that_failed_is_tried_at_the_next_turn(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    box.faults["renew"] = GONE
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(3)
        assert box.count("renew") >= 3
        box.faults.clear()
        await home.pass_time(3)

        assert len(box.renewals) == 1


async def test_feeding_and_commanding_one_asset_never_overlap(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    busy: list[str] = []

    async def step(name: str) -> None:
        if name in ("apply", "renew"):
            assert busy == []
            busy.append(name)
            await clock.sleep(0.5)
            busy.clear()

    box.step = step
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(9.5)
        await home.commander.submit(home.asset("keba").id, StartCharging(), "api")
        await home.pass_time(5)

        assert box.writes == [StartCharging()]
        assert len(box.renewals) == 2


async def test_a_lease_that_ran_out_while_the_lane_was_held_up_feeds_nothing(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    box.watchdogs["charger"] = 3.0
    gate = asyncio.Event()

    async def step(name: str) -> None:
        if name == "apply":
            await gate.wait()

    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(2)
        box.step = step
        await home.commander.submit(home.asset("keba").id, StartCharging(), "api")
        await home.pass_time(2)
        home.tasks["control"].cancel()
        await home.pass_time(10)
        box.renewals.clear()
        gate.set()
        await home.pass_time(2)

        assert box.renewals == []


async def test_systemd_hears_from_every_turn(db: Path, clock: FakeClock) -> None:
    async with gateway(db, clock, {}) as home:
        home.told.clear()
        await home.pass_time(10)

        assert home.told == ["WATCHDOG=1"] * 10


async def test_systemd_hears_nothing_of_a_dead_control_loop(db: Path, clock: FakeClock) -> None:
    async with gateway(db, clock, {}) as home:
        home.tasks["control"].cancel()
        await home.pass_time(1)
        home.told.clear()
        await home.pass_time(10)

        assert home.told == []


async def test_a_turn_that_fails_is_not_vouched_for_and_ends_the_daemon(
    db: Path, clock: FakeClock, box: ScriptedBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    heard: list[list[str]] = []

    async def live() -> None:
        async with gateway(db, clock, {"keba": box}) as home:
            await home.pass_time(3)
            monkeypatch.setattr(home.commander, "renew", fail)
            home.told.clear()
            heard.append(home.told)
            await home.pass_time(3)

    with pytest.raises(ExceptionGroup) as caught:
        await live()

    assert caught.group_contains(ZeroDivisionError)
    assert heard == [[]]
