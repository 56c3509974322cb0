"""SMA EV Charger 7.4 and 22 by HTTP, with a login of its own (not `admin`).

Facts from what owners have found of /api/v1: a form with the login gives a token; measurements and
parameters are lists of channels. Powers are in W, energies in Wh; the currents flow into the car
with a minus. Charging is fast (4718), optimised (4719), planned (4720) or stopped (4721).
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, RootModel, SecretStr

from gatewayd.errors import AuthError, BadReadingError
from gatewayd.links.http_device import Asker, DeviceHttp, Token
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Identity
from gatewayd.model.reading import ChargerReading, PowerDelivery, Reading
from gatewayd.sdk import document
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.one_charger import CHARGER, CHARGING, OneCharger
from gatewayd.sdk.options import HttpOptions

_API = "/api/v1"
_SELF = "IGULD:SELF"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_MODE, _CURRENT = "Parameter.Chrg.ActChaMod", "Parameter.Inverter.AcALim"
_FAST, _STOP = "4718", "4721"
_STATES = {
    200111: PowerDelivery.UNPLUGGED,
    200112: PowerDelivery.STOPPED,
    200113: PowerDelivery.CHARGING,
    # Locked in the app: nobody can tell whether a car is there.
    5169: PowerDelivery.UNKNOWN,
}
_REPORTS = frozenset(
    {
        *("power_delivery", "power_w", "max_current_a", "session_wh", "energy_wh"),
        *("voltage_a_v", "voltage_b_v", "voltage_c_v"),
        *("current_a_a", "current_b_a", "current_c_a"),
    }
)


class SmaEvChargerOptions(HttpOptions):
    """Where the charger is, and a login made for the gateway in its own pages."""

    user: str = Field(min_length=1, description="the login's name; not admin")
    password: SecretStr = Field(description="the login's password")


class _Part(BaseModel):
    """A piece of an answer; other keys are those of other firmwares."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, frozen=True)


class _Access(_Part):
    access_token: str = Field(min_length=1)


class _Value(_Part):
    time: str = ""
    value: float | None = None


class _Measurement(_Part):
    channel: str = Field(alias="channelId")
    values: Annotated[list[_Value], Field(min_length=1)]


class _Measurements(RootModel[Annotated[list[_Measurement], Field(min_length=1)]]):
    """All channels with their newest value first."""

    def time(self) -> str:
        """What time it is, as the charger thinks."""
        return max(one.values[0].time for one in self.root)

    def by_channel(self) -> Mapping[str, float | None]:
        return {one.channel: one.values[0].value for one in self.root}


class _Parameter(_Part):
    channel: str = Field(alias="channelId")
    value: str | None = None


class _Component(_Part):
    values: list[_Parameter]


class _Parameters(RootModel[Annotated[list[_Component], Field(min_length=1)]]):
    """All settings; those of the charger itself come first."""

    def by_channel(self) -> Mapping[str, str | None]:
        return {one.channel: one.value for one in self.root[0].values}


class _Wanted(BaseModel):
    componentId: str = _SELF  # noqa: N815 - SMA's names


class _Live(RootModel[list[_Wanted]]):
    """Which measurements to tell."""


class _Search(BaseModel):
    queryItems: list[_Wanted]  # noqa: N815


class _Setting(BaseModel):
    timestamp: str
    channelId: str  # noqa: N815
    value: str


class _Settings(BaseModel):
    values: list[_Setting]


class SmaEvCharger(OneCharger):
    """One charger."""

    def __init__(self, link: DeviceHttp, *, read_only: bool) -> None:
        super().__init__(read_only=read_only)
        self._link = link

    async def identify(self) -> Identity:
        """Which charger it is."""
        told = await self._parameters()
        return Identity(
            "SMA",
            told.get("Parameter.Nameplate.Model") or "EV Charger",
            {CHARGER: self.role(_REPORTS)},
            serial=told.get("Parameter.Nameplate.SerNum"),
            firmware=told.get("Parameter.Nameplate.PkgRev"),
        )

    async def read(self) -> Mapping[str, Reading]:
        """What it says now."""
        told = await self._measurements()
        limit = (await self._parameters()).get(_CURRENT)
        return {CHARGER: _reading(told.by_channel(), _number(limit))}

    async def start(self) -> None:
        """Charge fast: the switch on its front has to be at the same."""
        await self._set(_MODE, _FAST)

    async def stop(self) -> None:
        """Do not charge."""
        await self._set(_MODE, _STOP)

    async def set_current(self, current_a: float) -> None:
        """Hundredths of an ampere."""
        await self._set(_CURRENT, f"{current_a:.2f}")

    async def _measurements(self) -> _Measurements:
        return await self._link.ask(f"{_API}/measurements/live", _Live([_Wanted()]), _Measurements)

    async def _parameters(self) -> Mapping[str, str | None]:
        asked = _Search(queryItems=[_Wanted()])
        return (await self._link.ask(f"{_API}/parameters/search/", asked, _Parameters)).by_channel()

    async def _set(self, channel: str, value: str) -> None:
        # A setting has to say since when it is meant.
        now = (await self._measurements()).time()
        setting = _Setting(timestamp=now, channelId=channel, value=value)
        await self._link.put(f"{_API}/parameters/{_SELF}/", _Settings(values=[setting]))


def _reading(told: Mapping[str, float | None], limit_a: float | None) -> ChargerReading:
    currents = [_flipped(told.get(f"Measurement.GridMs.A.phs{phase}")) for phase in "ABC"]
    return ChargerReading(
        power_delivery=_delivery(told.get("Measurement.Operation.EVeh.ChaStt")),
        power_w=_either(told, "Measurement.Metering.GridMs.TotWIn"),
        max_current_a=limit_a,
        session_wh=told.get("Measurement.ChaSess.WhIn"),
        energy_wh=_either(told, "Measurement.Metering.GridMs.TotWhIn"),
        voltage_a_v=told.get("Measurement.GridMs.PhV.phsA"),
        voltage_b_v=told.get("Measurement.GridMs.PhV.phsB"),
        voltage_c_v=told.get("Measurement.GridMs.PhV.phsC"),
        current_a_a=currents[0],
        current_b_a=currents[1],
        current_c_a=currents[2],
    )


def _delivery(state: float | None) -> PowerDelivery:
    return (
        PowerDelivery.UNKNOWN if state is None else _STATES.get(int(state), PowerDelivery.UNKNOWN)
    )


def _either(told: Mapping[str, float | None], channel: str) -> float | None:
    """Firmwares from 1.2 on name the charging station's own values so."""
    own = told.get(f"{channel}.ChaSta")
    return told.get(channel) if own is None else own


def _flipped(current_a: float | None) -> float | None:
    return None if current_a is None else -current_a + 0.0


def _number(text: str | None) -> float | None:
    if text is None:
        return None
    if not text.replace(".", "", 1).isdecimal():
        raise BadReadingError(f"{_CURRENT} is {text!r} where ampere are expected")
    return float(text)


def _token(user: str, password: str) -> Token:
    async def fetch(ask: Asker) -> str:
        form = urlencode({"grant_type": "password", "username": user, "password": password})
        answer = await ask("POST", f"{_API}/token", form.encode(), _FORM)
        if not answer.is_success:
            raise AuthError(
                f"SMA EV Charger: the login {user} was refused; check user and password"
            )
        return document.read(answer.body, _Access, f"{_API}/token").access_token

    return Token(fetch)


@asynccontextmanager
async def _open(options: SmaEvChargerOptions, links: Links) -> AsyncIterator[Driver]:
    token = _token(options.user, options.password.get_secret_value())
    yield SmaEvCharger(links.http.device(options, token), read_only=options.read_only)


DRIVER = DriverInfo(
    vendor="SMA",
    models=("EV Charger 7.4", "EV Charger 22"),
    source="what owners found: /api/v1 of firmware 1.2.23 and later; SMA publishes nothing",
    options=SmaEvChargerOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=10.0,
    kinds=frozenset({AssetKind.CHARGER}),
    controls=CHARGING,
)
