"""Batteries and heat pumps on the house's fuse, beside its charger."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from math import inf, nan
from pathlib import Path

import pytest

from gatewayd.control.governor import gather, warmth
from gatewayd.control.governor.loads import Loads, batteries
from gatewayd.control.governor.terms import BatteryTerms, ChargerTerms, HeatTerms, Terms
from gatewayd.model.asset import AssetKind, Capability, Identity, MeterUsage, Role
from gatewayd.model.circuit import Circuit, Load
from gatewayd.model.climate import FollowSchedule, HvacMode, PermanentHold
from gatewayd.model.command import ActionState, SetMaxCurrent, SetOperationMode, StopCharging
from gatewayd.model.power import HoldCharge, SetSgReady
from gatewayd.model.reading import (
    BatteryReading,
    HvacReading,
    MeterReading,
    OperationMode,
    SgReady,
)
from gatewayd.model.site import Site
from gatewayd.plan.arbiter.claims import Setpoint, Wish
from gatewayd.plan.battery.modes import BatteryMode, BatterySettings
from gatewayd.plan.grid.operator import OperatorSettings
from gatewayd.plan.guard.words import Footing, Grant
from gatewayd.plan.heat.boost import BoostMemory, BoostSettings, HeatSeen
from tests.fakes.clock import FakeClock
from tests.fakes.driver import ScriptedBox, thermostat_box
from tests.fakes.gateway import Gateway, gateway
from tests.fakes.home import BATTERY, CHARGER, asset, state
from tests.unit.control.governed import MAIN, House

STEERED = frozenset(
    {
        Capability.SELF_RELIANCE,
        Capability.IMPORT_FOCUS,
        Capability.SET_POWER,
        Capability.HOLD_CHARGE,
    }
)
SELF = SetOperationMode(OperationMode.SELF_RELIANCE)
BLOCKED, RECOMMENDED = SgReady.BLOCKED, SgReady.RECOMMENDED


def battery_box(can: frozenset[Capability] = STEERED) -> ScriptedBox:
    role = Role(AssetKind.BATTERY, can, max_power_w=6900.0, safe=Capability.SELF_RELIANCE)
    reading = BatteryReading(power_w=0.0, soc_pct=50.0, operation_mode=OperationMode.SELF_RELIANCE)
    return ScriptedBox(Identity("Acme", "Cell", {"battery": role}, "B1"), {"battery": reading})


def pump_box() -> ScriptedBox:
    can = frozenset({Capability.SET_SG_READY, Capability.SET_PERMANENT_HOLD})
    role = Role(AssetKind.HVAC, can, safe=Capability.SET_SG_READY)
    reading = HvacReading(power_w=0.0, is_active=False, sg_ready=SgReady.NORMAL)
    return ScriptedBox(Identity("Acme", "Warm", {"hvac": role}, "H1"), {"hvac": reading})


@dataclass
class Home(House):
    """`free_w` is what the battery does when it is left to itself, `heat_w` what the pump draws.

    `sun_w` is what the roof gives.
    """

    battery: ScriptedBox = field(default_factory=battery_box)
    pump: ScriptedBox = field(default_factory=pump_box)
    free_w: float = 0.0
    heat_w: float = 0.0
    sun_w: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.plug(is_charging=False)
        self.battery.step, self.pump.step = self._store, self._heat

    @property
    def stored(self) -> BatteryReading:
        found = self.battery.readings["battery"]
        assert isinstance(found, BatteryReading)
        return found

    @property
    def said(self) -> HvacReading:
        found = self.pump.readings["hvac"]
        assert isinstance(found, HvacReading)
        return found

    @property
    def charging_w(self) -> float:
        if self.stored.is_charge_held:
            return min(0.0, self.free_w)
        return self.free_w if self.stored.setpoint_w is None else self.stored.setpoint_w

    @property
    def heating_w(self) -> float:
        return 0.0 if self.said.sg_ready is BLOCKED else self.heat_w

    async def _store(self, step: str) -> None:
        if step == "read":
            self.battery.readings["battery"] = replace(self.stored, power_w=self.charging_w)

    async def _heat(self, step: str) -> None:
        if step == "read":
            drawn_w = self.heating_w
            self.pump.readings["hvac"] = replace(self.said, power_w=drawn_w, is_active=drawn_w > 0)

    async def _measure(self, step: str) -> None:
        await super()._measure(step)
        if step == "read":
            more_a = (self.charging_w + self.heating_w - self.sun_w) / 690.0
            now = self.meter.readings["meter"]
            assert isinstance(now, MeterReading)
            was = now.current_a_a, now.current_b_a, now.current_c_a
            a, b, c = ((i or 0.0) + more_a for i in was)
            self.meter.readings["meter"] = replace(
                now, power_w=230.0 * (a + b + c), current_a_a=a, current_b_a=b, current_c_a=c
            )


PLACE = ChargerTerms("main", (0, 1, 2))
TERMS = Terms(
    {"main": MAIN}, chargers={"charger": PLACE, "battery": PLACE, "pump": replace(PLACE, max_a=5.0)}
)


@asynccontextmanager
async def home_of(
    path: Path, clock: FakeClock, one: Home, terms: Terms = TERMS
) -> AsyncIterator[Gateway]:
    boxes = {
        "charger": one.charger,
        "battery": one.battery,
        "pump": one.pump,
        "meter": one.meter,
    }
    async with gateway(path, clock, boxes, terms=terms) as home:
        yield home


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "gatewayd.db"


def stored(mode: BatteryMode, **settings: float) -> Terms:
    terms = BatteryTerms(BatterySettings(mode, **settings))  # type: ignore[arg-type]
    return replace(TERMS, batteries={"battery": terms})


async def test_what_is_within_the_fuse_is_left_as_it_is(db: Path, clock: FakeClock) -> None:
    one = Home(free_w=4000.0, heat_w=3000.0)
    async with home_of(db, clock, one) as home:
        await home.pass_time(60, step_s=0.5)

    assert one.battery.writes == one.pump.writes == []
    # A charger could start by itself: what it may then draw is reserved.
    assert one.charger.writes == [SetMaxCurrent(6.0)]


async def test_a_battery_that_is_told_to_charge_gets_what_the_fuse_leaves(
    db: Path, clock: FakeClock
) -> None:
    one = Home(base_a=[2.0, 17.0, 2.0])
    terms = stored(BatteryMode.IMPORT_FOCUS, power_w=6900.0)
    async with home_of(db, clock, one, terms) as home:
        await home.pass_time(100, step_s=0.5)
        limited_w = one.charging_w
        why = home.state("battery").decision
        one.base_a[1] = 23.5
        await home.pass_time(5, step_s=0.5)
        lowered_w = one.charging_w
        one.base_a[1] = 2.0
        await home.pass_time(120, step_s=0.5)

    # The heat pump's five ampere are not the battery's.
    assert limited_w == 690.0
    assert lowered_w == 0.0
    assert why is not None
    assert (why.owner, why.binding) == ("guard", "main: phase b")
    assert one.battery.writes[-1] == SetOperationMode(OperationMode.IMPORT_FOCUS)


async def test_a_battery_in_a_mode_of_its_own_pauses_until_all_it_draws_fits(
    db: Path, clock: FakeClock
) -> None:
    one = Home(free_w=6900.0)
    async with home_of(db, clock, one) as home:
        await home.pass_time(60, step_s=0.5)
        one.base_a[0] = 20.0
        await home.pass_time(6, step_s=0.5)
        paused = one.stored
        await home.pass_time(60, step_s=0.5)
        told = list(one.battery.writes)
        one.base_a[0] = 2.0
        await home.pass_time(90, step_s=0.5)

    assert paused.is_charge_held
    assert told == [HoldCharge()]
    assert one.battery.writes == [HoldCharge(), SELF]
    assert one.charging_w == 6900.0


def test_a_charger_s_limit_is_its_wish_whether_it_charges_or_not() -> None:
    load, said = Load("charger", "main", 32.0, (0, 1, 2)), state(AssetKind.CHARGER, CHARGER)
    wishes: list[Wish | None] = [Setpoint(10.0), SetMaxCurrent(6.0), StopCharging(), None]

    found = [Loads().now(said, load, PLACE, wish) for wish in wishes]

    assert [now and now.wish_a for now in found] == [10.0, 6.0, 0.0, 0.0]


def test_what_never_spoke_or_is_out_of_reach_is_not_known() -> None:
    away = state(AssetKind.BATTERY, BATTERY)
    load = Load("battery", "main", 16.0, (0, 1, 2), min_a=0.0)

    lost = Loads().now(replace(away, is_reachable=False), load, PLACE, None)

    assert Loads().now(replace(away, sample=None), load, PLACE, None) is None
    assert lost is not None
    assert (lost.wish_a, lost.limit_a, lost.drawn_a) == (16.0, None, None)


def test_of_a_device_with_several_meters_the_circuit_s_is_that_of_the_grid() -> None:
    at_roof = replace(asset(AssetKind.METER), id="roof", usage=MeterUsage.GENERATION)
    of_roof = state(AssetKind.METER, MeterReading(current_a_a=20.0), asset=at_roof)
    of_grid = state(AssetKind.METER, MeterReading(current_a_a=3.0))
    site = Site({one.asset.id: one for one in (of_roof, of_grid)})

    found = gather.meter_now(site, Circuit("main", 25.0, meter_id="meter"), (0,), {})

    assert found is not None
    assert found.current_a == (3.0, 0.0, 0.0)


@pytest.mark.parametrize("empty", [0.0, -1.0, nan, inf])
def test_a_plate_that_says_nothing_limits_nothing(empty: float) -> None:
    one = asset(AssetKind.CHARGER)
    wrong = replace(one, spec=replace(one.spec, max_current_a=empty, max_power_w=empty))

    assert ChargerTerms().plate_a(wrong) == 32.0
    assert ChargerTerms(max_a=16.0).plate_a(wrong) == 16.0


async def test_a_load_that_cannot_be_wired_is_granted_nothing_and_the_guard_goes_on(
    db: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    one, attic = Home(), replace(PLACE, circuit="attic")
    terms = replace(TERMS, chargers={**TERMS.chargers, "battery": attic})
    async with home_of(db, clock, one, terms) as home:
        await home.pass_time(20, step_s=0.5)

    assert one.charger.writes == [SetMaxCurrent(6.0)]
    assert [r.message for r in caplog.records if "attic" in r.message] == [
        "fuse guard: it is granted nothing: battery: there is no circuit attic"
    ]


@pytest.mark.parametrize("power_w", [nan, inf, -inf])
def test_what_a_battery_says_that_is_no_number_is_not_known(power_w: float) -> None:
    said = state(AssetKind.BATTERY, BatteryReading(power_w=power_w))
    load, found = Load("battery", "main", 16.0, (0, 1, 2), min_a=0.0), Loads()
    told = state(AssetKind.BATTERY, BatteryReading(power_w=690.0, setpoint_w=power_w))
    grants = {"battery": Grant(0.0, 30.0, Footing.FRESH, renews=True, binding="main")}

    found.look({"battery": load}, grants, batteries({"battery": said}, {"battery": load}, {}))
    unknown, drawn = found.now(said, load, PLACE, None), found.now(told, load, PLACE, None)

    assert found.paused == frozenset()
    assert unknown is not None
    assert (unknown.wish_a, unknown.limit_a, unknown.drawn_a) == (16.0, None, None)
    assert drawn is not None
    assert drawn.limit_a == 1.0


async def test_a_battery_that_gives_is_neither_told_anything_nor_counted_upon(
    db: Path, clock: FakeClock
) -> None:
    one = Home(free_w=-6900.0, base_a=[14.0, 14.0, 14.0])
    one.plug(is_charging=True)
    async with home_of(db, clock, one) as home:
        await home.pass_time(90, step_s=0.5)

    # 23.75 A less 14 A and the heat pump's five, whatever the battery gives.
    assert one.drawn_a == 0.0
    assert one.battery.writes == []


async def test_a_heat_pump_is_blocked_last_and_is_given_back_as_it_was(
    db: Path, clock: FakeClock
) -> None:
    one = Home(heat_w=3450.0)
    one.plug(is_charging=True)
    async with home_of(db, clock, one) as home:
        await home.pass_time(60, step_s=0.5)
        one.base_a[2] = 12.0
        await home.pass_time(6, step_s=0.5)
        lowered_a, untouched = one.drawn_a, list(one.pump.writes)
        one.base_a[2] = 20.0
        await home.pass_time(8, step_s=0.5)
        blocked, why = one.said.sg_ready, home.state("pump").decision
        one.base_a[2] = 2.0
        await home.pass_time(560, step_s=4.0)
        still = one.said.sg_ready
        await home.pass_time(120, step_s=4.0)

    assert 6.0 <= lowered_a <= 6.75
    assert untouched == []
    assert blocked is BLOCKED
    assert why is not None
    assert why.owner == "guard"
    assert still is BLOCKED
    assert one.pump.writes == [SetSgReady(BLOCKED), SetSgReady(SgReady.NORMAL)]


def warmed() -> Terms:
    return replace(TERMS, heaters={"pump": HeatTerms(boost=BoostSettings(for_s=60.0))})


async def test_the_sun_left_over_warms_the_house_and_a_fuse_comes_first(
    db: Path, clock: FakeClock
) -> None:
    one = Home(sun_w=6000.0, heat_w=2000.0)
    async with home_of(db, clock, one, warmed()) as home:
        home.store.adopt([replace(home.asset("meter"), usage=MeterUsage.GRID)])
        await home.pass_time(90, step_s=1.0)
        boosted, why = one.said.sg_ready, home.state("pump").decision
        one.base_a[0], one.sun_w = 24.0, 0.0
        await home.pass_time(8, step_s=0.5)
        blocked = one.said.sg_ready
        one.base_a[0] = 2.0
        await home.pass_time(680, step_s=4.0)

    assert boosted is RECOMMENDED
    assert why is not None
    assert (why.owner, why.reason) == ("heating", "the sun suffices to warm the house")
    assert blocked is BLOCKED
    assert one.said.sg_ready is SgReady.NORMAL


async def test_a_pump_without_levels_is_set_warmer_and_gets_its_schedule_back(
    db: Path, clock: FakeClock
) -> None:
    one = Home(sun_w=6000.0, pump=thermostat_box())
    one.pump.step = _idle
    async with home_of(db, clock, one, warmed()) as home:
        home.store.adopt([replace(home.asset("meter"), usage=MeterUsage.GRID)])
        await home.pass_time(90, step_s=1.0)
        boosted = list(one.pump.writes)
        one.sun_w = 0.0
        await home.pass_time(680, step_s=4.0)

    assert boosted == [PermanentHold(HvacMode.HEAT, 23.0)]
    assert one.pump.writes[1:] == [FollowSchedule()]


def test_what_blocks_a_pump_is_not_what_it_is_set_warmer_than() -> None:
    role, terms = thermostat_box().identity.roles["hvac"], HeatTerms(boost=BoostSettings(for_s=0.0))
    memory, sun = BoostMemory(), HeatSeen(surplus_w=5000.0)

    def ask(setpoint_c: float, seen: HeatSeen) -> object:
        said = HvacReading(mode="HEAT", hold_type="PERMANENT", heat_setpoint_c=setpoint_c)
        pump = state(AssetKind.HVAC, said, asset=asset(AssetKind.HVAC, spec=role))
        found = warmth.ask(pump, terms, seen, memory, 0.0)
        return found and found[0]

    assert ask(20.0, HeatSeen()) is None
    assert ask(10.0, HeatSeen()) is None
    assert ask(10.0, sun) == PermanentHold(HvacMode.HEAT, 22.0)


async def test_what_people_set_is_nothing_to_the_levels(db: Path, clock: FakeClock) -> None:
    one, warm = Home(), PermanentHold(HvacMode.HEAT, 21.0)
    async with home_of(db, clock, one) as home:
        await home.pass_time(20, step_s=0.5)
        action = await home.commander.submit(home.asset("pump").id, warm, "api")
        await home.pass_time(10, step_s=0.5)
        ended = await home.action(action.id)

    assert one.pump.writes == [warm]
    assert ended.state is ActionState.CONFIRMED


@pytest.mark.parametrize("can", [STEERED - {Capability.SET_POWER}, STEERED])
async def test_the_home_s_limit_holds_for_batteries_too(
    db: Path, clock: FakeClock, can: frozenset[Capability]
) -> None:
    one = Home(battery=battery_box(can), free_w=6000.0)
    terms = stored(BatteryMode.SELF_RELIANCE)
    async with home_of(db, clock, one, terms) as home:
        await home.pass_time(60, step_s=0.5)
        assert home.governor is not None
        home.governor.operator.settings = OperatorSettings(4200.0)
        await home.pass_time(12, step_s=0.5)

    assert one.battery.writes == [HoldCharge()]


async def test_a_battery_that_can_be_told_nothing_is_the_meter_s_alone(
    db: Path, clock: FakeClock
) -> None:
    one = Home(battery=battery_box(frozenset({Capability.SELF_RELIANCE})), base_a=[20.0, 2.0, 2.0])
    one.free_w = 3450.0
    async with home_of(db, clock, one) as home:
        await home.pass_time(30, step_s=0.5)
        asset = home.asset("battery")
        assert home.bench is not None
        assert not home.bench.terms.guards(asset)

    assert one.battery.writes == []


async def _idle(_: str) -> None:
    pass
