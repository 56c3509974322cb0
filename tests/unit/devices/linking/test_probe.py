"""Asking who answers, without a way to write."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from gatewayd.devices.linking.catalogue import Entry
from gatewayd.devices.linking.probe import Probe
from gatewayd.errors import DeviceError, RefusedError, UnreachableError
from gatewayd.links import tls
from gatewayd.links.pool import Links
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.options import DeviceOptions, HttpOptions
from tests.fakes.clock import FakeClock
from tests.fakes.driver import ScriptedBox, ScriptedDriver, charger_box
from tests.fakes.gateway import gateway
from tests.fakes.receiver import receiver


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


class Secretive(HttpOptions):
    tls: bool = True
    token: SecretStr
    meter_host: str | None = None


async def _pair(options: Secretive, _links: object) -> dict[str, str]:
    if options.token.get_secret_value():
        return {}
    if options.fingerprint is None:
        raise RefusedError("press the button")
    return {"token": "granted"}


SECRETIVE = Entry(
    "box",
    DriverInfo("Acme", ("Box",), "s", Secretive, _pair, {}, pair=_pair),  # type: ignore[arg-type]
)


async def test_a_devices_certificate_and_secrets_are_kept_from_the_first_meeting(
    tmp_path: Path,
) -> None:
    certificate = tls.own(tmp_path, ["box"])
    async with (
        gateway(tmp_path / "g.db", FakeClock(), {}) as running,
        receiver(certificate.context()) as box,
    ):
        probe = Probe(Links(), running.poller.guard)
        place = {"host": "127.0.0.1", "port": str(box.port)}

        first = await probe.prepared(SECRETIVE, place)
        typed = place | {"token": "typed", "fingerprint": "ab" * 32}
        again = await probe.prepared(SECRETIVE, typed)
        with pytest.raises(RefusedError, match="press the button"):
            await probe.prepared(SECRETIVE, place | {"tls": "false"})
        with pytest.raises(UnreachableError, match="local network"):
            await probe.prepared(SECRETIVE, place | {"meter_host": "8.8.8.8"})

    pin = certificate.fingerprint.replace(":", "").lower()
    assert first == place | {"fingerprint": pin, "token": "granted"}
    assert again == typed
    assert box.deliveries == []
