"""What is claimed of batteries, inverters and chargers, by what is read and configured."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gatewayd.control.governor.bench import Bench
from gatewayd.control.governor.charging import switchable
from gatewayd.control.governor.claims import claims
from gatewayd.control.governor.exporting import installed_w
from gatewayd.control.governor.gather import (
    beside_w,
    flows_w,
    load_now,
    meter_now,
    safe_a,
)
from gatewayd.control.governor.limit import LimitGiven
from gatewayd.control.governor.look import Look, Memory
from gatewayd.control.governor.quarter import QuarterMeter, starts
from gatewayd.control.governor.surplus import home_now, is_throttled, surplus_w
from gatewayd.control.governor.terms import BatteryTerms, ChargerTerms, GridTerms, Terms
from gatewayd.control.governor.wants import Wants, wants
from gatewayd.model.asset import AssetKind, Capability
from gatewayd.model.circuit import Circuit
from gatewayd.model.command import (
    Action,
    ActionState,
    Command,
    FailureReason,
    SetMaxCurrent,
    SetOperationMode,
    StartCharging,
    StopCharging,
)
from gatewayd.model.power import Hold, SetBatteryPower, SetExportLimit, SetProductionLimit
from gatewayd.model.reading import (
    BatteryReading,
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
from gatewayd.model.site import AssetState, Site
from gatewayd.plan.arbiter.claims import Rank, Setpoint
from gatewayd.plan.arbiter.ruling import Ruling, settle
from gatewayd.plan.arming import Arming
from gatewayd.plan.battery.modes import BatteryMode, BatterySettings
from gatewayd.plan.ev.words import ChargeMode, ChargeSettings, EvMemory
from gatewayd.plan.grid.capacity import CapacitySettings, Quarter
from gatewayd.plan.grid.export import ExportRule
from gatewayd.plan.steer import Before
from gatewayd.state import history
from gatewayd.state.db import Database
from gatewayd.state.minute import RoleMinute
from gatewayd.state.store import Store
from tests.fakes.clock import FakeClock
from tests.fakes.home import READING_TYPES, SINCE, asset, state

ALL = frozenset(Capability)
SOLAR = ChargeSettings(mode=ChargeMode.SOLAR)
CHARGING = ChargerReading(PowerDelivery.CHARGING, power_w=3680.0, max_current_a=16.0)


def can(kind: AssetKind, reading: Any, capabilities: frozenset[Capability] = ALL) -> AssetState:
    role = replace(asset(kind).spec, capabilities=capabilities)
    return state(kind, reading, asset=asset(kind, spec=role))


def ruled(terms: Terms, *states: AssetState, **look: Any) -> dict[str, Ruling]:
    """What all claims to these come to, by kind."""
    site = Site(MappingProxyType({one.asset.id: one for one in states}))
    found = settle(claims(Look(site, terms, 0.0, **look), Memory()), 0.0)
    return {one.asset.kind.value: found[one.asset.id] for one in states if one.asset.id in found}


def battery(mode: BatteryMode, **settings: Any) -> Terms:
    return Terms(batteries={"battery": BatteryTerms(BatterySettings(mode, **settings))})


def test_a_battery_has_its_mode_within_its_rules() -> None:
    said = can(AssetKind.BATTERY, BatteryReading(power_w=0.0, soc_pct=15.0))

    free = ruled(battery(BatteryMode.SELF_RELIANCE), said)["battery"]
    kept = ruled(battery(BatteryMode.SELF_RELIANCE, reserve_pct=20.0), said)["battery"]

    assert free.wish == SetOperationMode(OperationMode.SELF_RELIANCE)
    assert kept.wish == Hold()
    assert kept.bound_by == "battery rules"
    assert kept.grounds.binding == "the reserve of 20 % is kept"


def test_a_user_s_mode_comes_before_the_chosen_one_and_after_the_rules() -> None:
    said = can(AssetKind.BATTERY, BatteryReading(power_w=0.0, soc_pct=15.0))
    asked = SetOperationMode(OperationMode.EXPORT_FOCUS)
    wanted = {said.asset.id: Wants(modes={Rank.USER: (asked, "api")})}

    free = ruled(battery(BatteryMode.HOLD), said, wants=wanted)["battery"]
    kept = ruled(battery(BatteryMode.HOLD, reserve_pct=20.0), said, wants=wanted)["battery"]

    assert (free.wish, free.owner) == (asked, "api")
    assert kept.wish == SetBatteryPower(0.0)


@pytest.mark.parametrize(("mode", "is_held"), [(ChargeMode.NOW, True), (ChargeMode.SOLAR, False)])
def test_a_battery_is_not_drained_into_a_car_that_does_not_follow_the_sun(
    mode: ChargeMode, is_held: bool
) -> None:
    own = battery(BatteryMode.SELF_RELIANCE, locked_against=frozenset({"charger"}))
    terms = replace(own, chargers={"charger": ChargerTerms(charging=ChargeSettings(mode=mode))})
    said = can(AssetKind.BATTERY, BatteryReading(power_w=0.0, soc_pct=50.0))

    found = ruled(terms, said, can(AssetKind.CHARGER, CHARGING))

    assert (found["battery"].wish == Hold()) is is_held


def test_a_battery_whose_level_is_old_is_not_judged_by_it() -> None:
    said = can(AssetKind.BATTERY, BatteryReading(soc_pct=15.0))
    site = Site(MappingProxyType({said.asset.id: said}))
    look = Look(site, battery(BatteryMode.CHARGE_TO, target_pct=10.0), 200.0)

    [claim] = claims(look, Memory())
    assert claim.grounds.reason == "it has reached 10 %"
    [claim] = claims(replace(look, now_s=200.1), Memory())
    assert claim.grounds.reason == "its level is unknown"


@pytest.mark.parametrize(
    ("rule", "price", "limit_w"),
    [
        (ExportRule(cap_w=5000.0), None, 5000.0),
        (ExportRule(cap_w=5000.0, stops_when_paying=True), Decimal("-0.1"), 0.0),
    ],
)
def test_export_is_limited_where_the_inverter_can(
    rule: ExportRule, price: Decimal | None, limit_w: float
) -> None:
    terms = Terms(grid=GridTerms(export=rule))
    said = InverterReading(power_w=8000.0, rated_w=10_000.0, limit_w=10_000.0)

    by_export = ruled(terms, can(AssetKind.INVERTER, said), price=price)["inverter"]

    assert by_export.wish == SetExportLimit(limit_w)
    assert by_export.rank is Rank.GRID


def test_production_is_limited_where_export_cannot_be() -> None:
    terms = Terms(grid=GridTerms(export=ExportRule(cap_w=5000.0)))
    only = frozenset({Capability.SET_PRODUCTION_LIMIT})
    said = InverterReading(power_w=8000.0, rated_w=10_000.0, limit_w=10_000.0)
    grid = state(AssetKind.METER, MeterReading(power_w=-6000.0))

    found = ruled(terms, can(AssetKind.INVERTER, said, only), grid)
    unknown = ruled(terms, can(AssetKind.INVERTER, InverterReading(), only), grid)
    held = replace(terms, withheld={grid.asset.device_id: "its sign is the wrong way round"})
    doubted = ruled(held, can(AssetKind.INVERTER, said, only), grid)

    assert found["inverter"].wish == SetProductionLimit(6900.0)
    assert doubted["inverter"].wish == SetProductionLimit(5000.0)
    assert unknown == {}


@pytest.mark.parametrize("capability", ["set_export_limit", "set_production_limit"])
def test_a_limit_of_somebody_else_is_neither_cleared_nor_raised(capability: str) -> None:
    terms = Terms(grid=GridTerms(export=ExportRule(9000.0, stops_when_paying=True)))
    free = Terms(grid=GridTerms(export=ExportRule(stops_when_paying=True)))
    said = InverterReading(power_w=7000.0, rated_w=10_000.0, limit_w=7000.0, export_limit_w=6000.0)
    inverter = can(AssetKind.INVERTER, said, frozenset({Capability(capability)}))
    grid = state(AssetKind.METER, MeterReading(power_w=-5000.0))
    before_w = 6000.0 if capability == "set_export_limit" else 7000.0

    installed = installed_w([inverter], lambda _: None)
    assert installed == {inverter.asset.id: before_w}
    found = ruled(terms, inverter, grid, installed_w=installed)
    assert getattr(found["inverter"].wish, "limit_w", None) == before_w
    assert ruled(free, inverter, grid, price=Decimal("0.1")) == {}


def test_what_an_inverter_was_told_by_us_is_not_somebody_else_s_limit() -> None:
    said = can(AssetKind.INVERTER, InverterReading(rated_w=10_000.0, limit_w=2000.0))
    was = Before((SetProductionLimit(None),))

    assert installed_w([said], lambda _: was) == {}


@pytest.mark.parametrize(
    ("ac_power_w", "battery_w", "limit_w"),
    [
        (2950.0, 0.0, 3950.0),
        (None, -1950.0, 3950.0),
        (None, None, 2850.0),
    ],
)
def test_what_a_hybrid_gives_is_its_sun_and_its_battery(
    ac_power_w: float | None, battery_w: float | None, limit_w: float
) -> None:
    terms = Terms(grid=GridTerms(export=ExportRule(cap_w=0.0)))
    only = frozenset({Capability.SET_PRODUCTION_LIMIT})
    said = InverterReading(1000.0, ac_power_w, rated_w=10_000.0, limit_w=2850.0)
    hybrid = can(AssetKind.INVERTER, said, only)
    battery = state(AssetKind.BATTERY, BatteryReading(power_w=battery_w))
    battery = replace(battery, asset=replace(battery.asset, device_id=hybrid.asset.device_id))
    grid = state(AssetKind.METER, MeterReading(power_w=4000.0))

    found = ruled(terms, hybrid, battery, grid)

    assert found["inverter"].wish == SetProductionLimit(limit_w)


@pytest.mark.parametrize("arming", Arming)
def test_an_inverter_is_told_only_where_it_is_armed(arming: Arming) -> None:
    terms = Terms(
        chargers={"inverter": ChargerTerms(arming=arming)},
        grid=GridTerms(export=ExportRule(stops_when_paying=True)),
    )
    said = can(AssetKind.INVERTER, InverterReading(power_w=1.0, rated_w=10_000.0))
    doubted = replace(terms, withheld={"inverter": "its sign is the wrong way round"})

    found = ruled(terms, said, price=Decimal(-1))

    assert (said.asset.kind in found) is (arming is not Arming.OBSERVE)
    assert terms.writes(said.asset) is (arming is Arming.ARMED)
    assert terms.arming(said.asset) == (arming if arming is not Arming.OBSERVE else None)
    # Lowered it is all the same.
    assert doubted.writes(said.asset) is (arming is Arming.ARMED)


def test_a_charger_on_no_circuit_is_left_the_least_where_there_are_circuits() -> None:
    terms = Terms({"main": Circuit("main", 25.0)})

    found = ruled(terms, can(AssetKind.CHARGER, CHARGING))["charger"]

    assert found.wish == Setpoint(6.0)
    assert found.grounds.binding == "no circuit"


def left_w(*states: AssetState, memory: Memory | None = None, **look: Any) -> float | None:
    """What the sun leaves for the charger."""
    site = Site(MappingProxyType({one.asset.id: one for one in states}))
    terms = Terms(chargers={"charger": ChargerTerms(charging=SOLAR)})
    return surplus_w(Look(site, terms, 0.0, **look), memory or Memory(), "charger")


def test_a_silent_battery_leaves_the_sun_that_is_clearly_fed_in() -> None:
    idle = replace(CHARGING, power_w=0.0)
    home = can(AssetKind.CHARGER, idle), state(AssetKind.METER, MeterReading(-5000.0))
    charging = can(AssetKind.BATTERY, BatteryReading(power_w=1000.0, soc_pct=50.0))
    gone = replace(charging, is_reachable=False)
    seldom = replace(charging, sample=Sample(BatteryReading(1000.0, 50.0), SINCE, -60.0))

    assert left_w(*home, charging) == left_w(*home, seldom) == 6000.0
    assert left_w(*home, gone) == 4900.0
    assert left_w(*home, can(AssetKind.BATTERY, BatteryReading(power_w=None))) == 4900.0


def test_what_follows_no_sun_gives_nothing_up_for_a_car_that_does() -> None:
    role = asset(AssetKind.CHARGER)
    other = replace(can(AssetKind.CHARGER, CHARGING), asset=replace(role, id="2", device_id="b"))
    home = (
        can(AssetKind.CHARGER, replace(CHARGING, power_w=0.0)),
        state(AssetKind.METER, MeterReading(1000.0)),
        other,
    )
    by_sun = Memory(cars={"b": EvMemory(is_on=True, is_by_sun=True)})
    terms = {
        "charger": ChargerTerms(None, None, 1, charging=SOLAR),
        "b": ChargerTerms(charging=SOLAR),
    }
    look = Look(Site(MappingProxyType({s.asset.id: s for s in home})), Terms(chargers=terms), 0.0)

    assert surplus_w(look, Memory(), "charger") == -1000.0
    assert surplus_w(look, by_sun, "charger") == 2680.0


@pytest.mark.parametrize(
    ("capabilities", "told", "phases"),
    [(ALL, 1, (1, 3)), (ALL, None, (3,)), (frozenset(), 1, (1,)), (frozenset(), None, (3,))],
)
def test_phases_are_chosen_where_they_can_be_told_and_read(
    capabilities: frozenset[Capability], told: int | None, phases: tuple[int, ...]
) -> None:
    charger = can(AssetKind.CHARGER, replace(CHARGING, phases=told), capabilities)

    assert switchable(replace(SOLAR, phases=(1, 3)), charger).phases == phases


def test_nothing_is_judged_before_all_have_been_read_since_the_last_change() -> None:
    charger, meter = can(AssetKind.CHARGER, CHARGING), state(AssetKind.METER, MeterReading(0.0))
    site = Site(MappingProxyType({s.asset.id: s for s in (charger, meter)}))
    terms = Terms(chargers={"charger": ChargerTerms(charging=SOLAR)})

    def is_settled(changed_at_s: float, now_s: float = 0.0) -> bool:
        memory = Memory(cars={"charger": EvMemory(is_by_sun=True, changed_at_s=changed_at_s)})
        return home_now(Look(site, terms, now_s), memory, "charger").is_settled

    assert is_settled(-10.0)
    assert not is_settled(-1.0)
    # Somebody may never tell.
    assert is_settled(-1.0, 170.0)


def test_a_limit_that_a_user_asked_for_replaces_the_mode_s() -> None:
    now = ChargeSettings(mode=ChargeMode.NOW, max_a=16.0)
    terms = Terms(chargers={"charger": ChargerTerms(charging=now)})
    charger = can(AssetKind.CHARGER, CHARGING)

    found = ruled(terms, charger, wants={charger.asset.id: Wants(current_a=10.0)})["charger"]

    assert found.wish == Setpoint(10.0, 3)


def made(command: Command, owner: str = "api", **changes: Any) -> Action:
    return Action("a", "home", "c", AssetKind.CHARGER, command, owner, SINCE, SINCE, **changes)


def test_actions_count_until_newer_ones_of_their_rank() -> None:
    failed = {"state": ActionState.FAILED, "failure_reason": FailureReason.NO_RESPONSE}
    no_room = {"state": ActionState.FAILED, "failure_reason": FailureReason.FAILED_PRECONDITION}
    found = wants(
        [
            made(StartCharging(), "schedule"),
            made(SetMaxCurrent(10.0)),
            made(StopCharging()),
            made(StartCharging(), **no_room),
            made(StopCharging(), **failed),
            made(SetMaxCurrent(20.0), state=ActionState.CANCELLED),
            made(SetOperationMode(OperationMode.TIME_OF_USE), "smart_override"),
        ]
    )

    assert found.charging == {Rank.SCHEDULE: (True, "schedule"), Rank.USER: (True, "api")}
    assert found.current_a == 10.0
    assert list(found.modes) == [Rank.USER]


def test_a_meter_that_leaves_out_a_phase_has_said_nothing() -> None:
    main = Circuit("main", 25.0, meter_id="meter")
    one = state(AssetKind.METER, MeterReading(power_w=-2300.0, power_a_w=-2300.0, current_a_a=10.0))
    site = Site(MappingProxyType({one.asset.id: one}))

    assert meter_now(site, main, (0, 1, 2), {}) is None
    single = meter_now(site, main, (0,), {"meter": 5.0})
    assert single is not None
    assert (single.current_a, single.period_s) == ((-10.0, 0.0, 0.0), 5.0)
    assert meter_now(Site(), main, (0,), {}) is None


@pytest.mark.parametrize(
    ("reading", "reachable", "limit_a", "drawn_a"),
    [
        (ChargerReading(PowerDelivery.STOPPED, max_current_a=16.0), True, 0.0, (0.0,)),
        (CHARGING, True, 16.0, (16.0,)),
        (CHARGING, False, None, None),
        (replace(CHARGING, power_w=None), True, 16.0, None),
    ],
)
def test_a_load_is_what_its_charger_says(
    reading: ChargerReading, reachable: bool, limit_a: float | None, drawn_a: object
) -> None:
    said = state(AssetKind.CHARGER, reading, is_reachable=reachable)

    found = load_now(said, ChargerTerms("main", (1,)), 16.0)

    assert found is not None
    assert (found.limit_a, found.drawn_a) == (limit_a, drawn_a)


def test_an_inverter_at_its_limit_is_throttled() -> None:
    def is_held(grid_w: float | None = None, **said: Any) -> bool:
        one = state(AssetKind.INVERTER, InverterReading(rated_w=10_000.0, **said))
        site = Site(MappingProxyType({one.asset.id: one}))
        return is_throttled(Look(site, Terms(), 0.0), grid_w)

    assert is_held(limit_w=5000.0, power_w=4950.0)
    assert not is_held(limit_w=5000.0, power_w=3000.0)
    assert not is_held(limit_w=10_000.0, power_w=10_000.0)
    assert not is_held(power_w=10_000.0)
    # At night a small limit holds nothing back.
    assert not is_held(limit_w=50.0, power_w=0.0)
    # An inverter that keeps a limit of export itself is at it by what is fed in.
    assert is_held(-20.0, export_limit_w=0.0, power_w=700.0)
    assert not is_held(-20.0, export_limit_w=5000.0, power_w=700.0)
    assert not is_held(-20.0, export_limit_w=0.0, power_w=0.0)
    assert not is_held(None, export_limit_w=0.0, power_w=700.0)


def test_a_quarter_counts_from_its_beginning_alone() -> None:
    def home(import_wh: float | None) -> Site:
        one = state(AssetKind.METER, MeterReading(import_wh=import_wh))
        return Site(MappingProxyType({one.asset.id: one}))

    at, meter = datetime(2026, 6, 21, 10, 5, tzinfo=UTC), QuarterMeter()
    first = meter.now(home(1000.0), at)
    begun = meter.now(home(1100.0), at + timedelta(minutes=10))
    later = meter.now(home(1600.0), at + timedelta(minutes=20))
    silent = meter.now(home(None), at + timedelta(minutes=21))
    after = meter.now(home(2100.0), at + timedelta(minutes=25))
    gap = meter.now(home(9000.0), at + timedelta(minutes=70))

    assert (first.imported_wh, first.elapsed_s) == (None, 300.0)
    assert (begun.imported_wh, later.imported_wh, silent.imported_wh) == (0.0, 500.0, None)
    assert (after.imported_wh, after.month_peak_w) == (0.0, 4000.0)
    assert gap.imported_wh is None


@pytest.mark.parametrize("lost", [(), (3,)])
async def test_a_month_s_peak_and_the_running_quarter_are_found_in_the_history(
    tmp_path: Path, lost: tuple[int, ...]
) -> None:
    at, meter = datetime(2026, 6, 21, 10, 5, tzinfo=UTC), asset(AssetKind.METER)
    quarter = int(at.timestamp() // 900)
    rows = {}
    for before, import_wh in enumerate((3001.0, 2001.0, 1900.0, 900.0, 800.0)):
        if before not in lost:
            minute = RoleMinute(AssetKind.METER, at)
            minute.add(Sample(MeterReading(import_wh=import_wh), at, 0.0))
            rows[(quarter - before) * 15 - 1, meter.device_id] = {meter.role: minute}
    async with Database.open(tmp_path / "gatewayd.db") as db:
        await db.write(lambda c: history.put_minutes(c, rows))
        found = await db.read(lambda c: starts(c, [meter], at))
        silent = await db.read(lambda c: starts(c, [meter, replace(meter, device_id="b")], at))
    restored = QuarterMeter()
    restored.restore(found, at)
    one = state(AssetKind.METER, MeterReading(import_wh=3250.0))
    now = restored.now(Site(MappingProxyType({one.asset.id: one})), at)

    # The counter goes on by 1 Wh, and may just have done so.
    assert (now.imported_wh, now.month_peak_w) == (249.0, 3996.0)
    assert silent == {}


def test_a_month_begins_where_the_home_is() -> None:
    # In Vienna July has begun.
    at, meter = datetime(2026, 6, 30, 22, 5, tzinfo=UTC), QuarterMeter()
    quarter, there = int(at.timestamp() // 900), at.astimezone(ZoneInfo("Europe/Vienna"))

    meter.restore({quarter - 2: 0.0, quarter - 1: 1.0, quarter: 102.0}, at)

    assert meter.now(Site(), at).month_peak_w == 400.0
    assert meter.now(Site(), there).month_peak_w == 0.0


def test_a_counter_that_was_exchanged_is_no_peak() -> None:
    at, meter = datetime(2026, 6, 21, 10, 5, tzinfo=UTC), QuarterMeter()
    quarter = int(at.timestamp() // 900)

    meter.restore({quarter - 2: 0.0, quarter - 1: 101.0, quarter: 9e6}, at)

    assert meter.now(Site(), at).month_peak_w == 400.0


def test_a_counter_that_falls_below_a_quarter_s_beginning_tells_nothing_of_it() -> None:
    at, meter = datetime(2026, 6, 21, 10, 5, tzinfo=UTC), QuarterMeter()
    meter.restore({int(at.timestamp() // 900): 5_000_000.0}, at)

    def taken_wh(import_wh: float, minute: int) -> float | None:
        one = state(AssetKind.METER, MeterReading(import_wh=import_wh))
        site = Site(MappingProxyType({one.asset.id: one}))
        return meter.now(site, at.replace(minute=minute)).imported_wh

    assert [taken_wh(5_000_100.0, 6), taken_wh(0.0, 7), taken_wh(5_000_200.0, 8)] == [
        100.0,
        None,
        None,
    ]
    # The next one is counted anew.
    assert [taken_wh(5_000_300.0, 15), taken_wh(5_000_400.0, 20)] == [0.0, 100.0]


@pytest.mark.parametrize(
    ("states", "power_w"),
    [
        ((), 0.0),
        ((BatteryReading(power_w=-2000.0), InverterReading(power_w=3000.0)), -5000.0),
        ((HvacReading(power_w=1500.0), CHARGING, InverterReading()), 5180.0),
        ((HvacReading(), MeterReading(power_w=9.0), VehicleReading()), 0.0),
        ((BatteryReading(),), None),
        ((ChargerReading(PowerDelivery.CHARGING),), None),
        ((ChargerReading(PowerDelivery.STOPPED),), 0.0),
    ],
)
def test_what_flows_beside_a_load_is_known_or_not(
    states: tuple[Reading, ...], power_w: float | None
) -> None:
    kinds = {reading: kind for kind, reading in READING_TYPES.items()}
    found = [state(kinds[type(one)], one) for one in states]
    own = state(
        AssetKind.CHARGER, CHARGING, asset=asset(AssetKind.CHARGER, device_id="own", id="o")
    )

    home = Site(MappingProxyType({one.asset.id: one for one in (own, *found)}))

    assert beside_w(flows_w(home, 0.0), "own") == power_w


@pytest.mark.parametrize(
    ("declared_a", "told_a", "known_a", "left_a"),
    [
        (None, None, None, 0.0),
        (None, None, 10.0, 10.0),
        (None, 8.0, 10.0, 8.0),
        (6.0, 8.0, 10.0, 6.0),
        (0.0, 8.0, 10.0, 0.0),
    ],
)
def test_a_charger_that_nobody_steers_is_left_at_what_was_declared(
    declared_a: float | None, told_a: float | None, known_a: float | None, left_a: float
) -> None:
    role = replace(asset(AssetKind.CHARGER).spec, safe_current_a=known_a)
    said = replace(CHARGING, failsafe_current_a=told_a)
    one = state(AssetKind.CHARGER, said, asset=asset(AssetKind.CHARGER, spec=role))

    assert safe_a(one, ChargerTerms("main", safe_a=declared_a)) == left_a


def test_a_limit_of_the_home_is_one_of_its_own_circuit() -> None:
    circuits = {"main": Circuit("main", 25.0), "garage": Circuit("garage", 16.0, parent="main")}
    clock = FakeClock()
    bench = Bench(Terms(circuits), Store(clock, []), clock)
    assert bench.circuits() == circuits

    bench.limit = LimitGiven((CapacitySettings(2559.0, 0.0), Quarter(0.0, None)))

    assert bench.circuits()["main"].limit_w == 2500.0
    assert bench.circuits()["garage"] == circuits["garage"]
