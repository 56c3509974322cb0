"""Heating with a Siemens controller (RVS, LMS, RVP; in Brötje, Elco and others), by a BSB-LAN.

Facts from BSB-LAN's own documentation and its JSON interface. Parameters have numbers: 700 is the
heating circuit's mode (0 protection, 1 automatic, 2 reduced, 3 comfort), 710 and 712 its setpoints,
8740 and 8741 the room's temperature and the setpoint in force; the second circuit's are 300 and 30
higher. 3113, 8397 and 8400 are a heat pump's energy, power and compressor. A value that is not
there is `---` or has an `error`. A bus is slow: each number takes a moment. Whether BSB-LAN may
write is set in its own settings; the controller stores what it is told.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from pydantic import BaseModel, ConfigDict, Field, RootModel, SecretStr

from gatewayd.errors import BadReadingError, RefusedError
from gatewayd.links.http import Login
from gatewayd.links.http_device import Basic, DeviceHttp
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Capability, Identity
from gatewayd.model.climate import Bounds, HvacCategory, HvacMode, Thermostat
from gatewayd.model.reading import HvacReading, Reading
from gatewayd.sdk import document
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.finding import HttpProbe, Likeness
from gatewayd.sdk.one_climate import HOLDING, HVAC, OneClimate
from gatewayd.sdk.options import HttpOptions

_NAME = "BSB-LAN"
_INFO = "/JI"
_BITS = 40.0
_MODE, _COMFORT, _REDUCED, _ROOM, _SETPOINT = 700, 710, 712, 8740, 8741
_CIRCUIT_STEP, _SENSOR_STEP, _SENSORS = 300, 30, 8000
_ENERGY, _POWER, _COMPRESSOR = 3113, 8397, 8400
_PROTECTION, _AUTOMATIC, _IN_COMFORT = 0, 1, 3
_TAKEN = 1
_UNITS = {"W": 1.0, "kW": 1000.0, "Wh": 1.0, "kWh": 1000.0, "MWh": 1_000_000.0}
_THERMOSTAT = Thermostat(
    frozenset({HvacMode.OFF, HvacMode.HEAT}),
    heat_c=Bounds(10, 30),
    category=HvacCategory.HEATING,
    step_c=0.5,
)
_CONTROLS = HOLDING | {Capability.SET_FOLLOW_SCHEDULE}
_CONFIRM_S = 180.0


class BsbLanOptions(HttpOptions):
    """Where BSB-LAN is, and which heating circuit is meant."""

    timeout_s: float = Field(default=20.0, gt=0, le=60)
    circuit: int = Field(default=1, ge=1, le=2, description="the heating circuit")
    passkey: SecretStr | None = Field(default=None, description="what its addresses begin with")
    username: str | None = Field(default=None, min_length=1, max_length=64)
    password: SecretStr | None = None


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, frozen=True)


class _Controller(_Part):
    dev_name: str = ""


class _Info(_Part):
    name: str
    version: str
    MAC: str = Field(min_length=1, max_length=32)
    buswritable: int | None = None
    busdevices: list[_Controller] = []

    @property
    def model(self) -> str:
        """The controller's name, where BSB-LAN tells it."""
        named = [one.dev_name for one in self.busdevices if one.dev_name.strip()]
        return named[0] if named else _NAME


class _Value(_Part):
    error: int = 0
    value: str = ""
    unit: str = ""

    @property
    def number(self) -> float | None:
        """None where there is none. BadReadingError for what is no number."""
        text = self.value.strip()
        if self.error or text in ("", "---"):
            return None
        whole = text.removeprefix("-").replace(".", "", 1)
        if not (whole.isascii() and whole.isdecimal() and len(whole) < 16):
            raise BadReadingError(f"{_NAME}: {text[:32]!r} should be a number")
        return float(text)


class _Values(RootModel[dict[str, _Value]]):
    """By number."""

    def number(self, parameter: int) -> float | None:
        """One number."""
        found = self.root.get(str(parameter))
        return None if found is None else found.number

    def amount(self, parameter: int) -> float | None:
        """One in W or Wh; None in units that are neither."""
        found, number = self.root.get(str(parameter)), self.number(parameter)
        scale = _UNITS.get(found.unit.strip()) if found else None
        return None if number is None or scale is None else number * scale


class _Order(BaseModel):
    Parameter: str
    Value: str
    Type: str = "1"


class _Status(_Part):
    status: int | None = None


class _Done(RootModel[dict[str, _Status | int | str | float | None]]):
    """What became of an order: by its number, or in one piece."""

    @property
    def is_taken(self) -> bool:
        parts = [one.status for one in self.root.values() if isinstance(one, _Status)]
        return _TAKEN in parts or self.root.get("status") == _TAKEN


class BsbLan(OneClimate):
    """One heating circuit."""

    def __init__(self, link: DeviceHttp, key: str, circuit: int, *, read_only: bool) -> None:
        super().__init__(_NAME, _THERMOSTAT, read_only=read_only)
        self._link = link
        self._base = f"/{key}" if key else ""
        self._circuit = circuit

    async def identify(self) -> Identity:
        """The controller, and what it has."""
        about = await self._link.get(f"{self._base}{_INFO}", _Info)
        values = await self._values()
        optional = {"power_w": _POWER, "energy_wh": _ENERGY, "is_active": _COMPRESSOR}
        has = {name for name, number in optional.items() if values.number(number) is not None}
        reports = {"temperature_c", "mode", "hold_type", "heat_setpoint_c"} | has
        controls = frozenset[Capability]() if about.buswritable == 0 else _CONTROLS
        role = self.role(frozenset(reports), controls, _CONFIRM_S)
        return Identity("Siemens", about.model, {HVAC: role}, about.MAC, about.version)

    async def read(self) -> Mapping[str, Reading]:
        """What it is set to, and what it measures."""
        told = await self._values()
        mode = told.number(self._own(_MODE))
        if mode is None:
            raise BadReadingError(f"{_NAME}: heating circuit {self._circuit} has no mode")
        compressor = told.number(_COMPRESSOR)
        shown = {_AUTOMATIC: _SETPOINT, 2: _REDUCED, _IN_COMFORT: _COMFORT}.get(int(mode))
        return {
            HVAC: HvacReading(
                power_w=told.amount(_POWER),
                energy_wh=told.amount(_ENERGY),
                temperature_c=told.number(self._own(_ROOM)),
                is_active=None if compressor is None else compressor > 0,
                mode="OFF" if mode == _PROTECTION else "HEAT",
                hold_type="SCHEDULED" if mode == _AUTOMATIC else "PERMANENT",
                heat_setpoint_c=None if shown is None else told.number(self._own(shown)),
            )
        }

    async def hold(self, mode: HvacMode, setpoint_c: float | None) -> None:
        """Comfort with this setpoint, or protection from frost."""
        if mode is HvacMode.OFF or setpoint_c is None:
            await self._set({_MODE: _PROTECTION})
        else:
            await self._set({_COMFORT: setpoint_c, _MODE: _IN_COMFORT})

    async def follow(self) -> None:
        """The controller's own timetable."""
        await self._set({_MODE: _AUTOMATIC})

    async def _set(self, wanted: Mapping[int, float]) -> None:
        told = await self._values()
        changes = {n: value for n, value in wanted.items() if told.number(self._own(n)) != value}
        if changes:
            self.spend()
        for number, value in changes.items():
            order = _Order(Parameter=str(self._own(number)), Value=f"{value:g}")
            done = await self._link.ask(f"{self._base}/JS", order, _Done)
            if not done.is_taken:
                raise RefusedError(
                    f"{_NAME}: parameter {order.Parameter} was not set; may it write?"
                )

    async def _values(self) -> _Values:
        own = (self._own(n) for n in (_MODE, _COMFORT, _REDUCED, _ROOM, _SETPOINT))
        asked = ",".join(map(str, (*own, _ENERGY, _POWER, _COMPRESSOR)))
        return await self._link.get(f"{self._base}/JQ={asked}", _Values)

    def _own(self, number: int) -> int:
        """The number of this circuit's parameter."""
        step = _SENSOR_STEP if number >= _SENSORS else _CIRCUIT_STEP
        return number + (self._circuit - 1) * step


def _judge(text: str) -> Likeness | None:
    told = document.fitting(text, _Info)
    if told is None or told.name != _NAME:
        return None
    return Likeness(_BITS, "Siemens", told.model, told.MAC, told.version)


@asynccontextmanager
async def _open(options: BsbLanOptions, links: Links) -> AsyncIterator[Driver]:
    login = None
    if options.username is not None and options.password is not None:
        login = Basic(Login(options.username, options.password.get_secret_value()))
    key = options.passkey.get_secret_value().strip("/ \n") if options.passkey else ""
    link = links.http.device(options, login, secrets=[key])
    yield BsbLan(link, key, options.circuit, read_only=options.read_only)


DRIVER = DriverInfo(
    vendor="Siemens",
    models=("heating with a BSB or LPB bus (RVS, LMS), by a BSB-LAN",),
    source="BSB-LAN, documentation and openapi.yaml; its list of parameters",
    options=BsbLanOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=60.0,
    kinds=frozenset({AssetKind.HVAC}),
    brands=("Siemens", "Brötje", "Elco", "Atlantic"),
    controls=_CONTROLS,
    probes=(HttpProbe(_INFO, _judge),),
)
