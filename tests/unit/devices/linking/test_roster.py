"""The devices of the configuration and those that were linked, together."""

import logging
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from gatewayd.devices.device import ConfiguredDevice
from gatewayd.devices.linking.roster import Roster
from gatewayd.devices.registry import Registry
from gatewayd.state import linked_devices
from gatewayd.state.db import Database
from tests.fakes.clock import FakeClock
from tests.fakes.driver import charger_box, configured


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database.open(tmp_path / "gateway.db") as database:
        yield database


class Polled:
    """What the poller was last told."""

    def __init__(self) -> None:
        self.devices: Mapping[str, ConfiguredDevice] = {}

    async def reconfigure(self, devices: Mapping[str, ConfiguredDevice]) -> None:
        self.devices = devices


async def add(db: Database, driver: str, **options: str) -> None:
    now = FakeClock().now()
    await db.write(lambda c: linked_devices.add(c, driver, options, (), now))


def roster(db: Database, polled: Polled) -> Roster:
    return Roster(registry=Registry(), db=db, reconfigure=polled.reconfigure)


async def test_both_halves_are_polled(db: Database) -> None:
    polled = Polled()
    await add(db, "keba_p30", host="10.0.0.7")
    both = roster(db, polled)

    await both.configure({"wall": configured("wall", charger_box())}, "place")

    assert set(polled.devices) == {"wall", "keba_p30"}
    linked = polled.devices["keba_p30"]
    assert linked.options.model_dump()["host"] == "10.0.0.7"
    assert linked.location_id == "place"


async def test_what_is_linked_later_is_polled_after_a_refresh(db: Database) -> None:
    polled = Polled()
    both = roster(db, polled)
    await both.configure({}, None)
    await add(db, "keba_p30", host="10.0.0.7")

    await both.refresh()

    assert set(polled.devices) == {"keba_p30"}


async def test_an_unchanged_device_is_equal_to_itself_and_so_not_restarted(db: Database) -> None:
    polled = Polled()
    both = roster(db, polled)
    await add(db, "keba_p30", host="10.0.0.7")
    await both.configure({}, None)
    before = dict(polled.devices)

    await both.refresh()

    assert polled.devices == before


async def test_the_configuration_wins(db: Database, caplog: pytest.LogCaptureFixture) -> None:
    polled = Polled()
    await add(db, "keba_p30", host="10.0.0.7")
    mine = configured("keba_p30", charger_box())

    with caplog.at_level(logging.WARNING):
        await roster(db, polled).configure({"keba_p30": mine}, None)

    assert polled.devices == {"keba_p30": mine}
    assert "the config has this id too" in caplog.text


@pytest.mark.parametrize(
    ("driver", "options"), [("gone", {"host": "a"}), ("keba_p30", {"host": "a", "port": "geheim"})]
)
async def test_a_device_that_cannot_be_read_is_told_without_what_was_typed(
    db: Database, caplog: pytest.LogCaptureFixture, driver: str, options: dict[str, str]
) -> None:
    polled = Polled()
    await add(db, driver, **options)

    with caplog.at_level(logging.ERROR):
        await roster(db, polled).configure({}, None)

    assert polled.devices == {}
    assert f"{driver}: a linked device cannot be read" in caplog.text
    assert "geheim" not in caplog.text
