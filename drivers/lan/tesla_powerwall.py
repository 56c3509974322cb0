"""Tesla's Powerwalls by their gateway's HTTPS in the home, which only tells.

Facts from what owners have found; Tesla publishes nothing. The login `customer` has the last five
characters of the password on the gateway's label and is granted two cookies and a token: the
Powerwall 2 and + go by the cookies, the 3 by the token. Powers are in W, energies in Wh: `site` is
importing +, `battery` discharging +. Of the charge the gateway keeps 5 % to itself, which the app
does not show. Logins are rationed to about one a minute.

A Powerwall 3 is known to tell its flows and its charge; what else of these it tells is not. To be
commanded it has `/tedapi/v1r`, for a key that Tesla's cloud has to let in: `enode` is the way.
"""

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from http.cookies import CookieError, SimpleCookie
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from drivers.lan._battery import status
from gatewayd.errors import AuthError, BadReadingError, BusyError, RefusedError
from gatewayd.links.http import Answer
from gatewayd.links.http_device import Asker, DeviceHttp, Token
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Identity
from gatewayd.model.reading import (
    BatteryReading,
    InverterReading,
    MeterReading,
    OperationMode,
    Reading,
)
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.options import HttpOptions
from gatewayd.sdk.read_only import ReadOnly, roles_of

_COOKIES = ("AuthCookie", "UserRecord")
_DIN = re.compile(r"\d{7}-\w{2}-\w--\w{5,30}")
_POWERWALL_3 = "1707000-"
_NEVER = "0001-01-01"
_HIDDEN_PCT = 5.0
_IDLE_W = 50.0
_BUSY = frozenset({429, 502, 503})
_REFUSED = frozenset({400, 401, 403})
_MODES = {
    "self_consumption": OperationMode.SELF_RELIANCE,
    "autonomous": OperationMode.TIME_OF_USE,
}

T = TypeVar("T", bound=BaseModel)
Amount = Annotated[float, Field(ge=0)]
Percent = Annotated[float, Field(ge=0, le=100)]


class PowerwallOptions(HttpOptions):
    """Where the gateway is. Its certificate is its own, so it is known by its fingerprint."""

    port: int = Field(default=443, ge=1, le=65535)
    tls: bool = Field(default=True, description="https; the gateway has nothing else")
    password: SecretStr = Field(description="the login's password: the last five of the label's")
    email: str = Field(default="owner@example.com", description="any address; the gateway notes it")


class _Part(BaseModel):
    """A piece of an answer; other keys are those of other firmwares."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, frozen=True)


class _Login(_Part):
    username: str = "customer"
    password: str
    email: str
    force_sm_off: bool = False


class _Granted(_Part):
    token: str | None = Field(default=None, max_length=4096, pattern=r"^[\x21-\x7e]+$")


class _Status(_Part):
    din: str | None = None
    version: str | None = None


class _Flow(_Part):
    """What one of the gateway's meters tells."""

    instant_power: float | None = None
    instant_reactive_power: float | None = None
    instant_apparent_power: float | None = None
    energy_exported: Amount | None = None
    energy_imported: Amount | None = None
    frequency: Amount | None = None
    last_communication_time: str = ""

    @property
    def is_there(self) -> bool:
        """A meter that has never answered is told of, too, with zeros."""
        return not self.last_communication_time.startswith(_NEVER)


class _Aggregates(_Part):
    site: _Flow | None = None
    battery: _Flow | None = None
    solar: _Flow | None = None


class _Charge(_Part):
    percentage: Percent | None = None


class _System(_Part):
    nominal_full_pack_energy: Amount | None = None


class _Operation(_Part):
    real_mode: str | None = None
    backup_reserve_percent: Percent | None = None


class Powerwall(ReadOnly):
    """All Powerwalls behind one gateway."""

    def __init__(self, link: DeviceHttp) -> None:
        self._link = link
        self._hidden: set[str] = set()

    async def identify(self) -> Identity:
        """The gateway's part and serial number stand for all behind it."""
        told = await self._find("/api/status", _Status)
        din = told.din or await self._own_number()
        model = "Powerwall 3" if (din or "").startswith(_POWERWALL_3) else "Powerwall"
        readings = await self.read()
        firmware = None if told.version is None else told.version.partition(" ")[0]
        return Identity("Tesla", model, roles_of(readings), din, firmware)

    async def _own_number(self) -> str | None:
        """Where the status does not tell it."""
        try:
            told = (await self._link.text("/tedapi/din")).strip()
        except AuthError:
            raise
        except RefusedError:
            return None
        return told if _DIN.fullmatch(told) else None

    async def read(self) -> Mapping[str, Reading]:
        """The battery, and the grid and the sun where they are measured."""
        flows = await self._link.get("/api/meters/aggregates", _Aggregates)
        if flows.battery is None and flows.site is None:
            raise BadReadingError("/api/meters/aggregates: neither battery nor site")
        charge = await self._link.get("/api/system_status/soe", _Charge)
        system = await self._find("/api/system_status", _System)
        operation = await self._find("/api/operation", _Operation)
        readings: dict[str, Reading] = {}
        if flows.solar is not None and flows.solar.is_there:
            readings["inverter"] = _inverter(flows.solar)
        if flows.site is not None and flows.site.is_there:
            readings["meter"] = _meter(flows.site)
        readings["battery"] = _battery(flows.battery or _Flow(), charge, system, operation)
        return readings

    async def _find(self, path: str, model: type[T]) -> T:
        """What not every login is shown. Each refusal costs a login, so it is asked for once."""
        told = None if path in self._hidden else await self._link.find(path, model)
        if told is None:
            self._hidden.add(path)
        return told or model()


def _inverter(sun: _Flow) -> InverterReading:
    # At night the meter sees what the inverter itself needs.
    power_w = None if sun.instant_power is None else max(sun.instant_power, 0.0)
    return InverterReading(power_w=power_w, energy_wh=sun.energy_exported)


def _meter(site: _Flow) -> MeterReading:
    return MeterReading(
        power_w=site.instant_power,
        import_wh=site.energy_imported,
        export_wh=site.energy_exported,
        frequency_hz=site.frequency or None,
        reactive_power_var=site.instant_reactive_power,
        apparent_power_va=site.instant_apparent_power,
    )


def _battery(
    flow: _Flow, charge: _Charge, system: _System, operation: _Operation
) -> BatteryReading:
    power_w = None if flow.instant_power is None else -flow.instant_power + 0.0
    mode = operation.real_mode
    return BatteryReading(
        power_w=power_w,
        soc_pct=_shown(charge.percentage),
        capacity_wh=system.nominal_full_pack_energy or None,
        status=status(power_w, _IDLE_W),
        operation_mode=None if mode is None else _MODES.get(mode, OperationMode.UNKNOWN),
        reserve_pct=_shown(operation.backup_reserve_percent),
        charged_wh=flow.energy_imported,
        discharged_wh=flow.energy_exported,
    )


def _shown(percent: float | None) -> float | None:
    """As the app shows it."""
    if percent is None:
        return None
    return max(percent - _HIDDEN_PCT, 0.0) / (100 - _HIDDEN_PCT) * 100


def _token(options: PowerwallOptions) -> Token:
    login = _Login(password=options.password.get_secret_value(), email=options.email)

    async def fetch(ask: Asker) -> Mapping[str, str]:
        answer = await ask("POST", "/api/login/Basic", login.model_dump_json().encode())
        if answer.status in _BUSY:
            raise BusyError(f"Powerwall: the login has to wait: status {answer.status}")
        if answer.status in _REFUSED:
            raise AuthError("Powerwall: the login was refused; check password")
        if not answer.is_success:
            raise RefusedError(f"Powerwall: the login was answered with {answer.status}")
        return _granted(answer)

    return Token(fetch, refusals=frozenset({401, 403}))


def _granted(answer: Answer) -> Mapping[str, str]:
    """The headers to send from now on."""
    headers: dict[str, str] = {}
    if cookie := _cookie(value for name, value in answer.headers if name.lower() == "set-cookie"):
        headers["Cookie"] = cookie
    try:
        token = _Granted.model_validate_json(answer.body).token
    except ValidationError:
        token = None
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    if not headers:
        raise AuthError("Powerwall: the login gave neither a cookie nor a token")
    return headers


def _cookie(lines: Iterable[str]) -> str:
    found: SimpleCookie = SimpleCookie()
    try:
        for line in lines:
            found.load(line)
    except CookieError as error:
        raise BadReadingError(f"Powerwall: the login's cookies make no sense: {error}") from error
    return "; ".join(f"{name}={found[name].coded_value}" for name in _COOKIES if name in found)


@asynccontextmanager
async def _open(options: PowerwallOptions, links: Links) -> AsyncIterator[Driver]:
    yield Powerwall(links.http.device(options, _token(options)))


DRIVER = DriverInfo(
    vendor="Tesla",
    models=("Powerwall 2", "Powerwall+", "Powerwall 3 (flows and charge)"),
    source="what owners found: the gateway's /api; Tesla publishes nothing",
    options=PowerwallOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=5.0,
    kinds=frozenset({AssetKind.INVERTER, AssetKind.METER, AssetKind.BATTERY}),
)
