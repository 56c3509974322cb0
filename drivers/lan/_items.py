"""What carries the texts of a map: MQTT, or HTTP."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from pydantic import Field, JsonValue, RootModel

from gatewayd.errors import UnsupportedError
from gatewayd.links.http_device import DeviceHttp
from gatewayd.links.mqtt_source import TopicReader, TopicWriter
from gatewayd.links.pool import Links
from gatewayd.sdk.driver import Driver
from gatewayd.sdk.maps.item_driver import ItemDriver
from gatewayd.sdk.maps.items import ItemMap, Telling
from gatewayd.sdk.maps.points import Value
from gatewayd.sdk.options import DeviceOptions


class TopicOptions(DeviceOptions):
    """Where the topics are, and how long what they said holds."""

    base: str = Field(
        default="",
        max_length=128,
        pattern=r"^([^+#\s]*[^+#\s/])?$",
        description="what all topics start with, without a slash at the end",
    )
    max_age_s: float = Field(
        default=900.0, gt=0, le=86400, description="how long the device may say nothing"
    )


class _Body(RootModel[JsonValue]):
    """What a command sends."""


class _Topics:
    """A map's values by MQTT; its topics are below `base`, where that is given."""

    def __init__(self, found: ItemMap, topics: TopicReader, base: str, max_age_s: float) -> None:
        self._map = found
        self._topics = topics
        self._base = base
        self._max_age_s = max_age_s

    async def fetch(self) -> Mapping[str, Value]:
        """Waits for what has to be told; UnreachableError when it is not."""
        values: dict[str, Value] = {}
        for name, item in self._map.points.items():
            topic = f"{self._base}{item.place}"
            age_s = float("inf") if item.kept else self._max_age_s
            told = self._topics.newest(topic, age_s)
            if told is None and not item.optional:
                told = await self._topics.get(topic, max_age_s=age_s)
            values[name] = None if told is None else item.value(told, topic)
        return values

    async def send(self, _: Telling, place: str, payload: str) -> None:
        """Publish one message, not retained."""
        if not isinstance(self._topics, TopicWriter):
            raise UnsupportedError("the device is read only; see its `read_only` option")
        await self._topics.publish(f"{self._base}{place}", payload)


class _Paths:
    """A map's values by HTTP, each path asked for once."""

    def __init__(self, found: ItemMap, link: DeviceHttp) -> None:
        self._map = found
        self._link = link

    async def fetch(self) -> Mapping[str, Value]:
        """Ask for everything; a DeviceError when one answer is none."""
        paths = dict.fromkeys(item.place for item in self._map.points.values())
        told = {path: (await self._link.text(path)).encode() for path in paths}
        return {
            name: item.value(told[item.place], item.place)
            for name, item in self._map.points.items()
        }

    async def send(self, telling: Telling, place: str, payload: str) -> None:
        """Send one request. Returning means that the device took it."""
        if telling.post is None:
            await self._link.text(place)
        else:
            await self._link.post(place, _Body(json.loads(payload or "{}")))


@asynccontextmanager
async def by_topics(found: ItemMap, options: TopicOptions, links: Links) -> AsyncIterator[Driver]:
    """The driver of a map whose values are topics."""
    base = f"{options.base}/" if options.base else ""
    filters = {f"{base}{item.place}" for item in found.points.values()}
    async with links.mqtt.topics(filters, read_only=options.read_only) as topics:
        carrier = _Topics(found, topics, base, options.max_age_s)
        yield ItemDriver(found, carrier.fetch, None if options.read_only else carrier.send)


def by_paths(found: ItemMap, link: DeviceHttp, *, read_only: bool) -> Driver:
    """The driver of a map whose values are paths."""
    carrier = _Paths(found, link)
    return ItemDriver(found, carrier.fetch, None if read_only else carrier.send)


def only(place: str, found: ItemMap) -> ItemMap:
    """The map, whose values are all told that way: `topic` or `get`. ValueError."""
    for name, item in found.points.items():
        if getattr(item, place) is None:
            raise ValueError(f"points.{name}: this driver reads by {place}")
    for role, asset in found.assets.items():
        for capability, steps in asset.commands.items():
            if any((step.topic is None) == (place == "topic") for step in steps):
                raise ValueError(f"assets.{role}.commands.{capability}: not by this driver")
    return found
