"""What shadow would have saved, from a database: decisions, minutes, meters and tariffs."""

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from sqlite3 import Connection

import pytest

from gatewayd import cli
from gatewayd.control.shadow import shadows
from gatewayd.model.asset import Asset, AssetKind, Identity, MeterUsage, Role, Usages
from gatewayd.model.climate import HvacMode, PermanentHold
from gatewayd.model.command import Command, SetMaxCurrent, StopCharging
from gatewayd.model.decision import GIVEN_BACK, SHADOW, Decision
from gatewayd.model.power import SetExportLimit, SetSgReady
from gatewayd.model.reading import (
    BatteryReading,
    ChargerReading,
    HvacReading,
    MeterReading,
    PowerDelivery,
    Reading,
    Sample,
    SgReady,
)
from gatewayd.model.tariff import LocationTariff, Tariff, TariffInterval, TariffRate
from gatewayd.plan.grid.export import FeedIn
from gatewayd.state import assets, decisions, history, locations, tariffs, users
from gatewayd.state.assets import DeviceRecord
from gatewayd.state.db import Database
from gatewayd.state.minute import RoleMinute

# An hour before midnight in Vienna.
BEGIN = datetime(2026, 6, 20, 21, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
DEAR_UNTIL_MIDNIGHT = (
    TariffInterval("cheap", 0, 12 * 60),
    TariffInterval("dear", 12 * 60, 24 * 60),
)
RATES = (TariffRate("cheap", Decimal("0.10")), TariffRate("dear", Decimal("0.40")))


def adopted(c: Connection, kind: AssetKind, place: str | None) -> Asset:
    name, usage = kind.value, MeterUsage.GRID if kind is AssetKind.METER else None
    device = DeviceRecord(name, "home", usages=Usages(usage), location_id=place)
    [found] = assets.adopt(c, device, Identity("Acme", name, {name: Role(kind)}), BEGIN)
    return found


def said(c: Connection, start: datetime, **readings: Reading) -> None:
    """What devices say in a minute."""
    rows = {}
    for name, reading in readings.items():
        minute = RoleMinute(AssetKind(name), start)
        minute.add(Sample(reading, start, 0.0))
        rows[history.minute_of(start), name] = {name: minute}
    history.put_minutes(c, rows)


def heard(c: Connection, grid: Sample, *, is_news: bool) -> None:
    """What the meter says in a minute, or what is only repeated of it."""
    minute = RoleMinute.repeating(AssetKind.METER, grid)
    minute.count = int(is_news)
    history.put_minutes(c, {(history.minute_of(grid.at), "meter"): {"meter": minute}})


def decided(c: Connection, asset: Asset, at: datetime, owner: str, command: Command | None) -> None:
    decisions.record(c, Decision(at, asset.id, owner, command, "because"))


def home(c: Connection, *, is_priced: bool = True) -> Asset:
    """A charger that draws 6 kW for an hour before midnight and not in the hour after.

    In shadow it waits until midnight. Every tenth minute nobody hears of the meter.
    """
    users.ensure(c, "home", BEGIN)
    place = locations.ensure_home(c, "home", "Home", 48.2, 16.4, "Europe/Vienna", BEGIN).id
    charger = adopted(c, AssetKind.CHARGER, place)
    adopted(c, AssetKind.METER, place)
    if is_priced:
        tariffs.put(c, Tariff("t", RATES), BEGIN)
        tariffs.link(c, place, LocationTariff("t", DEAR_UNTIL_MIDNIGHT), BEGIN)
    for number in range(120):
        start, power_w = BEGIN + number * MINUTE, 6000.0 if number < 60 else 0.0
        state = PowerDelivery.CHARGING if number < 60 else PowerDelivery.STOPPED
        drawn_a = power_w / 690.0
        said(
            c,
            start,
            charger=ChargerReading(
                state, power_w, current_a_a=drawn_a, current_b_a=drawn_a, current_c_a=drawn_a
            ),
        )
        grid = Sample(MeterReading(power_w + 100.0), start, 0.0)
        heard(c, grid, is_news=number % 10 > 0)
    shadow = f"mode plan{SHADOW}"
    decided(c, charger, BEGIN - HOUR, shadow, SetMaxCurrent(16.0))
    decided(c, charger, BEGIN - 20 * MINUTE, shadow, StopCharging())
    decided(c, charger, BEGIN + HOUR, shadow, SetMaxCurrent(16.0))
    return charger


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gatewayd.db"


FREE = FeedIn(Decimal(0), Decimal(0))


async def test_a_charge_of_the_evening_would_have_been_cheaper_at_night(path: Path) -> None:
    async with Database.open(path) as db:
        charger = await db.write(home)
        end = BEGIN + 2 * HOUR + timedelta(seconds=30)
        [found] = await shadows(db, [charger], FREE, BEGIN, end)

    would = found.would
    assert would is not None
    assert (found.since, would.left_out) == (BEGIN, 12)
    # 54 minutes of 6 kW, at 0.40 and then at 0.10.
    assert would.total.less_wh == pytest.approx(5400.0)
    assert would.total.saved == pytest.approx(Decimal("1.62"))
    assert [(day.day, tally.minutes) for day, tally in would.days.items()] == [(20, 54), (21, 54)]


async def test_without_a_tariff_energy_is_told_and_no_money(path: Path) -> None:
    async with Database.open(path) as db:
        charger = await db.write(lambda c: home(c, is_priced=False))
        [found] = await shadows(db, [charger], FREE, BEGIN, BEGIN + 2 * HOUR)

    assert found.would is not None
    assert found.would.total.saved is None
    assert found.would.total.unpriced_wh == pytest.approx(5400.0)


async def test_only_assets_in_shadow_are_told_of(path: Path) -> None:
    async with Database.open(path) as db:
        charger = await db.write(home)
        meter = (await db.read(assets.load))[1]
        await db.write(lambda c: decided(c, charger, BEGIN + 2 * HOUR, GIVEN_BACK, None))
        later = await shadows(db, [charger, meter], FREE, BEGIN + 3 * HOUR, BEGIN + 4 * HOUR)
        earlier = await shadows(db, [charger], FREE, BEGIN - 3 * HOUR, BEGIN - 2 * HOUR)

    assert (later, earlier) == ([], [])


async def test_each_hour_is_paid_by_the_tariff_that_was_in_force(path: Path) -> None:
    def dearer_at_night(c: Connection) -> Asset:
        charger = home(c)
        # From a quarter past midnight on, and told of only then.
        rates = (TariffRate("cheap", Decimal("0.30")), TariffRate("dear", Decimal("0.50")))
        tariffs.put(c, Tariff("t", rates), BEGIN + HOUR + 15 * MINUTE)
        return charger

    async with Database.open(path) as db:
        charger = await db.write(dearer_at_night)
        [found] = await shadows(db, [charger], FREE, BEGIN, BEGIN + 2 * HOUR)

    # 5.4 kWh at 0.40, made up for with 11.04 kW from midnight on: in 13 known minutes of the first
    # quarter 2.392 kWh at 0.10, the other 3.008 kWh at 0.30.
    assert found.would is not None
    assert found.would.total.saved == pytest.approx(Decimal("1.0184"))


def heated(c: Connection, power_w: float | None) -> Asset:
    """A heat pump that runs in the hour before midnight and rests in the two after it.

    In shadow it is blocked until midnight; what a user sets later is set in truth.
    """
    users.ensure(c, "home", BEGIN)
    place = locations.ensure_home(c, "home", "Home", 48.2, 16.4, "Europe/Vienna", BEGIN).id
    heater = adopted(c, AssetKind.HVAC, place)
    adopted(c, AssetKind.METER, place)
    tariffs.put(c, Tariff("t", RATES), BEGIN)
    tariffs.link(c, place, LocationTariff("t", DEAR_UNTIL_MIDNIGHT), BEGIN)
    for number in range(180):
        drawn_w = power_w if power_w is None or number < 60 else 0.0
        hvac, meter = HvacReading(power_w=drawn_w), MeterReading((drawn_w or 0.0) + 100.0)
        said(c, BEGIN + number * MINUTE, hvac=hvac, meter=meter)
    decided(c, heater, BEGIN, f"grid{SHADOW}", SetSgReady(SgReady.BLOCKED))
    decided(c, heater, BEGIN + HOUR, GIVEN_BACK, None)
    decided(c, heater, BEGIN + 2 * HOUR, f"api{SHADOW}", PermanentHold(HvacMode.HEAT, 21.0))
    return heater


async def test_a_heat_pump_is_reckoned_by_what_it_says_that_it_draws(path: Path) -> None:
    async with Database.open(path) as db:
        heater = await db.write(lambda c: heated(c, 2000.0))
        [found] = await shadows(db, [heater], FREE, BEGIN, BEGIN + 3 * HOUR)
        later = await shadows(db, [heater], FREE, BEGIN + 2 * HOUR, BEGIN + 3 * HOUR)

    # 2 kWh at 0.40, made up for after midnight at 0.10.
    assert found.would is not None
    assert found.would.total.saved == pytest.approx(Decimal("0.60"))
    assert (found.would.total.untold, found.would.pending_wh) == (0, 0.0)
    assert later == []


async def test_a_heat_pump_whose_power_is_not_measured_is_not_guessed_at(path: Path) -> None:
    async with Database.open(path) as db:
        heater = await db.write(lambda c: heated(c, None))
        [found] = await shadows(db, [heater], FREE, BEGIN, BEGIN + 2 * HOUR)

    assert (found.would, found.why) == (None, "its power is not measured")


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (AssetKind.INVERTER, "its power is not measured"),
        (AssetKind.VEHICLE, "what an asset of kind vehicle would have done cannot be told"),
    ],
)
async def test_of_what_cannot_be_reckoned_only_that_it_was_in_shadow_is_told(
    path: Path, kind: AssetKind, why: str
) -> None:
    def limited(c: Connection) -> Asset:
        found = adopted(c, kind, None)
        decided(c, found, BEGIN, f"grid{SHADOW}", SetExportLimit(0.0))
        return found

    async with Database.open(path) as db:
        one = await db.write(limited)
        [found] = await shadows(db, [one], FREE, BEGIN, BEGIN + HOUR)

    assert (found.would, found.why) == (None, why)


async def test_a_battery_is_reckoned_by_what_it_tells_of_itself(path: Path) -> None:
    def stored(c: Connection) -> Asset:
        battery = adopted(c, AssetKind.BATTERY, None)
        adopted(c, AssetKind.METER, None)
        reading = BatteryReading(power_w=-600.0, soc_pct=50.0, capacity_wh=10_000.0)
        for number in range(60):
            said(c, BEGIN + number * MINUTE, battery=reading, meter=MeterReading(100.0))
        decided(c, battery, BEGIN, f"mode hold{SHADOW}", StopCharging())
        return battery

    async with Database.open(path) as db:
        battery = await db.write(stored)
        [found] = await shadows(db, [battery], FREE, BEGIN, BEGIN + HOUR)

    assert found.would is not None
    assert found.would.total.untold == 60


@pytest.mark.parametrize("words", [(), ("--since", "2026-06-20"), ("--json",)])
def test_the_command_tells_it(
    words: tuple[str, ...],
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def prepare() -> None:
        async with Database.open(path) as db:
            await db.write(home)

    asyncio.run(prepare())
    config = path.with_name("gatewayd.yaml")
    zone = {"timezone": "Europe/Vienna", "latitude": 48.2, "longitude": 16.4}
    lines = ["version: 1", f"home: {json.dumps(zone)}", f"storage: {{directory: {path.parent}}}"]
    config.write_text("\n".join([*lines, "devices: {}", ""]))
    monkeypatch.setattr("gatewayd.clock.SystemClock.now", lambda _: BEGIN + 2 * HOUR)
    monkeypatch.setattr(sys, "argv", ["gatewayd", "shadow", "-c", str(config), *words])

    cli.main()

    out = capsys.readouterr().out
    if "--json" in words:
        told = json.loads(out)
        assert told["currency"] == "EUR"
        assert told["data"][0]["total"]["saved"] == "1.6200"
        assert told["data"][0]["leftOutMinutes"] > 12
    else:
        assert "1.6200 EUR saved, 5.4 kWh less and 5.4 kWh more drawn" in out
        assert "Assumed:\n- each asset is taken alone" in out
