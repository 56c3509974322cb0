"""What the rules of batteries and of the grid come to, whoever else wants what."""

from dataclasses import replace
from types import MappingProxyType

import pytest

from gatewayd.control.governor.claims import claims
from gatewayd.control.governor.loads import loads
from gatewayd.control.governor.look import Look, Memory
from gatewayd.control.governor.operator import GridOperators
from gatewayd.control.governor.terms import BatteryTerms, ChargerTerms, GridTerms, Terms
from gatewayd.control.governor.wants import Wants
from gatewayd.model.asset import AssetKind, Capability
from gatewayd.model.circuit import Circuit
from gatewayd.model.command import SetOperationMode
from gatewayd.model.power import Hold, SetBatteryPower, SetExportLimit
from gatewayd.model.reading import (
    BatteryReading,
    HvacReading,
    InverterReading,
    MeterReading,
    OperationMode,
)
from gatewayd.model.site import Site
from gatewayd.plan.arbiter.claims import Rank
from gatewayd.plan.arbiter.ruling import settle
from gatewayd.plan.arming import Arming
from gatewayd.plan.battery.modes import BatteryMode, BatterySettings
from gatewayd.plan.ev.words import AlwaysCharge, ChargeMode
from gatewayd.plan.grid.capacity import CapacitySettings
from gatewayd.plan.grid.operator import OperatorSettings
from tests.fakes.clock import FakeClock
from tests.fakes.home import state
from tests.unit.control.test_claims import CHARGING, SOLAR, battery, can, ruled

METERED = Circuit("main", 25.0, meter_id="meter")
READINGS = {
    AssetKind.CHARGER: CHARGING,
    AssetKind.BATTERY: BatteryReading(power_w=0.0),
    AssetKind.HVAC: HvacReading(),
}


@pytest.mark.parametrize(
    ("terms", "wanted", "is_held"),
    [
        (ChargerTerms(charging=SOLAR), Wants(), False),
        (ChargerTerms(charging=SOLAR), Wants(charging={Rank.USER: (True, "api")}), True),
        (ChargerTerms(charging=replace(SOLAR, always_charge=AlwaysCharge.ON)), Wants(), True),
        (ChargerTerms(charging=replace(SOLAR, mode=ChargeMode.SCHEDULE)), Wants(), True),
        (ChargerTerms(charging=SOLAR, arming=Arming.SHADOW), Wants(), True),
        (ChargerTerms(charging=SOLAR, arming=Arming.OBSERVE), Wants(), True),
        (ChargerTerms(), Wants(), True),
    ],
)
def test_a_car_follows_the_sun_where_nothing_else_makes_it_charge(
    terms: ChargerTerms, wanted: Wants, *, is_held: bool
) -> None:
    own = battery(BatteryMode.SELF_RELIANCE, locked_against=frozenset({"charger"}))
    said = can(AssetKind.BATTERY, BatteryReading(power_w=0.0, soc_pct=50.0))
    charger, grid = can(AssetKind.CHARGER, CHARGING), state(AssetKind.METER, MeterReading(2000.0))
    wants_of = {charger.asset.id: wanted}

    found = ruled(replace(own, chargers={"charger": terms}), said, charger, grid, wants=wants_of)

    assert (found["battery"].wish == Hold()) is is_held


@pytest.mark.parametrize(
    ("mode", "can_hold"), [(BatteryMode.CHARGE_TO, True), (BatteryMode.SELF_RELIANCE, False)]
)
def test_a_battery_that_is_read_once_a_minute_is_told_the_same_all_the_while(
    mode: BatteryMode, *, can_hold: bool
) -> None:
    terms = battery(mode, reserve_pct=50.0, power_w=2000.0)
    told = {Capability.SET_POWER, Capability.SELF_RELIANCE} | {
        Capability.HOLD for _ in range(can_hold)
    }
    said = can(AssetKind.BATTERY, BatteryReading(power_w=0.0, soc_pct=40.0), frozenset(told))
    grid = state(AssetKind.METER, MeterReading(power_w=-2000.0))
    look = Look(Site({one.asset.id: one for one in (said, grid)}), terms, 0.0)

    found = {
        settle(claims(replace(look, now_s=now_s), Memory()), now_s)[said.asset.id].wish
        for now_s in (0.0, 16.0, 59.0)
    }

    assert found == {SetBatteryPower(2000.0)}


def test_a_lock_against_a_car_that_always_charges_outlasts_a_gap_between_clouds() -> None:
    settings = BatterySettings(locked_against=frozenset({"charger"}))
    always = ChargerTerms(charging=replace(SOLAR, always_charge=AlwaysCharge.ON))
    own = Terms(batteries={"battery": BatteryTerms(settings)}, chargers={"charger": always})
    memory, held = Memory(), list[bool]()
    for now_s, grid_w in ((0.0, 2000.0), (5.0, -9000.0), (290.0, -9000.0), (310.0, -9000.0)):
        states = (
            can(AssetKind.BATTERY, BatteryReading(power_w=0.0, soc_pct=50.0)),
            can(AssetKind.CHARGER, CHARGING),
            state(AssetKind.METER, MeterReading(grid_w)),
        )
        samples = (replace(one.sample, at_monotonic=now_s) for one in states if one.sample)
        pairs = zip(states, samples, strict=True)
        found = [replace(one, sample=sample) for one, sample in pairs]
        site = Site(MappingProxyType({one.asset.id: one for one in found}))
        ruling = settle(claims(Look(site, own, now_s), memory), now_s)[states[0].asset.id]
        held.append(ruling.wish == Hold())

    assert held == [True, True, True, False]


def test_what_is_on_no_circuit_is_on_the_house_s_own_where_the_home_is_limited() -> None:
    circuits = {"shed": Circuit("shed", 16.0, parent="main"), "main": METERED}
    free = Terms(circuits, chargers={"placed": ChargerTerms("shed")})
    by_operator = replace(free, grid=GridTerms(operator=OperatorSettings(4200.0)))
    by_quarter = replace(free, grid=GridTerms(capacity=CapacitySettings(2500.0)))
    said = [can(kind, READINGS[kind]) for kind in READINGS]
    site = Site(MappingProxyType({one.asset.id: one for one in said}))
    observed = {"battery": ChargerTerms(arming=Arming.OBSERVE)}

    assert loads(site, free) == {}
    for limited in (by_operator, by_quarter):
        assert {one.circuit for one in loads(site, limited).values()} == {"main"}
        # Nobody has said what the heat pump draws.
        assert loads(site, limited).keys() == {"charger", "battery"}
        assert limited.wired("placed").circuit == "shed"
    assert loads(site, replace(by_operator, chargers=observed)).keys() == {"charger"}


def test_the_operator_limits_what_is_fed_in_and_so_does_his_silence() -> None:
    terms = Terms(grid=GridTerms(export_operator=OperatorSettings(1000.0)))
    operators = GridOperators.of(None, terms.grid.export_operator, FakeClock())
    said = can(AssetKind.INVERTER, InverterReading(power_w=8000.0, rated_w=10_000.0))

    silent = ruled(terms, said, fed=operators.fed.given())["inverter"]
    operators.tell({"export_limit_w": 3000.0})
    limited = ruled(terms, said, fed=operators.fed.given())["inverter"]
    operators.tell({"export_limit_w": None})

    assert (silent.wish, limited.wish) == (SetExportLimit(1000.0), SetExportLimit(3000.0))
    assert silent.grounds.reason == "the grid operator's failsafe"
    assert limited.grounds.reason == "the grid operator"
    assert ruled(terms, said, fed=operators.fed.given()) == {}


def test_a_battery_that_cannot_be_lowered_is_left_to_itself_while_the_operator_limits() -> None:
    only = frozenset({Capability.SELF_RELIANCE, Capability.IMPORT_FOCUS})
    said = can(AssetKind.BATTERY, BatteryReading(power_w=5000.0), only)
    terms = battery(BatteryMode.IMPORT_FOCUS)

    free, limited = ruled(terms, said), ruled(terms, said, is_limited=True)

    assert free["battery"].wish == SetOperationMode(OperationMode.IMPORT_FOCUS)
    assert limited["battery"].wish == SetOperationMode(OperationMode.SELF_RELIANCE)
