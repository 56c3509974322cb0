"""Every image of a driver that says how its devices are known is found, and taken for no other."""

import pytest

from gatewayd.devices.discovery.modbus import modbus_probes
from gatewayd.devices.discovery.recognise import recognise
from gatewayd.devices.registry import Registry
from tests.drivers.images import Fixture, ImageUnit, fixtures

REGISTRY = Registry()


PROBES = modbus_probes(REGISTRY.usable())
KNOWN = [fixture for fixture in fixtures() if fixture.driver in PROBES]


@pytest.mark.parametrize("fixture", KNOWN, ids=lambda fixture: fixture.path.stem)
async def test_a_device_is_taken_for_what_it_is(fixture: Fixture) -> None:
    info = REGISTRY.info(fixture.driver)
    unit = info.options.model_validate(fixture.options()).unit  # type: ignore[attr-defined]

    found = await recognise(ImageUnit(fixture.units(unit)[unit]), PROBES, unit)

    told = [(match.driver, match.bits) for match in found]
    assert found, "nobody recognises it"
    assert found[0].driver == fixture.driver, told
    # Some say it in another unit, which is looked into when the driver is opened.
    assert found[0].likeness.serial in (None, fixture.content["identity"].get("serial"))
