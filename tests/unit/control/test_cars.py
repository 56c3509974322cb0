"""The car at a charger: by what the charger says, never by a guess that could be another one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest

from gatewayd.control.governor.cars import AtCharger, at_charger, car_now
from gatewayd.control.governor.claims import claims
from gatewayd.control.governor.look import Look, Memory
from gatewayd.control.governor.terms import ChargerTerms, Terms
from gatewayd.model.asset import AssetKind
from gatewayd.model.reading import ChargerReading, PowerDelivery, VehicleReading
from gatewayd.model.ready_by import ReadyBy
from gatewayd.model.site import AssetState, Site
from gatewayd.plan.arbiter.claims import Setpoint
from gatewayd.plan.arbiter.ruling import settle
from gatewayd.plan.ev.cars import CarTerms
from gatewayd.plan.ev.ready import When
from gatewayd.plan.ev.words import ChargeMode, ChargeSettings
from tests.fakes.home import asset, state

PLUGGED = ChargerReading(PowerDelivery.STOPPED, power_w=0.0)
HERE = VehicleReading(soc_pct=55.0, power_delivery=PowerDelivery.STOPPED)
AWAY = VehicleReading(soc_pct=30.0, power_delivery=PowerDelivery.UNPLUGGED)
ZOE = CarTerms("zoe", frozenset({"0001C10A2B3D"}), "zoe_cloud", capacity_wh=41_000.0)
LEAF = CarTerms("leaf", frozenset({"04A2B3C4"}), "leaf_cloud")
NOON = datetime(2026, 6, 22, 12, tzinfo=UTC)


def charger(name: str = "charger", **reading: Any) -> AssetState:
    kind, said = AssetKind.CHARGER, replace(PLUGGED, **reading)
    return state(kind, said, asset=asset(kind, id=name, device_id=name))


def vehicle(device_id: str, reading: VehicleReading) -> AssetState:
    kind = AssetKind.VEHICLE
    return state(kind, reading, asset=asset(kind, id=f"{device_id}-car", device_id=device_id))


def home(*states: AssetState) -> Site:
    return Site(MappingProxyType({one.asset.id: one for one in states}))


def found(one: AssetState, *others: AssetState, cars: tuple[CarTerms, ...] = ()) -> AtCharger:
    return at_charger(one, home(one, *others), cars)


def test_the_charger_s_word_decides_over_what_cars_say_of_their_plugs() -> None:
    both = (ZOE, LEAF)
    zoe, leaf = vehicle("zoe_cloud", AWAY), vehicle("leaf_cloud", HERE)

    by_car = found(charger(vehicle_id="VID:00:01:c1:0a:2b:3d"), zoe, leaf, cars=both)
    by_card = found(charger(rfid="04-A2-B3-C4"), zoe, leaf, cars=both)

    assert (by_car.terms, by_car.reading) == (ZOE, AWAY)
    assert (by_card.terms, by_card.reading) == (LEAF, HERE)


def test_a_stranger_s_card_makes_a_guest_whose_level_nobody_knows() -> None:
    leaf = vehicle("leaf_cloud", HERE)

    assert found(charger(rfid="FFFF"), leaf, cars=(ZOE, LEAF)) == AtCharger()
    # Where no card belongs to a car, one only lets in.
    plain = replace(LEAF, identities=frozenset())
    assert found(charger(rfid="FFFF"), leaf, cars=(plain,)).terms == plain


def test_what_a_car_says_through_its_charger_is_its_own() -> None:
    through = vehicle("charger", HERE)
    elsewhere = vehicle("leaf_cloud", replace(HERE, soc_pct=20.0))

    assert found(charger(), through, elsewhere).reading == HERE
    by_card = charger(rfid="04A2B3C4")
    assert found(by_card, through, cars=(LEAF,)) == AtCharger(LEAF, HERE)
    # What its maker says of it is more than what goes through the plug.
    assert found(by_card, through, elsewhere, cars=(LEAF,)).reading == replace(HERE, soc_pct=20.0)


def test_two_chargers_with_cars_do_not_share_the_one_that_says_it_is_plugged_in() -> None:
    leaf = vehicle("leaf_cloud", HERE)

    assert found(charger(), charger("second"), leaf, cars=(LEAF,)) == AtCharger()
    free = charger("second", power_delivery=PowerDelivery.UNPLUGGED)
    assert found(charger(), free, leaf, cars=(LEAF,)) == AtCharger(LEAF, HERE)


def test_the_only_car_of_a_home_need_not_say_anything() -> None:
    only = CarTerms("zoe", capacity_wh=41_000.0)

    assert found(charger(), cars=(only,)) == AtCharger(only)
    assert found(charger(), cars=(only, LEAF)) == AtCharger()
    assert found(charger(power_delivery=PowerDelivery.UNPLUGGED), cars=(only,)) == AtCharger()


def test_a_level_and_a_capacity_come_from_whoever_knows() -> None:
    told = replace(HERE, capacity_wh=39_000.0)

    assert car_now(charger(), AtCharger(LEAF, told)).capacity_wh == 39_000.0
    assert car_now(charger(), AtCharger(ZOE, told)).capacity_wh == 41_000.0
    assert car_now(charger(), AtCharger(ZOE)).soc_pct is None
    assert car_now(charger(), AtCharger(ZOE, told)).soc_pct == 55.0


def setpoint(mode: ChargeMode, plan: ReadyBy, *cars: CarTerms, when: When | None) -> object:
    """What a charger whose car is at 55 % is told."""
    settings = ChargeSettings(mode=mode, max_a=16.0, plans={"trip": plan})
    terms = Terms(chargers={"charger": ChargerTerms(charging=settings)}, cars=cars)
    one, car = charger(rfid="04A2B3C4"), vehicle("leaf_cloud", HERE)
    look = Look(home(one, car), terms, 0.0, when=when)
    return settle(claims(look, Memory()), 0.0)["charger"].wish


def test_a_plan_charges_in_time_and_waits_while_there_is_time() -> None:
    when, full = When(NOON, UTC), Setpoint(16.0, 3)
    # 31 kWh are to be drawn: 2 h 48 min at 11 kW, 8 h 24 min at 3.7.
    soon = ReadyBy(at=NOON + timedelta(hours=3), soc_pct=89.0)
    later = ReadyBy(at=NOON + timedelta(hours=5), soc_pct=89.0)
    slow, fast = replace(LEAF, phases=1), replace(LEAF, phases=3)

    assert setpoint(ChargeMode.PLAN, soon, LEAF, when=when) == full
    assert setpoint(ChargeMode.SOLAR, soon, LEAF, when=when) == full
    assert setpoint(ChargeMode.PLAN, later, fast, when=when) == Setpoint(0.0)
    assert setpoint(ChargeMode.PLAN, later, slow, when=when) == full
    assert setpoint(ChargeMode.OFF, soon, LEAF, when=when) == Setpoint(0.0)


@pytest.mark.parametrize("limit", [{"limit_energy_wh": 5_000.0}, {"limit_soc_pct": 60.0}])
def test_a_limit_holds_for_a_charger_that_only_counts_and_a_level_that_stands_still(
    limit: dict[str, Any],
) -> None:
    settings = ChargeSettings(mode=ChargeMode.NOW, **limit)
    terms, memory = Terms(chargers={"charger": ChargerTerms(charging=settings)}), Memory()
    car, wishes = vehicle("leaf_cloud", HERE), []
    for now_s, energy_wh in ((0.0, 1_000.0), (600.0, 6_000.0), (900.0, 9_000.0)):
        one = charger(session_wh=None, energy_wh=energy_wh)
        look = Look(home(one, car), terms, now_s)
        wishes.append(settle(claims(look, memory), now_s)["charger"].wish)

    assert wishes[0] == Setpoint(16.0, 3)
    assert wishes[2] == Setpoint(0.0)


def test_no_plan_is_kept_while_nobody_knows_what_time_it_is() -> None:
    soon = ReadyBy(at=NOON + timedelta(hours=3), soc_pct=89.0)

    assert setpoint(ChargeMode.PLAN, soon, LEAF, when=None) != Setpoint(16.0, 3)
