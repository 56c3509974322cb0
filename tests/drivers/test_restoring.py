"""Every map's commands, given back: each register is what somebody else had set it to."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import pytest

from drivers.modbus.sunspec import Options, SunSpec
from gatewayd.devices.registers import RegisterDriver
from gatewayd.errors import RefusedError
from gatewayd.model.command import Command, required, safe_command
from gatewayd.model.power import SetReserve
from gatewayd.sdk.maps.commands import Step
from tests.drivers.images import Fixture, ImageUnit, Tables, command, fixtures
from tests.drivers.test_map_contract import FIXTURES, layout_of, units_of
from tests.fakes import jump_loop

Place = tuple[str | None, int]
# StorEdge's own registers are settings, which its release leaves as good as they were.
SUNSPEC = [
    one
    for one in fixtures()
    if one.driver == "sunspec" and one.has_commands and "storedge" not in one.path.stem
]
TOLD = [fixture for fixture in FIXTURES if fixture.has_commands]


@dataclass(frozen=True, eq=False)
class Unit(ImageUnit):
    """One that can be written too, and does what the fixture says of that."""

    fixture: Fixture

    async def write_register(self, address: int, value: int) -> None:
        self.fixture.store(self.tables, address, value)

    async def write_registers(self, address: int, values: tuple[int, ...]) -> None:
        for offset, value in enumerate(values):
            self.fixture.store(self.tables, address + offset, value)

    async def write_coil(self, address: int, *, value: bool) -> None:
        self.tables.setdefault(1, {})[address] = value


@pytest.mark.parametrize("fixture", TOLD, ids=lambda fixture: fixture.path.stem)
def test_what_somebody_else_had_set_is_set_again(fixture: Fixture) -> None:
    lost = jump_loop.run(all_lost(fixture))

    assert not lost


@pytest.mark.parametrize("fixture", SUNSPEC, ids=lambda fixture: fixture.path.stem)
def test_what_somebody_else_had_set_in_sunspec_models_is_set_again(fixture: Fixture) -> None:
    assert jump_loop.run(sunspec_lost(fixture)) == {}


async def sunspec_lost(fixture: Fixture) -> dict[str, dict[int, tuple[int, int]]]:
    own = int(str(fixture.options().get("unit", 1)))
    found = {}
    for _, told in map(command, fixture.commands):
        if isinstance(told, SetReserve):
            # It is told in the unit in which it is read.
            continue
        units = fixture.units(own)
        words = units[own][3]
        driver = SunSpec(opening(units, fixture), Options.model_validate(fixture.options()))
        roles = (await driver.identify()).roles
        for role in [n for n, one in roles.items() if required(told) in one.capabilities]:
            for name, word in (await driver.held(role, told, ())).items():
                words[int(name)] = word - 1 if 10 < word < 60000 else word
            await driver.read()
            before = dict(words)
            held = await driver.held(role, told, ())
            await driver.apply(role, told)
            await driver.read()
            for back in (safe_command(roles[role]), None):
                await driver.restore(role, back, held)
            found[str(told)] = {a: (w, words[a]) for a, w in before.items() if words[a] != w}
    return {told: places for told, places in found.items() if places}


def opening(units: Mapping[int, Tables], fixture: Fixture) -> Callable[[int], Awaitable[Unit]]:
    async def open_unit(unit: int) -> Unit:
        return Unit(units.get(unit, {}), fixture)

    return open_unit


async def all_lost(fixture: Fixture) -> dict[str, dict[Place, tuple[int, int]]]:
    """By command: the registers that are not as before, with what they were and are."""
    found = {}
    for entry in fixture.commands:
        capability, told = command(entry)
        for role, layout in layout_of(fixture.driver).roles.items():
            if entry.get("role") in (None, role) and capability in layout.commands:
                found[f"{role}: {told}"] = await lost(fixture, role, told)
    return {told: places for told, places in found.items() if places}


async def lost(fixture: Fixture, role: str, told: Command) -> dict[Place, tuple[int, int]]:
    layout, options = layout_of(fixture.driver), fixture.options()
    steps = [run.step for runs in layout.roles[role].commands.values() for run in runs]
    units = units_of(layout, fixture)
    for (unit, address), word in words_of(units, steps).items():
        # Small ones are switches: set another way, the device is in another mode.
        units[unit][3][address] = word - 1 if 10 < word < 60000 else word
    before = words_of(units, steps)
    given = {name: options.get(name, one.default) for name, one in layout.map.options.items()}
    driver = RegisterDriver({n: Unit(t, fixture) for n, t in units.items()}, layout, given)  # type: ignore[arg-type]
    identity = await driver.identify()
    held = await driver.held(role, told, ())
    try:
        await driver.apply(role, told)
    except RefusedError:
        return {}
    await driver.read()
    for back in (safe_command(identity.roles[role]), None):
        await driver.restore(role, back, held)
    after = words_of(units, steps)
    return {at: (word, after[at]) for at, word in before.items() if after[at] != word}


def words_of(units: Mapping[str | None, Tables], steps: list[Step]) -> dict[Place, int]:
    """What the registers hold that the steps write and that can be read."""
    return {
        (step.unit, address): units[step.unit][3][address]
        for step in steps
        if step.coil is None and step.readable
        for address in range(step.address, step.address + step.width())
        if address in units.get(step.unit, {}).get(3, {})
    }
