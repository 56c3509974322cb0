"""Minutes: what is kept of what was said, and what comes back after a restart."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.model.asset import AssetKind
from gatewayd.model.reading import (
    BatteryReading,
    BatteryStatus,
    ChargerReading,
    HvacReading,
    InverterReading,
    MeterReading,
    OperationMode,
    PowerDelivery,
    Reading,
    Sample,
    VehicleReading,
)
from gatewayd.state import history
from gatewayd.state.db import Database
from gatewayd.state.history import MinuteRecorder
from gatewayd.state.minute import RoleMinute, pack, unpack
from gatewayd.state.store import Store
from tests.fakes.clock import FakeClock, settle
from tests.unit.state.conftest import NOW, files_limited_to
from tests.unit.state.test_store import BATTERY, CHARGING, INVERTER, METER, PRODUCING

MINUTE = timedelta(minutes=1)
READINGS: list[tuple[AssetKind, Reading]] = [
    (
        AssetKind.BATTERY,
        BatteryReading(-1500.5, 55.5, 10000, BatteryStatus.IDLE, OperationMode.TIME_OF_USE),
    ),
    (
        AssetKind.CHARGER,
        ChargerReading(PowerDelivery.STOPPED, 0, 16, error_code=7, rfid="04:AB", power_factor=0.98),
    ),
    (AssetKind.HVAC, HvacReading(12.5, 21.5, is_active=True, mode="HEAT")),
    (AssetKind.INVERTER, InverterReading(4321, energy_wh=123456789.125, is_asleep=False)),
    (AssetKind.METER, MeterReading(-2500, 1e9, 2.5, 49.987)),
    (AssetKind.VEHICLE, VehicleReading(80, latitude=59.913868, longitude=10.752245)),
]


def minute_of(kind: AssetKind, *readings: Reading) -> RoleMinute:
    minute = RoleMinute(kind, NOW)
    for number, reading in enumerate(readings):
        minute.add(Sample(reading, NOW + timedelta(seconds=number), number))
    return minute


def repacked(minute: RoleMinute) -> RoleMinute:
    return unpack(pack({"role": minute}))["role"]


@pytest.mark.parametrize(("kind", "reading"), READINGS)
def test_a_steady_reading_comes_back_as_it_was(kind: AssetKind, reading: Reading) -> None:
    minute = repacked(minute_of(kind, reading, reading))

    assert minute.reading() == reading
    assert (minute.kind, minute.count, minute.at) == (kind, 2, NOW + timedelta(seconds=1))


def test_a_number_keeps_mean_lowest_highest_and_last() -> None:
    powers = [100.0, -50.0, 250.0, 40.0]
    readings = [MeterReading(power_w=power, import_wh=12345678.4) for power in powers]

    spans = repacked(minute_of(AssetKind.METER, *readings)).spans

    power, energy = spans["power_w"], spans["import_wh"]
    assert (power.mean, power.low, power.high, power.last) == (85, -50, 250, 40)
    assert (energy.mean, energy.last) == (12345678.4, 12345678.4)


def test_what_is_not_a_number_keeps_its_last_word() -> None:
    minute = minute_of(
        AssetKind.CHARGER,
        ChargerReading(PowerDelivery.CHARGING, error_code=1),
        ChargerReading(PowerDelivery.STOPPED, error_code=2),
        ChargerReading(power_w=0),
    )

    assert minute.reading() == ChargerReading(PowerDelivery.STOPPED, 0, error_code=2)


def test_nonsense_numbers_are_left_out() -> None:
    minute = minute_of(AssetKind.METER, MeterReading(float("nan"), float("inf"), 1))

    assert repacked(minute).reading() == MeterReading(export_wh=1)


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=60))
def test_packing_keeps_five_digits(powers: list[float]) -> None:
    readings = [MeterReading(power_w=power) for power in powers]

    span = repacked(minute_of(AssetKind.METER, *readings)).spans["power_w"]

    kept = [span.mean, span.low, span.high]
    true = [sum(powers) / len(powers), min(powers), max(powers)]
    assert kept == pytest.approx(true, rel=1e-4, abs=1e-3)
    assert span.last == pytest.approx(powers[-1], abs=1e-3)


def test_a_row_of_another_version_is_read_as_far_as_it_is_known() -> None:
    minute = minute_of(AssetKind.BATTERY, BatteryReading(1.0, status=BatteryStatus.FAULT))
    minute.spans["vibration_hz"] = minute.spans["power_w"]
    minute.states |= {"mood": "good", "operation_mode": "TURBO"}

    assert repacked(minute).reading() == BatteryReading(1.0, status=BatteryStatus.FAULT)


async def test_a_minute_is_found_again_and_the_last_words_too(db: Database) -> None:
    early, late = (
        minute_of(AssetKind.METER, MeterReading(1)),
        minute_of(AssetKind.METER, MeterReading(2)),
    )
    now = history.minute_of(NOW)
    await db.write(
        lambda c: history.put_minutes(
            c, {(now, "a"): {"meter": early}, (now + 1, "a"): {"meter": late}}
        )
    )

    found = await db.read(lambda c: history.load(c, "a", NOW, NOW + MINUTE))
    assert [(at, roles["meter"].reading()) for at, roles in found] == [(NOW, MeterReading(1))]
    assert len(await db.read(lambda c: history.load(c, "a", NOW, NOW + 2 * MINUTE))) == 2
    assert await db.read(lambda c: history.load(c, "b", NOW, NOW + MINUTE)) == []
    assert await db.read(history.last) == {"a": {"meter": (NOW, MeterReading(2))}}


async def test_two_parts_of_a_minute_become_one(db: Database) -> None:
    key = (history.minute_of(NOW), "a")
    first = minute_of(AssetKind.METER, MeterReading(10), MeterReading(20), MeterReading(30))
    second = minute_of(AssetKind.METER, MeterReading(100))

    for part in (first, second):
        await db.write(partial(history.put_minutes, minutes={key: {"meter": part}}))

    ((_, roles),) = await db.read(lambda c: history.load(c, "a", NOW, NOW + MINUTE))
    span = roles["meter"].spans["power_w"]
    assert (span.mean, span.low, span.high, span.last) == (40, 10, 100, 100)
    assert roles["meter"].count == 4


async def test_words_repeated_from_earlier_do_not_count(db: Database) -> None:
    key = (history.minute_of(NOW), "a")
    repeated = RoleMinute.repeating(AssetKind.METER, Sample(MeterReading(999), NOW - MINUTE, 0))
    said = minute_of(AssetKind.METER, MeterReading(1))

    for part in (repeated, said, repeated):
        await db.write(partial(history.put_minutes, minutes={key: {"meter": part}}))

    ((_, roles),) = await db.read(lambda c: history.load(c, "a", NOW, NOW + MINUTE))
    assert roles["meter"].spans["power_w"].high == 1
    assert await db.read(history.last) == {"a": {"meter": (NOW, MeterReading(1))}}


async def test_old_rows_go_in_small_pieces(db: Database) -> None:
    now = history.minute_of(NOW)
    steady = {"meter": minute_of(AssetKind.METER, MeterReading(1))}
    await db.write(lambda c: history.put_minutes(c, {(now + n, "a"): steady for n in range(10)}))

    before = NOW + 7 * MINUTE
    assert await db.write(lambda c: history.prune(c, before, 5)) == 5
    assert await db.write(lambda c: history.prune(c, before, 5)) == 2
    assert await db.write(lambda c: history.prune(c, before, 5)) == 0
    left = await db.read(lambda c: history.load(c, "a", NOW, NOW + 10 * MINUTE))
    assert [at for at, _ in left] == [before + n * MINUTE for n in range(3)]


class Home:
    """A store, its recorder, and the clock of both."""

    def __init__(self, db: Database, clock: FakeClock) -> None:
        self.db = db
        self.clock = clock
        self.store = Store(clock, [INVERTER, BATTERY, METER])

    async def minutes(self, device_id: str) -> list[tuple[int, Reading]]:
        """How many samples each minute has, and the last of them."""
        rows = await self.db.read(
            lambda c: history.load(c, device_id, NOW - timedelta(days=99), NOW + timedelta(days=9))
        )
        return [(one.count, one.reading()) for _, roles in rows for one in roles.values()]

    async def pass_s(self, seconds: float) -> None:
        """Let time pass, and the recorder come back to its sleep: it alone uses this clock."""
        await self.clock.advance(seconds)
        while not self.clock._sleepers:
            await asyncio.sleep(0.001)

    @asynccontextmanager
    async def recording(self) -> AsyncIterator[None]:
        task = asyncio.create_task(MinuteRecorder(self.store, self.db, self.clock, 31).run())
        await settle()
        try:
            yield
        finally:
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task


@pytest.fixture
def home(db: Database) -> Home:
    return Home(db, FakeClock(NOW))


async def test_all_devices_are_written_once_a_minute_in_one_transaction(home: Home) -> None:
    statements: list[str] = []
    async with home.recording():
        await home.pass_s(61)
        await home.db.write(lambda c: c.set_trace_callback(statements.append))
        for _ in range(58):
            home.store.put("roof", {"inverter": PRODUCING, "battery": CHARGING})
            home.store.put("meter", {"meter": MeterReading(power_w=1)})
            await home.pass_s(1)
        assert await home.minutes("roof") == []

        await home.pass_s(1)

        transactions = " ".join(statements).split("COMMIT")
        assert sum("REPLACE INTO samples" in each for each in transactions) == 1
        assert await home.minutes("roof") == [(58, PRODUCING), (58, CHARGING)]
        assert await home.minutes("meter") == [(58, MeterReading(power_w=1))]


class Early(FakeClock):
    """Its timers ring a millisecond early."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds - 0.001 if seconds > 1 else seconds)


async def test_a_timer_that_rings_early_and_a_slow_disk_put_no_minute_off(db: Database) -> None:
    home, is_free = Home(db, Early(NOW)), threading.Event()
    async with home.recording():
        await home.pass_s(60.5)
        home.store.put("meter", {"meter": MeterReading(power_w=1)})
        slow = asyncio.create_task(db.write(lambda _: is_free.wait()))
        await home.clock.advance(59.4995)
        await home.clock.advance(0.5)
        is_free.set()
        await slow
        await home.pass_s(0)

        assert await home.minutes("meter") == [(1, MeterReading(power_w=1))]


async def test_a_sample_is_counted_once_however_often_the_picture_changes(home: Home) -> None:
    async with home.recording():
        home.store.put("meter", {"meter": MeterReading(power_w=1)})
        await settle()
        for _ in range(5):
            home.store.put("roof", {"battery": CHARGING})
            home.store.lose("meter")
            await home.clock.advance(1)

    assert await home.minutes("meter") == [(1, MeterReading(power_w=1))]


async def test_the_minute_begun_is_written_at_the_stop(home: Home) -> None:
    async with home.recording():
        home.store.put("roof", {"battery": CHARGING})
        await settle()

    assert await home.minutes("roof") == [(1, CHARGING)]


async def test_after_a_restart_the_picture_starts_with_the_last_words(
    path: Path, home: Home
) -> None:
    async with home.recording():
        home.store.put("roof", {"battery": CHARGING})
        home.store.put("meter", {"meter": MeterReading(power_w=7)})
        await home.pass_s(600)
        home.store.put("meter", {"meter": MeterReading(power_w=8)})
        await settle()

    last = await home.db.read(history.last)

    restored = Store(home.clock, [INVERTER, BATTERY, METER], last).site.assets
    assert restored[BATTERY.id].sample == Sample(CHARGING, NOW, float("-inf"))
    meter = restored[METER.id]
    assert meter.sample
    assert (meter.sample.reading, meter.is_reachable) == (MeterReading(power_w=8), False)
    assert meter.last_seen_at == NOW + timedelta(seconds=600)


async def test_a_device_silent_for_days_is_not_forgotten(home: Home) -> None:
    async with home.recording():
        home.store.put("roof", {"battery": CHARGING})
        for _ in range(48 * 6):
            home.store.put("meter", {"meter": MeterReading(power_w=7)})
            await home.pass_s(600)

        last = await home.db.read(history.last)

    assert last["roof"] == {"battery": (NOW, CHARGING)}
    assert sum(count for count, _ in await home.minutes("roof")) == 1


async def test_what_was_restored_is_not_recorded_as_new(home: Home) -> None:
    home.store = Store(home.clock, [BATTERY], {"roof": {"battery": (NOW - MINUTE, CHARGING)}})

    async with home.recording():
        await home.pass_s(120)

    assert {count for count, _ in await home.minutes("roof")} == {0}
    assert await home.db.read(history.last) == {"roof": {"battery": (NOW - MINUTE, CHARGING)}}


async def test_minutes_wait_in_memory_while_the_disk_fails(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gatewayd")
    async with home.recording():
        with files_limited_to(1):
            for power_w in range(3):
                home.store.put("meter", {"meter": MeterReading(power_w=power_w)})
                await home.pass_s(60)
        await home.pass_s(60)

        readings = [reading for count, reading in await home.minutes("meter") if count]
        assert readings == [MeterReading(power_w=power_w) for power_w in range(3)]
    assert caplog.text.count("history: kept in memory") == 1
    assert caplog.text.count("history: written again") == 1


async def test_old_minutes_go_slowly_so_that_a_wrong_clock_costs_little(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "_PRUNE_ROWS", 2)
    monkeypatch.setattr(history, "_PRUNE_PIECES", 3)
    steady = {"meter": minute_of(AssetKind.METER, MeterReading(1))}
    old, young = (history.minute_of(NOW - timedelta(days=days)) for days in (32, 30))
    rows = {(start + n, "a"): steady for start in (old, young) for n in range(10)}
    await home.db.write(lambda c: history.put_minutes(c, rows))
    left = []

    async with home.recording():
        for _ in range(3):
            await home.pass_s(3600)
            left.append(len(await home.minutes("a")))

    assert left == [14, 10, 10]
