"""Hoymiles and TSUN micro inverters by an OpenDTU, over MQTT.

Facts from OpenDTU's own documentation of its topics: `BASE/SERIAL/0/...` is the AC side, power in
W, energy in kWh; `status/reachable` is 0 at night. `cmd/limit_nonpersistent_absolute` takes watts
into the inverter's RAM, `cmd/limit_nonpersistent_relative` per cent of what it is made for.
"""

import math
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from pydantic import Field

from gatewayd.errors import BadReadingError, UnreachableError, UnsupportedError
from gatewayd.links.mqtt_source import TopicReader, TopicWriter
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Capability, Identity, Role
from gatewayd.model.command import Command
from gatewayd.model.power import SetProductionLimit
from gatewayd.model.reading import InverterReading, Reading
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.options import DeviceOptions

_ROLE = "inverter"
_WH_PER_KWH = 1000
# It tells what has changed every 5 s unless it is set up otherwise, and all of it every minute.
_MAX_AGE_S = 130.0
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?")
_CAN = frozenset({Capability.SET_PRODUCTION_LIMIT})
# An inverter of one phase has the plain names.
_FIELDS = {
    "power_w": ("0/power",),
    "energy_wh": ("0/yieldtotal",),
    "voltage_a_v": ("0/voltage", "0/voltage ph1-n"),
    "voltage_b_v": ("0/voltage ph2-n",),
    "voltage_c_v": ("0/voltage ph3-n",),
    "current_a_a": ("0/current", "0/current ph1"),
    "current_b_a": ("0/current ph2",),
    "current_c_a": ("0/current ph3",),
    "frequency_hz": ("0/frequency",),
    "temperature_c": ("0/temperature",),
    "limit_w": ("status/limit_absolute",),
}


class OpenDtuOptions(DeviceOptions):
    """Which inverter, and where OpenDTU tells of it."""

    serial: str = Field(pattern=r"^[0-9A-Fa-f]{12}$", description="the inverter's serial number")
    base: str = Field(
        default="solar",
        min_length=1,
        max_length=64,
        pattern=r"^[^+#\s]*[^+#\s/]$",
        description="OpenDTU's base topic, without a slash at the end",
    )


class OpenDtu:
    """One inverter behind an OpenDTU."""

    def __init__(self, topics: TopicReader, options: OpenDtuOptions) -> None:
        self._topics = topics
        self._serial = options.serial
        self._place = f"{options.base}/{options.serial}"

    async def identify(self) -> Identity:
        """The name that the operator gave it in OpenDTU, and what it can be told."""
        told = await self._told()
        values = _values(told)
        can = isinstance(self._topics, TopicWriter) and values.get("limit_w") is not None
        role = Role(
            AssetKind.INVERTER,
            capabilities=_CAN if can else frozenset(),
            reports=frozenset(values),
            safe=Capability.SET_PRODUCTION_LIMIT if can else None,
            # An inverter that OpenDTU does not know by its hardware takes four minutes.
            confirm_timeout_s=300.0,
        )
        return Identity(
            "Hoymiles", told.get("name") or "micro inverter", {_ROLE: role}, serial=self._serial
        )

    async def read(self) -> Mapping[str, Reading]:
        """What OpenDTU told last. UnreachableError when the inverter does not answer it."""
        return {_ROLE: InverterReading(**_values(await self._told()))}  # type: ignore[arg-type]

    async def apply(self, role: str, command: Command) -> None:
        """Limit the production, or end the limit. Neither wears the inverter's memory out."""
        if role != _ROLE or not isinstance(command, SetProductionLimit):
            raise UnsupportedError(f"{role} has no command {type(command).__name__}")
        if not isinstance(self._topics, TopicWriter):
            raise UnsupportedError(f"{role}: the device is read only; see its `read_only` option")
        if command.limit_w is None:
            await self._topics.publish(f"{self._place}/cmd/limit_nonpersistent_relative", "100")
            return
        # Rounded down: a limit is not to be exceeded.
        watts = str(math.floor(command.limit_w))
        await self._topics.publish(f"{self._place}/cmd/limit_nonpersistent_absolute", watts)

    async def renew(self, role: str) -> None:
        """A limit stays until the inverter loses its power at night."""

    def watchdog_s(self, role: str) -> float | None:  # noqa: ARG002
        return None

    async def _told(self) -> Mapping[str, str]:
        """The newest of its topics, by their names below the inverter's own."""
        reachable = await self._topics.get(f"{self._place}/status/reachable", max_age_s=_MAX_AGE_S)
        if reachable.strip() != b"1":
            raise UnreachableError(f"inverter {self._serial} does not answer OpenDTU")
        return {
            topic.removeprefix(f"{self._place}/"): arrival.payload.decode(errors="replace").strip()
            for topic, arrival in self._topics.arrivals().items()
        }


def _values(told: Mapping[str, str]) -> dict[str, float | None]:
    """The fields that it tells, with what it is made for."""
    found: dict[str, float | None] = {}
    for field, topics in _FIELDS.items():
        text = next((told[topic] for topic in topics if topic in told), None)
        if text is not None:
            found[field] = _number(field, text) * (_WH_PER_KWH if field == "energy_wh" else 1)
    share = told.get("status/limit_relative")
    limit_w = found.get("limit_w")
    if share is not None and limit_w is not None and _number("limit", share) > 0:
        found["rated_w"] = round(limit_w / _number("limit", share) * 100, 1)
    return found


def _number(field: str, text: str) -> float:
    if _NUMBER.fullmatch(text) is None:
        raise BadReadingError(f"opendtu: {field} should be a number, not {text[:32]!r}")
    return float(text)


@asynccontextmanager
async def _open(options: OpenDtuOptions, links: Links) -> AsyncIterator[Driver]:
    place = f"{options.base}/{options.serial}"
    filters = [f"{place}/0/+", f"{place}/status/+", f"{place}/name"]
    async with links.mqtt.topics(filters, read_only=options.read_only) as topics:
        yield OpenDtu(topics, options)


DRIVER = DriverInfo(
    vendor="Hoymiles",
    models=("HM, HMS and HMT micro inverters by an OpenDTU",),
    source="OpenDTU, documentation of its MQTT topics",
    options=OpenDtuOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=5.0,
    kinds=frozenset({AssetKind.INVERTER}),
    brands=("Hoymiles", "TSUN"),
    sleeps=True,
    controls=_CAN,
)
