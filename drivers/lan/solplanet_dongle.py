"""Solplanet inverters by their dongle's HTTP, which here only tells; `solplanet` also commands.

Facts from what owners found of getdev.cgi and getdevdata.cgi: device 2 is the inverter, 3 the meter
and 4 a hybrid's sun and battery. Energies are in tenths of a kWh, volts, ampere and degrees in
tenths, the battery's volts and the frequency in hundredths. `pac` of the meter is importing +, `pb`
discharging +.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from gatewayd.links.http_device import DeviceHttp
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
from gatewayd.sdk.options import HttpOptions
from gatewayd.sdk.read_only import ReadOnly, roles_of

_STATUS = {
    1: BatteryStatus.IDLE,
    2: BatteryStatus.CHARGING,
    3: BatteryStatus.DISCHARGING,
    4: BatteryStatus.FAULT,
}
_FAULT = 2
_WH = 100.0
_TENTH, _HUNDREDTH = 0.1, 0.01

Amount = Annotated[float, Field(ge=0)]
Percent = Annotated[float, Field(ge=0, le=100)]


class DongleOptions(HttpOptions):
    """Where the dongle is."""

    port: int = Field(default=8484, ge=1, le=65535)


class _Part(BaseModel):
    """A piece of an answer; other keys are those of other firmwares."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, frozen=True)


class _Info(_Part):
    isn: str = Field(pattern=r"^[0-9A-Za-z]{1,64}$")
    model: str | None = None
    msw: str | None = None
    rate: Amount | None = None


class _Infos(_Part):
    inv: Annotated[list[_Info], Field(min_length=1)]


class _Inverter(_Part):
    flg: int
    tmp: float | None = None
    fac: Amount | None = None
    pac: float | None = None
    eto: Amount | None = None
    vac: list[float] = []
    iac: list[float] = []


class _Meter(_Part):
    flg: int | None = None
    pac: float | None = None
    iet: Amount | None = None
    oet: Amount | None = None

    @property
    def is_there(self) -> bool:
        """A dongle without a meter tells of one that is not at work."""
        return self.flg != 0 and self.pac is not None


class _Hybrid(_Part):
    bst: int | None = None
    ppv: float | None = None
    etopv: Amount | None = None
    pb: float | None = None
    vb: Amount | None = None
    tb: float | None = None
    soc: Percent | None = None
    ebi: Amount | None = None
    ebo: Amount | None = None


class SolplanetDongle(ReadOnly):
    """The first inverter behind one dongle."""

    def __init__(self, link: DeviceHttp) -> None:
        self._link = link
        self._info: _Info | None = None

    async def identify(self) -> Identity:
        """The inverter, not the dongle."""
        self._info = None
        info = await self._known()
        roles = roles_of(await self.read())
        return Identity("Solplanet", info.model or "ASW", roles, info.isn, info.msw)

    async def read(self) -> Mapping[str, Reading]:
        """The inverter, and the meter and the battery where there are such."""
        info = await self._known()
        told = await self._link.get(_path(2, info), _Inverter)
        meter = await self._link.find(_path(3, info), _Meter)
        hybrid = await self._link.find(_path(4, info), _Hybrid)
        has_battery = hybrid is not None and hybrid.bst in _STATUS
        readings: dict[str, Reading] = {
            "inverter": _inverter(told, info, hybrid if has_battery else None)
        }
        if meter is not None and meter.is_there:
            import_wh, export_wh = _scaled(meter.iet, _WH), _scaled(meter.oet, _WH)
            readings["meter"] = MeterReading(meter.pac, import_wh, export_wh)
        if hybrid is not None and has_battery:
            readings["battery"] = _battery(hybrid)
        return readings

    async def _known(self) -> _Info:
        if self._info is None:
            self._info = (await self._link.get("/getdev.cgi?device=2", _Infos)).inv[0]
        return self._info


def _path(device: int, info: _Info) -> str:
    return f"/getdevdata.cgi?device={device}&sn={info.isn}"


def _scaled(value: float | None, by: float) -> float | None:
    return None if value is None else value * by


def _inverter(told: _Inverter, info: _Info, hybrid: _Hybrid | None) -> InverterReading:
    volts, amperes = _three(told.vac), _three(told.iac)
    return InverterReading(
        power_w=told.pac if hybrid is None else hybrid.ppv,
        ac_power_w=told.pac,
        energy_wh=_scaled(told.eto if hybrid is None else hybrid.etopv, _WH),
        voltage_a_v=volts[0],
        voltage_b_v=volts[1],
        voltage_c_v=volts[2],
        current_a_a=amperes[0],
        current_b_a=amperes[1],
        current_c_a=amperes[2],
        frequency_hz=_scaled(told.fac, _HUNDREDTH),
        rated_w=info.rate or None,
        temperature_c=_scaled(told.tmp, _TENTH),
        has_fault=told.flg == _FAULT,
    )


def _three(found: Sequence[float]) -> Sequence[float | None]:
    """Of one phase there is one value."""
    told = [value * _TENTH for value in found[:3]]
    return [*told, *[None] * (3 - len(told))]


def _battery(told: _Hybrid) -> BatteryReading:
    return BatteryReading(
        power_w=None if told.pb is None else -told.pb + 0.0,
        soc_pct=told.soc,
        status=None if told.bst is None else _STATUS[told.bst],
        charged_wh=_scaled(told.ebi, _WH),
        discharged_wh=_scaled(told.ebo, _WH),
        voltage_v=_scaled(told.vb, _HUNDREDTH),
        temperature_c=_scaled(told.tb, _TENTH),
    )


@asynccontextmanager
async def _open(options: DongleOptions, links: Links) -> AsyncIterator[Driver]:
    yield SolplanetDongle(links.http.device(options))


DRIVER = DriverInfo(
    vendor="Solplanet",
    models=("ASW hybrid", "ASW string"),
    source="what owners found: the dongle's getdevdata.cgi; AISWEI publishes nothing",
    options=DongleOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=10.0,
    kinds=frozenset({AssetKind.INVERTER, AssetKind.METER, AssetKind.BATTERY}),
    sleeps=True,
)
