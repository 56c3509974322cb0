"""A gateway whose schedules and smart charging run, and a car that takes what it is given."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from gatewayd.control.steering import wishes
from gatewayd.control.steering.service import Steering
from gatewayd.model.asset import AssetKind
from gatewayd.model.climate import TargetState
from gatewayd.model.location import Location
from gatewayd.model.reading import ChargerReading, PowerDelivery, VehicleReading
from gatewayd.model.schedule import (
    ChargeSchedule,
    HourMinute,
    Rule,
    Schedule,
    TemperatureSchedule,
    Timetable,
)
from gatewayd.model.smart_charging import SmartChargingPolicy
from gatewayd.model.tariff import PriceSlot
from gatewayd.state import assets, locations, users
from tests.fakes.clock import FakeClock
from tests.fakes.driver import ScriptedBox
from tests.fakes.gateway import Gateway, gateway

HOUR = timedelta(hours=1)
# 12:00 in Oslo.
NOON = datetime(2026, 6, 21, 10, 0, tzinfo=UTC)


@dataclass
class Home:
    """What a test talks to."""

    gateway: Gateway
    steering: Steering
    place: Location

    async def put(self, schedule: Schedule) -> Schedule:
        await self.steering.change(lambda c: wishes.put_schedule(c, schedule))
        await self.gateway.db.quiet()
        return schedule

    async def policy(self, device_id: str, **values: Any) -> None:
        """Give a vehicle a policy: enabled and until 07:00, unless told otherwise."""
        vehicle = self.gateway.asset(device_id)
        policy = SmartChargingPolicy(is_enabled=True, deadline_minute=7 * 60)
        wanted = replace(policy, **values)
        await self.steering.change(lambda c: wishes.put_policy(c, vehicle, wanted))
        await self.gateway.db.quiet()

    async def at(self, device_id: str, place: Location | None) -> None:
        """Put an asset somewhere."""
        asset, now = self.gateway.asset(device_id), self.gateway.clock.now()
        place_id = place.id if place else None
        moved = await self.gateway.db.write(
            lambda c: assets.set_location(c, asset.id, place_id, now)
        )
        self.gateway.store.adopt([moved])
        await self.gateway.db.quiet()

    def charge(self, device_id: str, *rules: Rule[bool], default: bool = True) -> ChargeSchedule:
        """A schedule of a charger or vehicle."""
        asset = self.gateway.asset(device_id)
        return ChargeSchedule(
            id=f"{device_id}-schedule",
            user_id=asset.user_id,
            target_id=asset.id,
            target_kind=asset.kind,
            location_id=None,
            timetable=Timetable(default, rules),
            created_at=self.gateway.clock.now(),
        )

    def heat(
        self, device_id: str, default: TargetState, *rules: Rule[TargetState]
    ) -> TemperatureSchedule:
        """A schedule of a heater."""
        asset = self.gateway.asset(device_id)
        assert asset.kind is AssetKind.HVAC
        return TemperatureSchedule(
            id=f"{device_id}-schedule",
            user_id=asset.user_id,
            target_id=asset.id,
            timetable=Timetable(default, rules),
            created_at=self.gateway.clock.now(),
        )

    def state(self, schedule: Schedule) -> str:
        return self.steering.known.statuses[schedule.id].state.value

    def smart(self, device_id: str) -> str:
        return self.steering.known.smart_of(self.gateway.asset(device_id)).charging.state.value


def daily(begin: str, end: str, *, value: bool) -> Rule[bool]:
    """A rule from one time of day to another."""
    return Rule(value, HourMinute(*(int(t[:2]) * 60 + int(t[3:]) for t in (begin, end))))


def night_is_cheap(place: Location) -> Sequence[PriceSlot]:
    """Dear by day, cheap from 01:00 to 05:00 UTC, hour by hour for three days."""
    start = NOON.replace(hour=0)
    return [
        PriceSlot(
            start + n * HOUR,
            start + (n + 1) * HOUR,
            Decimal("0.10") if 1 <= n % 24 < 5 else Decimal("0.40"),
        )
        for n in range(72)
        if place.id
    ]


def say(box: ScriptedBox, role: str, delivery: PowerDelivery, **values: Any) -> None:
    """Change what a charger or vehicle says."""
    said = box.readings[role]
    assert isinstance(said, ChargerReading | VehicleReading)
    box.readings[role] = replace(said, power_delivery=delivery, **values)


@asynccontextmanager
async def home(
    path: Path,
    clock: FakeClock,
    boxes: dict[str, ScriptedBox],
    market: Callable[[Location], Sequence[PriceSlot]] = lambda _place: (),
) -> AsyncIterator[Home]:
    """Run over the database at `path`; leaving the block stops it as a kill would."""
    async with gateway(path, clock, boxes) as running:
        steering = Steering(
            db=running.db,
            store=running.store,
            commander=running.commander,
            clock=clock,
            currency="NOK",
            market=market,
        )
        now = clock.now()
        await running.db.write(lambda c: users.ensure(c, "home", now))
        place = await running.db.write(
            lambda c: locations.ensure_home(c, "home", "Home", 59.9, 10.7, "Europe/Oslo", now)
        )
        await steering.load()
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(steering.run())
            await running.pass_time(3)
            yield Home(running, steering, place)
            task.cancel()
