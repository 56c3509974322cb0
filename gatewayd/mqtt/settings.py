"""What the operator can choose about MQTT."""

from dataclasses import dataclass, field

from gatewayd.links.mqtt_wire import Broker
from gatewayd.model.asset import Asset
from gatewayd.mqtt.topics import Topics


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """Two gateways on one broker need different `base` and `gateway_id`.

    `discovery_exclude` holds ids of devices or assets, or slugs, not shown to Home Assistant; their
    topics are published all the same. `interval_s` is a little under the second at which most
    devices are polled, so that a reading that comes a moment early does not wait for the next.
    """

    broker: Broker = field(default_factory=Broker)
    base: str = "gatewayd"
    gateway_id: str = "gatewayd"
    version: str = "0"
    discovery_enabled: bool = True
    discovery_prefix: str = "homeassistant"
    discovery_exclude: frozenset[str] = frozenset()
    interval_s: float = 0.8
    heartbeat_s: float = 60.0

    @property
    def topics(self) -> Topics:
        return Topics(self.base, self.discovery_prefix)

    def is_announced(self, asset: Asset) -> bool:
        names = {asset.id, asset.device_id, asset.slug}
        return self.discovery_enabled and not names & self.discovery_exclude
