"""The drivers a person may choose from."""

import logging
from pathlib import Path

import pytest

from gatewayd.devices.linking.catalogue import Catalogue, Entry
from gatewayd.devices.registry import Registry
from gatewayd.errors import InvalidError
from gatewayd.model.asset import AssetKind


async def entry(name: str) -> Entry:
    found = await Catalogue(Registry()).entry(name)
    assert found is not None
    return found


async def test_a_driver_is_offered_for_what_it_makes() -> None:
    catalogue = Catalogue(Registry())

    meters = await catalogue.fitting({AssetKind.METER}, None)
    chargers = await catalogue.fitting({AssetKind.CHARGER}, None)

    assert {"eastron_sdm630", "sunspec"} <= {one.driver for one in meters}
    assert "keba_p30" in {one.driver for one in chargers}
    assert "eastron_sdm630" not in {one.driver for one in chargers}


async def test_a_vendor_narrows_the_choice_unless_nothing_is_left() -> None:
    catalogue = Catalogue(Registry())

    theirs = await catalogue.fitting({AssetKind.INVERTER}, "SOLAREDGE")
    called = await catalogue.fitting({AssetKind.CHARGER}, "ZAPTEC")
    others = await catalogue.fitting({AssetKind.CHARGER}, "NOBODY")

    assert [one.driver for one in theirs] == ["sunspec"]
    assert [one.driver for one in called] == ["ocpp"]
    assert "keba_p30" in {one.driver for one in others}


async def test_a_broken_driver_is_left_out_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "broken.yaml").write_text("vendor: [")

    with caplog.at_level(logging.WARNING):
        entries = await Catalogue(Registry([tmp_path])).entries()

    assert "broken" not in {one.driver for one in entries}
    assert "driver broken cannot be used" in caplog.text


async def test_the_address_is_asked_first_and_the_line_never() -> None:
    fields = (await entry("sunspec")).fields

    names = [field.name for field in fields]
    assert names[0] == "host"
    assert {"port", "unit"} <= set(names)
    assert not {"serial", "baudrate", "read_only", "poll_s", "timeout_s"} & set(names)
    port = next(field for field in fields if field.name == "port")
    assert (port.default, port.is_required) == ("502", False)


async def test_what_was_typed_becomes_options() -> None:
    keba = await entry("keba_p30")

    options = keba.options({"host": " 10.0.0.7 ", "port": "", "serial": "/dev/ttyS0", "x": "y"})

    assert options.model_dump()["host"] == "10.0.0.7"
    assert options.model_dump()["port"] == 502
    assert options.model_dump()["serial"] is None


@pytest.mark.parametrize(
    ("typed", "told"), [({"host": "a", "unit": "300"}, "unit"), ({}, "either host or serial")]
)
async def test_what_cannot_be_is_told_by_its_field(typed: dict[str, str], told: str) -> None:
    keba = await entry("keba_p30")

    with pytest.raises(InvalidError, match=told):
        keba.options(typed)


async def test_a_driver_serves_its_own_vendor_and_those_who_sell_under_another_name() -> None:
    standards = {"sunspec"}
    for one in await Catalogue(Registry()).entries():
        assert one.driver in standards or one.info.vendor in one.brands, one.driver
        assert set(one.info.brands) <= set(one.brands), one.driver
