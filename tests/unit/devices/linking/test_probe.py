"""Asking who answers, without a way to write."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gatewayd.devices.linking.catalogue import Entry
from gatewayd.devices.linking.probe import Probe
from gatewayd.errors import DeviceError, UnreachableError
from gatewayd.links.pool import Links
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.options import DeviceOptions
from tests.fakes.clock import FakeClock
from tests.fakes.driver import ScriptedBox, ScriptedDriver, charger_box
from tests.fakes.gateway import gateway


class Options(DeviceOptions):
    host: str


def entry(box: ScriptedBox, opened: list[Options]) -> Entry:
    @asynccontextmanager
    async def open_box(options: Options, _links: Any) -> AsyncIterator[Driver]:
        opened.append(options)
        yield ScriptedDriver(box)

    return Entry("box", DriverInfo("Acme", ("Box",), "scripted", Options, open_box, {}))


async def test_a_device_is_asked_without_a_way_to_write(tmp_path: Path) -> None:
    box, opened = charger_box(), list[Options]()
    async with gateway(tmp_path / "g.db", FakeClock(), {}) as running:
        probe = Probe(Links(), running.poller.guard)

        identity = await probe.identify(entry(box, opened), Options(host="127.0.0.1"))

    assert identity == box.identity
    assert [options.read_only for options in opened] == [True]
    assert box.steps == ["identify"]


async def test_a_bug_in_a_driver_is_the_devices_failure(tmp_path: Path) -> None:
    box = charger_box()
    box.faults["identify"] = ZeroDivisionError()
    async with gateway(tmp_path / "g.db", FakeClock(), {}) as running:
        probe = Probe(Links(), running.poller.guard)

        with pytest.raises(DeviceError, match="bug in driver"):
            await probe.identify(entry(box, []), Options(host="127.0.0.1"))


async def test_what_lies_outside_is_not_opened_at_all(tmp_path: Path) -> None:
    opened = list[Options]()
    async with gateway(tmp_path / "g.db", FakeClock(), {}) as running:
        probe = Probe(Links(), running.poller.guard)

        with pytest.raises(UnreachableError, match="local network"):
            await probe.identify(entry(charger_box(), opened), Options(host="8.8.8.8"))

    assert opened == []
