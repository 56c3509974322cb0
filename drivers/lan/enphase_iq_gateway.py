"""Enphase IQ Gateways (Envoy) with firmware 7 or later by HTTPS, with a token of their owner.

Facts from Enphase's technical brief of the local API and from what owners found of the rest. A
token comes from entrez.enphaseenergy.com and lasts a year. A `production` meter is producing +, a
`net-consumption` one importing +, a `storage` one and the batteries themselves discharging +;
`actEnergyDlvd` counts what is positive. In the mode `backup` the batteries do not discharge, and
are charged by the sun, and by the grid only if `charge_from_grid` says so. Settings are stored.
While `opt_schedules` is on, a mode is taken and read back but not followed (pyenphase pull 432).
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, RootModel, SecretStr

from drivers.lan import _enphase
from drivers.lan._battery import status
from drivers.lan._enphase import INFO, About, Amount, about, likeness
from gatewayd.errors import RefusedError, UnsupportedError
from gatewayd.links.http_device import DeviceHttp
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Capability, Identity, Role
from gatewayd.model.command import Command, SetOperationMode
from gatewayd.model.power import Hold, SetReserve
from gatewayd.model.reading import (
    BatteryReading,
    InverterReading,
    MeterReading,
    OperationMode,
    Reading,
)
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.finding import HttpProbe, Likeness
from gatewayd.sdk.options import HttpOptions
from gatewayd.sdk.read_only import ReadOnly, roles_of

_BATTERY = "battery"
_TARIFF = "/admin/lib/tariff"
_MILLI = 0.001
_IDLE_W = 30.0
# The gateway asks the batteries by radio.
_CONFIRM_S = 300.0
_CONTROLS = frozenset(
    {Capability.SELF_RELIANCE, Capability.TIME_OF_USE, Capability.IMPORT_FOCUS}
    | {Capability.HOLD, Capability.SET_RESERVE}
)
_BACKUP = "backup"
_SAVINGS = ("economy", "savings-mode")

Percent = Annotated[float, Field(ge=0, le=100)]


class EnphaseOptions(HttpOptions):
    """Where the gateway is. Its certificate is its own, so it is known by its fingerprint."""

    port: int = Field(default=443, ge=1, le=65535)
    tls: bool = Field(default=True, description="https; the gateway has nothing else")
    timeout_s: float = Field(default=20.0, gt=0, le=60)
    token: SecretStr = Field(description="the owner's token from entrez.enphaseenergy.com")


class _Part(BaseModel):
    """A piece of an answer; other keys are those of other firmwares."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, frozen=True)


class _Meter(_Part):
    eid: int
    state: str = "enabled"
    measurementType: str = ""  # noqa: N815 - Enphase's names


class _Line(_Part):
    """One phase, or all of them."""

    activePower: float | None = None  # noqa: N815
    apparentPower: float | None = None  # noqa: N815
    reactivePower: float | None = None  # noqa: N815
    actEnergyDlvd: Amount | None = None  # noqa: N815
    actEnergyRcvd: Amount | None = None  # noqa: N815
    pwrFactor: float | None = None  # noqa: N815
    voltage: Amount | None = None
    current: float | None = None
    freq: Amount | None = None


class _Measured(_Line):
    eid: int
    channels: list[_Line] = []

    def phases(self) -> Sequence[_Line]:
        """Three, of which those that are not there tell nothing."""
        told = self.channels or [_Line(voltage=self.voltage, current=self.current)]
        found = [
            one if one.voltage is None or one.voltage >= _enphase.LEAST_V else _Line()
            for one in told
        ]
        return [*found[:3], *[_Line()] * (3 - len(found))]


class _Meters(RootModel[list[_Meter]]):
    """The gateway's current transformers."""


class _Readings(RootModel[list[_Measured]]):
    """What they measure."""


class _Pack(_Part):
    serial_num: str | None = None
    percentFull: Percent | None = None  # noqa: N815
    encharge_capacity: Amount | None = None
    temperature: float | None = None
    real_power_mw: float | None = None


class _Stock(_Part):
    type: str = ""
    devices: list[_Pack] = []


class _Inventory(RootModel[list[_Stock]]):
    """All but the micro inverters."""

    def packs(self) -> Sequence[_Pack]:
        """The batteries."""
        return [pack for stock in self.root if stock.type == "ENCHARGE" for pack in stock.devices]


class _Powers(_Part):
    # The colon belongs to the key.
    devices: list[_Pack] = Field(default=[], alias="devices:")


class _Storage(BaseModel):
    """What the batteries are set to; unknown keys are given back as they came."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False, frozen=True)

    mode: str
    reserved_soc: Percent | None = None
    charge_from_grid: bool | None = None
    opt_schedules: bool | None = None


class _Tariff(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)

    storage_settings: _Storage | None = None


class _Tariffs(_Part):
    tariff: _Tariff


class EnphaseIqGateway(ReadOnly):
    """All that one gateway knows of."""

    def __init__(self, link: DeviceHttp, *, read_only: bool) -> None:
        self._link = link
        self._read_only = read_only
        self._about: About | None = None

    async def identify(self) -> Identity:
        """The gateway stands for its micro inverters and batteries."""
        told = self._about = about(await self._link.text(INFO))
        if 0 < told.major < _enphase.FIRST_WITH_TOKENS:
            raise RefusedError(f"firmware {told.firmware}: use driver enphase_envoy")
        roles = roles_of(await self.read())
        if _BATTERY in roles and (await self._settings()) is not None:
            roles[_BATTERY] = Role(
                AssetKind.BATTERY,
                capabilities=_CONTROLS,
                reports=roles[_BATTERY].reports,
                confirm_timeout_s=_CONFIRM_S,
                safe=Capability.SELF_RELIANCE,
            )
        return Identity("Enphase", "IQ Gateway", roles, told.serial, told.firmware)

    async def read(self) -> Mapping[str, Reading]:
        """The sun, and the grid and the batteries where they are measured."""
        meters = await self._meters()
        readings: dict[str, Reading] = {"inverter": await self._inverter(meters.get("production"))}
        if (grid := meters.get("net-consumption")) is not None:
            readings["meter"] = _meter(grid)
        stock = await self._link.find("/ivp/ensemble/inventory", _Inventory)
        if stock is not None and (packs := stock.packs()):
            readings[_BATTERY] = await self._battery(packs, meters.get("storage"))
        return readings

    async def apply(self, role: str, command: Command) -> None:
        """Change the batteries' settings, and nothing else of the tariff."""
        if role != _BATTERY or self._read_only:
            raise UnsupportedError(f"{role}: there is nothing here that can be told")
        change = dict(_change(command))
        told = await self._link.get(_TARIFF, _Tariffs)
        if told.tariff.storage_settings is None:
            raise RefusedError("the gateway has no settings of batteries")
        if "mode" in change and told.tariff.storage_settings.opt_schedules:
            change["opt_schedules"] = False
        settings = told.tariff.storage_settings.model_copy(update=change)
        tariff = told.tariff.model_copy(update={"storage_settings": settings})
        await self._link.put(_TARIFF, _Tariffs(tariff=tariff))

    async def _meters(self) -> Mapping[str, _Measured]:
        """By what they measure; a gateway without current transformers has none."""
        kinds = await self._link.find("/ivp/meters", _Meters)
        if kinds is None or not kinds.root:
            return {}
        measured = await self._link.get("/ivp/meters/readings", _Readings)
        by_eid = {one.eid: one for one in measured.root}
        return {
            one.measurementType: by_eid[one.eid]
            for one in kinds.root
            if one.state == "enabled" and one.eid in by_eid
        }

    async def _inverter(self, sun: _Measured | None) -> InverterReading:
        if sun is None:
            return await _enphase.reported(self._link, self._about)
        a, b, c = sun.phases()
        return InverterReading(
            # At night the meter sees what the micro inverters themselves need.
            power_w=None if sun.activePower is None else max(sun.activePower, 0.0),
            energy_wh=sun.actEnergyDlvd,
            voltage_a_v=a.voltage,
            voltage_b_v=b.voltage,
            voltage_c_v=c.voltage,
            current_a_a=a.current,
            current_b_a=b.current,
            current_c_a=c.current,
            frequency_hz=sun.freq or None,
        )

    async def _battery(self, packs: Sequence[_Pack], meter: _Measured | None) -> BatteryReading:
        powers = await self._link.find("/ivp/ensemble/power", _Powers) or _Powers(
            **{"devices:": []}
        )
        power_w = _power_w(powers.devices, meter)
        settings = await self._settings()
        warmest = [one.temperature for one in packs if one.temperature is not None]
        return BatteryReading(
            power_w=power_w,
            soc_pct=_soc_pct(packs),
            capacity_wh=sum(one.encharge_capacity or 0 for one in packs) or None,
            status=status(power_w, _IDLE_W),
            operation_mode=None if settings is None else _mode(settings),
            reserve_pct=None if settings is None else settings.reserved_soc,
            charged_wh=None if meter is None else meter.actEnergyRcvd,
            discharged_wh=None if meter is None else meter.actEnergyDlvd,
            temperature_c=max(warmest) if warmest else None,
            is_held=None
            if settings is None
            else settings.mode == _BACKUP and settings.charge_from_grid is False,
        )

    async def _settings(self) -> _Storage | None:
        told = await self._link.find(_TARIFF, _Tariffs)
        return None if told is None else told.tariff.storage_settings


def _meter(grid: _Measured) -> MeterReading:
    a, b, c = grid.phases()
    return MeterReading(
        power_w=grid.activePower,
        import_wh=grid.actEnergyDlvd,
        export_wh=grid.actEnergyRcvd,
        frequency_hz=grid.freq or None,
        power_factor=grid.pwrFactor,
        reactive_power_var=grid.reactivePower,
        apparent_power_va=grid.apparentPower,
        voltage_a_v=a.voltage,
        voltage_b_v=b.voltage,
        voltage_c_v=c.voltage,
        current_a_a=a.current,
        current_b_a=b.current,
        current_c_a=c.current,
        power_a_w=a.activePower,
        power_b_w=b.activePower,
        power_c_w=c.activePower,
    )


def _power_w(packs: Sequence[_Pack], meter: _Measured | None) -> float | None:
    if meter is not None and meter.activePower is not None:
        return -meter.activePower + 0.0
    told = [one.real_power_mw for one in packs]
    known = [one for one in told if one is not None]
    return -sum(known) * _MILLI + 0.0 if known and len(known) == len(told) else None


def _soc_pct(packs: Sequence[_Pack]) -> float | None:
    """Of all packs together: the greater ones count for more."""
    told = [(one.percentFull, one.encharge_capacity or 1.0) for one in packs]
    known = [(percent, weight) for percent, weight in told if percent is not None]
    whole = sum(weight for _, weight in known)
    return sum(percent * weight for percent, weight in known) / whole if known else None


def _mode(settings: _Storage) -> OperationMode:
    if settings.mode == "self-consumption":
        return OperationMode.SELF_RELIANCE
    if settings.mode in _SAVINGS:
        return OperationMode.TIME_OF_USE
    is_bought = settings.mode == _BACKUP and settings.charge_from_grid is True
    return OperationMode.IMPORT_FOCUS if is_bought else OperationMode.UNKNOWN


def _change(command: Command) -> Mapping[str, Any]:
    match command:
        case SetOperationMode(mode=OperationMode.SELF_RELIANCE):
            return {"mode": "self-consumption", "charge_from_grid": False}
        case SetOperationMode(mode=OperationMode.TIME_OF_USE):
            return {"mode": "economy"}
        case SetOperationMode(mode=OperationMode.IMPORT_FOCUS):
            return {"mode": _BACKUP, "charge_from_grid": True}
        case Hold():
            return {"mode": _BACKUP, "charge_from_grid": False}
        case SetReserve(reserve_pct=reserve_pct) if 0 <= reserve_pct <= 100:
            return {"reserved_soc": reserve_pct}
    raise UnsupportedError(f"the gateway has no {command}")


def _judge(text: str) -> Likeness | None:
    return likeness(text, "IQ Gateway", has_tokens=True)


@asynccontextmanager
async def _open(options: EnphaseOptions, links: Links) -> AsyncIterator[Driver]:
    login = {"Authorization": f"Bearer {options.token.get_secret_value().strip()}"}
    link = links.http.device(options, headers=login)
    yield EnphaseIqGateway(link, read_only=options.read_only)


DRIVER = DriverInfo(
    vendor="Enphase",
    models=("IQ Gateway", "Envoy-S Metered", "Envoy-S", "IQ Battery"),
    source="Enphase, IQ Gateway local APIs; what owners found of batteries and tariff",
    options=EnphaseOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=15.0,
    kinds=frozenset({AssetKind.INVERTER, AssetKind.METER, AssetKind.BATTERY}),
    controls=_CONTROLS,
    probes=(HttpProbe(INFO, _judge, port=443, tls=True),),
)
