"""A day of a home with a fuse, a car, a battery and a heat pump, governed in long strides."""

import asyncio
import math
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from sqlite3 import Connection
from zoneinfo import ZoneInfo

import pytest

from gatewayd.control.governor import governor, guard_loop
from gatewayd.control.governor.bench import Bench
from gatewayd.control.governor.governor import Governor
from gatewayd.control.governor.guard_loop import GuardLoop
from gatewayd.control.governor.terms import BatteryTerms, ChargerTerms, HeatTerms, Terms
from gatewayd.devices.commander import Commander
from gatewayd.devices.poller import Poller
from gatewayd.links.pool import Links
from gatewayd.model.asset import Asset, AssetKind, Capability, Identity, MeterUsage, Role, Usages
from gatewayd.model.circuit import Circuit
from gatewayd.model.reading import (
    BatteryReading,
    ChargerReading,
    HvacReading,
    MeterReading,
    PowerDelivery,
    Reading,
    SgReady,
)
from gatewayd.model.ready_by import ReadyBy
from gatewayd.plan.arbiter.claims import Setpoint
from gatewayd.plan.battery.modes import BatteryMode, BatterySettings
from gatewayd.plan.ev.words import ChargeMode, ChargeSettings
from gatewayd.plan.heat.boost import BoostSettings
from gatewayd.plan.prices import Prices
from gatewayd.state import assets
from gatewayd.state.assets import DeviceRecord
from gatewayd.state.store import Store
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import SteppedDatabase

# By the home's clock, in Vienna.
MIDNIGHT = datetime(2026, 6, 20, 22, 0, tzinfo=UTC)
VIENNA = ZoneInfo("Europe/Vienna")
STRIDE_S = 58.0
ROLES = [
    Role(kind, frozenset(Capability), min_current_a=6.0, max_current_a=16.0)
    for kind in (AssetKind.CHARGER, AssetKind.METER, AssetKind.BATTERY, AssetKind.HVAC)
]
BREAKFAST = ReadyBy(weekdays=frozenset(range(7)), minute=7 * 60, energy_wh=9000.0)
SUN = ChargeSettings(ChargeMode.SOLAR, max_a=16.0, plans={"breakfast": BREAKFAST})
CHEAP = BatterySettings(
    BatteryMode.IMPORT_FOCUS, reserve_pct=20.0, grid_charge_below=Decimal("0.20")
)
TERMS = Terms(
    {"main": Circuit("main", limit_a=20.0, meter_id="meter", assumed_base_a=8.0)},
    chargers={"charger": ChargerTerms("main", (0, 1, 2), charging=SUN)},
    batteries={"battery": BatteryTerms(CHEAP)},
    heaters={"hvac": HeatTerms(boost=BoostSettings(for_s=60.0))},
    zone=VIENNA,
)

NIGHT = ((0, 300, Decimal("0.10")), (300, 1440, Decimal("0.30")))
PRICES = Prices(VIENNA, "EUR", (NIGHT,) * 7)


async def live(path: Path, since: float = 0.0, until: float = 24.0) -> None:
    """Have a home decide from one hour of a day to another."""
    clock = FakeClock(MIDNIGHT + timedelta(hours=since))
    async with SteppedDatabase.open(path, clock=clock) as db:
        home = _Home(Store(clock, await db.write(_adopted)), random.Random(7))
        async with _governed(db, home, clock):
            for stride in range(int((until - since) * 3600 / STRIDE_S)):
                # What is read is a second old when it is looked at.
                await clock.advance(STRIDE_S - 1)
                home.measure(since + stride * STRIDE_S / 3600)
                await clock.advance(1)
                await db.quiet()


@asynccontextmanager
async def _governed(db: SteppedDatabase, home: "_Home", clock: FakeClock) -> AsyncIterator[None]:
    """Guard and governor over a commander that stands still: the home does as it is told."""
    store, bench = home.store, Bench(TERMS, home.store, clock)
    poller = Poller({}, links=Links(), db=db, store=store, clock=clock)
    commander = Commander(db=db, store=store, poller=poller, clock=clock, governance=bench)
    commander.resumed.set()
    home.bench = bench
    ruler = Governor(bench=bench, store=store, db=db, commander=commander, clock=clock)
    ruler.prices = lambda: PRICES
    guard = GuardLoop(bench=bench, store=store, devices=poller, clock=clock)
    with pytest.MonkeyPatch.context() as patch:
        for room, name in ((guard_loop, "PERIOD_S"), (governor, "PERIOD_S"), (governor, "_TICK_S")):
            patch.setattr(room, name, STRIDE_S)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one.run()) for one in (guard, ruler)]
            yield
            for task in tasks:
                task.cancel()


class _Home:
    """Its charger does what is ruled."""

    bench: Bench

    def __init__(self, store: Store, chance: random.Random) -> None:
        self.store = store
        self._chance = chance
        self._session_wh = 0.0

    @property
    def _current_a(self) -> float:
        wishes = [ruling.wish for ruling in self.bench.rulings.values()]
        return next((one.current_a for one in wishes if isinstance(one, Setpoint)), 0.0)

    def measure(self, hour: float) -> None:
        """Read everything."""
        sun_w = max(0.0, 9000.0 * math.sin((hour - 5) / 15 * math.pi))
        # What else is on changes every quarter of an hour; no meter says twice quite the same.
        slow, drawn_a = random.Random(int(hour * 4)), self._current_a
        base = [slow.uniform(0.5, 14.0 if 18 < hour < 21 else 3.0) for _ in range(3)]
        jitter_a = self._chance.uniform(0.0, 0.05)
        a, b, c = (amps + drawn_a - sun_w / 690.0 + jitter_a for amps in base)
        grid = MeterReading(230.0 * (a + b + c), current_a_a=a, current_b_a=b, current_c_a=c)
        self._put(AssetKind.METER, grid)
        state = PowerDelivery.CHARGING if drawn_a else PowerDelivery.STOPPED
        self._session_wh += 690.0 * drawn_a * STRIDE_S / 3600
        charger = ChargerReading(
            state, 690.0 * drawn_a, max_current_a=drawn_a or 6.0, session_wh=self._session_wh
        )
        self._put(
            AssetKind.CHARGER,
            replace(charger, current_a_a=drawn_a, current_b_a=drawn_a, current_c_a=drawn_a),
        )
        self._put(AssetKind.HVAC, HvacReading(300.0, sg_ready=SgReady.NORMAL))
        self._put(AssetKind.BATTERY, BatteryReading(power_w=0.0, soc_pct=30 - 15 * math.cos(hour)))

    def _put(self, kind: AssetKind, reading: Reading) -> None:
        self.store.put(kind.value, {kind.value: reading})


def _adopted(c: Connection) -> list[Asset]:
    found = []
    for role in ROLES:
        name, usage = role.kind.value, MeterUsage.GRID if role.kind is AssetKind.METER else None
        device, identity = (
            DeviceRecord(name, "home", usages=Usages(usage)),
            Identity("Acme", name, {name: role}),
        )
        found += assets.adopt(c, device, identity, MIDNIGHT)
    return found
