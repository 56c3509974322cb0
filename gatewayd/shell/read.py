"""`gatewayd read`: what a device says now."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from gatewayd.config import load
from gatewayd.devices.registry import Registry
from gatewayd.errors import UnreachableError
from gatewayd.model.asset import Identity
from gatewayd.model.reading import Reading
from gatewayd.sdk.driver import Driver
from gatewayd.shell.ask import ask, chosen, heard

Readings = dict[str, Reading]


async def read(path: Path, device_id: str) -> dict[str, Any]:
    """One device's identity and readings, asked directly and without a way to write.

    Where it cannot be reached from here, as what calls the gateway, or holds but one connection,
    it is what the running gateway heard of it last, with the time as `heardAt`.
    """
    registry = Registry.load()
    config = load(path, registry)
    device = chosen(config, device_id)
    try:
        identity, readings = await ask(config, registry, device, _both)
    except UnreachableError as error:
        news = await heard(config, device_id)
        if news is None:
            raise UnreachableError(
                f"{error}; and a running gateway has heard nothing of {device_id} lately"
            ) from error
        told = {"device": device_id, "heardAt": news.at.isoformat(), "why": str(error)}
        return told | {"readings": shown(news.readings)}
    return {
        "device": device_id,
        "vendor": identity.vendor,
        "model": identity.model,
        "serial": identity.serial,
        "readings": shown(readings),
    }


def shown(readings: Readings) -> dict[str, dict[str, object]]:
    """What is known, by role and field."""
    return {
        role: {name: value for name, value in asdict(reading).items() if value is not None}
        for role, reading in readings.items()
    }


async def _both(driver: Driver) -> tuple[Identity, Readings]:
    identity = await driver.identify()
    return identity, dict(await driver.read())
