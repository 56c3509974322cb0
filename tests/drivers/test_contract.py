"""What every Modbus driver must do, on every register image there is."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from typing import Any

import pytest

from gatewayd.devices.registry import Registry
from gatewayd.errors import BadReadingError, BusyError, UnreachableError, UnsupportedError
from gatewayd.model.asset import AssetKind, Capability, Identity, Role
from gatewayd.model.command import is_confirmed, required, safe_command
from gatewayd.model.reading import Reading
from gatewayd.sdk.maps.fields import READINGS
from tests.drivers.images import Bench, Fixture, bench, command, fixtures
from tests.fakes import jump_loop
from tests.fakes.jump_loop import jumping
from tests.fakes.modbus_server import Fault

REGISTRY = Registry()
FIXTURES = fixtures()
on_every_image = pytest.mark.parametrize("fixture", FIXTURES, ids=lambda f: f.path.stem)
with_commands = pytest.mark.parametrize(
    "fixture", [f for f in FIXTURES if f.has_commands], ids=lambda f: f.path.stem
)

BROKEN = (Fault.TRUNCATED, Fault.WRONG_COUNT, Fault.GARBAGE)
BUSY = (Fault.BUSY, Fault.NO_PATH, Fault.NO_TARGET)
# The registers, after these commands, that show what must not happen.
PROOFS = {
    Capability.HOLD: ("no_discharge", "no_grid_charge"),
    Capability.HOLD_CHARGE: ("no_charge",),
}
DAY_S = 86400.0


@dataclass(frozen=True)
class Seen:
    """What a driver made of its image: who it is, and two reads of it."""

    identity: Identity
    first: Mapping[str, Reading]
    second: Mapping[str, Reading]


@cache
def seen(path: str) -> Seen:
    """Read once for all tests that only look."""

    async def look() -> Seen:
        fixture = next(f for f in FIXTURES if f.path.stem == path)
        async with bench(fixture, REGISTRY) as on:
            identity = await on.driver.identify()
            return Seen(identity, await on.driver.read(), await on.driver.read())

    return jump_loop.run(look())


def known(reading: Reading) -> dict[str, Any]:
    """The fields that hold something."""
    return {name: value for name, value in asdict(reading).items() if value is not None}


def expected(found: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return {role: approximately(values) for role, values in found.items()}


def approximately(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: pytest.approx(v) if _is_number(v) else v for name, v in values.items()}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def test_every_driver_has_an_image() -> None:
    modbus = {name for name in REGISTRY.names() if "/modbus/" in REGISTRY.place(name)}

    assert modbus == {fixture.driver for fixture in FIXTURES}


@on_every_image
def test_an_image_says_whether_it_was_captured(fixture: Fixture) -> None:
    captured = fixture.content["captured"]

    assert captured is False or captured.keys() >= {"by", "on", "firmware"}
    assert not REGISTRY.info(fixture.driver).quality["captured"] or captured


@on_every_image
def test_it_tells_who_it_is(fixture: Fixture) -> None:
    identity = seen(fixture.path.stem).identity

    told = asdict(identity)
    del told["roles"]
    assert {k: v for k, v in told.items() if v is not None} == fixture.content["identity"]
    assert identity.roles.keys() == fixture.content["expect"].keys()


@on_every_image
def test_it_reads_its_image_and_nothing_else(fixture: Fixture) -> None:
    found = {role: known(reading) for role, reading in seen(fixture.path.stem).first.items()}

    assert found == expected(fixture.content["expect"])


@on_every_image
def test_reading_twice_gives_the_same(fixture: Fixture) -> None:
    read = seen(fixture.path.stem)

    assert read.first == read.second


@on_every_image
def test_it_announces_only_fields_of_its_kind_and_all_it_fills(fixture: Fixture) -> None:
    read = seen(fixture.path.stem)

    for name, role in read.identity.roles.items():
        assert isinstance(read.first[name], READINGS[role.kind])
        assert role.reports <= {field.name for field in fields(READINGS[role.kind])}
        assert role.reports >= known(read.first[name]).keys()


@on_every_image
def test_numbers_are_floats_where_a_float_is_wanted(fixture: Fixture) -> None:
    for reading in seen(fixture.path.stem).first.values():
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
@jumping
async def test_half_an_answer_gives_no_reading_and_one_that_asks_for_patience_is_busy(
    fixture: Fixture,
) -> None:
    async with bench(fixture, REGISTRY) as on:
        await on.driver.identify()
        for fault in (*BROKEN, *BUSY):
            on.server.plan = lambda _request, fault=fault: fault  # type: ignore[misc]
            wanted = (BusyError,) if fault in BUSY else (UnreachableError, BadReadingError)
            with pytest.raises(wanted):
                await on.driver.read()
        on.server.plan = lambda _request: None
        assert await on.driver.read()


@on_every_image
def test_every_command_it_announces_is_in_its_image(fixture: Fixture) -> None:
    roles = seen(fixture.path.stem).identity.roles

    announced = {capability for role in roles.values() for capability in role.capabilities}
    assert announced == {Capability(entry["do"]) for entry in fixture.commands}


@with_commands
@jumping
async def test_every_command_lands_in_its_registers_and_takes_effect(fixture: Fixture) -> None:
    for entry in fixture.commands:
        async with bench(fixture, REGISTRY) as on:
            roles = (await on.driver.identify()).roles
            capability, told = command(entry)
            role = role_for(roles, capability)
            await on.driver.apply(role, told)
            readings = await on.driver.read()

            assert on.writes == [[at, list(words), *unit] for at, words, *unit in entry["writes"]]
            for name, values in entry["then"].items():
                assert known(readings[name]) == known(readings[name]) | approximately(values)
            assert is_confirmed(told, readings[role]), f"{entry['do']}: the reading must show it"
            # What the device was told stays so when its watchdog is fed.
            await on.driver.renew(role)
            assert await on.driver.read() == readings


@with_commands
@jumping
async def test_the_safe_command_ends_and_a_hold_prevents_whatever_was_told_before(
    fixture: Fixture,
) -> None:
    async with bench(fixture, REGISTRY) as on:
        roles = (await on.driver.identify()).roles
        for entry in fixture.commands:
            capability, told = command(entry)
            role = role_for(roles, capability)
            if safe := safe_command(roles[role]):
                await on.driver.apply(role, told)
                await on.driver.apply(role, safe)
                assert is_confirmed(safe, (await on.driver.read())[role]), entry["do"]
            for last in fixture.commands:
                if Capability(last["do"]) in PROOFS:
                    await prevents(on, roles, entry, last)


async def prevents(
    on: Bench, roles: Mapping[str, Role], entry: Mapping[str, Any], last: Mapping[str, Any]
) -> None:
    """A hold after another command leaves the registers that the image says prove it."""
    # A day later the memory may be written again.
    await asyncio.sleep(DAY_S)
    for one in (entry, last):
        capability, told = command(dict(one))
        await on.driver.apply(role_for(roles, capability), told)
    for proof in PROOFS[Capability(last["do"])]:
        assert {at: on.holding(at) for at in last[proof]} == last[proof], (entry["do"], proof)


def role_for(roles: Mapping[str, Role], capability: Capability) -> str:
    return next(name for name, role in roles.items() if capability in role.capabilities)


@with_commands
@jumping
async def test_read_only_it_writes_nothing(fixture: Fixture) -> None:
    async with bench(fixture, REGISTRY, read_only=True) as on:
        roles = (await on.driver.identify()).roles
        for entry in fixture.commands:
            for role in roles:
                with pytest.raises(UnsupportedError):
                    await on.driver.apply(role, command(entry)[1])
    assert on.server.writes == []


@pytest.mark.parametrize("name", sorted({fixture.driver for fixture in FIXTURES}))
@jumping
async def test_a_role_it_has_not_gets_no_command(name: str) -> None:
    fixture = next(one for one in FIXTURES if one.driver == name)
    told = command({"do": "start_charging"})[1]
    async with bench(fixture, REGISTRY) as on:
        roles = (await on.driver.identify()).roles
        for role in (AssetKind.HVAC, *roles):
            if role not in roles or required(told) not in roles[role].capabilities:
                with pytest.raises(UnsupportedError):
                    await on.driver.apply(role, told)
