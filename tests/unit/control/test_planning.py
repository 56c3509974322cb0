"""What a plan counts on is what wiring, limits and the car bear."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest

from gatewayd.control.governor.claims import claims
from gatewayd.control.governor.look import Look, Memory
from gatewayd.control.governor.terms import ChargerTerms, Terms
from gatewayd.model.asset import AssetKind, Capability, MeterUsage
from gatewayd.model.circuit import Circuit
from gatewayd.model.reading import ChargerReading, MeterReading, PowerDelivery
from gatewayd.model.ready_by import ReadyBy
from gatewayd.model.site import Site
from gatewayd.plan.ev.cars import CarTerms
from gatewayd.plan.ev.ready import ReadyMemory, When
from gatewayd.plan.ev.words import ChargeMode, ChargeSettings
from tests.fakes.home import asset, state

NOON = datetime(2026, 6, 22, 12, tzinfo=UTC)
MAIN = Circuit("main", limit_a=25.0, meter_id="meter")
GARAGE = Circuit("garage", limit_a=25.0, parent="main")
TRIP = {"trip": ReadyBy(at=NOON + timedelta(hours=12), energy_wh=20_000.0)}
HOME_W = 400.0


def planned_w(
    *circuits: Circuit,
    on: str | None = None,
    phases: tuple[int, ...] = (3,),
    import_w: float | None = None,
    cars: tuple[CarTerms, ...] = (CarTerms("leaf", phases=3),),
    memory: Memory | None = None,
    reading: ChargerReading | None = None,
    now_s: float = 0.0,
    home_w: float = HOME_W,
    **term: Any,
) -> float:
    settings = ChargeSettings(mode=ChargeMode.PLAN, phases=phases, plans=TRIP)
    charger = ChargerTerms(on, (0, 1, 2), charging=settings, **term)
    terms = Terms({one.id: one for one in circuits}, chargers={"charger": charger}, cars=cars)
    meter = asset(AssetKind.METER, device_id="meter", usage=MeterUsage.GRID)
    said = reading or ChargerReading(PowerDelivery.STOPPED, power_w=0.0, session_wh=0.0, phases=3)
    spec = replace(asset(AssetKind.CHARGER).spec, capabilities=frozenset(Capability))
    one = asset(AssetKind.CHARGER, device_id="charger", spec=spec)
    states = [
        state(AssetKind.CHARGER, said, asset=one),
        state(AssetKind.METER, MeterReading(power_w=home_w), asset=meter),
    ]
    site = Site(MappingProxyType({one.asset.id: one for one in states}))
    memory = memory or Memory()
    list(claims(Look(site, terms, now_s, when=When(NOON, UTC), import_w=import_w), memory))
    ready = memory.planned["charger"]
    assert ready is not None
    power_w = {one.name: one.value for one in ready.grounds.inputs}["planned_power_w"]
    assert isinstance(power_w, float)
    return power_w


@pytest.mark.parametrize(
    ("given", "most_w"),
    [
        ({}, 11_040.0),
        ({"max_a": 10.0}, 6_900.0),
        ({"cars": (CarTerms("slow", max_a=8.0, phases=1),)}, 1_840.0),
        ({"circuits": (MAIN,), "on": "main"}, 11_040.0),
        ({"circuits": (MAIN, Circuit("garage", 10.0, parent="main")), "on": "garage"}, 6_900.0),
        # What is on no circuit, where others are, is left with the least.
        ({"circuits": (MAIN,)}, 4_140.0),
        # What the home draws is drawn from the same limit, and charged is in whole amperes.
        ({"circuits": (MAIN,), "on": "main", "import_w": 6_000.0}, 5_520.0),
        ({"circuits": (MAIN,), "on": "main", "import_w": 2_400.0, "phases": (1, 3)}, 1_840.0),
        # Three phases cannot be had with so little: that it will be late is said.
        ({"circuits": (MAIN,), "on": "main", "import_w": 2_400.0}, 500.0),
        # What is drawn elsewhere in the home leaves a circuit within it as it is.
        (
            {
                "circuits": (MAIN, replace(GARAGE, limit_w=8_000.0)),
                "on": "garage",
                "home_w": 9_000.0,
            },
            7_590.0,
        ),
        ({"circuits": (replace(MAIN, limit_w=8_000.0),), "on": "main"}, 7_590.0),
        # A limit that binds nothing of it.
        ({"import_w": 2_400.0}, 11_040.0),
    ],
)
def test_a_plan_counts_on_no_more_than_there_can_be(given: dict[str, Any], most_w: float) -> None:
    assert planned_w(*given.pop("circuits", ()), **given) == most_w


def test_what_a_charger_draws_that_does_not_measure_it_is_not_the_home_s() -> None:
    drawing = ChargerReading(PowerDelivery.CHARGING, max_current_a=10.0, phases=3, session_wh=0.0)
    given: dict[str, Any] = {"on": "main", "import_w": 8_000.0, "reading": drawing}

    assert planned_w(MAIN, home_w=HOME_W + 6_900.0, **given) == 7_590.0


def test_of_a_car_that_nobody_knows_one_phase_is_counted_on_until_it_has_drawn_on_more() -> None:
    memory = Memory()
    drawing = ChargerReading(
        PowerDelivery.CHARGING,
        power_w=11_000.0,
        current_a_a=16.0,
        current_b_a=16.0,
        current_c_a=16.0,
        session_wh=0.0,
    )

    unseen = Memory(ready={"charger": ReadyMemory(powers_w={"": 9_000.0})})
    assert planned_w(cars=(), memory=memory) == 3_680.0
    assert planned_w(cars=(), memory=unseen) == 9_000.0
    for now_s in (5.0, 130.0, 135.0):
        found_w = planned_w(cars=(), memory=memory, reading=drawing, now_s=now_s)
    assert found_w == 11_040.0
