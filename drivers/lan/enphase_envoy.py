"""Enphase's Envoys with firmware 3.9 to 6 by HTTP, which only tell.

Facts from Enphase's description of /api/v1/production and from what owners publish of
/production.json: `inverters` are the micro inverters' own reports, every few minutes, `eim` what
current transformers measure, which have an `activeCount` of 0 where they are not set up. Powers are
in W: `production` producing +, `net-consumption` importing +, and only what is imported is counted.
AC batteries (`acb`) say in words which way their power goes. Where the Envoy asks for a login, it
is `envoy` with the last six digits of the serial number, by digest.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from drivers.lan._enphase import FIRST_WITH_TOKENS, INFO, LEAST_V, About, about, likeness
from gatewayd.errors import BadReadingError, RefusedError
from gatewayd.links.http import Login
from gatewayd.links.http_device import DeviceHttp, Digest
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Identity
from gatewayd.model.reading import (
    BatteryReading,
    BatteryStatus,
    InverterReading,
    MeterReading,
    Reading,
)
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.finding import HttpProbe, Likeness
from gatewayd.sdk.options import HttpOptions
from gatewayd.sdk.read_only import ReadOnly, roles_of

# The first with /production.json.
_FIRST_WITH_METERS = 4
_PASSWORD_LENGTH = 6
_BATTERY = {
    "charging": (BatteryStatus.CHARGING, 1),
    "discharging": (BatteryStatus.DISCHARGING, -1),
    "idle": (BatteryStatus.IDLE, 0),
}
# More than one phase has; then it is a sum of several.
_MOST_V = 300.0

Amount = Annotated[float, Field(ge=0)]


class EnvoyOptions(HttpOptions):
    """Where the Envoy is."""

    timeout_s: float = Field(default=20.0, gt=0, le=60)
    username: str = Field(default="envoy", min_length=1, max_length=64)
    password: SecretStr | None = Field(
        default=None, description="if not the last six digits of the serial number"
    )


class _Part(BaseModel):
    """A piece of an answer; other keys are those of other firmwares."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, frozen=True)


class _Line(_Part):
    """One phase, or all of them."""

    wNow: float | None = None  # noqa: N815 - Enphase's names
    whLifetime: Amount | None = None  # noqa: N815
    rmsVoltage: Amount | None = None  # noqa: N815
    rmsCurrent: float | None = None  # noqa: N815
    reactPwr: float | None = None  # noqa: N815
    apprntPwr: float | None = None  # noqa: N815
    pwrFactor: float | None = None  # noqa: N815


class _Measured(_Line):
    type: str
    activeCount: int = 0  # noqa: N815
    measurementType: str = ""  # noqa: N815
    lines: list[_Line] = []

    def phases(self) -> Sequence[_Line]:
        """Three, of which those that are not there tell nothing."""
        is_one = self.rmsVoltage is not None and self.rmsVoltage < _MOST_V
        alone = [_Line(rmsVoltage=self.rmsVoltage, rmsCurrent=self.rmsCurrent)] if is_one else []
        told = self.lines or alone
        found = [
            one if one.rmsVoltage is None or one.rmsVoltage >= LEAST_V else _Line() for one in told
        ]
        return [*found[:3], *[_Line()] * (3 - len(found))]


class _Store(_Part):
    type: str
    activeCount: int = 0  # noqa: N815
    wNow: float | None = None  # noqa: N815
    percentFull: Annotated[float, Field(ge=0, le=100)] | None = None  # noqa: N815
    state: str = ""


class _Home(_Part):
    production: list[_Measured]
    consumption: list[_Measured] = []
    storage: list[_Store] = []


class _Production(_Part):
    wattsNow: float | None  # noqa: N815
    wattHoursLifetime: Amount | None = None  # noqa: N815


class EnphaseEnvoy(ReadOnly):
    """One Envoy. `connect` gives the way to it for a serial number, with its login."""

    def __init__(self, link: DeviceHttp, connect: Callable[[str], DeviceHttp]) -> None:
        self._open_link = link
        self._connect = connect
        self._known: tuple[About, DeviceHttp] | None = None

    async def identify(self) -> Identity:
        """The Envoy stands for its micro inverters."""
        self._known = None
        told, _ = await self._about()
        roles = roles_of(await self.read())
        return Identity("Enphase", "Envoy", roles, told.serial, told.firmware)

    async def read(self) -> Mapping[str, Reading]:
        """The sun, and the grid and the batteries where they are measured."""
        told, link = await self._about()
        if told.major < _FIRST_WITH_METERS:
            sun = await link.get("/api/v1/production", _Production)
            return {"inverter": InverterReading(sun.wattsNow, energy_wh=sun.wattHoursLifetime)}
        return _readings(await link.get("/production.json?details=1", _Home))

    async def _about(self) -> tuple[About, DeviceHttp]:
        if self._known is None:
            told = about(await self._open_link.text(INFO))
            if told.major >= FIRST_WITH_TOKENS:
                raise RefusedError(f"firmware {told.firmware}: use driver enphase_iq_gateway")
            self._known = told, self._connect(told.serial)
        return self._known


def _readings(home: _Home) -> Mapping[str, Reading]:
    found: dict[str, Reading] = {"inverter": _inverter(home.production)}
    for one in home.consumption:
        if one.measurementType == "net-consumption" and one.activeCount:
            found["meter"] = _meter(one)
    for store in home.storage:
        if store.type == "acb" and store.activeCount:
            found["battery"] = _battery(store)
    return found


def _inverter(told: Sequence[_Measured]) -> InverterReading:
    by_type = {one.type: one for one in told if one.activeCount or one.type == "inverters"}
    sun = by_type.get("eim", by_type.get("inverters"))
    if sun is None:
        raise BadReadingError("/production.json: neither meter nor inverters")
    a, b, c = sun.phases()
    return InverterReading(
        # At night the meter sees what the micro inverters themselves need.
        power_w=None if sun.wNow is None else max(sun.wNow, 0.0),
        energy_wh=sun.whLifetime,
        voltage_a_v=a.rmsVoltage,
        voltage_b_v=b.rmsVoltage,
        voltage_c_v=c.rmsVoltage,
        current_a_a=a.rmsCurrent,
        current_b_a=b.rmsCurrent,
        current_c_a=c.rmsCurrent,
    )


def _meter(grid: _Measured) -> MeterReading:
    a, b, c = grid.phases()
    return MeterReading(
        power_w=grid.wNow,
        import_wh=grid.whLifetime,
        power_factor=grid.pwrFactor,
        reactive_power_var=grid.reactPwr,
        apparent_power_va=grid.apprntPwr,
        voltage_a_v=a.rmsVoltage,
        voltage_b_v=b.rmsVoltage,
        voltage_c_v=c.rmsVoltage,
        power_a_w=a.wNow,
        power_b_w=b.wNow,
        power_c_w=c.wNow,
    )


def _battery(store: _Store) -> BatteryReading:
    status, sign = _BATTERY.get(store.state, (BatteryStatus.UNKNOWN, None))
    is_known = store.wNow is not None and sign is not None
    return BatteryReading(
        power_w=abs(store.wNow or 0.0) * (sign or 0) + 0.0 if is_known else None,
        soc_pct=store.percentFull,
        status=status,
    )


def _judge(text: str) -> Likeness | None:
    return likeness(text, "Envoy", has_tokens=False)


@asynccontextmanager
async def _open(options: EnvoyOptions, links: Links) -> AsyncIterator[Driver]:
    def connect(serial: str) -> DeviceHttp:
        given = options.password
        password = serial[-_PASSWORD_LENGTH:] if given is None else given.get_secret_value()
        return links.http.device(options, Digest(Login(options.username, password)))

    yield EnphaseEnvoy(links.http.device(options), connect)


DRIVER = DriverInfo(
    vendor="Enphase",
    models=("Envoy-S Metered, Envoy-S, Envoy-R with firmware 3.9 to 6", "AC Battery"),
    source="Enphase, Envoy API v1; what owners publish of /production.json",
    options=EnvoyOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=15.0,
    kinds=frozenset({AssetKind.INVERTER, AssetKind.METER, AssetKind.BATTERY}),
    probes=(HttpProbe(INFO, _judge),),
)
