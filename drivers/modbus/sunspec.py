"""Any inverter, battery or meter that speaks SunSpec, with the roles its models make.

Inverter: 101 to 103, 111 to 113 or 701, with 120, 121, 702 and 160 or 714; limit: 123, 704.
Battery: 124, 713, 802. Meters: 201 to 204 and 211 to 214, also on other unit ids of the same host
(`meter_unit`; a Fronius is looked through). SolarEdge has batteries and controls of its own.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Literal

from pydantic import Field

from drivers.modbus import _units
from drivers.modbus._solaredge.profile import SolarEdge
from gatewayd.errors import BadReadingError, RefusedError, UnsupportedError
from gatewayd.links.modbus_options import open_unit
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Capability, Identity, Role
from gatewayd.model.command import Command, required
from gatewayd.model.reading import BatteryReading, InverterReading, MeterReading, Reading
from gatewayd.sdk import sunspec
from gatewayd.sdk.driver import Driver, DriverInfo, ModbusReader, ModbusWriter
from gatewayd.sdk.finding import ModbusProbe
from gatewayd.sdk.options import ModbusOptions
from gatewayd.sdk.sunspec import Control, ModelAt, ModelValues, Registers, roles
from gatewayd.sdk.sunspec.restoring import Restoring
from gatewayd.sdk.wear import Wear

log = logging.getLogger(__name__)

Found = tuple[Mapping[int, ModelValues], list[ModelValues]]
Open = Callable[[int], Awaitable[ModbusReader]]

# These count the energy that leaves the house as positive (evcc, template solaredge-hybrid).
_EXPORT_POSITIVE = ("solaredge",)
# Where else devices are: 126 beside a profile of the maker's own, meters from 100, 200 and 240 on.
_UNITS = (2, 3, 71, 100, 126, 200, 201, 240, 247)
_WRITES_PER_DAY = 10
# Microinverters remember their limit; each order goes to all of them by radio.
_KEEP_LIMITS = ("apsystems", "altenergy")
# These have their meters on units of their own.
_METERS_ELSEWHERE = ("fronius",)


class Options(ModbusOptions):
    """What only SunSpec devices need to be told."""

    # SolarEdge takes over eight seconds for its first answer.
    timeout_s: float = Field(default=10.0, gt=0, le=60)
    meter_unit: int | None = Field(
        default=None, ge=0, le=255, description="unit id of the meter, if it has its own"
    )
    meter_sign: Literal["import", "export"] | None = Field(
        default=None, description="what the meter counts as positive; by vendor if left out"
    )
    charge_input: int | None = Field(
        default=None, ge=1, le=20, description="input of model 160 that charges the battery"
    )
    discharge_input: int | None = Field(default=None, ge=1, le=20)
    revert_s: int = Field(
        default=60, ge=30, le=3600, description="what we set ends by itself after"
    )
    base: int | None = Field(default=None, ge=0, le=65000, description="where SunS stands")
    max_registers: int = Field(default=120, ge=30, le=125)

    @property
    def bases(self) -> tuple[int, ...]:
        """Where to look for SunS."""
        return sunspec.BASES if self.base is None else (self.base,)


class SunSpec(Restoring):
    """One device, or one and its meters. Keeps the chains, and the controls by role."""

    def __init__(self, open_unit: Open, options: Options) -> None:
        self._open = open_unit
        self._options = options
        self._inputs = roles.Inputs(options.charge_input, options.discharge_input)
        self._unit: ModbusReader | None = None
        self._meters: Sequence[ModbusReader] = ()
        self._chains: dict[ModbusReader, tuple[ModelAt, ...]] = {}
        self._absent: set[ModelAt] = set()
        # Meters that stand before the roof or the home, and not at the grid.
        self._inside: set[ModelAt] = set()
        self._static: dict[int, ModelValues] = {}
        self._sign = 1
        self._own: SolarEdge | None = None
        self._controls: dict[str, Control] = {}
        self._registers: Registers | None = None
        self.wear = Wear(_WRITES_PER_DAY)

    async def identify(self) -> Identity:
        """Walk the chain and read all of it once; RefusedError without a model we know."""
        self._chains.clear()
        self._static.clear()
        self._absent.clear()
        self._inside.clear()
        self._controls.clear()
        self._own = None
        unit = await self._find()
        await self._probe(unit)
        models, meters = await self._read()
        self._inside |= _not_at_grid([meter for meter in meters if not meter.at.is_told])
        meters.sort(key=lambda meter: meter.at in self._inside)
        for number in (1, 120, 121, 702):
            if number in models:
                self._static[number] = models[number]
        vendor = _text(models.get(1), "Mn") or "SunSpec"
        self._sign = _meter_sign(self._options.meter_sign, vendor)
        if SolarEdge.made(vendor):
            self._own = await SolarEdge.find(unit)
        self._controls = self._find_controls(models, unit)
        return self._identity(models.get(1), self._readings(models, meters), vendor)

    async def read(self) -> Mapping[str, Reading]:
        """One poll of all models in use."""
        models, meters = await self._read()
        for control in self._controls.values():
            control.see(models)
        if self._own is not None and self._unit is not None:
            await self._own.read(self._unit)
        return {
            name: _READINGS[_kind(name)](**fields)  # type: ignore[arg-type]
            for name, fields in self._readings(models, meters).items()
        }

    async def apply(self, role: str, command: Command) -> None:
        """Write one command."""
        control = self._controls.get(role)
        if control is None or required(command) not in control.capabilities:
            raise UnsupportedError(f"{role} has no command {type(command).__name__}")
        if not isinstance(self._unit, ModbusWriter):
            raise UnsupportedError("the device is read only; see its `read_only` option")
        await control.apply(command)

    async def renew(self, role: str) -> None:
        """Keep alive what is ours; does nothing where nothing of ours is in force."""
        if role in self._controls:
            await self._controls[role].renew()

    def watchdog_s(self, role: str) -> float | None:
        """The time after which what is ours ends, as read last."""
        return self._controls[role].watchdog_s if role in self._controls else None

    async def _find(self) -> ModbusReader:
        """Open the units; those of before stay, so that no meter is lost on the way."""
        options = self._options
        if self._unit is not None:
            return self._unit
        unit = await self._open(options.unit)
        if options.serial is None and "unit" not in options.model_fields_set:
            unit = await _units.device(unit, self._open, options.bases)
        if options.meter_unit is not None:
            self._meters = (await self._open(options.meter_unit),)
        self._unit = unit
        return unit

    async def _probe(self, unit: ModbusReader) -> None:
        """Look at every model once, also at the boxes in the chain that are not the first."""
        vendor, box = "", ""
        for at in await self._chain(unit):
            found = await self._glance(unit, at)
            if at.id == 1 and found is not None:
                vendor, box = vendor or found.text("Mn") or "", found.text("Opt") or ""
            elif _is_inside(box):
                self._inside.add(at)
        options = self._options
        may_look = options.serial is None and options.meter_unit is None and not self._meters
        has_own = any(at.id in roles.METERS for at in await self._chain(unit))
        if may_look and not has_own and vendor.casefold().startswith(_METERS_ELSEWHERE):
            self._meters = await _units.meters(self._open, options.bases)

    async def _glance(self, unit: ModbusReader, at: ModelAt) -> ModelValues | None:
        """One model; None where it is of no use, or the device refuses it for all its chain."""
        if not sunspec.is_known(at.id):
            return None
        try:
            return await sunspec.fetch_twice(unit, at, self._options.max_registers)
        except RefusedError as error:
            log.warning("model %d at %d is left out: %s", at.id, at.address, error)
            self._absent.add(at)
            return None

    async def _read(self) -> Found:
        """The first of each model of the device, and all its meters."""
        found = [model async for model in self._fetch(await self._find())]
        for unit in self._meters:
            found += [m async for m in self._fetch(unit, roles.METERS)]
        models = dict(self._static)
        for model in found:
            models.setdefault(model.at.id, model)
        meters = [model for model in found if model.at.id in roles.METERS]
        # The first is taken for the grid's.
        return models, sorted(meters, key=lambda model: model.at in self._inside)

    async def _fetch(
        self, unit: ModbusReader, only: Sequence[int] | None = None
    ) -> AsyncIterator[ModelValues]:
        try:
            for at in await self._chain(unit):
                is_wanted = sunspec.is_known(at.id) if only is None else at.id in only
                if is_wanted and at.id not in self._static and at not in self._absent:
                    yield await sunspec.fetch(unit, at, self._options.max_registers)
        except BadReadingError:
            # The chain may have changed: the next poll looks at it anew.
            self._chains.pop(unit, None)
            raise

    async def _chain(self, unit: ModbusReader) -> tuple[ModelAt, ...]:
        if unit not in self._chains:
            self._chains[unit] = sunspec.without_twins(
                await sunspec.walk(unit, self._options.bases)
            )
        return self._chains[unit]

    def _find_controls(
        self, models: Mapping[int, ModelValues], unit: ModbusReader
    ) -> dict[str, Control]:
        """By role. One that is read only still tells what it is set to."""
        registers = self._registers = Registers(unit, self.wear)

        async def fetch(at: ModelAt) -> ModelValues:
            return await sunspec.fetch(unit, at, self._options.max_registers)

        revert_s = self._options.revert_s
        keeps = (_text(models.get(1), "Mn") or "").casefold().startswith(_KEEP_LIMITS)
        found = sunspec.controls(registers, fetch, models, revert_s, keeps_limit=keeps)
        return found | (self._own.controls(unit, registers, revert_s) if self._own else {})

    def _readings(
        self, models: Mapping[int, ModelValues], meters: list[ModelValues]
    ) -> dict[str, roles.Fields]:
        wanted = self._inputs if self._inputs != roles.Inputs() else _inputs_of(models.get(1))
        inputs = roles.storage_inputs(models, wanted)
        found: dict[str, roles.Fields] = {}
        if any(number in models for number in roles.INVERTERS):
            found["inverter"] = roles.inverter(models, inputs)
        if roles.has_battery(models):
            found["battery"] = roles.battery(models, inputs)
        for number, meter in enumerate(meters, 1):
            found["meter" if number == 1 else f"meter_{number}"] = roles.meter(meter, self._sign)
        if self._own is not None:
            self._own.complete(models, found)
        for name, control in self._controls.items():
            if name in found:
                found[name] |= control.fields()
        return found

    def _identity(
        self, common: ModelValues | None, readings: Mapping[str, roles.Fields], vendor: str
    ) -> Identity:
        if not readings:
            raise RefusedError("the device has no SunSpec model of inverter, battery or meter")
        return Identity(
            vendor=vendor,
            model=_text(common, "Md") or "SunSpec device",
            roles={name: self._role(name, fields) for name, fields in readings.items()},
            serial=_text(common, "SN"),
            firmware=_text(common, "Vr"),
        )

    def _role(self, name: str, fields: roles.Fields) -> Role:
        control = self._controls.get(name)
        can = control.capabilities if control else frozenset()
        charge_w, discharge_w = fields.get("max_charge_w"), fields.get("max_discharge_w")
        has_power = Capability.SET_POWER in can
        least_w = discharge_w if isinstance(discharge_w, float) else charge_w
        return Role(
            kind=_kind(name),
            capabilities=can,
            reports=frozenset(fields),
            confirm_timeout_s=60.0,
            min_power_w=-least_w if has_power and isinstance(least_w, float) else None,
            max_power_w=charge_w if has_power and isinstance(charge_w, float) else None,
            safe=next((one for one in _SAFE if one in can), None),
        )


_SAFE = (Capability.SELF_RELIANCE, Capability.SET_PRODUCTION_LIMIT)
_READINGS: Mapping[AssetKind, type[InverterReading | BatteryReading | MeterReading]] = {
    AssetKind.INVERTER: InverterReading,
    AssetKind.BATTERY: BatteryReading,
    AssetKind.METER: MeterReading,
}


def _text(common: ModelValues | None, name: str) -> str | None:
    return None if common is None else common.text(name)


def _is_inside(option: str) -> bool:
    """What a meter is for, as a SolarEdge tells it: the grid's has both directions."""
    return option.casefold() in ("production", "consumption")


def _not_at_grid(meters: list[ModelValues]) -> set[ModelAt]:
    """Of meters that do not say what they are for, that which counts most import is the grid's."""
    found = sorted(meters, key=lambda meter: meter.number("TotWhImp") or 0.0)
    return {meter.at for meter in found[:-1]}


def _kind(role: str) -> AssetKind:
    return AssetKind(role.partition("_")[0])


def _inputs_of(common: ModelValues | None) -> roles.Inputs:
    """A Symo Hybrid, older than the GEN24, has the battery at its second input."""
    is_hybrid = "symo hybrid" in (_text(common, "Md") or "").casefold()
    return roles.Inputs(2, 2) if is_hybrid else roles.Inputs()


def _meter_sign(wanted: str | None, vendor: str) -> int:
    is_export = vendor.casefold().startswith(_EXPORT_POSITIVE)
    return -1 if wanted == "export" or (wanted is None and is_export) else 1


@asynccontextmanager
async def _open(options: Options, links: Links) -> AsyncIterator[Driver]:
    async with AsyncExitStack() as stack:

        async def enter(unit_id: int) -> ModbusReader:
            return await stack.enter_async_context(open_unit(links.modbus, options, unit_id))

        yield SunSpec(enter, options)


DRIVER = DriverInfo(
    vendor="SunSpec",
    models=(
        "SunSpec inverters, hybrids, batteries and meters (Modbus TCP or RTU)",
        "Fronius Symo, Primo and Verto GEN24 with battery",
        "SolarEdge inverters and StorEdge",
        "Enphase IQ Gateway with SunSpec switched on",
    ),
    source="SunSpec Alliance model definitions 1, 10x, 11x, 12x, 160, 20x, 21x, 70x, 71x, 802; "
    "SolarEdge's notes on StorEdge and power control",
    options=Options,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=5.0,
    kinds=frozenset({AssetKind.INVERTER, AssetKind.BATTERY, AssetKind.METER}),
    # Their manuals describe it; more do.
    brands=("Fronius", "SMA", "SolarEdge", "KACO", "APsystems"),
    controls=sunspec.CAPABILITIES,
    probes=(ModbusProbe(_units.recognise, more_units=_UNITS),),
)
