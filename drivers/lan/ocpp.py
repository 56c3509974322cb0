"""A charger that calls this gateway by OCPP, whoever made it.

What differs between makers is data, in `drivers/ocpp/`. The config's section `ocpp` says where
charge points call. A reading is what the charger told last: it tells when something changes, and
every few seconds while it charges.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from gatewayd.errors import UnreachableError, UnsupportedError
from gatewayd.links.ocpp_connector import Connector
from gatewayd.links.ocpp_meter import MeterRules
from gatewayd.links.ocpp_quirks import GENERIC, Quirks, fitting, shelf
from gatewayd.links.ocpp_setup import find_out, introduce
from gatewayd.links.ocpp_station import Station
from gatewayd.links.ocpp_steering import Bounds, Steering
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Capability, Identity, Role
from gatewayd.model.command import Command, SetMaxCurrent, StartCharging, StopCharging
from gatewayd.model.power import SetPhases
from gatewayd.model.reading import ChargerReading, PowerDelivery, Reading, VehicleReading
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.options import DeviceOptions

_QUIRKS = Path(__file__).parents[1] / "ocpp"
_ROLE, _CAR = "charger", "vehicle"
_INTRODUCTION_S = 5.0
_CONFIRM_S = 120.0
# A value is old when three samples have stayed out, and some time for a slow network.
_SAMPLES, _SLACK_S = 3, 30.0
_DELIVERY = {
    "Available": PowerDelivery.UNPLUGGED,
    "Reserved": PowerDelivery.UNPLUGGED,
    "Preparing": PowerDelivery.STOPPED,
    "Charging": PowerDelivery.CHARGING,
    "SuspendedEV": PowerDelivery.NO_POWER,
    "SuspendedEVSE": PowerDelivery.STOPPED,
    "Finishing": PowerDelivery.STOPPED,
    "Faulted": PowerDelivery.FAULT,
}
# ChargePointErrorCode of OCPP 1.6, in its order, counted from 1.
_ERRORS = (
    "ConnectorLockFailure",
    "EVCommunicationError",
    "GroundFailure",
    "HighTemperature",
    "InternalError",
    "LocalListConflict",
    "OtherError",
    "OverCurrentFailure",
    "OverVoltage",
    "PowerMeterFailure",
    "PowerSwitchFailure",
    "ReaderFailure",
    "ResetFailure",
    "UnderVoltage",
    "WeakSignal",
)
_REPORTS = frozenset(
    {"power_delivery", "power_w", "session_wh", "energy_wh", "rfid", "vehicle_id", "error_code"}
)


class Options(DeviceOptions):
    """Which charge point, and what it may do."""

    charge_point: str = Field(
        pattern=r"^[A-Za-z0-9*\-_=:+|@.]{1,48}$", description="the id that it calls itself"
    )
    password: SecretStr | None = Field(default=None, description="what it has to give to be heard")
    connector: int = Field(default=1, ge=1, le=8, description="which of its plugs")
    quirks: str | None = Field(
        default=None, description="whose charger it is; left out, what it says itself"
    )
    max_current_a: float = Field(
        default=16.0, ge=6, le=80, description="the most per phase that its wiring bears"
    )
    safe_current_a: float = Field(
        default=6.0, ge=0, le=80, description="per phase, while nobody steers it"
    )
    phases: Literal[1, 3] = Field(default=3, description="how many it is wired with")
    id_tags: Literal["any", "none"] | tuple[str, ...] = Field(
        default="any", description="the cards that may charge: any, none, or a list"
    )
    tells_car: bool = Field(default=False, description="it knows the car's level (ISO 15118)")

    @field_validator("quirks")
    @classmethod
    def _known(cls, name: str | None) -> str | None:
        known = shelf(_QUIRKS)
        if name is not None and name not in known:
            raise ValueError(f"there is no {name!r}; known are {', '.join(known)}")
        return name


class OcppCharger:
    """One connector. Its charge point may be away, or not have called yet."""

    def __init__(self, station: Station, options: Options, known: Mapping[str, Quirks]) -> None:
        self._station = station
        self._options = options
        self._known = known
        self._steering: Steering | None = None
        self._visit = -1

    async def identify(self) -> Identity:
        """Who the charge point says it is."""
        steering = await self._meet()
        told, quirks = self._station.boot, steering.quirks
        vendor = told.vendor if told and quirks is self._known[GENERIC] else quirks.vendor
        return Identity(
            vendor=vendor or quirks.vendor,
            model=(told and told.model) or "Charge point",
            roles=self._roles(steering),
            serial=self._serial,
            firmware=told.firmware if told else None,
        )

    async def read(self) -> Mapping[str, Reading]:
        """What it told last."""
        steering = await self._meet()
        if not self._options.read_only and self._connector.status == "Available":
            await steering.unplugged()
        await steering.look()
        found: dict[str, Reading] = {_ROLE: self._reading(steering)}
        if self._options.tells_car:
            found[_CAR] = self._car(steering)
        return found

    async def apply(self, role: str, command: Command) -> None:
        """Tell it; what comes of it is told by it later."""
        if role != _ROLE or self._options.read_only:
            raise UnsupportedError(f"{role}: there is nothing here that can be told")
        steering = await self._meet()
        match command:
            case StartCharging():
                await steering.start()
            case StopCharging():
                await steering.stop()
            case SetMaxCurrent(current_a=current_a):
                await steering.limit(current_a)
            case SetPhases(phases=phases):
                await steering.use_phases(phases)
            case _:
                raise UnsupportedError(f"a charger has no command {command}")

    async def renew(self, role: str) -> None:
        """Have its limit hold for another while."""
        if role == _ROLE and self._steering is not None and not self._options.read_only:
            self._station.check()
            await self._steering.renew()

    def watchdog_s(self, role: str) -> float | None:
        if role != _ROLE or self._steering is None or self._options.read_only:
            return None
        return self._steering.watchdog_s

    async def _meet(self) -> Steering:
        """The way to steer it, found out anew each time it has called or started up."""
        station = self._station
        station.check()
        await station.recall()
        if self._steering is None or self._visit != station.visit:
            if station.boot is None:
                await self._ask_who()
            visit = station.visit
            self._steering = await self._find_out()
            self._visit = visit
        return self._steering

    async def _ask_who(self) -> None:
        await introduce(self._station)
        try:
            async with asyncio.timeout(_INTRODUCTION_S):
                await self._station.introduced.wait()
        except TimeoutError:
            return

    async def _find_out(self) -> Steering:
        options, station = self._options, self._station
        vendor = station.boot.vendor if station.boot else None
        quirks = fitting(self._known, options.quirks, vendor)
        station.rules = MeterRules(quirks.units, quirks.disbelieved, options.phases == 1)
        station.keys = quirks.keys
        may_set = not options.read_only
        abilities = await find_out(station, quirks, options.connector, may_set=may_set)
        station.our_tag = abilities.id_tag
        bounds = Bounds(options.max_current_a, options.safe_current_a, options.phases)
        return Steering(station, options.connector, quirks, bounds, abilities)

    @property
    def _serial(self) -> str | None:
        """Each plug is a device of its own."""
        told, plug = self._station.boot, self._options.connector
        serial = told.serial if told else None
        return f"{serial}-{plug}" if serial and plug > 1 else serial

    def _roles(self, steering: Steering) -> Mapping[str, Role]:
        can = {Capability.START_CHARGING, Capability.STOP_CHARGING}
        reports = _REPORTS | {f"current_{p}_a" for p in self._letters}
        reports |= {f"voltage_{p}_v" for p in self._letters}
        if steering.abilities.can_steer:
            can.add(Capability.SET_MAX_CURRENT)
            reports |= {"max_current_a", "failsafe_current_a", "failsafe_timeout_s"}
        if steering.abilities.switches_phases:
            can.add(Capability.SET_PHASES)
            reports |= {"phases"}
        charger = Role(
            AssetKind.CHARGER,
            frozenset(can),
            reports,
            min_current_a=steering.quirks.min_current_a,
            max_current_a=self._options.max_current_a,
            confirm_timeout_s=_CONFIRM_S,
            safe_current_a=self._options.safe_current_a if steering.abilities.can_steer else None,
        )
        if not self._options.tells_car:
            return {_ROLE: charger}
        told = frozenset({"soc_pct", "power_delivery", "power_w"})
        return {_ROLE: charger, _CAR: Role(AssetKind.VEHICLE, reports=told)}

    def _reading(self, steering: Steering) -> ChargerReading:
        connector = self._connector
        phases = {f"current_{p}_a": self._value(f"current_{p}_a") for p in self._letters}
        phases |= {f"voltage_{p}_v": self._value(f"voltage_{p}_v") for p in self._letters}
        fallback_a = steering.fallback_a
        return ChargerReading(
            power_delivery=self._delivery(steering),
            power_w=self._power_w,
            max_current_a=steering.limit_a,
            session_wh=connector.session_wh,
            energy_wh=self._value("energy_wh"),
            power_factor=self._value("power_factor"),
            failsafe_current_a=fallback_a,
            failsafe_timeout_s=None if fallback_a is None else float(steering.quirks.profile_s),
            error_code=_error_code(connector.error),
            rfid=connector.rfid,
            vehicle_id=_vehicle_id(connector.rfid),
            phases=steering.phases,
            **phases,
        )

    def _car(self, steering: Steering) -> VehicleReading:
        return VehicleReading(
            soc_pct=self._value("soc_pct"),
            power_delivery=self._delivery(steering),
            power_w=self._power_w,
        )

    def _delivery(self, steering: Steering) -> PowerDelivery:
        status = self._connector.status or ""
        if status == "Preparing" and steering.is_starting:
            return PowerDelivery.INITIALIZING
        if status == "SuspendedEV" and steering.is_stopped:
            # Many say so of a car that stopped because we offer it nothing.
            return PowerDelivery.STOPPED
        return _DELIVERY.get(status, PowerDelivery.UNKNOWN)

    @property
    def _power_w(self) -> float | None:
        """Nought only where its state says that no energy is offered."""
        power_w = self._value("power_w")
        return 0.0 if power_w is None and self._connector.is_at_rest else power_w

    def _value(self, name: str) -> float | None:
        interval_s = self._steering.abilities.interval_s if self._steering else 0.0
        now_s = self._station.clock.monotonic()
        return self._connector.value(name, now_s, _SAMPLES * interval_s + _SLACK_S)

    @property
    def _letters(self) -> str:
        return "a" if self._options.phases == 1 else "abc"

    @property
    def _connector(self) -> Connector:
        return self._station.connector(self._options.connector)


def _vehicle_id(tag: str | None) -> str | None:
    """With Autocharge the car's own address is shown as its card."""
    return tag if tag and tag.upper().startswith("VID:") else None


def _error_code(error: str | None) -> int | None:
    """The place in the protocol's list; what is not in it is an `OtherError`."""
    if error is None:
        return 0
    return _ERRORS.index(error if error in _ERRORS else "OtherError") + 1


@asynccontextmanager
async def _open(options: Options, links: Links) -> AsyncIterator[Driver]:
    if not links.ocpp.is_served:
        raise UnreachableError("charge points can call the daemon only; add a section `ocpp`")
    password = options.password.get_secret_value() if options.password else None
    station = links.ocpp.claim(options.charge_point, password)
    station.tags = _tags(options.id_tags)
    yield OcppCharger(station, options, shelf(_QUIRKS))


def _tags(told: str | tuple[str, ...]) -> frozenset[str] | None:
    return None if told == "any" else frozenset() if told == "none" else frozenset(told)


DRIVER = DriverInfo(
    vendor="OCPP",
    models=("any charger that speaks OCPP 1.6J or 2.0.1",),
    source="Open Charge Alliance: OCPP 1.6 edition 2 with JSON 1.6, and OCPP 2.0.1 edition 3",
    options=Options,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=5.0,
    kinds=frozenset({AssetKind.CHARGER}),
    brands=("OCPP", *dict.fromkeys(one.vendor for one in shelf(_QUIRKS).values())),
)
