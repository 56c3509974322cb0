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

from drivers.lan._items import TopicOptions, by_topics, only
from gatewayd.links.pool import Links
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.maps.items import ItemMap, item_map


def _map(given: object) -> ItemMap:
    return only("topic", item_map(given))


class MqttOptions(TopicOptions):
    """Where the topics are, and what they hold."""

    map: Annotated[ItemMap, PlainValidator(_map, json_schema_input_type=dict[str, Any])] = Field(
        description="a map of topics as in drivers/README.md"
    )


@asynccontextmanager
async def _open(options: MqttOptions, links: Links) -> AsyncIterator[Driver]:
    async with by_topics(options.map, options, links) as driver:
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
