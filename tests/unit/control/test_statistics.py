"""Counting energy from the minutes on the disk."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import pytest

from gatewayd.control.energy import energy, may_change
from gatewayd.control.statistics import EVENT, StatisticsRecorder
from gatewayd.model.asset import Asset, AssetKind, Identity, Role
from gatewayd.model.reading import ChargerReading, Sample
from gatewayd.model.statistics import EnergySample
from gatewayd.state import assets, history, locations, outbox, statistics, users
from gatewayd.state.assets import DeviceRecord
from gatewayd.state.db import Database
from gatewayd.state.minute import RoleMinute
from gatewayd.state.store import Store
from tests.fakes.clock import FakeClock
from tests.fakes.measured import put_minute, run_at

NOW = datetime(2026, 6, 21, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PLACE = ("Home", 59.9, 10.7)


@dataclass
class Rooms:
    clock: FakeClock
    db: Database
    store: Store
    recorder: StatisticsRecorder
    home: str
    cabin: str

    def asset(self, kind: AssetKind) -> Asset:
        (state,) = self.store.site.of_kind(kind)
        return state.asset

    async def kept(self, kind: AssetKind, since: datetime = NOW - 30 * DAY) -> list[EnergySample]:
        asset_id, until = self.asset(kind).id, NOW + 30 * DAY
        return await self.db.read(lambda c: statistics.load(c, asset_id, since, until))

    async def energy_wh(self, kind: AssetKind) -> float:
        asset, now = self.asset(kind), self.clock.now()
        found = await self.db.read(lambda c: energy(c, asset, NOW - 30 * DAY, now, now))
        return sum(sample.energy_wh for sample in found)

    async def charge(self, start: datetime, minutes: int, power_w: float = 6000) -> None:
        charger = self.asset(AssetKind.CHARGER)
        await self.db.write(lambda c: run_at(c, charger, start, minutes, power_w))

    async def told(self) -> list[tuple[object, object, object]]:
        rows = await self.db.read(lambda c: outbox.after(c, 0))
        return [
            (row.body["year"], row.body["month"], row.body["day"])
            for row in rows
            if row.event == EVENT
        ]


@pytest.fixture
async def rooms(tmp_path: Path) -> AsyncIterator[Rooms]:
    clock = FakeClock()
    async with Database.open(tmp_path / "state.db", clock=clock) as db:
        await db.write(lambda c: [users.ensure(c, user, NOW) for user in ("anna", "bert")])
        home, cabin = await db.write(
            lambda c: [
                locations.ensure_home(c, user, *PLACE, "Europe/Oslo", NOW)
                for user in ("anna", "bert")
            ]
        )
        kinds = (AssetKind.CHARGER, AssetKind.INVERTER)
        identity = Identity("Acme", "Box", {kind.value: Role(kind) for kind in kinds})
        device = DeviceRecord("box", user_id="anna", location_id=home.id)
        adopted = await db.write(lambda c: assets.adopt(c, device, identity, NOW - 40 * DAY))
        store = Store(clock, adopted)
        recorder = StatisticsRecorder(store, db, clock)
        yield Rooms(clock, db, store, recorder, home.id, cabin.id)


async def test_the_history_from_before_is_counted_at_the_start(rooms: Rooms) -> None:
    await rooms.charge(NOW - 9 * DAY, 90)

    await rooms.recorder.count()

    kept = await rooms.kept(AssetKind.CHARGER)
    assert len(kept) == 6
    assert sum(one.energy_wh for one in kept) == pytest.approx(9000)
    assert {one.location_id for one in kept} == {rooms.home}


async def test_a_quarter_of_all_assets_is_written_at_once(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rooms.charge(NOW - HOUR, 60)
    writes, write = [], rooms.db.write

    async def counted(change: Callable[[Connection], Any]) -> Any:
        writes.append(change)
        return await write(change)

    monkeypatch.setattr(rooms.db, "write", counted)
    await rooms.recorder.count()
    at_first = len(writes)
    await rooms.charge(NOW, 15)
    await rooms.clock.advance(17 * 60)
    await rooms.recorder.count()

    # A month without a minute before it costs nothing; each time what is too old is deleted too.
    assert len(await rooms.kept(AssetKind.CHARGER)) == 5
    assert at_first == 2
    # With the charging itself.
    assert len(writes) == at_first + 3


async def test_a_restart_neither_loses_energy_nor_counts_it_twice(rooms: Rooms) -> None:
    await rooms.charge(NOW - HOUR, 40)
    await rooms.recorder.count()
    again = StatisticsRecorder(rooms.store, rooms.db, rooms.clock)
    await rooms.db.write(
        lambda c: run_at(
            c, rooms.asset(AssetKind.CHARGER), NOW - 20 * MINUTE, 20, 6000, counter_wh=4000.5
        )
    )

    for _ in range(3):
        await again.count()
        await rooms.clock.advance(900)

    kept = await rooms.kept(AssetKind.CHARGER)
    assert sum(one.energy_wh for one in kept) == pytest.approx(6000)


async def test_minutes_that_are_not_settled_yet_are_seen_but_not_kept(rooms: Rooms) -> None:
    await rooms.charge(NOW - 7 * MINUTE, 7)
    await rooms.recorder.count()

    assert await rooms.kept(AssetKind.CHARGER) == []
    assert await rooms.energy_wh(AssetKind.CHARGER) == pytest.approx(700)

    await rooms.clock.advance(15 * 60)
    await rooms.recorder.count()

    assert sum(one.energy_wh for one in await rooms.kept(AssetKind.CHARGER)) == pytest.approx(700)
    assert await rooms.energy_wh(AssetKind.CHARGER) == pytest.approx(700)


async def test_the_count_follows_every_quarter_of_an_hour(rooms: Rooms) -> None:
    await rooms.recorder.count()
    task = asyncio.create_task(rooms.recorder.run())
    await rooms.charge(NOW, 60)
    kept = []
    for _ in range(4):
        for _ in range(20):
            await rooms.db.write(lambda c: None)
            await rooms.clock.advance(0)
        kept.append(len(await rooms.kept(AssetKind.CHARGER)))
        await rooms.clock.advance(15 * 60)
    task.cancel()

    # Two minutes after the quarter its last minute is on the disk.
    assert kept == [0, 0, 1, 2]


async def test_a_move_within_a_quarter_is_two_samples(rooms: Rooms) -> None:
    await rooms.recorder.count()
    await rooms.charge(NOW, 15)
    await rooms.clock.advance(6 * 60)
    charger, moved_at = rooms.asset(AssetKind.CHARGER), rooms.clock.now()
    moved = await rooms.db.write(
        lambda c: assets.set_location(c, charger.id, rooms.cabin, moved_at)
    )
    rooms.store.adopt([moved])
    await rooms.clock.advance(20 * 60)

    await rooms.recorder.count()

    kept = await rooms.kept(AssetKind.CHARGER)
    assert [(one.location_id, one.readings) for one in kept] == [(rooms.home, 6), (rooms.cabin, 9)]


async def test_an_inverters_days_and_months_are_told_when_they_change(rooms: Rooms) -> None:
    inverter = rooms.asset(AssetKind.INVERTER)
    # Midnight in Oslo is 22:00 UTC.
    start = datetime(2026, 5, 31, 21, 50, tzinfo=UTC)
    await rooms.db.write(lambda c: run_at(c, inverter, start, 20, 3000))

    await rooms.recorder.count()
    told = await rooms.told()
    await rooms.recorder.count()

    assert told == [(2026, 5, 31), (2026, 6, 1), (2026, 5, None), (2026, 6, None)]
    assert await rooms.told() == told


async def test_a_charger_tells_nothing(rooms: Rooms) -> None:
    await rooms.charge(NOW - HOUR, 40)

    await rooms.recorder.count()

    assert await rooms.told() == []


async def test_a_clock_that_was_ahead_does_not_end_the_count(rooms: Rooms) -> None:
    rooms.clock.jump_wall(timedelta(days=3650))
    await rooms.recorder.count()
    rooms.clock.jump_wall(-timedelta(days=3650))
    await rooms.recorder.count()
    await rooms.charge(NOW, 30)
    await rooms.clock.advance(HOUR.total_seconds())

    await rooms.recorder.count()

    assert sum(one.energy_wh for one in await rooms.kept(AssetKind.CHARGER)) == pytest.approx(3000)


async def test_a_clock_that_is_behind_costs_nothing_that_was_counted(rooms: Rooms) -> None:
    await rooms.charge(NOW - 3 * HOUR, 60)
    await rooms.recorder.count()
    kept = await rooms.kept(AssetKind.CHARGER)

    rooms.clock.jump_wall(-timedelta(days=20_000))
    await rooms.recorder.count()
    rooms.clock.jump_wall(timedelta(days=20_000))
    await rooms.recorder.count()

    assert await rooms.kept(AssetKind.CHARGER) == kept


async def test_minutes_that_a_clock_set_back_brings_again_are_counted_once(rooms: Rooms) -> None:
    charger, quarter = rooms.asset(AssetKind.CHARGER), NOW - HOUR

    async def use(since: int, until: int) -> None:
        for number in range(since, until):
            at = quarter + number * MINUTE
            await rooms.db.write(partial(put_minute, asset=charger, start=at, power_w=6000.0))

    await use(5, 15)
    await rooms.recorder.count()
    rooms.clock.jump_wall(-3 * HOUR)
    await rooms.recorder.count()
    await use(0, 10)
    rooms.clock.jump_wall(3 * HOUR)
    await rooms.recorder.count()

    (kept,) = await rooms.kept(AssetKind.CHARGER)
    assert kept.start == quarter
    assert kept.energy_wh == pytest.approx(1500)


async def test_a_silent_inverters_evening_may_still_change(rooms: Rooms) -> None:
    inverter = rooms.asset(AssetKind.INVERTER)
    await rooms.db.write(lambda c: run_at(c, inverter, NOW - 5 * HOUR, 60, 3000))
    await rooms.recorder.count()

    async def may(until: datetime) -> bool:
        now = rooms.clock.now()
        return await rooms.db.read(lambda c: may_change(c, inverter, until, now))

    assert await may(NOW - HOUR)
    assert not await may(NOW - 5 * HOUR)
    await rooms.clock.advance(2 * DAY.total_seconds())
    await rooms.recorder.count()
    assert not await may(NOW - HOUR)


async def test_what_a_silent_device_is_repeated_to_have_said_is_no_energy(rooms: Rooms) -> None:
    charger = rooms.asset(AssetKind.CHARGER)
    sample = Sample(ChargerReading(power_w=6000), NOW - HOUR, 0.0)
    repeated = {"charger": RoleMinute.repeating(AssetKind.CHARGER, sample)}
    row = {(history.minute_of(NOW - HOUR), charger.device_id): repeated}
    await rooms.db.write(lambda c: history.put_minutes(c, row))

    await rooms.recorder.count()

    assert await rooms.kept(AssetKind.CHARGER) == []


async def test_years_are_kept_and_no_more(rooms: Rooms) -> None:
    await rooms.charge(NOW - HOUR, 40)
    await rooms.recorder.count()

    await rooms.clock.advance(731 * DAY.total_seconds())
    await rooms.recorder.count()
    assert len(await rooms.kept(AssetKind.CHARGER)) == 3

    await rooms.clock.advance(2 * DAY.total_seconds())
    await rooms.recorder.count()
    assert await rooms.kept(AssetKind.CHARGER) == []


async def test_other_assets_stay_out_of_an_assets_quarters(rooms: Rooms) -> None:
    await rooms.charge(NOW - HOUR, 40)
    await rooms.recorder.count()
    charger = rooms.asset(AssetKind.CHARGER)
    other = replace(charger, id="other")

    assert await rooms.db.read(lambda c: statistics.load(c, other.id, NOW - DAY, NOW)) == []
    assert await rooms.kept(AssetKind.INVERTER) == []
