"""Plugs and meters with Tasmota, over MQTT.

Facts from Tasmota's own documentation: `cmnd/TOPIC/STATUS` with `10` is answered on
`stat/TOPIC/STATUS10`; by itself the device tells the same on `tele/TOPIC/SENSOR` every few minutes.
Power is in W, import +, energy in kWh. Devices of several phases tell lists.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from pydantic import BaseModel, ConfigDict, Field

from gatewayd.links.mqtt_source import TopicReader, TopicWriter
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Identity
from gatewayd.model.reading import MeterReading, Reading
from gatewayd.sdk import document
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.options import DeviceOptions
from gatewayd.sdk.read_only import ReadOnly, roles_of

_ROLE = "meter"
_WH_PER_KWH = 1000
_PHASES = ("a", "b", "c")
# An answer is younger than any poll before; what the device tells by itself comes every 300 s.
_ANSWER_AGE_S, _TOLD_AGE_S = 1.0, 310.0

Numbers = float | list[float] | None


class TasmotaOptions(DeviceOptions):
    """The device's topic, as its own page has it under MQTT."""

    topic: str = Field(min_length=1, max_length=128, pattern=r"^[^+#\s]+$", description="its topic")


class _Part(BaseModel):
    """A piece of a message; other keys are those of other sensors."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, frozen=True)


class _Energy(_Part):
    power: Numbers = Field(default=None, alias="Power")
    total: Numbers = Field(default=None, alias="Total")
    imported: Numbers = Field(default=None, alias="ImportActive")
    exported: Numbers = Field(default=None, alias="ExportActive")
    voltage: Numbers = Field(default=None, alias="Voltage")
    current: Numbers = Field(default=None, alias="Current")
    frequency: Numbers = Field(default=None, alias="Frequency")
    apparent: Numbers = Field(default=None, alias="ApparentPower")
    reactive: Numbers = Field(default=None, alias="ReactivePower")


class _Sensors(_Part):
    energy: _Energy = Field(alias="ENERGY")


class _Answer(_Part):
    sensors: _Sensors = Field(alias="StatusSNS")


class Tasmota(ReadOnly):
    """One device."""

    def __init__(self, topics: TopicReader, topic: str) -> None:
        self._topics = topics
        self._topic = topic

    async def identify(self) -> Identity:
        """It tells no more than its topic, which is unique at the broker."""
        return Identity("Tasmota", "Tasmota", roles_of(await self.read()), serial=self._topic)

    async def read(self) -> Mapping[str, Reading]:
        """What it measures now; one that is only read, what it told last."""
        return {_ROLE: _reading(await self._sensors())}

    async def _sensors(self) -> _Sensors:
        if isinstance(self._topics, TopicWriter):
            await self._topics.publish(f"cmnd/{self._topic}/STATUS", "10")
            answer = f"stat/{self._topic}/STATUS10"
            payload = await self._topics.get(answer, max_age_s=_ANSWER_AGE_S)
            return document.read(payload, _Answer, answer).sensors
        told = f"tele/{self._topic}/SENSOR"
        payload = await self._topics.get(told, max_age_s=_TOLD_AGE_S)
        return document.read(payload, _Sensors, told)


def _reading(told: _Sensors) -> MeterReading:
    energy = told.energy
    phases = {}
    for name, number in zip(_PHASES, range(len(_PHASES)), strict=True):
        phases[f"power_{name}_w"] = _of_phase(energy.power, number)
        phases[f"current_{name}_a"] = _of_phase(energy.current, number)
        phases[f"voltage_{name}_v"] = _of_phase(energy.voltage, number)
    return MeterReading(
        power_w=_sum(energy.power),
        # A meter that tells both directions has more in its total than what was imported.
        import_wh=_sum(energy.total if energy.imported is None else energy.imported, _WH_PER_KWH),
        export_wh=_sum(energy.exported, _WH_PER_KWH),
        frequency_hz=_of_phase(energy.frequency, 0),
        apparent_power_va=_sum(energy.apparent),
        reactive_power_var=_sum(energy.reactive),
        **phases,
    )


def _of_phase(told: Numbers, number: int) -> float | None:
    each = told if isinstance(told, list) else [] if told is None else [told]
    return each[number] if number < len(each) else None


def _sum(told: Numbers, factor: float = 1.0) -> float | None:
    each = told if isinstance(told, list) else [] if told is None else [told]
    return sum(each) * factor if each else None


@asynccontextmanager
async def _open(options: TasmotaOptions, links: Links) -> AsyncIterator[Driver]:
    topic = options.topic
    filters = (f"stat/{topic}/STATUS10", f"tele/{topic}/SENSOR")
    async with links.mqtt.topics(filters, read_only=options.read_only) as topics:
        yield Tasmota(topics, topic)


DRIVER = DriverInfo(
    vendor="Tasmota",
    models=("plugs and meters with Tasmota that measure energy",),
    source="Tasmota, documentation of commands (Status 10) and of MQTT",
    options=TasmotaOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=5.0,
    kinds=frozenset({AssetKind.METER}),
)
