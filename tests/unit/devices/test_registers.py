"""Register maps at work, on a device that remembers what is written to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from gatewayd.devices.registry import map_info
from gatewayd.errors import RefusedError, UnsupportedError
from gatewayd.links.pool import Links
from gatewayd.model.command import SetMaxCurrent, SetOperationMode, StartCharging, StopCharging
from gatewayd.model.reading import BatteryReading, ContactsReading, OperationMode, Reading
from gatewayd.sdk.driver import Driver
from gatewayd.sdk.registers import RegisterMap
from tests.fakes.jump_loop import jumping
from tests.fakes.modbus_server import ModbusServer, image

HEAD: dict[str, Any] = {"vendor": "Acme", "models": ["One"], "source": "its manual"}


class Device(ModbusServer):
    """Holding registers that can be written."""

    def __init__(self, holding: dict[int, int]) -> None:
        super().__init__(image({1: {3: holding, 4: holding}}))
        self.holding = holding
        self.store = lambda _unit, address, value: holding.__setitem__(address, value)

    @property
    def reads(self) -> list[tuple[int, int]]:
        return [(r.address, r.count) for r in self.requests if r.function in (3, 4)]


@asynccontextmanager
async def at_work(
    found: dict[str, Any], holding: dict[int, int], **options: object
) -> AsyncIterator[tuple[Driver, Device]]:
    info = map_info(RegisterMap.model_validate(HEAD | found))
    async with Device(holding).on_loopback() as server:
        assert isinstance(server, Device)
        chosen = info.options.model_validate({"host": "127.0.0.1", "port": server.port, **options})
        async with info.open(chosen, Links()) as driver:
            yield driver, server


async def only(driver: Driver) -> Reading:
    await driver.identify()
    (reading,) = (await driver.read()).values()
    return reading


def battery(**fields: object) -> dict[str, Any]:
    return {"assets": {"battery": fields}}


@pytest.mark.parametrize(
    ("source", "words", "value"),
    [
        ({"sum": [{"holding": 1}, {"holding": 2}]}, (3, 4), 7),
        ({"sum": [{"holding": 1}, {"holding": 2, "nan": 4}]}, (3, 4), None),
        ({"sum_present": [{"holding": 1}, {"holding": 2, "nan": 4}]}, (3, 4), 3),
        ({"sum_present": [{"holding": 1, "nan": 3}, {"holding": 2, "nan": 4}]}, (3, 4), None),
        ({"diff": [{"holding": 1}, {"holding": 2}]}, (3, 4), -1),
        ({"negate": {"holding": 1}}, (3, 4), -3),
        ({"product": [{"holding": 1, "scale": 0.1}, {"holding": 2}]}, (5, 4), 2.0),
        ({"first": [{"holding": 1, "nan": 3}, {"holding": 2}]}, (3, 4), 4),
        ({"lowest": [{"holding": 1}, {"holding": 2}, 100]}, (3, 4), 3),
        ({"holding": 1, "scale_factor": "factor"}, (3, 0xFFFE), 0.03),
        ({"holding": 1, "scale_factor": "factor"}, (3, 2), 300),
        ({"holding": 1, "scale_factor": "factor"}, (3, 0x8000), None),
        ({"holding": 1, "when": {"second": 4}}, (3, 4), 3),
        ({"holding": 1, "when": {"second": [5, 6]}}, (3, 4), None),
        ({"holding": 1, "when": {"second": {"min": 4, "max": 5}}}, (3, 4), 3),
        ({"holding": 1, "when": {"second": {"bit": 2}}}, (3, 4), 3),
        ({"holding": 1, "when": {"second": {"bit": 2, "is": False}}}, (3, 4), None),
        ({"case": [{"when": {"second": 1}, "value": {"negate": "first"}}, {"value": "first"}]},
         (3, 1), -3),
        ({"case": [{"when": {"second": 1}, "value": {"negate": "first"}}, {"value": "first"}]},
         (3, 0), 3),
        ({"case": [{"when": {"absent": 1}, "value": 1}, {"value": 2}]}, (3, 4), None),
        (12500, (0, 0), 12500),
    ],
)  # fmt: skip
@jumping
async def test_values_are_made_of_points(
    source: object, words: tuple[int, int], value: float | None
) -> None:
    points = {
        "first": {"holding": 1},
        "second": {"holding": 2},
        "factor": {"holding": 2, "type": "s16"},
        "absent": {"holding": 2, "nan": words[1]},
    }
    found = {"points": points, **battery(power_w=source)}
    async with at_work(found, dict(enumerate(words, 1))) as (driver, _):
        reading = await only(driver)

    assert isinstance(reading, BatteryReading)
    assert reading.power_w == (value and pytest.approx(value))


@jumping
async def test_an_optional_point_is_asked_for_once() -> None:
    found = battery(power_w={"holding": 1}, voltage_v={"holding": 2, "optional": True})
    async with at_work(found, {1: 5}) as (driver, device):
        roles = (await driver.identify()).roles
        device.requests.clear()
        (reading,) = (await driver.read()).values()

    assert device.reads == [(1, 1)]
    assert roles["battery"].reports == {"power_w"}
    assert (reading.power_w, reading.voltage_v) == (5, None)  # type: ignore[union-attr]


@jumping
async def test_what_is_refused_as_a_whole_is_read_in_parts() -> None:
    optional = {"optional": "cells"}
    found = battery(
        power_w={"holding": 1},
        soc_pct={"holding": 5},
        voltage_v={"holding": 20, **optional},
        temperature_c={"holding": 21, **optional},
    )
    async with at_work(found, {1: 7, 5: 50, 21: 30}) as (driver, device):
        roles = (await driver.identify()).roles
        device.requests.clear()
        (reading,) = (await driver.read()).values()

    assert device.reads == [(1, 1), (5, 1), (21, 1)]
    assert roles["battery"].reports == {"power_w", "soc_pct", "temperature_c"}
    assert (reading.power_w, reading.temperature_c) == (7, 30)  # type: ignore[union-attr]


@jumping
async def test_a_point_that_is_missing_and_not_optional_is_an_error() -> None:
    async with at_work(battery(power_w={"holding": 1}), {}) as (driver, _):
        with pytest.raises(RefusedError, match="illegal address"):
            await driver.identify()


@jumping
async def test_static_points_are_read_when_identified_only() -> None:
    found = {
        "identity": {"serial": {"holding": 9}},
        **battery(power_w={"holding": 1}, capacity_wh={"holding": 5, "static": True}),
    }
    async with at_work(found, dict.fromkeys(range(10), 11) | {1: 5, 5: 7}) as (driver, device):
        assert (await driver.identify()).serial == "11"
        device.requests.clear()
        device.holding[5] = 8
        (reading,) = (await driver.read()).values()

    assert device.reads == [(1, 1)]
    assert reading.capacity_wh == 7  # type: ignore[union-attr]


@jumping
async def test_another_device_at_the_address_is_refused() -> None:
    found = {"points": {"type": {"holding": 9}}, "probe": {"type": [7, 8]}}
    async with at_work(found | battery(power_w={"holding": 1}), {1: 5, 9: 6}) as (driver, _):
        with pytest.raises(RefusedError, match="not a Acme One"):
            await driver.identify()


@pytest.mark.parametrize(("kind", "roles"), [(0, {"meter"}), (1, {"meter", "battery"})])
@jumping
async def test_a_role_is_there_only_if_it_is_present(kind: int, roles: set[str]) -> None:
    found = {
        "points": {"type": {"holding": 9}},
        "assets": {
            "meter": {"power_w": {"holding": 1}},
            "battery": {"present": {"type": {"min": 1}}, "power_w": {"holding": 1}},
        },
    }
    async with at_work(found, {1: 5, 9: kind}) as (driver, _):
        assert (await driver.identify()).roles.keys() == roles
        assert (await driver.read()).keys() == roles


def charger(step: dict[str, object], **more: object) -> dict[str, Any]:
    steps = {"set_max_current": [{"holding": 100, "memory": "ram"} | step]}
    asset = {"max_current_a": {"holding": 1}, "commands": steps} | more
    return {"assets": {"charger": asset}}


@pytest.mark.parametrize(
    ("step", "current_a", "words"),
    [
        ({"from": "current_a"}, 16, (16,)),
        ({"from": "current_a"}, 6.9, (6,)),
        ({"from": "current_a", "scale": 0.1}, 10.55, (105,)),
        ({"from": "current_a", "scale": 0.001}, 10.5, (10500,)),
        ({"from": "current_a", "scale": 0.1, "step": 1}, 10.9, (100,)),
        ({"from": "current_a", "type": "f32"}, 16, (0x4180, 0)),
        ({"from": "current_a", "type": "u32", "order": "little"}, 16, (16, 0)),
        ({"from": "current_a", "range": [6, 16], "zero": True}, 0, (0,)),
        ({"value": {"lowest": ["current_a", 10]}}, 16, (10,)),
    ],
)
@jumping
async def test_a_current_is_written_in_the_devices_terms_rounded_down(
    step: dict[str, object], current_a: float, words: tuple[int, ...]
) -> None:
    async with at_work(charger(step), {1: 16}) as (driver, device):
        await driver.identify()
        await driver.apply("charger", SetMaxCurrent(current_a))

    assert device.writes == [(100, words)]


@pytest.mark.parametrize("current_a", [0.5, 5.999, -1, 16.1, 1000, float("nan"), float("inf"), 0])
@jumping
async def test_a_current_that_must_not_be_is_refused_before_anything_is_written(
    current_a: float,
) -> None:
    steps = [
        {"holding": 99, "value": 1, "memory": "ram"},
        {"holding": 100, "from": "current_a", "range": [6, 32], "limit": "hardware"},
    ]
    found = charger({"value": 0}, commands={"set_max_current": steps})
    found["points"] = {"hardware": {"holding": 1}}
    async with at_work(found, {1: 16}) as (driver, device):
        await driver.identify()
        with pytest.raises(RefusedError):
            await driver.apply("charger", SetMaxCurrent(current_a))

    assert device.writes == []


@jumping
async def test_what_is_there_already_is_not_written_to_memory_that_wears_out() -> None:
    steps = [
        {"holding": 100, "value": 1, "memory": "nvm"},
        {"holding": 101, "value": 2},
        {"holding": 102, "value": 3, "memory": "ram"},
    ]
    found = charger({"value": 0}, commands={"start_charging": steps})
    async with at_work(found, {1: 0, 100: 1, 101: 1, 102: 3}) as (driver, device):
        await driver.identify()
        for _ in range(3):
            await driver.apply("charger", StartCharging())

    assert device.writes == [(101, (2,)), (102, (3,)), (102, (3,)), (102, (3,))]


@jumping
async def test_a_register_that_cannot_be_read_is_compared_with_the_last_write() -> None:
    step = {"holding": 100, "value": 1, "readable": False}
    found = charger({"value": 0}, commands={"start_charging": [step]})
    async with at_work(found, {1: 0}) as (driver, device):
        await driver.identify()
        for _ in range(3):
            await driver.apply("charger", StartCharging())

    assert device.writes == [(100, (1,))]
    assert (100, 1) not in device.reads


@jumping
async def test_a_mask_keeps_the_other_bits() -> None:
    step = {"holding": 100, "value": 0x20, "mask": 0x21, "memory": "ram"}
    found = charger({"value": 0}, commands={"start_charging": [step]})
    async with at_work(found, {1: 0, 100: 0x1111}) as (driver, device):
        await driver.identify()
        await driver.apply("charger", StartCharging())

    assert device.holding[100] == 0x1130


@jumping
async def test_a_block_is_written_in_one_request_and_a_function_code_may_be_asked_for() -> None:
    block = [{"type": "s32", "value": -5}, {"value": 3}, {"type": "f32", "value": {"negate": "p"}}]
    steps = [
        {"holding": 100, "block": block, "memory": "ram"},
        {"holding": 110, "value": 1, "function": 16, "memory": "ram"},
    ]
    found = battery(power_w="p", commands={"import_focus": steps}, safe={"do": "import_focus"})
    found["points"] = {"p": {"holding": 1}}
    async with at_work(found, {1: 16}) as (driver, device):
        await driver.identify()
        await driver.apply("battery", SetOperationMode(OperationMode.IMPORT_FOCUS))

    assert device.writes == [(100, (0xFFFF, 0xFFFB, 3, 0xC180, 0)), (110, (1,))]
    assert device.requests[-1].function == 16


@jumping
async def test_a_step_is_left_out_when_its_condition_does_not_hold() -> None:
    steps = [
        {"holding": 100, "value": 1, "memory": "ram", "when": {"kind": 1}},
        {"holding": 101, "value": 1, "memory": "ram", "when": {"kind": 2}},
    ]
    found = charger({"value": 0}, commands={"start_charging": steps})
    found["points"] = {"kind": {"holding": 1}}
    async with at_work(found, {1: 2}) as (driver, device):
        await driver.identify()
        await driver.apply("charger", StartCharging())

    assert device.writes == [(101, (1,))]


@jumping
async def test_an_unknown_value_is_refused_or_left_out() -> None:
    unknown = {"holding": 100, "value": "p", "memory": "ram"}
    commands = {"start_charging": [unknown], "stop_charging": [unknown | {"if_known": True}]}
    found = charger({"value": 0}, commands=commands)
    found["points"] = {"p": {"holding": 1, "nan": 16}}
    async with at_work(found, {1: 16}) as (driver, device):
        await driver.identify()
        with pytest.raises(RefusedError, match="unknown"):
            await driver.apply("charger", StartCharging())
        await driver.apply("charger", StopCharging())

    assert device.writes == []


@jumping
async def test_a_command_the_map_has_not_is_unsupported() -> None:
    async with at_work(charger({"from": "current_a"}), {1: 16}) as (driver, device):
        await driver.identify()
        with pytest.raises(UnsupportedError):
            await driver.apply("charger", StartCharging())
        with pytest.raises(UnsupportedError):
            await driver.apply("battery", StartCharging())
    assert device.writes == []


@pytest.mark.parametrize(("timeout_s", "fed"), [(30, [(200, (30,))] * 2), (0, [])])
@jumping
async def test_the_watchdog_is_fed_each_time_if_it_is_on(
    timeout_s: int, fed: list[tuple[int, tuple[int, ...]]]
) -> None:
    watchdog = {
        "timeout_s": {"holding": 2},
        "feed": [{"holding": 200, "value": "wait", "memory": "ram"}],
    }
    found = charger({"from": "current_a"}, watchdog=watchdog)
    found["points"] = {"wait": {"holding": 2}}
    async with at_work(found, {1: 16, 2: timeout_s, 200: 30}) as (driver, device):
        assert driver.watchdog_s("charger") is None
        await driver.identify()
        assert driver.watchdog_s("charger") == (timeout_s or None)
        await driver.renew("charger")
        await driver.renew("charger")

    assert device.writes == fed


@jumping
async def test_the_limits_of_the_device_are_told() -> None:
    limits = {"min_current_a": 8, "max_current_a": {"holding": 2}, "confirm_timeout_s": 20}
    found = charger({"from": "current_a"}, limits=limits)
    async with at_work(found, {1: 16, 2: 20}) as (driver, _):
        role = (await driver.identify()).roles["charger"]
        with pytest.raises(RefusedError, match="8 A"):
            await driver.apply("charger", SetMaxCurrent(7))

    assert (role.min_current_a, role.max_current_a, role.confirm_timeout_s) == (8, 20, 20)


@jumping
async def test_all_four_tables_and_coils_to_write() -> None:
    fields = {
        "power_w": {"input": 1},
        "voltage_v": {"coil": 3, "when": {"on": True}},
        "soc_pct": {"discrete": 4},
    }
    steps = [{"coil": 7, "value": 1, "pause_s": 1.0}, {"coil": 8, "value": 0}]
    found = battery(**fields, commands={"self_reliance": steps}, safe={"do": "self_reliance"})
    found["points"] = {"on": {"holding": 2, "type": "bool"}}
    async with at_work(found, {1: 5, 2: 1}) as (driver, device):
        device.words = image({1: {1: {3: 1}, 2: {4: 1}, 3: {2: 1}, 4: {1: 5}}})
        reading = await only(driver)
        await driver.apply("battery", SetOperationMode(OperationMode.SELF_RELIANCE))

    assert (reading.power_w, reading.voltage_v, reading.soc_pct) == (5, 1, 1)  # type: ignore[union-attr]
    assert device.writes == [(7, (0xFF00,)), (8, (0,))]


async def test_contacts_are_read_from_any_table_and_need_no_asset() -> None:
    found = {"contacts": [{"discrete": 4}, {"coil": 3}, {"holding": 2, "bit": 1}, {"input": 9}]}
    async with at_work(found, {2: 2}) as (driver, device):
        device.words = image({1: {1: {3: 0}, 2: {4: 1}, 3: {2: 2}, 4: {9: 0}}})
        identity = await driver.identify()
        readings = await driver.read()

    assert identity.roles == {}
    assert readings == {"contacts": ContactsReading((True, False, True, False))}


@jumping
async def test_a_command_before_the_first_read_reads_what_it_needs() -> None:
    found = charger({"value": "p"})
    found["points"] = {"p": {"holding": 1}}
    async with at_work(found, {1: 16}) as (driver, device):
        await driver.apply("charger", SetMaxCurrent(10))

    assert device.writes == [(100, (16,))]
