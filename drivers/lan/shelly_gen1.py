"""Shelly devices of the first generation that measure: 3EM, EM, 1PM, 2.5 and plugs.

Facts from Shelly's own documentation of its first HTTP API: `emeters` count in Wh, the `meters` of
switches in W minutes; powers are in W, import +. What is measured means nothing until `is_valid`.
The 3EM counts each phase on its own: what one imports while another one exports is in both sums.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from gatewayd.errors import RefusedError
from gatewayd.links.http import Login
from gatewayd.links.http_device import Basic, DeviceHttp
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Identity
from gatewayd.model.reading import MeterReading, Reading
from gatewayd.sdk import document
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.finding import HttpProbe, Likeness
from gatewayd.sdk.options import HttpOptions
from gatewayd.sdk.read_only import ReadOnly, roles_of

_ROLE = "meter"
_PHASES = ("a", "b", "c")
_W_MINUTES_PER_WH = 60
# A name of its own for the document, and a network address in it.
_BITS = 40.0
_MODELS = {"SHEM-3": "3EM", "SHEM": "EM", "SHSW-PM": "1PM", "SHSW-25": "2.5", "SHPLG-S": "Plug S"}

Amount = Annotated[float, Field(ge=0)]
T = TypeVar("T")


class ShellyGen1Options(HttpOptions):
    """Where the device is; its login, if it has one, and which of its channels."""

    user: str = Field(default="admin", description="the login's name")
    password: SecretStr | None = Field(default=None, description="the login's password")
    channel: int = Field(
        default=0, ge=0, le=3, description="which one, where each channel is a meter of its own"
    )


class _Part(BaseModel):
    """A piece of an answer; other keys are those of other models and firmwares."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, frozen=True)


class _Shelly(_Part):
    mac: str = Field(min_length=12, max_length=17)
    type: str | None = None
    gen: int = 1
    fw: str | None = None

    @property
    def name(self) -> str:
        return _MODELS.get(self.type or "", self.type or "Shelly")

    @property
    def serial(self) -> str:
        return self.mac.replace(":", "").upper()


class _Emeter(_Part):
    power: float | None = None
    voltage: Amount | None = None
    current: Amount | None = None
    pf: float | None = None
    reactive: float | None = None
    total: Amount | None = None
    total_returned: Amount | None = None
    is_valid: bool = True


class _Meter(_Part):
    power: float | None = None
    total: Amount | None = None
    is_valid: bool = True


class _Status(_Part):
    emeters: list[_Emeter] = []
    meters: list[_Meter] = []


class ShellyGen1(ReadOnly):
    """One device."""

    def __init__(self, plain: DeviceHttp, link: DeviceHttp, channel: int) -> None:
        """`plain` is asked without a login."""
        self._plain = plain
        self._link = link
        self._channel = channel

    async def identify(self) -> Identity:
        """Which device it is. RefusedError when it is a newer one, or measures nothing."""
        told = await self._plain.get("/shelly", _Shelly)
        if told.gen > 1:
            raise RefusedError("this Shelly is of a newer generation: use driver shelly")
        return Identity(
            "Shelly",
            told.name,
            roles_of(await self.read()),
            serial=told.serial,
            firmware=told.fw,
        )

    async def read(self) -> Mapping[str, Reading]:
        """What it measures now."""
        told = await self._link.get("/status", _Status)
        if len(told.emeters) == len(_PHASES):
            return {_ROLE: _of_phases(told.emeters)}
        if told.emeters:
            return {_ROLE: _of_emeter(_chosen(told.emeters, self._channel))}
        return {_ROLE: _of_meter(_chosen(told.meters, self._channel))}


def _of_phases(phases: Sequence[_Emeter]) -> MeterReading:
    valid = [one if one.is_valid else _Emeter() for one in phases]
    each = {}
    for name, one in zip(_PHASES, valid, strict=True):
        each[f"power_{name}_w"] = one.power
        each[f"voltage_{name}_v"] = one.voltage
        each[f"current_{name}_a"] = one.current
    return MeterReading(
        power_w=_sum([one.power for one in valid]),
        import_wh=_sum([one.total for one in valid]),
        export_wh=_sum([one.total_returned for one in valid]),
        **each,
    )


def _sum(parts: Sequence[float | None]) -> float | None:
    """All of them; a phase that is not known makes the sum unknown."""
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


def _of_emeter(one: _Emeter) -> MeterReading:
    if not one.is_valid:
        return MeterReading()
    return MeterReading(
        power_w=one.power,
        import_wh=one.total,
        export_wh=one.total_returned,
        power_factor=one.pf,
        reactive_power_var=one.reactive,
        voltage_a_v=one.voltage,
        current_a_a=one.current,
        power_a_w=one.power,
    )


def _of_meter(one: _Meter) -> MeterReading:
    if not one.is_valid:
        return MeterReading()
    total_wh = None if one.total is None else one.total / _W_MINUTES_PER_WH
    return MeterReading(power_w=one.power, import_wh=total_wh, power_a_w=one.power)


def _chosen(found: Sequence[T], channel: int) -> T:
    if channel >= len(found):
        raise RefusedError(
            f"this Shelly has {len(found)} meters, and none has the number {channel}"
        )
    return found[channel]


def _judge(text: str) -> Likeness | None:
    told = document.fitting(text, _Shelly)
    if told is None or told.gen > 1 or told.type is None:
        return None
    return Likeness(_BITS, "Shelly", told.name, told.serial, told.fw)


@asynccontextmanager
async def _open(options: ShellyGen1Options, links: Links) -> AsyncIterator[Driver]:
    password = options.password
    login = None if password is None else Basic(Login(options.user, password.get_secret_value()))
    http = links.http
    yield ShellyGen1(http.device(options), http.device(options, login), options.channel)


DRIVER = DriverInfo(
    vendor="Shelly",
    models=("3EM", "EM", "1PM", "2.5", "Plug S"),
    source="Shelly, Gen1 device API: /shelly and /status",
    options=ShellyGen1Options,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=1.0,
    kinds=frozenset({AssetKind.METER}),
    probes=(HttpProbe("/shelly", _judge),),
)
