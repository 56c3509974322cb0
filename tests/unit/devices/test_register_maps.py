"""What register maps can say beyond single registers: units, options, values, safety and wear."""

import re
from typing import Any

import pytest

from gatewayd.devices.registry import map_info
from gatewayd.errors import RefusedError, UnsupportedError
from gatewayd.links.pool import Links
from gatewayd.model.asset import Capability
from gatewayd.model.command import SetMaxCurrent, SetOperationMode
from gatewayd.model.power import (
    Hold,
    SetBatteryPower,
    SetExportLimit,
    SetPhases,
    SetProductionLimit,
    SetReserve,
)
from gatewayd.model.reading import BatteryReading, InverterReading, MeterReading, OperationMode
from gatewayd.sdk.registers import RegisterMap
from tests.fakes.jump_loop import jumping
from tests.fakes.modbus_server import ModbusServer, image
from tests.unit.devices.test_registers import HEAD, at_work, battery, only

RELEASE = SetOperationMode(OperationMode.SELF_RELIANCE)
SAFE: dict[str, Any] = {"safe": {"do": "self_reliance"}}


def steered(**commands: list[dict[str, Any]]) -> dict[str, Any]:
    """A battery whose register 9 gives it back to itself."""
    release = {"self_reliance": [{"holding": 9, "value": 0, "memory": "ram"}]}
    return {"commands": release | commands, **SAFE}


@jumping
async def test_a_value_with_a_name_is_made_of_points_options_and_values_above_it() -> None:
    found = {
        "points": {"kind": {"holding": 0, "static": True}},
        "options": {"share": {"default": 2, "about": "how much"}},
        "values": {
            "scale": {"case": [{"when": {"kind": 6}, "value": 10}, {"value": 1}]},
            "net_w": {"product": [{"holding": 1, "type": "s16"}, "scale", "share"]},
        },
        **battery(power_w="net_w", soc_pct={"quotient": ["net_w", "scale"]}),
    }

    async with at_work(found, {0: 6, 1: 0xFFFE}) as (driver, _):
        assert await only(driver) == BatteryReading(power_w=-40, soc_pct=-4)
    async with at_work(found, {0: 5, 1: 7}, share=3) as (driver, _):
        assert await only(driver) == BatteryReading(power_w=21, soc_pct=21)


@pytest.mark.parametrize(
    ("source", "words", "value"),
    [
        ({"quotient": [{"holding": 1}, {"holding": 2}]}, (6, 4), 1.5),
        ({"quotient": [{"holding": 1}, {"holding": 2}]}, (6, 0), None),
        ({"highest": [{"holding": 1}, {"holding": 2}]}, (6, 9), 9),
        ({"holding": 1, "bcd": True}, (0x1234, 0), 1234),
        ({"holding": 1, "bcd": True}, (0x12A4, 0), None),
        ({"holding": 1, "type": "u32", "bcd": True, "scale": 0.1}, (0x12, 0x3456), 12345.6),
        ({"holding": 1, "bits": [8, 15], "bcd": True}, (0x4211, 0), 42),
        ({"holding": 1, "type": "s16", "nan": "max"}, (0x7FFF, 0), None),
        ({"holding": 1, "type": "s16", "nan": "max"}, (0x8000, 0), -0x8000),
        (
            {"sum": [{"holding": 1}, {"holding": 2, "type": "s16", "scale": 65536}]},
            (0xFFFE, 0xFFFF),
            -2,
        ),
    ],
)
@jumping
async def test_numbers_of_all_kinds(source: object, words: tuple[int, int], value: object) -> None:
    async with at_work(battery(power_w=source), {1: words[0], 2: words[1]}) as (driver, _):
        assert await only(driver) == BatteryReading(power_w=value)  # type: ignore[arg-type]


@jumping
async def test_further_units_are_read_and_written_at_the_same_place() -> None:
    found = {
        "units": {"meter": 200, "car": None},
        "assets": {
            "meter": {"power_w": {"holding": 1, "unit": "meter"}},
            "charger": {
                "max_current_a": {"holding": 1, "unit": "car"},
                "commands": {
                    "set_max_current": [
                        {"holding": 1, "unit": "car", "from": "current_a", "memory": "ram"}
                    ]
                },
            },
        },
    }
    words = {200: {3: {1: 70}}, 7: {3: {1: 16}}, 1: {3: {1: 1}}}
    info = map_info(RegisterMap.model_validate(HEAD | found))
    async with ModbusServer(image(words)).on_loopback() as server:
        block = {"host": "127.0.0.1", "port": server.port}
        async with info.open(info.options.model_validate(block), Links()) as driver:
            await driver.identify()
            readings = await driver.read()
            with pytest.raises(UnsupportedError, match="unit car is not configured"):
                await driver.apply("charger", SetMaxCurrent(10))
        with_car = info.options.model_validate(block | {"car_unit": 7})
        async with info.open(with_car, Links()) as driver:
            await driver.identify()
            await driver.apply("charger", SetMaxCurrent(10))

    assert readings["meter"] == MeterReading(power_w=70)
    assert [(r.unit, r.values) for r in server.requests if r.values] == [(7, (10,))]


@pytest.mark.parametrize(
    ("power_w", "writes"),
    [
        (2050, [(1, (20,)), (9, (1,))]),
        (-2050, [(2, (20,)), (9, (2,))]),
        (0, [(1, (0,)), (9, (1,))]),
    ],
)
@jumping
async def test_a_power_is_written_by_its_sign_rounded_towards_zero(
    power_w: float, writes: list[object]
) -> None:
    more = {"when": {"power_w": {"min": 0}}, "memory": "ram"}
    less = {"when": {"power_w": {"max": -1}}, "memory": "ram"}
    steps = [
        {"holding": 1, "from": "power_w", "scale": 100, **more},
        {"holding": 9, "value": 1, **more},
        {"holding": 2, "value": {"negate": "power_w"}, "scale": 100, **less},
        {"holding": 9, "value": 2, **less},
    ]
    async with at_work(battery(**steered(set_power=steps)), {}) as (driver, device):
        await driver.identify()
        await driver.apply("battery", SetBatteryPower(power_w))

    assert device.writes == writes


@jumping
async def test_a_signed_power_is_rounded_towards_zero_too() -> None:
    steps = [{"holding": 1, "type": "s16", "scale": 100, "from": "power_w", "memory": "ram"}]
    async with at_work(battery(**steered(set_power=steps)), {}) as (driver, device):
        await driver.identify()
        await driver.apply("battery", SetBatteryPower(-2050))

    assert device.writes == [(1, (0x10000 - 20,))]


@jumping
async def test_a_limit_is_set_and_ended() -> None:
    limit = {"holding": 1, "from": "limit_w", "when": {"is_limited": True}, "memory": "ram"}
    switch = {
        "holding": 2,
        "value": {"case": [{"when": {"is_limited": True}, "value": 6}, {"value": 0}]},
        "memory": "ram",
    }
    steps = {"set_production_limit": [limit, switch], "set_export_limit": [limit]}
    role = {"commands": steps, "safe": {"do": "set_production_limit"}}
    async with at_work({"assets": {"inverter": role}}, {}) as (driver, device):
        await driver.identify()
        await driver.apply("inverter", SetProductionLimit(3000))
        await driver.apply("inverter", SetProductionLimit(None))
        await driver.apply("inverter", SetExportLimit(0))

    assert device.writes == [(1, (3000,)), (2, (6,)), (2, (0,)), (1, (0,))]


@jumping
async def test_reserve_and_phases_are_names_of_their_own() -> None:
    reserve = [{"holding": 1, "from": "reserve_pct", "range": [0, 100], "memory": "ram"}]
    phases = [{"holding": 2, "from": "phases", "memory": "ram"}]
    found = battery(**steered(set_reserve=reserve))
    found["assets"]["charger"] = {"commands": {"set_phases": phases}}
    async with at_work(found, {}) as (driver, device):
        await driver.identify()
        await driver.apply("battery", SetReserve(20))
        await driver.apply("charger", SetPhases(1))

    assert device.writes == [(1, (20,)), (2, (1,))]


@jumping
async def test_a_command_that_needs_what_is_not_there_is_not_announced() -> None:
    role = steered(hold=[{"holding": 9, "value": 1, "memory": "ram"}])
    role["needs"] = {"hold": {"features": {"bit": 0}}}
    found = {"points": {"features": {"holding": 0}}, **battery(**role)}
    for features, expected in ((0, set()), (1, {Capability.HOLD})):
        async with at_work(found, {0: features}) as (driver, _):
            capabilities = (await driver.identify()).roles["battery"].capabilities
        assert capabilities == expected | {Capability.SELF_RELIANCE}


@jumping
async def test_the_last_command_is_said_again_until_the_safe_one() -> None:
    role = steered(
        set_power=[
            {"holding": 5, "value": 7, "memory": "nvm"},
            {"holding": 1, "from": "power_w", "memory": "ram"},
        ]
    )
    role["watchdog"] = {"timeout_s": 60, "feed": "repeat"}
    async with at_work(battery(**role), {5: 7}) as (driver, device):
        await driver.identify()
        assert driver.watchdog_s("battery") is None
        await driver.apply("battery", SetBatteryPower(500))
        assert driver.watchdog_s("battery") == 60
        await driver.renew("battery")
        await driver.apply("battery", RELEASE)
        assert driver.watchdog_s("battery") is None
        await driver.renew("battery")

    assert device.writes == [(1, (500,)), (1, (500,)), (9, (0,))]


@jumping
async def test_memory_that_wears_out_takes_so_many_writes_a_day() -> None:
    role = steered(
        hold=[{"holding": 1, "value": 1, "memory": "nvm"}],
        set_power=[
            {"holding": 2, "value": 1, "memory": "ram"},
            {"holding": 1, "from": "power_w", "memory": "nvm"},
        ],
        self_reliance=[{"holding": 1, "value": 0, "memory": "nvm"}],
    )
    found = {"bus": {"nvm_writes_per_day": 3}, **battery(**role)}
    async with at_work(found, {1: 0}) as (driver, device):
        await driver.identify()
        for power_w in (10, 20, 30):
            await driver.apply("battery", SetBatteryPower(power_w))
        device.requests.clear()
        with pytest.raises(RefusedError, match="register 1 was written 3 times in 24 hours"):
            await driver.apply("battery", SetBatteryPower(40))
        assert device.writes == []
        # What is there already wears nothing, and the device can always be given back.
        await driver.apply("battery", SetBatteryPower(30))
        await driver.apply("battery", RELEASE)
        assert device.writes == [(2, (1,)), (1, (0,))]
        with pytest.raises(RefusedError):
            await driver.apply("battery", Hold())


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"values": {"a": "b", "b": 1}}, "values.a: there is no point b"),
        ({"values": {"a": "a"}}, "values.a: there is no point a"),
        ({"values": {"power_w": 1}}, "values.power_w: this name is the command's own"),
        ({"options": {"port": {"about": "x"}}}, "port is an option of every Modbus device"),
        (
            {"points": {"x": {"holding": 1, "unit": "mter"}}, "units": {"meter": 2}},
            "there is no unit mter; did you mean meter?",
        ),
        (battery(commands={"hold": [{"holding": 1, "value": 0}]}), "say with `safe`"),
        (
            battery(commands={"hold": [{"holding": 1, "value": 0}]}, **SAFE),
            "there is no command self_reliance here",
        ),
        (battery(**steered(), needs={"hold": {"x": 1}}), "there is no such command here"),
        (
            battery(**steered(), watchdog={"timeout_s": 9, "feed": [{"holding": 1, "value": 0}]}),
            "memory: ram only",
        ),
        (battery(power_w={"holding": 1, "type": "s16", "bcd": True}), "bcd needs an unsigned type"),
    ],
)
def test_what_makes_no_sense_is_told(more: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=re.escape(fault)):
        RegisterMap.model_validate(HEAD | battery() | more)


@jumping
async def test_the_operator_says_whose_name_the_device_bears() -> None:
    found = {"brands": ["Volta"], **battery(soc_pct={"holding": 1})}
    for options, vendor in (({}, "Acme"), ({"brand": "Volta"}, "Volta")):
        async with at_work(found, {1: 50}, **options) as (driver, _):
            assert (await driver.identify()).vendor == vendor


@jumping
async def test_an_inverter_says_what_it_is_limited_to() -> None:
    limit = {"case": [{"when": {"mode": 6}, "value": {"holding": 1}}, {"value": float("inf")}]}
    found = {"points": {"mode": {"holding": 2}}, "assets": {"inverter": {"limit_w": limit}}}
    async with at_work(found, {1: 3000, 2: 0}) as (driver, device):
        assert await only(driver) == InverterReading(limit_w=float("inf"))
        device.holding[2] = 6
        assert (await driver.read())["inverter"] == InverterReading(limit_w=3000)
