"""What every register map must say, beside what its driver must do (`test_contract`)."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

import drivers
from gatewayd.devices.registers import RegisterDriver
from gatewayd.model.reading import Reading
from gatewayd.sdk.driver import ModbusReader
from gatewayd.sdk.maps.blocks import Block
from gatewayd.sdk.maps.codec import nans, words_of
from gatewayd.sdk.maps.excerpt import excerpt
from gatewayd.sdk.maps.expressions import names_in, points_in
from gatewayd.sdk.maps.points import Point
from gatewayd.sdk.maps.schema import conditions_of, sources_of, steps_of
from gatewayd.sdk.registers import Layout, RegisterMap, load_map
from tests.drivers.images import FUNCTIONS, Fixture, ImageUnit, Tables, fixtures

FOLDER = Path(next(iter(drivers.__path__))) / "modbus"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
FIXTURES = [fixture for fixture in fixtures() if fixture.driver in NAMES]
on_every_map = pytest.mark.parametrize("name", NAMES)
# A register: the unit's name in the map, the function code, the address.
Place = tuple[str | None, int, int]
on_every_image = pytest.mark.parametrize("fixture", FIXTURES, ids=lambda f: f.path.stem)


@cache
def layout_of(name: str) -> Layout:
    return Layout(load_map(FOLDER / f"{name}.yaml"))


@on_every_map
def test_each_field_of_a_role_is_expected_of_one_of_its_images(name: str) -> None:
    images = [fixture for fixture in FIXTURES if fixture.driver == name]

    for role, asset in layout_of(name).map.assets.items():
        shown = {field for one in images for field in one.content["expect"].get(role, {})}
        told = {
            field
            for one in images
            for entry in one.commands
            for field in entry.get("then", {}).get(role, {})
        }
        assert asset.fields.keys() <= shown | told, role


@on_every_map
def test_each_write_says_where_the_device_keeps_it(name: str) -> None:
    for role, asset in layout_of(name).map.assets.items():
        for path, step in steps_of(role, asset):
            assert "memory" in step.model_fields_set, path


@on_every_image
def test_without_its_optional_registers_it_still_reads(fixture: Fixture) -> None:
    layout = layout_of(fixture.driver)
    blocks = [*layout.static, *layout.polled]
    needed = {place for block in blocks if not block.is_optional for place in places(block)}
    units = units_of(layout, fixture)
    for block in blocks:
        for unit, function, address in set(places(block)) - needed:
            units.get(unit, {}).get(function, {}).pop(address, None)

    assert asyncio.run(read(layout, fixture, units))


@on_every_image
def test_without_any_one_block_it_still_reads(fixture: Fixture) -> None:
    layout = layout_of(fixture.driver)
    probed = Layout(excerpt(layout.map, has_identity=False))
    known = {place for block in (*probed.static, *probed.polled) for place in places(block)}
    solid = [set(places(block)) for block in layout.polled if not block.is_optional]
    units = units_of(layout, fixture)

    async def check() -> None:
        for gone in map(places, (*layout.static, *layout.polled)):
            is_all = all(not one.isdisjoint(gone) for one in solid)
            if known.isdisjoint(gone) and not is_all:
                with without(gone, units):
                    assert await read(layout, fixture, units), gone

    asyncio.run(check())


@on_every_image
def test_registers_that_mean_nothing_give_none(fixture: Fixture) -> None:
    layout = layout_of(fixture.driver)
    units = units_of(layout, fixture)
    spared = {place for point in vital(layout.map) for place in places(point)}
    emptied = []
    for role, field, point in plain_fields(layout.map):
        found = nans(point)
        if found and role in fixture.content["expect"] and spared.isdisjoint(places(point)):
            spared |= set(places(point))
            emptied.append((role, field))
            shape = point.model_copy(update={"scale": 1.0, "offset": 0.0, "bcd": False})
            words = words_of(shape, found[0])
            for (unit, function, address), word in zip(places(point), words, strict=True):
                units[unit].setdefault(function, {})[address] = word

    readings = asyncio.run(read(layout, fixture, units))

    for role, field in emptied:
        assert getattr(readings[role], field) is None, field


async def read(
    layout: Layout, fixture: Fixture, units: Mapping[str | None, Tables]
) -> Mapping[str, Reading]:
    """The readings of an image in memory."""
    options = fixture.options()
    found: dict[str | None, ModbusReader] = {name: ImageUnit(units[name]) for name in units}
    given = {name: options.get(name, one.default) for name, one in layout.map.options.items()}
    driver = RegisterDriver(found, layout, given)  # type: ignore[arg-type]
    await driver.identify()
    return await driver.read()


def units_of(layout: Layout, fixture: Fixture) -> dict[str | None, Tables]:
    """The registers by the units' names in the map, the device's own under None."""
    options = fixture.options()
    own = int(str(options.get("unit", layout.map.bus.unit)))
    units = fixture.units(own)
    found: dict[str | None, Tables] = {None: units[own]}
    for name, number in layout.map.units.items():
        unit = options.get(f"{name}_unit", number)
        if isinstance(unit, int):
            found[name] = units.get(unit, {})
    return found


@contextmanager
def without(gone: Iterable[Place], units: Mapping[str | None, Tables]) -> Iterator[None]:
    """The units less some of their registers."""
    kept = [(p, units.get(p[0], {}).get(p[1], {}).pop(p[2], None)) for p in gone]
    yield
    for (unit, function, address), word in kept:
        if word is not None:
            units[unit][function][address] = word


def places(of: Block | Point) -> list[Place]:
    count = of.count if isinstance(of, Block) else of.width()
    return [(of.unit, FUNCTIONS[of.table], of.address + offset) for offset in range(count)]


def plain_fields(found: RegisterMap) -> Iterator[tuple[str, str, Point]]:
    """Fields that are nothing but one point."""
    for role, asset in found.assets.items():
        for field, source in asset.fields.items():
            point = found.points.get(source) if isinstance(source, str) else source
            if isinstance(point, Point):
                yield role, field, point.settled(found.defaults)


def vital(found: RegisterMap) -> Iterator[Point]:
    """The points without which other values, or the device, would be others."""
    yield from named(found, (name for _, one in conditions_of(found) for name in one))
    for path, source in sources_of(found):
        if not path.startswith("assets.") or not isinstance(source, str | Point):
            yield from named(found, names_in(source))
            yield from (p.settled(found.defaults) for _, p in points_in(source, path))


def named(found: RegisterMap, names: Iterable[str]) -> Iterator[Point]:
    for name in names:
        if name in found.points:
            yield found.points[name].settled(found.defaults)
