"""Circuits, charging, batteries and the grid in the config."""

from dataclasses import replace
from decimal import Decimal
from math import inf, nan
from pathlib import Path

import pytest

from gatewayd.config import Config, load
from gatewayd.control.governor.terms import HeatTerms
from gatewayd.devices.registry import Registry
from gatewayd.errors import ConfigError, InvalidError
from gatewayd.model.circuit import Circuit, Load
from gatewayd.model.reading import SgReady
from gatewayd.plan.arming import Arming
from gatewayd.plan.battery.modes import BatteryMode
from gatewayd.plan.ev.surplus import BatteryRule
from gatewayd.plan.ev.words import AlwaysCharge, ChargeMode, Delays
from gatewayd.plan.grid.export import FeedIn
from gatewayd.plan.grid.operator import OperatorSettings
from gatewayd.plan.grid.relay import Contacts, RelaySettings
from gatewayd.plan.guard.wiring import Wiring
from gatewayd.plan.heat.boost import BoostSettings
from gatewayd.plan.heat.compressor import HeatSettings
from tests.unit.config.catalogue import write

HEAD = "version: 1\nhome: {timezone: UTC, latitude: 0, longitude: 0}\n"
DEVICES = """\
devices:
  grid_meter: {driver: eastron_sdm630, host: 192.0.2.3, unit: 1, usage: grid}
  inverter:
    driver: sunspec
    host: 192.0.2.4
    unit: 1
    battery: {mode: hold, reserve_pct: 20, locked_against: [charger], grid_charge_below: 0.1}
  charger:
    driver: go_e_modbus
    host: 192.0.2.1
    circuit: garage
    wiring: [b, c, a]
    priority: 3
    control: shadow
    audited: true
    safe_a: 6
    charging: {mode: solar, always_charge: once, min_a: 8, max_a: 20, phases: [3, 1]}
"""
GOOD = f"""\
{HEAD}circuits:
  main: {{limit_a: 25, meter: grid_meter, assumed_base_a: 10, limit_w: 15000}}
  garage: {{in: main, limit_a: 20}}
grid:
  export_limit_w: 5000
  feed_in: {{fixed: -0.04, share: 0.84}}
  capacity: {{billed_w: 2500}}
  operator: {{failsafe_w: 4200}}
{DEVICES}"""


def read(folder: Path, text: str) -> Config:
    return load(write(folder, text), Registry.load(), {})


def test_everything_reaches_the_governor(tmp_path: Path) -> None:
    terms = read(tmp_path, GOOD).terms

    charger, battery = terms.chargers["charger"], terms.batteries["inverter"]
    assert terms.circuits == {
        "main": Circuit("main", 25, limit_w=15000, meter_id="grid_meter", assumed_base_a=10),
        "garage": Circuit("garage", 20, parent="main"),
    }
    assert (charger.circuit, charger.lines, charger.priority) == ("garage", (1, 2, 0), 3)
    assert charger.arming is Arming.SHADOW
    assert charger.charging is not None
    assert charger.charging.mode is ChargeMode.SOLAR
    assert charger.charging.always_charge is AlwaysCharge.ONCE
    assert (charger.charging.min_a, charger.charging.phases) == (8, (1, 3))
    assert battery.settings.mode is BatteryMode.HOLD
    assert battery.settings.locked_against == {"charger"}
    assert terms.audited == {"charger"}
    assert charger.safe_a == 6
    assert terms.grid.export is not None
    assert terms.grid.export.feed_in == FeedIn(Decimal("-0.04"), Decimal("0.84"))
    assert terms.grid.capacity is not None
    assert terms.grid.operator == OperatorSettings(4200, heartbeat_timeout_s=120)
    assert terms.grid.relay is None
    assert Wiring(terms.circuits, {})


PUMP = f"""\
{HEAD}circuits:
  main: {{limit_a: 25}}
devices:
  pump:
    driver: stiebel_isg
    host: 192.0.2.5
    circuit: main
    max_a: 5
    heating:
      min_on_s: 600
      boost: {{above_w: 2000, level: 4}}
      blocked_by_operator: true
"""


def test_a_heat_pump_is_spared_and_boosted_as_its_config_says(tmp_path: Path) -> None:
    terms = read(tmp_path, PUMP).terms

    assert terms.chargers["pump"].max_a == 5
    assert terms.heaters["pump"] == HeatTerms(
        HeatSettings(least_on_s=600),
        BoostSettings(above_w=2000, level=SgReady.FORCED),
        is_blocked_by_operator=True,
    )


def test_a_heat_pump_on_a_circuit_needs_to_say_what_it_draws(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="add max_a"):
        read(tmp_path, PUMP.replace("    max_a: 5\n", ""))


def test_the_sun_is_shared_as_the_config_says(tmp_path: Path) -> None:
    delays = "delays: {start_at_grid_w: -1700, stop_at_grid_w: 200, phase_switches: 2}"
    text = GOOD.replace("phases: [3, 1]", f"phases: [3, 1], {delays}") + (
        "solar: {battery_first_below_pct: 40, battery_lends_above_pct: 90, residual_w: -50}\n"
    )

    terms = read(tmp_path, text).terms

    charging = terms.chargers["charger"].charging
    assert charging is not None
    assert charging.delays == Delays(start_at_grid_w=-1700, stop_at_grid_w=200, phase_switches=2)
    assert terms.rule == BatteryRule(40, 90, -50)


@pytest.mark.parametrize("at_w", [0, -1600])
def test_charging_does_not_begin_where_it_ends(tmp_path: Path, at_w: int) -> None:
    delays = f"delays: {{start_at_grid_w: {at_w}, stop_at_grid_w: 200}}"

    with pytest.raises(ConfigError, match="its least is 1840 W; set start_at_grid_w to -1640 or"):
        read(tmp_path, GOOD.replace("phases: [3, 1]", f"phases: [3, 1], {delays}"))


def test_phases_are_no_choice_where_the_charger_cannot_switch(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="webasto_next switches no phases; name one"):
        read(tmp_path, GOOD.replace("go_e_modbus", "webasto_next"))


RELAY = """\
operator:
    failsafe_w: 4200
    relay: {device: charger, states: [{opened: [1]}, {closed: [1, 2], limit_w: 0}]}
"""


def test_a_relay_is_all_that_an_operator_has_then(tmp_path: Path) -> None:
    text = GOOD.replace("operator: {failsafe_w: 4200}\n", RELAY)
    terms = read(tmp_path, text).terms

    states = (Contacts(None, opened=frozenset({1})), Contacts(0, closed=frozenset({1, 2})))
    assert terms.grid.relay == RelaySettings("charger", states)
    assert terms.grid.operator == OperatorSettings(4200, is_wired=True)
    for old, new, told in (
        ("{opened: [1]}", "{}", "names no contact"),
        ("device: charger", "device: relay", "there is no device 'relay'"),
        ("[1, 2]", "[0]", "greater than or equal to 1"),
    ):
        with pytest.raises(ConfigError) as raised:
            read(tmp_path, text.replace(old, new, 1))
        assert any(told in problem for problem in raised.value.problems)


FED = """\
export_operator:
    failsafe_w: 0
    failsafe_s: 60
    relay: {device: charger, states: [{closed: [1]}]}
  operator:"""


def test_an_operator_may_limit_what_is_fed_in_too(tmp_path: Path) -> None:
    text = GOOD.replace("operator:", FED, 1)
    grid = read(tmp_path, text).terms.grid

    assert grid.operator == OperatorSettings(4200)
    assert grid.export_operator == OperatorSettings(0, failsafe_least_s=60, is_wired=True)
    assert grid.export_relay == RelaySettings("charger", (Contacts(None, frozenset({1})),))
    with pytest.raises(ConfigError, match="there is no device 'relay'"):
        read(tmp_path, text.replace("{device: charger", "{device: relay"))


def test_a_home_that_says_nothing_of_it_governs_nothing(tmp_path: Path) -> None:
    text = f"{HEAD}devices:\n  charger: {{driver: keba_p30, host: 192.0.2.1}}\n"

    terms = read(tmp_path, text).terms

    assert (terms.circuits, terms.batteries, terms.grid.export) == ({}, {}, None)
    assert terms.chargers["charger"].charging is None


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("in: main", "in: mian", "there is no circuit 'mian'; did you mean main?"),
        ("in: main", "in: garage", "hangs on itself"),
        ("main: {limit_a: 25", "main: {in: garage, limit_a: 25", "hangs on itself"),
        ("limit_a: 20", "limit_a: 0", "greater than 0"),
        ("limit_a: 20", "limit_a: -20", "greater than 0"),
        ("limit_a: 20", "limit: 20", "is not a known key; did you mean limit_w or limit_a?"),
        ("meter: grid_meter", "meter: gridmeter", "there is no device 'gridmeter'"),
        ("circuit: garage", "circuit: cellar", "there is no circuit 'cellar'"),
        ("[b, c, a]", "[b, b, a]", "names a phase twice"),
        ("[b, c, a]", "[b, d, a]", "wiring[1]: 'd' does not fit; it should be 'a', 'b' or 'c'"),
        ("meter: grid_meter", "meter: grid_meter, meter_phases: [a, c]", "names phase b, which"),
        ("[charger]", "[chargr]", "did you mean charger?"),
        ("min_a: 8", "min_a: 21", "min_a above max_a"),
        ("mode: solar", "mode: sun", "mode"),
        ("control: shadow", "control: maybe", "control"),
        ("host: 192.0.2.3", "host: http://192.0.2.3/", "is not a name or an address alone"),
        ("host: 192.0.2.3", "host: 192.0.2.3:502", "is not a name or an address alone"),
        ("usage: grid", "usage: grid, circuit: main", "is for a charger or battery or hvac"),
        ("operator: {failsafe_w: 4200}", "operator: {}", "failsafe_w"),
        ("meter: grid_meter, ", "", "needs the house's own circuit with a meter"),
    ],
)
def test_what_cannot_be_is_told_where_it_stands(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as raised:
        read(tmp_path, GOOD.replace(old, new, 1))

    assert any(told in problem for problem in raised.value.problems), raised.value.problems
    assert all(":" in problem.split(" ")[0] for problem in raised.value.problems)


MAIN, GARAGE = Circuit("main", 25.0), Circuit("garage", 20.0, parent="main")
CHARGER = Load("charger", "garage", 32.0)


@pytest.mark.parametrize(
    ("wired", "old", "new", "line"),
    [
        (replace(MAIN, limit_a=0.0), "limit_a: 25", "limit_a: 0", 4),
        (replace(MAIN, limit_a=nan), "limit_a: 25", "limit_a: .nan", 4),
        (replace(MAIN, limit_a=inf), "limit_a: 25", "limit_a: .inf", 4),
        (replace(MAIN, limit_w=0.0), "limit_w: 15000", "limit_w: 0", 4),
        (replace(MAIN, limit_w=nan), "limit_w: 15000", "limit_w: .nan", 4),
        (replace(MAIN, unbalance_a=0.0), "limit_w: 15000", "unbalance_a: 0", 4),
        (replace(MAIN, unbalance_a=nan), "limit_w: 15000", "unbalance_a: .nan", 4),
        (replace(MAIN, assumed_base_a=-1.0), "base_a: 10", "base_a: -1", 4),
        (replace(MAIN, assumed_base_a=nan), "base_a: 10", "base_a: .nan", 4),
        (replace(MAIN, parent="garage"), "main: {", "main: {in: garage, ", 4),
        (replace(GARAGE, parent="garage"), "in: main", "in: garage", 5),
        (replace(GARAGE, parent="cellar"), "in: main", "in: cellar", 5),
        (replace(CHARGER, circuit="cellar"), "circuit: garage", "circuit: cellar", 21),
        (replace(CHARGER, max_a=0.0), "safe_a: 6", "max_a: 0", 26),
        (replace(CHARGER, max_a=nan), "safe_a: 6", "max_a: .nan", 26),
        (replace(CHARGER, max_a=inf), "safe_a: 6", "max_a: .inf", 26),
        (replace(CHARGER, lines=()), "[b, c, a]", "[]", 22),
        (replace(CHARGER, lines=(0, 0)), "[b, c, a]", "[a, a]", 22),
        (replace(CHARGER, lines=(3,)), "[b, c, a]", "[d]", 22),
    ],
)
def test_what_the_guard_cannot_wire_is_no_config(
    tmp_path: Path, wired: Circuit | Load, old: str, new: str, line: int
) -> None:
    parts = {one.id: one for one in (MAIN, GARAGE, CHARGER, wired)}
    circuits = {id_: one for id_, one in parts.items() if isinstance(one, Circuit)}
    loads = {id_: one for id_, one in parts.items() if isinstance(one, Load)}
    with pytest.raises(InvalidError):
        Wiring(circuits, loads)
    assert old in GOOD
    with pytest.raises(ConfigError) as raised:
        read(tmp_path, GOOD.replace(old, new, 1))

    assert f"gatewayd.yaml:{line}:" in raised.value.problems[0]


def test_what_is_only_decided_about_needs_no_controls(tmp_path: Path) -> None:
    shadowed = GOOD.replace(
        "    driver: sunspec\n", "    driver: huawei_emma\n    control: shadow\n"
    )

    read(tmp_path, shadowed)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[charger], ", "[grid_meter], ", "'grid_meter' is no charger; name one"),
        ("driver: sunspec", "driver: huawei_emma", "battery.mode: is beyond what huawei_emma can"),
        ("driver: sunspec", "driver: huawei_emma", "reserve_pct: is beyond what huawei_emma can"),
        ("driver: sunspec", "driver: huawei_emma", "locked_against: is beyond what huawei"),
        ("driver: sunspec", "driver: sma", "grid.export_limit_w: needs an inverter that can be"),
    ],
)
def test_what_devices_cannot_be_told_is_no_config(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as raised:
        read(tmp_path, GOOD.replace(old, new))
    assert any(told in problem for problem in raised.value.problems), raised.value.problems
