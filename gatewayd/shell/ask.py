"""One device asked directly, or, where only the running gateway can, what it heard last."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from gatewayd.clock import SystemClock
from gatewayd.config import Config
from gatewayd.config.devices import Device
from gatewayd.console import database_path
from gatewayd.devices.registry import Registry
from gatewayd.errors import NotFoundError, StorageError, UnreachableError
from gatewayd.links.mqtt_source import MqttSource
from gatewayd.links.pool import Links
from gatewayd.model.reading import Reading
from gatewayd.sdk.driver import Driver
from gatewayd.state import history
from gatewayd.state.db import Database
from gatewayd.state.store import LastReadings

T = TypeVar("T")

_ASK_S = 30.0
_AGAIN_S = 1.0
# Older than this it is no news of the device.
_NEWS = timedelta(minutes=10)
_CLIENT_ID = "gatewayd-read"

Work = Callable[[Driver], Awaitable[T]]


@dataclass(frozen=True, slots=True)
class Heard:
    """What the gateway heard of a device last."""

    at: datetime
    readings: dict[str, Reading]


def chosen(config: Config, device_id: str) -> Device:
    """A configured device. Raises NotFoundError."""
    if device_id not in config.devices:
        known = ", ".join(config.devices) or "none"
        raise NotFoundError(f"no device {device_id!r} in the config; configured: {known}")
    return config.devices[device_id]


async def ask(
    config: Config, registry: Registry, device: Device, work: Work[T], links: Links | None = None
) -> T:
    """Let `work` ask the device, without a way to write. Raises DeviceError.

    A device that tells by MQTT is listened to until it has told enough.
    """
    links = links or _links(config)
    info = registry.info(device.driver)
    options = device.options.model_copy(update={"read_only": True})
    try:
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(links.mqtt.run(), name="mqtt")
            try:
                async with asyncio.timeout(_ASK_S), info.open(options, links) as driver:
                    return await _until_told(driver, work, is_told=not hasattr(options, "host"))
            finally:
                listening.cancel()
    except TimeoutError as error:
        raise UnreachableError(f"no answer within {_ASK_S:g} s") from error
    except BaseExceptionGroup as errors:
        # The group has one member of ours; what it raised is what happened.
        raise _first(errors) from errors


async def heard(config: Config, device_id: str) -> Heard | None:
    """What the running gateway heard of the device in the last minutes."""
    try:
        found = await _last(config, device_id)
    except StorageError:
        return None
    since = SystemClock().now() - _NEWS
    recent = {role: one for role, one in found.items() if one[0] >= since}
    if not recent:
        return None
    newest = max(at for at, _ in recent.values())
    return Heard(newest, {role: reading for role, (_, reading) in recent.items()})


async def _last(config: Config, device_id: str) -> LastReadings:
    if not database_path(config).exists():
        return {}
    async with Database.visit(database_path(config)) as database:
        return (await database.read(history.last)).get(device_id, {})


async def _until_told(driver: Driver, work: Work[T], *, is_told: bool) -> T:
    """A device without an address talks when it likes; the limit is the caller's."""
    while True:
        try:
            return await work(driver)
        except UnreachableError:
            if not is_told:
                raise
            await asyncio.sleep(_AGAIN_S)


def _links(config: Config) -> Links:
    broker = config.mqtt.broker(_CLIENT_ID) if config.mqtt else None
    return Links(mqtt=MqttSource(broker, SystemClock()))


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    found = errors.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found
