"""GARO GLB and LS4 wallboxes, made by PC Electric, by HTTP.

Facts from what owners have found of /servlet/rest/chargebox: currents in mA, powers in W, energies
in Wh. POST mode/ALWAYS_ON lets cars charge, mode/ALWAYS_OFF does not; POST currentlimit holds a
limit for the whole week, which is stored. Some firmwares have the values in `mainCharger`.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from gatewayd.links.http_device import DeviceHttp
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Identity
from gatewayd.model.reading import ChargerReading, PowerDelivery, Reading
from gatewayd.sdk import document
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.finding import HttpProbe, Likeness
from gatewayd.sdk.one_charger import CHARGER, CHARGING, OneCharger
from gatewayd.sdk.options import HttpOptions

_ROOT = "/servlet/rest/chargebox"
_CONFIG = f"{_ROOT}/config"
_PORT = 8080
_STATES = {
    "NOT_CONNECTED": PowerDelivery.UNPLUGGED,
    "CHARGING": PowerDelivery.CHARGING,
    "CHANGING": PowerDelivery.INITIALIZING,
    "INITIALIZATION": PowerDelivery.INITIALIZING,
    "SEARCH_COMM": PowerDelivery.INITIALIZING,
    "CONNECTED": PowerDelivery.STOPPED,
    "CHARGING_PAUSED": PowerDelivery.STOPPED,
    "CHARGING_FINISHED": PowerDelivery.STOPPED,
    "CHARGING_CANCELLED": PowerDelivery.STOPPED,
    # What it says with ALWAYS_OFF, whether a car is there or not.
    "DISABLED": PowerDelivery.STOPPED,
    "OVERHEAT": PowerDelivery.FAULT,
    "CRITICAL_TEMPERATURE": PowerDelivery.FAULT,
    "DC_ERROR": PowerDelivery.FAULT,
    "RCD_FAULT": PowerDelivery.FAULT,
    "CABLE_FAULT": PowerDelivery.FAULT,
    "LOCK_FAULT": PowerDelivery.FAULT,
    "CONTACTOR_FAULT": PowerDelivery.FAULT,
    "VENT_FAULT": PowerDelivery.FAULT,
}
# A path and names of its own.
_BITS = 34.0
# An overflow of the box's own arithmetic.
_MOST_W = 32_000
_REPORTS = frozenset(
    {"power_delivery", "power_w", "max_current_a", "session_wh", "energy_wh", "phases"}
)

Amount = Annotated[float, Field(ge=0)]


class GaroOptions(HttpOptions):
    """Where the charger is. Firmwares before 1.3.1 are elsewhere and cannot be read."""

    port: int = Field(default=_PORT, ge=1, le=65535)


class _Part(BaseModel):
    """A piece of an answer; other keys are those of other firmwares."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, frozen=True)


class _Config(_Part):
    serial: str | int | None = Field(default=None, alias="serialNumber")
    product: str | int | None = Field(default=None, alias="productId")
    most_a: Annotated[float, Field(ge=6, le=80)] | None = Field(
        default=None, alias="maxChargeCurrent"
    )
    firmware: str | None = Field(default=None, alias="packageVersion")

    @property
    def model(self) -> str:
        return "GLB" if self.product is None else f"product {self.product}"

    @property
    def number(self) -> str | None:
        return None if self.serial is None else str(self.serial)


class _Charger(_Part):
    connector: str | None = None
    power_w: float | None = Field(default=None, alias="currentChargingPower")
    session_wh: Amount | None = Field(default=None, alias="accSessionEnergy")
    energy_wh: Amount | None = Field(default=None, alias="latestReading")
    phases: int | None = Field(default=None, alias="nrOfPhases")


class _Status(_Charger):
    limit_a: Annotated[float, Field(ge=0, le=80)] | None = Field(default=None, alias="currentLimit")
    main: _Charger | None = Field(default=None, alias="mainCharger")

    def reading(self) -> ChargerReading:
        """What it says now, in our words."""
        told = self.main if self.main and self.main.connector else self
        return ChargerReading(
            power_delivery=_STATES.get(told.connector or "", PowerDelivery.UNKNOWN),
            power_w=_believed(told.power_w),
            max_current_a=self.limit_a,
            session_wh=told.session_wh,
            energy_wh=told.energy_wh,
            phases=told.phases if told.phases in (1, 3) else None,
        )


class _Interval(BaseModel):
    schemaId: int = 1  # noqa: N815 - GARO's names
    start: str = "00:00:00"
    stop: str = "24:00:00"
    weekday: int = 8
    chargeLimit: int  # noqa: N815


class _Limit(BaseModel):
    reducedIntervalsEnabled: Literal[True] = True  # noqa: N815
    reducedCurrentIntervals: list[_Interval]  # noqa: N815


class _Nothing(BaseModel):
    """The mode is in the path."""


class Garo(OneCharger):
    """One charger."""

    def __init__(self, link: DeviceHttp, *, read_only: bool) -> None:
        super().__init__(read_only=read_only)
        self._link = link

    async def identify(self) -> Identity:
        """Which charger it is."""
        told = await self._link.get(_CONFIG, _Config)
        self.most_a = told.most_a or self.most_a
        role = self.role(_REPORTS)
        return Identity("GARO", told.model, {CHARGER: role}, told.number, told.firmware)

    async def read(self) -> Mapping[str, Reading]:
        """What it says now."""
        return {CHARGER: (await self._link.get(f"{_ROOT}/status", _Status)).reading()}

    async def start(self) -> None:
        """Let cars charge, whatever its own schedule."""
        await self._link.post(f"{_ROOT}/mode/ALWAYS_ON", _Nothing())

    async def stop(self) -> None:
        """Let no car charge, whatever its own schedule."""
        await self._link.post(f"{_ROOT}/mode/ALWAYS_OFF", _Nothing())

    async def set_current(self, current_a: float) -> None:
        """Whole ampere, rounded down."""
        whole_week = _Interval(chargeLimit=int(current_a))
        await self._link.post(f"{_ROOT}/currentlimit", _Limit(reducedCurrentIntervals=[whole_week]))


def _believed(power_w: float | None) -> float | None:
    if power_w is None or power_w > _MOST_W:
        return None
    return max(0.0, power_w)


def _judge(text: str) -> Likeness | None:
    told = document.fitting(text, _Config)
    if told is None or told.serial is None or told.most_a is None:
        return None
    return Likeness(_BITS, "GARO", told.model, told.number, told.firmware)


@asynccontextmanager
async def _open(options: GaroOptions, links: Links) -> AsyncIterator[Driver]:
    yield Garo(links.http.device(options), read_only=options.read_only)


DRIVER = DriverInfo(
    vendor="GARO",
    models=("GLB", "GLB+", "LS4 with the web interface"),
    source="what owners found: /servlet/rest/chargebox; GARO publishes nothing",
    options=GaroOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=10.0,
    kinds=frozenset({AssetKind.CHARGER}),
    brands=("GARO", "PC Electric"),
    controls=CHARGING,
    probes=(HttpProbe(_CONFIG, _judge, port=_PORT),),
)
