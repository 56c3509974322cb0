"""Plugs and meters on Zigbee, as Zigbee2MQTT tells of them over MQTT.

Facts from Zigbee2MQTT's own documentation of what devices expose: power in W, import +, energy in
kWh. A device tells when something changes, and from time to time. Those of three phases tell the
first one as `power` and the others as `power_phase_b`, or, Tuya's, all of them as `power_a` and so
on, and their sum as `power`.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from gatewayd.links.mqtt_source import TopicReader
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Identity
from gatewayd.model.reading import MeterReading, Reading
from gatewayd.sdk import document
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.options import DeviceOptions
from gatewayd.sdk.read_only import ReadOnly, roles_of

_ROLE = "meter"
_WH_PER_KWH = 1000

Amount = Annotated[float, Field(ge=0)]


class Zigbee2MqttOptions(DeviceOptions):
    """Which of its devices, and how long what that said holds."""

    topic: str = Field(
        min_length=1,
        max_length=128,
        pattern=r"^[^+#]+$",
        description="zigbee2mqtt/ and the device's friendly name",
    )
    max_age_s: float = Field(
        default=900.0, gt=0, le=86400, description="how long the device may say nothing"
    )


class _State(BaseModel):
    """The device's state; other keys are those of other devices."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, frozen=True)

    power: float | None = None
    power_phase_b: float | None = None
    power_phase_c: float | None = None
    energy: Amount | None = None
    produced_energy: Amount | None = None
    voltage: Amount | None = None
    voltage_phase_b: Amount | None = None
    voltage_phase_c: Amount | None = None
    current: float | None = None
    current_phase_b: float | None = None
    current_phase_c: float | None = None
    power_a: float | None = None
    power_b: float | None = None
    power_c: float | None = None
    voltage_a: Amount | None = None
    voltage_b: Amount | None = None
    voltage_c: Amount | None = None
    current_a: float | None = None
    current_b: float | None = None
    current_c: float | None = None
    ac_frequency: Amount | None = None

    def reading(self) -> MeterReading:
        """What it says, in our words. Two channels that are no phases have no third one."""
        return self._of_first() if self.power_c is None else self._of_three()

    def _of_three(self) -> MeterReading:
        phases = [self.power_a, self.power_b, self.power_c]
        known = [watts for watts in phases if watts is not None]
        total_w = sum(known) if len(known) == len(phases) else None
        return MeterReading(
            power_w=total_w if self.power is None else self.power,
            import_wh=_wh(self.energy),
            export_wh=_wh(self.produced_energy),
            frequency_hz=self.ac_frequency,
            voltage_a_v=self.voltage_a,
            voltage_b_v=self.voltage_b,
            voltage_c_v=self.voltage_c,
            current_a_a=self.current_a,
            current_b_a=self.current_b,
            current_c_a=self.current_c,
            power_a_w=self.power_a,
            power_b_w=self.power_b,
            power_c_w=self.power_c,
        )

    def _of_first(self) -> MeterReading:
        """The power of a device of three phases is that of its first one."""
        others = [self.power_phase_b, self.power_phase_c]
        is_single = others == [None, None]
        phases = [self.power, *others]
        known = [watts for watts in phases if watts is not None]
        is_whole = is_single or len(known) == len(phases)
        return MeterReading(
            power_w=sum(known) if known and is_whole else None,
            import_wh=_wh(self.energy),
            export_wh=_wh(self.produced_energy),
            frequency_hz=self.ac_frequency,
            voltage_a_v=self.voltage,
            voltage_b_v=self.voltage_phase_b,
            voltage_c_v=self.voltage_phase_c,
            current_a_a=self.current,
            current_b_a=self.current_phase_b,
            current_c_a=self.current_phase_c,
            power_a_w=self.power,
            power_b_w=self.power_phase_b,
            power_c_w=self.power_phase_c,
        )


def _wh(kwh: float | None) -> float | None:
    return None if kwh is None else kwh * _WH_PER_KWH


class Zigbee2Mqtt(ReadOnly):
    """One device."""

    def __init__(self, topics: TopicReader, options: Zigbee2MqttOptions) -> None:
        self._topics = topics
        self._topic = options.topic
        self._max_age_s = options.max_age_s

    async def identify(self) -> Identity:
        """It tells no more than its name."""
        name = self._topic.rpartition("/")[2]
        return Identity("Zigbee2MQTT", name, roles_of(await self.read()), serial=self._topic)

    async def read(self) -> Mapping[str, Reading]:
        """What it said last."""
        told = await self._topics.get(self._topic, max_age_s=self._max_age_s)
        return {_ROLE: document.read(told, _State, self._topic).reading()}


@asynccontextmanager
async def _open(options: Zigbee2MqttOptions, links: Links) -> AsyncIterator[Driver]:
    async with links.mqtt.topics([options.topic], read_only=True) as topics:
        yield Zigbee2Mqtt(topics, options)


DRIVER = DriverInfo(
    vendor="Zigbee2MQTT",
    models=("plugs and meters on Zigbee that measure power",),
    source="Zigbee2MQTT, documentation of devices and what they expose",
    options=Zigbee2MqttOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=5.0,
    kinds=frozenset({AssetKind.METER}),
)
