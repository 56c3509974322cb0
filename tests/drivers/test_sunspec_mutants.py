"""SunSpec images with words that nobody meant: errors of the device, no impossible values."""

import math
import random
from dataclasses import asdict

import pytest

from drivers.modbus.sunspec import Options, SunSpec
from gatewayd.errors import DeviceError
from gatewayd.sdk.driver import ModbusReader
from tests.drivers.images import FOLDER, Fixture, ImageUnit, Tables, command

ODD = (0, 1, 10, 0x7FFF, 0x8000, 0xFFF0, 0xFFF6, 0xFFFE, 0xFFFF)
FIXTURES = [Fixture(path) for path in sorted(FOLDER.glob("sunspec*.yaml"))]
MUTANTS = 40


class Unit(ImageUnit):
    """One that takes what is written to it."""

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    async def write_register(self, address: int, value: int) -> None:
        self.tables[3][address] = value

    async def write_registers(self, address: int, values: tuple[int, ...]) -> None:
        self.tables[3].update(enumerate(values, address))

    async def write_coil(self, address: int, *, value: bool) -> None:
        raise AssertionError("SunSpec has no coils")


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda f: f.path.stem)
async def test_a_mutant_is_a_devices_error_or_says_nothing_impossible(fixture: Fixture) -> None:
    chance = random.Random(fixture.path.stem)
    options = Options.model_validate(fixture.options())
    for _ in range(MUTANTS):
        units = fixture.units(options.unit)
        mutate(units[options.unit][3], chance)
        await live(fixture, options, units)


def mutate(words: dict[int, int], chance: random.Random) -> None:
    for _ in range(chance.choice((1, 2, 5, 40))):
        address = chance.choice(list(words))
        match chance.randrange(4):
            case 0:
                words[address] = chance.choice(ODD)
            case 1:
                words[address] = chance.randrange(0x10000)
            case 2:
                words[address] ^= 1 << chance.randrange(16)
            case 3 if len(words) > 1:
                del words[address]


async def live(fixture: Fixture, options: Options, tables: dict[int, Tables]) -> None:
    """Identify, read, and try all commands."""
    units = {number: Unit(found) for number, found in tables.items()}

    async def enter(number: int) -> ModbusReader:
        return units.setdefault(number, Unit({3: {}}))

    driver = SunSpec(enter, options)
    try:
        roles = (await driver.identify()).roles
        for entry in ({}, *fixture.commands):
            for role in roles if entry else ():
                try:
                    await driver.apply(role, command(entry)[1])
                    await driver.renew(role)
                except DeviceError:
                    continue
            for reading in (await driver.read()).values():
                for name, value in asdict(reading).items():
                    is_number = isinstance(value, float) and not name.endswith("limit_w")
                    assert not is_number or math.isfinite(value), name
    except DeviceError:
        return
