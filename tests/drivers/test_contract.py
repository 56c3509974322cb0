"""What every Modbus driver must do, on every register image there is."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

import pytest

from gatewayd.devices.registry import Registry
from gatewayd.errors import BadReadingError, BusyError, UnreachableError, UnsupportedError
from gatewayd.model.asset import AssetKind, Capability
from gatewayd.model.command import is_confirmed
from gatewayd.model.reading import Reading
from gatewayd.sdk.maps.fields import READINGS
from tests.drivers.images import Fixture, bench, command, fixtures
from tests.fakes.jump_loop import jumping
from tests.fakes.modbus_server import Fault

REGISTRY = Registry()
on_every_image = pytest.mark.parametrize("fixture", fixtures(), ids=lambda f: f.path.stem)
with_commands = pytest.mark.parametrize(
    "fixture", [f for f in fixtures() if f.commands], ids=lambda f: f.path.stem
)


def known(reading: Reading) -> dict[str, Any]:
    """The fields that hold something."""
    return {name: value for name, value in asdict(reading).items() if value is not None}


def expected(found: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        role: {name: pytest.approx(v) if _is_number(v) else v for name, v in values.items()}
        for role, values in found.items()
    }


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def test_every_driver_has_an_image() -> None:
    modbus = {name for name in REGISTRY.names() if "/modbus/" in REGISTRY.place(name)}

    assert modbus == {fixture.driver for fixture in fixtures()}


@on_every_image
def test_an_image_says_whether_it_was_captured(fixture: Fixture) -> None:
    captured = fixture.content["captured"]

    assert captured is False or captured.keys() >= {"by", "on", "firmware"}
    assert not REGISTRY.info(fixture.driver).quality["captured"] or captured


@on_every_image
@jumping
async def test_it_tells_who_it_is(fixture: Fixture) -> None:
    async with bench(fixture, REGISTRY) as on:
        identity = await on.driver.identify()

    told = asdict(identity)
    del told["roles"]
    assert {k: v for k, v in told.items() if v is not None} == fixture.content["identity"]
    assert identity.roles.keys() == fixture.content["expect"].keys()


@on_every_image
@jumping
async def test_it_reads_its_image_and_nothing_else(fixture: Fixture) -> None:
    async with bench(fixture, REGISTRY) as on:
        await on.driver.identify()
        readings = await on.driver.read()

    found = {role: known(reading) for role, reading in readings.items()}
    assert found == expected(fixture.content["expect"])


@on_every_image
@jumping
async def test_reading_twice_gives_the_same(fixture: Fixture) -> None:
    async with bench(fixture, REGISTRY) as on:
        await on.driver.identify()
        assert await on.driver.read() == await on.driver.read()


@on_every_image
@jumping
async def test_it_announces_only_fields_of_its_kind_and_all_it_fills(fixture: Fixture) -> None:
    async with bench(fixture, REGISTRY) as on:
        roles = (await on.driver.identify()).roles
        readings = await on.driver.read()

    for name, role in roles.items():
        assert isinstance(readings[name], READINGS[role.kind])
        assert role.reports <= {field.name for field in fields(READINGS[role.kind])}
        assert role.reports >= known(readings[name]).keys()


@on_every_image
@jumping
async def test_numbers_are_floats_where_a_float_is_wanted(fixture: Fixture) -> None:
    async with bench(fixture, REGISTRY) as on:
        await on.driver.identify()
        readings = await on.driver.read()

    for reading in readings.values():
        for field in fields(reading):
            value = getattr(reading, field.name)
            wants_float = str(field.type).startswith("float")
            assert isinstance(value, float) or value is None or not wants_float, field.name


@on_every_image
@jumping
async def test_unplugged_it_is_unreachable(fixture: Fixture) -> None:
    async with bench(fixture, REGISTRY) as on:
        await on.driver.identify()
        on.server.plan = lambda _request: Fault.SILENCE
        with pytest.raises(UnreachableError):
            await on.driver.read()
        on.server.plan = lambda _request: None
        assert await on.driver.read()


@on_every_image
@pytest.mark.parametrize("fault", [Fault.TRUNCATED, Fault.WRONG_COUNT, Fault.GARBAGE])
@jumping
async def test_half_an_answer_gives_no_reading(fixture: Fixture, fault: Fault) -> None:
    async with bench(fixture, REGISTRY) as on:
        await on.driver.identify()
        on.server.plan = lambda _request: fault
        with pytest.raises((UnreachableError, BadReadingError)):
            await on.driver.read()
        on.server.plan = lambda _request: None
        assert await on.driver.read()


@on_every_image
@jumping
async def test_a_busy_device_is_said_to_be_busy(fixture: Fixture) -> None:
    async with bench(fixture, REGISTRY) as on:
        await on.driver.identify()
        on.server.plan = lambda _request: Fault.BUSY
        with pytest.raises(BusyError):
            await on.driver.read()


@on_every_image
@jumping
async def test_every_command_it_announces_is_in_its_image(fixture: Fixture) -> None:
    async with bench(fixture, REGISTRY) as on:
        roles = (await on.driver.identify()).roles

    announced = {capability for role in roles.values() for capability in role.capabilities}
    assert announced == {Capability(entry["do"]) for entry in fixture.commands}


@with_commands
@jumping
async def test_every_command_lands_in_its_registers(fixture: Fixture) -> None:
    for entry in fixture.commands:
        async with bench(fixture, REGISTRY) as on:
            roles = (await on.driver.identify()).roles
            capability, told = command(entry)
            role = next(name for name, r in roles.items() if capability in r.capabilities)
            await on.driver.apply(role, told)
            readings = await on.driver.read()

        assert on.server.writes == [(at, tuple(words)) for at, words in entry["writes"]]
        for name, values in entry.get("then", {}).items():
            assert known(readings[name]).items() >= values.items()
            assert is_confirmed(told, readings[name])


@with_commands
@jumping
async def test_read_only_it_writes_nothing(fixture: Fixture) -> None:
    for entry in fixture.commands:
        async with bench(fixture, REGISTRY, read_only=True) as on:
            roles = (await on.driver.identify()).roles
            for role in roles:
                with pytest.raises(UnsupportedError):
                    await on.driver.apply(role, command(entry)[1])
        assert on.server.writes == []


@on_every_image
@jumping
async def test_a_role_it_has_not_gets_no_command(fixture: Fixture) -> None:
    async with bench(fixture, REGISTRY) as on:
        await on.driver.identify()
        with pytest.raises(UnsupportedError):
            await on.driver.apply(AssetKind.HVAC, command({"do": "start_charging"})[1])
