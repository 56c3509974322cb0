"""The picture: replaced whole, watched without queues."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from gatewayd.model.asset import Asset, AssetKind, Role
from gatewayd.model.command import Action, ActionState, StartCharging
from gatewayd.model.reading import BatteryReading, InverterReading, MeterReading, Sample
from gatewayd.model.site import AssetState, Site
from gatewayd.state.store import Store
from tests.fakes.clock import FakeClock, settle
from tests.unit.state.conftest import NOW


def asset(device_id: str, kind: AssetKind) -> Asset:
    return Asset(
        id=f"{device_id} {kind}",
        device_id=device_id,
        role=kind.value,
        slug=f"{device_id}_{kind}",
        user_id="ada",
        vendor="X",
        brand="X",
        model="Y",
        spec=Role(kind),
        created_at=NOW,
    )


INVERTER = asset("roof", AssetKind.INVERTER)
BATTERY = asset("roof", AssetKind.BATTERY)
METER = asset("meter", AssetKind.METER)
PRODUCING = InverterReading(power_w=1000)
CHARGING = BatteryReading(power_w=500, soc_pct=50)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def store(clock: FakeClock) -> Store:
    return Store(clock, [INVERTER, BATTERY, METER])


def state(store: Store, one: Asset) -> AssetState:
    return store.site.assets[one.id]


async def collect(store: Store, take: Callable[[Site], None]) -> None:
    async for site in store.watch():
        take(site)


@asynccontextmanager
async def watching(*watchers: Coroutine[None, None, None]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(watcher) for watcher in watchers]
    await settle()
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def test_assets_start_unreachable_and_without_a_sample(store: Store) -> None:
    assert [*store.site.assets.values()] == [
        AssetState(INVERTER),
        AssetState(BATTERY),
        AssetState(METER),
    ]


async def test_a_reading_is_stamped_with_both_times(store: Store, clock: FakeClock) -> None:
    await clock.advance(5)

    store.put("roof", {"inverter": PRODUCING, "battery": CHARGING})

    at = NOW + timedelta(seconds=5)
    assert state(store, BATTERY) == AssetState(BATTERY, Sample(CHARGING, at, 5.0), True, at)
    assert state(store, INVERTER).sample == Sample(PRODUCING, at, 5.0)
    assert state(store, METER) == AssetState(METER)


async def test_a_role_left_out_keeps_its_older_sample(store: Store, clock: FakeClock) -> None:
    store.put("roof", {"inverter": PRODUCING, "battery": CHARGING})
    await clock.advance(5)

    store.put("roof", {"inverter": InverterReading(power_w=900)})

    assert state(store, BATTERY).sample == Sample(CHARGING, NOW, 0.0)
    assert state(store, BATTERY).is_reachable
    assert state(store, BATTERY).last_seen_at == NOW + timedelta(seconds=5)
    assert state(store, INVERTER).sample == Sample(
        InverterReading(power_w=900), NOW + timedelta(seconds=5), 5.0
    )


def test_a_role_nobody_adopted_is_no_asset(store: Store) -> None:
    store.put("meter", {"meter": MeterReading(power_w=1), "inverter": PRODUCING})
    store.put("nobody", {"meter": MeterReading(power_w=1)})

    assert len(store.site.assets) == 3


async def test_a_lost_device_keeps_its_samples_with_their_old_time(
    store: Store, clock: FakeClock
) -> None:
    store.put("roof", {"inverter": PRODUCING, "battery": CHARGING})
    before = state(store, BATTERY)
    await clock.advance(60)

    store.lose("roof")

    assert state(store, BATTERY) == replace(before, is_reachable=False)
    assert state(store, INVERTER).last_seen_at == NOW


def test_the_picture_a_reader_holds_does_not_move(store: Store) -> None:
    held = store.site
    before = dict(held.assets)

    store.put("roof", {"battery": CHARGING})
    store.forget([METER.id])

    assert dict(held.assets) == before
    with pytest.raises(TypeError):
        held.assets["x"] = AssetState(METER)  # type: ignore[index]


def test_adopting_a_known_asset_keeps_what_it_said(store: Store) -> None:
    store.put("roof", {"battery": CHARGING})
    renamed = replace(BATTERY, name="Keller")
    new = asset("wallbox", AssetKind.CHARGER)

    store.adopt([renamed, new])

    assert state(store, BATTERY) == replace(
        state(store, BATTERY), asset=renamed, sample=Sample(CHARGING, NOW, 0.0), is_reachable=True
    )
    assert state(store, new) == AssetState(new)


def test_a_forgotten_asset_is_gone(store: Store) -> None:
    store.forget([BATTERY.id, "nobody"])

    assert [*store.site.assets] == [INVERTER.id, METER.id]


def test_an_action_is_shown_on_its_asset(store: Store) -> None:
    action = Action("1", "ada", METER.id, AssetKind.METER, StartCharging(), "api", NOW, NOW)

    store.acted(action)
    store.acted(replace(action, asset_id="nobody"))
    store.put("meter", {"meter": MeterReading()})
    assert state(store, METER).action == action

    ended = action.ended(ActionState.CONFIRMED, NOW)
    store.acted(ended)
    assert state(store, METER).action == ended


async def test_the_picture_after_a_restart_is_old_and_unreachable(clock: FakeClock) -> None:
    before = NOW - timedelta(seconds=2)

    store = Store(clock, [INVERTER, BATTERY, METER], {"roof": {"battery": (before, CHARGING)}})

    assert state(store, BATTERY) == AssetState(
        BATTERY, Sample(CHARGING, before, -math.inf), False, before
    )
    assert state(store, INVERTER) == AssetState(INVERTER)


async def test_a_watcher_sees_the_picture_now_and_each_change(store: Store) -> None:
    seen: list[Site] = []

    async with watching(collect(store, seen.append)):
        assert seen == [store.site]
        store.put("roof", {"battery": CHARGING})
        await settle()

        assert seen[1:] == [store.site]


async def test_a_slow_watcher_skips_to_the_newest_picture(store: Store) -> None:
    seen: list[Site] = []
    resume = asyncio.Event()

    async def watch_slowly() -> None:
        async for site in store.watch():
            seen.append(site)
            await resume.wait()

    async with watching(watch_slowly()):
        for power_w in range(1000):
            store.put("meter", {"meter": MeterReading(power_w=power_w)})
        newest = store.site
        resume.set()
        await settle()

        assert seen[1:] == [newest]


async def test_losing_what_is_lost_wakes_nobody(store: Store) -> None:
    seen: list[Site] = []

    async with watching(collect(store, seen.append)):
        store.lose("roof")
        store.lose("nobody")
        await settle()

        assert len(seen) == 1


async def test_watchers_do_not_wait_for_each_other(store: Store) -> None:
    seen: list[Site] = []

    async def stuck() -> None:
        async for _ in store.watch():
            await asyncio.Event().wait()

    async with watching(stuck(), collect(store, seen.append)):
        store.put("roof", {"battery": CHARGING})
        await settle()

        assert seen[-1] is store.site
