"""Batteries and heat pumps as loads: what they say, and what a grant is to them."""

from dataclasses import replace

import pytest

from gatewayd.model.asset import AssetKind, Capability, Role
from gatewayd.model.circuit import Load
from gatewayd.model.climate import Bounds, HvacMode, Thermostat
from gatewayd.model.command import Command, SetOperationMode
from gatewayd.model.power import Hold, HoldCharge, SetBatteryPower
from gatewayd.model.reading import BatteryReading, HvacReading, OperationMode, SgReady
from gatewayd.plan.guard import heating, storage
from gatewayd.plan.guard.guard import decide
from gatewayd.plan.guard.words import Footing, Grant, Memory, MeterNow
from tests.fakes.home import asset
from tests.unit.plan.guard.home import wiring

BATTERY = Load("battery", "main", 16.0, (0, 1, 2), min_a=0.0)
SINGLE = replace(BATTERY, lines=(1,))
LOST = replace(BATTERY, lines=None)
HEAT = Load("heat", "main", 5.0, (0, 1, 2), min_a=5.0, step_a=5.0)
IMPORT, EXPORT = (
    SetOperationMode(mode) for mode in (OperationMode.IMPORT_FOCUS, OperationMode.EXPORT_FOCUS)
)
SELF = SetOperationMode(OperationMode.SELF_RELIANCE)
LEVELS = asset(AssetKind.HVAC, spec=Role(AssetKind.HVAC, frozenset({Capability.SET_SG_READY})))
SETPOINT = asset(
    AssetKind.HVAC,
    spec=Role(
        AssetKind.HVAC,
        frozenset({Capability.SET_PERMANENT_HOLD}),
        thermostat=Thermostat(frozenset(HvacMode), Bounds(15.0, 25.0)),
    ),
)


def grant(amps: float, binding: str | None = "main: phase a") -> Grant:
    return Grant(amps, 30.0, Footing.FRESH, renews=True, binding=binding)


@pytest.mark.parametrize(
    ("load", "reading", "limit_a", "drawn_a"),
    [
        (BATTERY, BatteryReading(power_w=6900.0), 10.0, (10.0, 10.0, 10.0)),
        (SINGLE, BatteryReading(power_w=2300.0), 10.0, (10.0,)),
        (LOST, BatteryReading(power_w=2300.0), 10.0, (10.0,)),
        (LOST, BatteryReading(power_w=11_000.0), 16.0, (16.0,)),
        (SINGLE, BatteryReading(power_w=-2300.0), 0.0, (-10.0,)),
        (SINGLE, BatteryReading(power_w=2300.0, setpoint_w=1150.0), 5.0, (10.0,)),
        (SINGLE, BatteryReading(power_w=-2300.0, setpoint_w=-2300.0), 0.0, (-10.0,)),
        (SINGLE, BatteryReading(power_w=2300.0, is_charge_held=True), 0.0, (10.0,)),
        (SINGLE, BatteryReading(), None, None),
    ],
)
def test_a_battery_is_at_what_it_is_told_and_else_at_what_it_draws(
    load: Load, reading: BatteryReading, limit_a: float | None, drawn_a: object
) -> None:
    found = storage.now(load, reading, 16.0, 1.0)

    assert (found.limit_a, found.drawn_a) == (limit_a, drawn_a)


@pytest.mark.parametrize(
    ("wanted", "wish_a"),
    [
        (SetBatteryPower(3000.0), 5.0),
        (SetBatteryPower(3450.0), 5.0),
        (SetBatteryPower(90_000.0), 16.0),
        (SetBatteryPower(-3000.0), 0.0),
        (HoldCharge(), 0.0),
        (EXPORT, 0.0),
        (IMPORT, 16.0),
        (Hold(), 16.0),
        (None, 16.0),
    ],
)
def test_a_battery_wants_what_it_may_come_to_draw(wanted: Command | None, wish_a: float) -> None:
    assert storage.wish_a(wanted, BATTERY.lines, BATTERY.max_a) == wish_a


@pytest.mark.parametrize(("lines", "most_w"), [((0, 1, 2), 6900.0), ((1,), 2300.0), (None, 2300.0)])
def test_a_grant_is_so_many_watts_and_no_more(lines: tuple[int, ...] | None, most_w: float) -> None:
    assert storage.most_w(grant(10.0), lines) == most_w
    assert storage.most_w(grant(10.0008), lines) == most_w


def test_a_battery_left_to_itself_pauses_once_it_draws_too_much_and_until_all_fits() -> None:
    draws, rests = BatteryReading(power_w=2300.0), BatteryReading(power_w=0.0)

    def is_paused(
        amps: float, reading: BatteryReading, *, before: bool, binding: str | None
    ) -> bool:
        return storage.is_paused(grant(amps, binding), (1,), reading, was_paused=before)

    assert not is_paused(9.5, draws, before=False, binding="main")
    assert is_paused(8.0, draws, before=False, binding="main")
    assert is_paused(8.0, rests, before=True, binding="main")
    assert not is_paused(10.0, rests, before=True, binding=None)
    assert not is_paused(0.0, rests, before=False, binding="main")
    assert not is_paused(0.0, BatteryReading(), before=False, binding="main")


def test_a_pause_takes_nothing_from_the_grid_and_lets_go_of_nothing_that_was_held() -> None:
    every = frozenset(Capability)

    assert storage.pause(SELF, every) == HoldCharge()
    assert storage.pause(None, every - {Capability.HOLD_CHARGE}) == SetBatteryPower(0.0)
    assert storage.pause(None, frozenset({Capability.HOLD})) == Hold()
    assert storage.pause(Hold(), every) == SetBatteryPower(0.0)
    assert storage.pause(None, frozenset({Capability.SELF_RELIANCE})) is None


def test_only_what_is_told_an_amount_is_forced() -> None:
    assert storage.is_forced(SetBatteryPower(1.0))
    assert storage.is_forced(IMPORT)
    assert not storage.is_forced(SELF)
    assert not storage.is_forced(None)


@pytest.mark.parametrize(
    ("asset_", "reading", "limit_a", "drawn_a"),
    [
        (LEVELS, HvacReading(power_w=2300.0, sg_ready=SgReady.NORMAL), 5.0, 10.0 / 3),
        (LEVELS, HvacReading(power_w=2300.0, sg_ready=SgReady.BLOCKED), 0.0, 10.0 / 3),
        (LEVELS, HvacReading(sg_ready=SgReady.BLOCKED), 0.0, None),
        (SETPOINT, HvacReading(mode="HEAT", heat_setpoint_c=21.0), 5.0, None),
        (SETPOINT, HvacReading(mode="HEAT", heat_setpoint_c=15.0), 0.0, None),
        (SETPOINT, HvacReading(mode="OFF"), 0.0, None),
        (SETPOINT, HvacReading(), 5.0, None),
    ],
)
def test_a_heat_pump_may_run_until_it_is_blocked(
    asset_: object, reading: HvacReading, limit_a: float, drawn_a: float | None
) -> None:
    found = heating.now(HEAT, asset_, reading, 1.0)  # type: ignore[arg-type]

    assert (found.wish_a, found.limit_a) == (5.0, limit_a)
    assert found.drawn_a == (None if drawn_a is None else pytest.approx((drawn_a,) * 3))


class House:
    """A meter, and a heat pump that stops when the test says so."""

    def __init__(self) -> None:
        self.base_a, self.runs, self.level = 2.0, True, SgReady.NORMAL
        self.now_s, self.memory, self.amps = 1000.0, Memory(), 0.0
        self.wiring = wiring(HEAT)

    def look(self, seconds: float) -> float:
        for _ in range(int(seconds / 2)):
            self.now_s += 2.0
            power_w = 3450.0 if self.runs else 0.0
            total_a = self.base_a + power_w / 690.0 + self.now_s % 7 / 1000.0
            meter = MeterNow((total_a,) * 3, self.now_s, 2.0, None, total_a)
            said = HvacReading(power_w=power_w, sg_ready=self.level)
            now = heating.now(HEAT, LEVELS, said, self.now_s)
            found = decide(self.wiring, self.now_s, {"main": meter}, {"heat": now}, self.memory)
            self.amps = found["heat"].amps
            self.level = SgReady.NORMAL if heating.may_run(found["heat"]) else SgReady.BLOCKED
        return self.amps


def test_a_heat_pump_is_blocked_at_once_and_let_go_after_a_while() -> None:
    house = House()
    assert house.look(10) == 5.0

    house.base_a = 20.0
    assert house.look(2) == 0.0
    house.base_a, house.runs = 2.0, False
    assert house.look(290) == 0.0
    assert house.look(40) == 5.0


def test_a_heat_pump_counts_until_it_has_stopped() -> None:
    house = House()
    house.look(10)
    house.base_a = 20.0
    house.look(20)
    own = house.memory.loads["heat"]

    assert own.refused_since_s is not None
    house.runs = False
    house.look(2)
    assert own.refused_since_s is None
