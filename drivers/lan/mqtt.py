"""Any device by MQTT, with a map in the config: which topics hold what, and what it can be told.

pump:
  driver: mqtt
  base: heatpump
  map:
    vendor: Acme
    models: [One]
    available: {alive: Online}
    points: {alive: {topic: LWT, text: true, kept: true}}
    assets: {hvac: {temperature_c: {topic: state, path: room, scale: 0.1}}}
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from pydantic import Field, PlainValidator

from drivers.lan._items import by_topics, only
from gatewayd.links.pool import Links
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.maps.items import ItemMap, item_map
from gatewayd.sdk.options import DeviceOptions


def _map(given: object) -> ItemMap:
    return only("topic", item_map(given))


class MqttOptions(DeviceOptions):
    """Which topics, and how long what they said holds."""

    map: Annotated[ItemMap, PlainValidator(_map, json_schema_input_type=dict[str, Any])] = Field(
        description="a map of topics as in drivers/README.md"
    )
    base: str = Field(
        default="",
        max_length=128,
        pattern=r"^([^+#\s]*[^+#\s/])?$",
        description="what all topics start with, without a slash at the end",
    )
    max_age_s: float = Field(
        default=900.0, gt=0, le=86400, description="how long the device may say nothing"
    )


@asynccontextmanager
async def _open(options: MqttOptions, links: Links) -> AsyncIterator[Driver]:
    opened = by_topics(
        options.map, links, options.base, options.max_age_s, read_only=options.read_only
    )
    async with opened as driver:
        yield driver


DRIVER = DriverInfo(
    vendor="MQTT",
    models=("any device, by a map of topics in the config",),
    source="the operator's own map",
    options=MqttOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=5.0,
)
