"""APsystems EZ1 micro inverters by HTTP, with the local mode switched on in the app by Bluetooth.

Facts from APsystems' manual of the EZ1's local API: two inputs in W, their energies since the start
in kWh. What it may give at most is 30 to 800 W, told as text, and is stored. It has no power at
night, and then does not answer. From firmware 2 on the limit has another name, and in an EZ1-D
another path (home-assistant/core issues 136288 and 152894).
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Generic, TypeVar

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field

from gatewayd.errors import BusyError, RefusedError, UnsupportedError
from gatewayd.links.http_device import DeviceHttp
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Capability, Identity, Role
from gatewayd.model.command import Command
from gatewayd.model.power import SetProductionLimit
from gatewayd.model.reading import InverterReading, Reading
from gatewayd.sdk import document
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.finding import HttpProbe, Likeness
from gatewayd.sdk.options import HttpOptions
from gatewayd.sdk.read_only import ReadOnly, roles_of

_ROLE = "inverter"
_PORT = 8050
_WH_PER_KWH = 1000
_TAKEN = "SUCCESS"
_LIMIT = frozenset({Capability.SET_PRODUCTION_LIMIT})
# A limit works within a minute.
_CONFIRM_S = 120.0
_BITS = 40.0

Amount = Annotated[float, Field(ge=0)]
T = TypeVar("T", bound=BaseModel)


class Ez1Options(HttpOptions):
    """Where the inverter is."""

    port: int = Field(default=_PORT, ge=1, le=65535)


class _Part(BaseModel):
    """A piece of an answer; other keys are those of other firmwares."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, frozen=True)


class _Answer(_Part, Generic[T]):
    message: str
    data: T | None = None

    def known(self) -> T:
        """BusyError for an answer that is none: the inverter fails now and then."""
        if self.message != _TAKEN or self.data is None:
            raise BusyError(f"EZ1: {self.message} instead of an answer")
        return self.data


class _Device(_Part):
    deviceId: str = Field(min_length=1, max_length=64)  # noqa: N815 - APsystems' names
    devVer: str | None = None  # noqa: N815
    minPower: Amount = 30  # noqa: N815
    maxPower: Amount = 800  # noqa: N815


class _Output(_Part):
    p1: float | None = None
    p2: float | None = None
    te1: Amount | None = None
    te2: Amount | None = None


def _told(value: object) -> object:
    """An empty text is nothing told."""
    return None if value == "" else value


class _Limit(_Part):
    max_w: Annotated[Amount | None, BeforeValidator(_told)] = Field(
        default=None, validation_alias=AliasChoices("maxPower", "power")
    )


class Ez1(ReadOnly):
    """One inverter."""

    def __init__(self, link: DeviceHttp, *, read_only: bool) -> None:
        self._link = link
        self._read_only = read_only
        self._device = _Device(deviceId="-")

    async def identify(self) -> Identity:
        """Which inverter it is, and what it can give."""
        self._device = told = await self._ask("/getDeviceInfo", _Answer[_Device])
        reports = roles_of(await self.read())[_ROLE].reports
        role = Role(
            AssetKind.INVERTER,
            capabilities=_LIMIT,
            reports=reports,
            confirm_timeout_s=_CONFIRM_S,
            safe=Capability.SET_PRODUCTION_LIMIT,
        )
        return Identity("APsystems", "EZ1", {_ROLE: role}, told.deviceId, told.devVer)

    async def read(self) -> Mapping[str, Reading]:
        """Both inputs together."""
        told = await self._ask("/getOutputData", _Answer[_Output])
        limit = await self._ask(f"/get{self._limit}", _Answer[_Limit])
        energy_kwh = _sum(told.te1, told.te2)
        power_w = _sum(told.p1, told.p2)
        return {
            _ROLE: InverterReading(
                power_w=power_w,
                ac_power_w=power_w,
                energy_wh=None if energy_kwh is None else energy_kwh * _WH_PER_KWH,
                rated_w=self._device.maxPower,
                limit_w=limit.max_w,
            )
        }

    async def apply(self, role: str, command: Command) -> None:
        """Limit what it gives; no limit is the greatest one."""
        if role != _ROLE or self._read_only or not isinstance(command, SetProductionLimit):
            raise UnsupportedError(f"{role} takes no {type(command).__name__}")
        least_w, most_w = self._device.minPower, self._device.maxPower
        limit_w = most_w if command.limit_w is None else min(command.limit_w, most_w)
        if limit_w < least_w:
            raise RefusedError(f"{limit_w:g} W is less than the EZ1's {least_w:g} W")
        await self._ask(f"/set{self._limit}?p={int(limit_w)}", _Answer[_Limit])

    @property
    def _limit(self) -> str:
        is_double = (self._device.devVer or "").startswith("EZ1D")
        return "DefaultMaxPower" if is_double else "MaxPower"

    async def _ask(self, path: str, model: type[_Answer[T]]) -> T:
        return (await self._link.get(path, model)).known()


def _sum(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else first + second


def _judge(text: str) -> Likeness | None:
    told = document.fitting(text, _Answer[_Device])
    if told is None or told.data is None or told.data.devVer is None:
        return None
    return Likeness(_BITS, "APsystems", "EZ1", told.data.deviceId, told.data.devVer)


@asynccontextmanager
async def _open(options: Ez1Options, links: Links) -> AsyncIterator[Driver]:
    yield Ez1(links.http.device(options), read_only=options.read_only)


DRIVER = DriverInfo(
    vendor="APsystems",
    models=("EZ1-M", "EZ1-H", "EZ1-D", "EZ1-LV"),
    source="APsystems, EZ1 local API user manual",
    options=Ez1Options,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=15.0,
    kinds=frozenset({AssetKind.INVERTER}),
    sleeps=True,
    controls=_LIMIT,
    probes=(HttpProbe("/getDeviceInfo", _judge, port=_PORT),),
)
