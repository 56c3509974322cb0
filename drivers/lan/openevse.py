"""OpenEVSE by HTTP: the WiFi module's own firmware from 4.0 on.

Facts from its API description: /status tells `amp` in mA, `voltage` in V, `pilot` (what the car may
take) in A, `session_energy` in Wh and `total_energy` in kWh. `state` is 1 no car, 2 connected, 3
charging, 4 to 11 a fault, 254 asleep, 255 disabled; in the last two `vehicle` says whether a car is
there. POST /override replaces the manual override, which outlives a car with `auto_release: false`.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from gatewayd.links.http import Login
from gatewayd.links.http_device import Basic, DeviceHttp
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Identity
from gatewayd.model.reading import ChargerReading, PowerDelivery, Reading
from gatewayd.sdk import document
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.finding import HttpProbe, Likeness, MdnsProbe
from gatewayd.sdk.one_charger import CHARGER, CHARGING, OneCharger
from gatewayd.sdk.options import HttpOptions

_NO_CAR, _CONNECTED, _CHARGING, _FIRST_FAULT, _LAST_FAULT = 1, 2, 3, 4, 11
_ASLEEP = frozenset({254, 255})
# Several names of its own in the document.
_BITS = 30.0
_REPORTS = frozenset(
    {
        *("power_delivery", "power_w", "max_current_a", "session_wh", "energy_wh"),
        *("voltage_a_v", "current_a_a", "error_code"),
    }
)

Amount = Annotated[float, Field(ge=0)]
State = Literal["active", "disabled"]


class OpenEvseOptions(HttpOptions):
    """Where the charger is, and its login if it has one."""

    user: str = Field(default="admin", description="the login's name")
    password: SecretStr | None = Field(default=None, description="the login's password")


class _Part(BaseModel):
    """A piece of an answer; other keys are those of other firmwares."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, frozen=True)


class _Config(_Part):
    firmware: str | None = None
    version: str | None = None
    wifi_serial: str | None = None
    max_current_hard: Annotated[float, Field(ge=6, le=80)] | None = None


class _Status(_Part):
    state: int
    status: str | None = None
    vehicle: int | None = None
    amp: float | None = None
    voltage: Amount | None = None
    power: float | None = None
    pilot: Annotated[float, Field(ge=0, le=80)] | None = None
    session_energy: Amount | None = None
    total_energy: Amount | None = None

    def reading(self) -> ChargerReading:
        """What it says now, in our words."""
        is_faulty = _FIRST_FAULT <= self.state <= _LAST_FAULT
        return ChargerReading(
            power_delivery=self._delivery(),
            power_w=self._power_w(),
            max_current_a=self.pilot,
            session_wh=self.session_energy,
            energy_wh=None if self.total_energy is None else self.total_energy * 1000,
            voltage_a_v=self.voltage,
            current_a_a=None if self.amp is None else self.amp / 1000,
            error_code=self.state if is_faulty else 0,
        )

    def _delivery(self) -> PowerDelivery:
        if self.state in _ASLEEP:
            return _PARKED.get(self.vehicle, PowerDelivery.UNKNOWN)
        if _FIRST_FAULT <= self.state <= _LAST_FAULT:
            return PowerDelivery.FAULT
        return _STATES.get(self.state, PowerDelivery.UNKNOWN)

    def _power_w(self) -> float | None:
        """Firmwares that do not tell it have one phase and measure its current."""
        if self.power is not None or self.amp is None or self.voltage is None:
            return self.power
        return self.amp / 1000 * self.voltage


_STATES = {
    _NO_CAR: PowerDelivery.UNPLUGGED,
    _CONNECTED: PowerDelivery.STOPPED,
    _CHARGING: PowerDelivery.CHARGING,
}
_PARKED: Mapping[int | None, PowerDelivery] = {
    0: PowerDelivery.UNPLUGGED,
    1: PowerDelivery.STOPPED,
}


class _Override(BaseModel):
    state: State
    charge_current: int
    auto_release: bool = False


class OpenEvse(OneCharger):
    """One charger."""

    def __init__(self, link: DeviceHttp, *, read_only: bool) -> None:
        super().__init__(read_only=read_only)
        self._link = link

    async def identify(self) -> Identity:
        """Which charger it is."""
        told = await self._link.get("/config", _Config)
        self.most_a = told.max_current_hard or self.most_a
        return Identity(
            "OpenEVSE",
            "OpenEVSE",
            {CHARGER: self.role(_REPORTS)},
            serial=told.wifi_serial,
            firmware=told.version or told.firmware,
        )

    async def read(self) -> Mapping[str, Reading]:
        """What it says now."""
        told = await self._status()
        return {CHARGER: told.reading()}

    async def start(self) -> None:
        """Charge, whatever its own timers think."""
        await self._override("active", self.wanted_a)

    async def stop(self) -> None:
        """Do not charge, whatever its own timers think."""
        await self._override("disabled", self.wanted_a)

    async def set_current(self, current_a: float) -> None:
        """Whole ampere, rounded down. One that was stopped stays so."""
        told = await self._status()
        await self._override("disabled" if told.status == "disabled" else "active", current_a)

    async def _status(self) -> _Status:
        told = await self._link.get("/status", _Status)
        self.see(told.pilot)
        return told

    async def _override(self, state: State, current_a: float) -> None:
        await self._link.post("/override", _Override(state=state, charge_current=int(current_a)))


def _judge(text: str) -> Likeness | None:
    told = document.fitting(text, _Config)
    if told is None or told.wifi_serial is None or told.max_current_hard is None:
        return None
    return Likeness(_BITS, "OpenEVSE", "OpenEVSE", told.wifi_serial, told.version or told.firmware)


def _judge_announced(name: str, properties: Mapping[str, str]) -> Likeness | None:  # noqa: ARG001
    if properties.get("type") != "openevse":
        return None
    return Likeness(_BITS, "OpenEVSE", "OpenEVSE", properties.get("id"), properties.get("version"))


@asynccontextmanager
async def _open(options: OpenEvseOptions, links: Links) -> AsyncIterator[Driver]:
    password = options.password
    login = None if password is None else Basic(Login(options.user, password.get_secret_value()))
    yield OpenEvse(links.http.device(options, login), read_only=options.read_only)


DRIVER = DriverInfo(
    vendor="OpenEVSE",
    models=("OpenEVSE with the WiFi module",),
    source="OpenEVSE, API of the ESP32 firmware (4.0 and later)",
    options=OpenEvseOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=5.0,
    kinds=frozenset({AssetKind.CHARGER}),
    controls=CHARGING,
    probes=(HttpProbe("/config", _judge), MdnsProbe("_openevse._tcp", _judge_announced)),
)
