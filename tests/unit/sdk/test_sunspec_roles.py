"""What SunSpec models mean for an asset, where devices differ."""

import pytest

from gatewayd.model.reading import BatteryStatus
from gatewayd.sdk.maps.points import Value
from gatewayd.sdk.sunspec import ModelAt, ModelValues, roles
from gatewayd.sdk.sunspec.roles import Inputs

MPPT: dict[str, Value] = {"DCW": 1000, "DCWH": 5000}


def model(model_id: int, *groups: dict[str, Value], **values: Value) -> ModelValues:
    return ModelValues(ModelAt(model_id, 40000, 60), values, groups)


def device(*models: ModelValues) -> dict[int, ModelValues]:
    return {found.at.id: found for found in models}


def inputs_of(models: dict[int, ModelValues], **wanted: int) -> Inputs:
    return roles.storage_inputs(models, Inputs(**wanted))


def power(models: dict[int, ModelValues], **wanted: int) -> tuple[object, object]:
    """Production and battery power."""
    inputs = inputs_of(models, **wanted)
    battery = roles.battery(models, inputs) if roles.has_battery(models) else {}
    return roles.inverter(models, inputs)["power_w"], battery.get("power_w")


def test_without_a_battery_production_is_what_the_inverter_gives() -> None:
    assert power(device(model(103, W=3000), model(160, MPPT, MPPT))) == (3000, None)


def test_a_hybrids_production_is_that_of_its_strings() -> None:
    models = device(model(103, W=1500), model(160, MPPT, MPPT), model(802, W=-400))

    assert power(models) == (2000, 400)


def test_four_inputs_with_storage_controls_are_two_strings_charge_and_discharge() -> None:
    four = model(160, MPPT, MPPT, {"DCW": 0}, {"DCW": 700})

    assert power(device(model(103, W=2700), four, model(124, ChaState=50))) == (2000, -700)


def test_inputs_that_are_named_may_stand_anywhere() -> None:
    named = model(160, {"IDStr": "StDisCha 1", "DCW": 0}, MPPT, {"IDStr": "StCha 3", "DCW": 300})

    assert power(device(model(103, W=700), named, model(124, ChaState=50))) == (1000, 300)


@pytest.mark.parametrize(
    ("state", "battery_w"), [(4, 300), (3, -300), (6, 0), (7, None), (None, None)]
)
def test_one_input_may_charge_and_discharge(state: int | None, battery_w: float | None) -> None:
    one = model(160, MPPT, {"DCW": 300.0, "DCWH": 5.0})
    models = device(model(103, W=700), one, model(124, ChaState=50, ChaSt=state))

    assert power(models, charge=2, discharge=2) == (1000, battery_w)
    assert "charged_wh" not in roles.battery(models, Inputs(2, 2))


def test_the_side_that_says_nothing_does_nothing_but_not_both() -> None:
    charging = model(160, MPPT, {"DCW": 300}, {"DCW": None})
    silent = model(160, MPPT, {"DCW": None}, {"DCW": None})
    others = (model(103, W=700), model(124, ChaState=50))

    assert power(device(charging, *others), charge=2, discharge=3) == (1000, 300)
    assert power(device(silent, *others), charge=2, discharge=3) == (1000, None)


def test_without_any_dc_values_production_is_what_leaves_and_what_is_stored() -> None:
    kostal = device(model(103, W=2000), model(802, W=-500))
    unknown = device(model(103, W=2000), model(802, W=None))
    discharging = device(model(103, W=300), model(802, W=320))

    assert power(kostal) == (2500, 500)
    assert power(unknown) == (None, None)
    assert power(discharging) == (0, -320)


def test_ports_of_model_714_tell_sun_from_battery() -> None:
    ports = model(714, {"PrtTyp": 0, "DCW": 2000}, {"PrtTyp": 1, "DCW": -600})

    assert power(device(model(701, W=1400), model(713, SoC=50), ports)) == (2000, 600)


@pytest.mark.parametrize(
    ("state", "is_asleep", "has_fault", "power_w"),
    [(1, True, False, 0.0), (2, True, False, 0.0), (4, False, False, None), (7, False, True, None)],
)
def test_asleep_an_inverter_makes_nothing(
    state: int, is_asleep: bool, has_fault: bool, power_w: float | None
) -> None:
    fields = roles.inverter(device(model(101, W=None, St=state)), Inputs())

    assert (fields["is_asleep"], fields["has_fault"], fields["power_w"]) == (
        is_asleep,
        has_fault,
        power_w,
    )


def test_a_storage_model_alone_is_a_battery_only_if_one_is_connected() -> None:
    socket = model(124, ChaState=None)

    assert not roles.has_battery(device(socket))
    assert roles.has_battery(device(socket, model(120, DERTyp=82)))
    assert roles.has_battery(device(model(124, ChaState=0)))


@pytest.mark.parametrize(
    ("models", "status"),
    [
        ([model(802, ChaSt=4, State=99)], BatteryStatus.FAULT),
        ([model(713, Sta=2), model(124, ChaSt=4)], BatteryStatus.FAULT),
        ([model(124, ChaSt=3)], BatteryStatus.DISCHARGING),
        ([model(802, ChaSt=4)], BatteryStatus.CHARGING),
        ([model(802, ChaSt=5)], BatteryStatus.IDLE),
        ([model(802, ChaSt=7)], BatteryStatus.UNKNOWN),
        ([model(802, ChaSt=42)], BatteryStatus.UNKNOWN),
        ([model(713, Sta=0)], None),
    ],
)
def test_the_status_of_a_battery(models: list[ModelValues], status: BatteryStatus | None) -> None:
    assert roles.battery(device(*models), Inputs())["status"] is status


@pytest.mark.parametrize(
    ("given", "factor"), [(99.5, 0.995), (-95.57, -0.9557), (0.98, 0.98), (1, 1), (150, None)]
)
def test_a_power_factor_is_a_share(given: float, factor: float | None) -> None:
    found = roles.meter(model(203, PF=given), 1)["power_factor"]

    assert found == (factor and pytest.approx(factor))


@pytest.mark.parametrize(
    ("storage", "there"),
    [
        ({"ChaState": 0.0, "WChaMax": 5000.0}, True),
        ({"ChaState": 0.0, "WChaMax": 0.0}, False),
        ({"ChaState": None, "WChaMax": 5000.0}, False),
        ({"ChaState": 40.0, "WChaMax": None}, True),
    ],
)
def test_a_socket_for_a_battery_is_none(storage: dict[str, Value], *, there: bool) -> None:
    assert roles.has_battery(device(model(103, W=700), model(124, **storage))) is there


def test_a_storage_capacity_that_says_nothing_is_no_battery() -> None:
    assert not roles.has_battery(device(model(701, W=700), model(713, SoC=None, WHRtg=0.0)))
    assert roles.has_battery(device(model(701, W=700), model(713, SoC=0.0, WHRtg=9000.0)))


def test_of_whole_numbers_and_floats_those_count_that_say_something() -> None:
    silent, telling = model(103, W=None, WH=None), model(113, W=1200.5, WH=5.0)
    both = device(silent, telling)

    assert roles.inverter(both, Inputs())["power_w"] == 1200.5
    assert roles.inverter(both, Inputs())["energy_wh"] == 5.0


def test_one_phase_may_be_told_between_its_two_wires() -> None:
    told = roles.inverter(device(model(101, PhVphA=None, PPVphAB=234.0)), Inputs())
    three = roles.inverter(device(model(103, PhVphA=None, PPVphAB=400.0)), Inputs())

    assert (told["voltage_a_v"], three["voltage_a_v"]) == (234.0, None)
