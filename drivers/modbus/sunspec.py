"""Any inverter, battery or meter that speaks SunSpec, with the roles its models make.

Inverter: 101 to 103, 111 to 113 or 701, with 120, 121 and 160 or 714. Battery: 124, 713, 802.
Meters: 201 to 204 and 211 to 214, also on another unit id of the same host (`meter_unit`: 200 on
a Fronius GEN24, 240 on older ones).
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Literal

from pydantic import Field

from gatewayd.errors import BadReadingError, RefusedError, UnsupportedError
from gatewayd.links.modbus_options import open_unit
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Capability, Identity, Role
from gatewayd.model.command import Command, SetOperationMode
from gatewayd.model.reading import (
    BatteryReading,
    InverterReading,
    MeterReading,
    Reading,
)
from gatewayd.sdk import sunspec
from gatewayd.sdk.driver import Driver, DriverInfo, ModbusReader, ModbusWriter
from gatewayd.sdk.finding import Likeness, ModbusProbe
from gatewayd.sdk.options import ModbusOptions
from gatewayd.sdk.sunspec import ModelAt, ModelValues, roles, storage

Found = tuple[Mapping[int, ModelValues], list[ModelValues]]

# These count the energy that leaves the house as positive (evcc, template solaredge-hybrid).
_EXPORT_POSITIVE = ("solaredge",)


class Options(ModbusOptions):
    """What only SunSpec devices need to be told."""

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
        default=130, ge=30, le=3600, description="a forced battery mode ends by itself after"
    )
    base: int | None = Field(default=None, ge=0, le=65000, description="where SunS stands")
    max_registers: int = Field(default=120, ge=30, le=125)


class SunSpec:
    """One device, or one and its meter. Keeps the chain, and the storage model read last."""

    def __init__(self, unit: ModbusReader, meter: ModbusReader | None, options: Options) -> None:
        self._unit = unit
        self._meter = meter
        self._options = options
        self._inputs = roles.Inputs(options.charge_input, options.discharge_input)
        self._chains: dict[ModbusReader, tuple[ModelAt, ...]] = {}
        self._static: dict[int, ModelValues] = {}
        self._storage: ModelValues | None = None
        self._sign = 1
        self._control = (
            sunspec.Storage(unit, options.revert_s) if isinstance(unit, ModbusWriter) else None
        )

    async def identify(self) -> Identity:
        """Walk the chain and read all of it once; RefusedError without a model we know."""
        self._chains.clear()
        self._static.clear()
        models, meters = await self._read()
        for number in (1, 120, 121):
            if number in models:
                self._static[number] = models[number]
        common = models.get(1)
        vendor = _text(common, "Mn") or "SunSpec"
        self._sign = _meter_sign(self._options.meter_sign, vendor)
        readings = self._readings(models, meters)
        if not readings:
            raise RefusedError("the device has no SunSpec model of inverter, battery or meter")
        return Identity(
            vendor=vendor,
            model=_text(common, "Md") or "SunSpec device",
            roles={name: self._role(name, fields) for name, fields in readings.items()},
            serial=_text(common, "SN"),
            firmware=_text(common, "Vr"),
        )

    async def read(self) -> Mapping[str, Reading]:
        """One poll of all models in use."""
        models, meters = await self._read()
        return {
            name: _READINGS[_kind(name)](**fields)  # type: ignore[arg-type]
            for name, fields in self._readings(models, meters).items()
        }

    async def apply(self, role: str, command: Command) -> None:
        """Give the battery a mode. The controls are read first: their scale may have changed."""
        if role != AssetKind.BATTERY or not isinstance(command, SetOperationMode):
            raise UnsupportedError(f"{role} has no command {type(command).__name__}")
        if self._control is None:
            raise UnsupportedError("the device is read only; see its `read_only` option")
        await self._control.set_mode(await self._fresh_storage(), command.mode)

    async def renew(self, role: str) -> None:
        """Keep a forced mode of ours alive; does nothing in any other."""
        if self.watchdog_s(role) is None or self._control is None:
            return
        found = await self._fresh_storage()
        if (mode := storage.forced_mode(found, self._options.revert_s)) is not None:
            await self._control.renew(found, mode)

    def watchdog_s(self, role: str) -> float | None:
        """The time after which a forced mode of ours ends, as read last."""
        if role != AssetKind.BATTERY or self._storage is None:
            return None
        is_ours = storage.forced_mode(self._storage, self._options.revert_s) is not None
        return float(self._options.revert_s) if is_ours else None

    async def _read(self) -> Found:
        """The first of each model of the device, and all its meters."""
        found = [model async for model in self._fetch(self._unit)]
        if self._meter is not None:
            found += [m async for m in self._fetch(self._meter) if m.at.id in roles.METERS]
        models = dict(self._static)
        for model in found:
            models.setdefault(model.at.id, model)
        self._storage = models.get(124)
        return models, [model for model in found if model.at.id in roles.METERS]

    async def _fetch(self, unit: ModbusReader) -> AsyncIterator[ModelValues]:
        try:
            for at in await self._chain(unit):
                if sunspec.is_known(at.id) and at.id not in self._static:
                    yield await sunspec.fetch(unit, at, self._options.max_registers)
        except BadReadingError:
            # The chain may have changed: the next poll looks at it anew.
            self._chains.pop(unit, None)
            raise

    async def _chain(self, unit: ModbusReader) -> tuple[ModelAt, ...]:
        if unit not in self._chains:
            base = self._options.base
            bases: Iterable[int] = sunspec.BASES if base is None else (base,)
            self._chains[unit] = await sunspec.walk(unit, tuple(bases))
        return self._chains[unit]

    async def _fresh_storage(self) -> ModelValues:
        if self._storage is None or not storage.can_steer(self._storage):
            raise UnsupportedError("the device has no SunSpec storage controls (model 124)")
        at = self._storage.at
        return await sunspec.fetch(self._unit, at, self._options.max_registers)

    def _readings(
        self, models: Mapping[int, ModelValues], meters: list[ModelValues]
    ) -> dict[str, roles.Fields]:
        inputs = roles.storage_inputs(models, self._inputs)
        found: dict[str, roles.Fields] = {}
        if any(number in models for number in roles.INVERTERS):
            found["inverter"] = roles.inverter(models, inputs)
        if roles.has_battery(models):
            found["battery"] = roles.battery(models, inputs)
        for number, meter in enumerate(meters, 1):
            found["meter" if number == 1 else f"meter_{number}"] = roles.meter(meter, self._sign)
        return found

    def _role(self, name: str, fields: roles.Fields) -> Role:
        is_steered = name == AssetKind.BATTERY and self._storage is not None
        can_steer = is_steered and self._storage is not None and storage.can_steer(self._storage)
        return Role(
            kind=_kind(name),
            capabilities=storage.CAPABILITIES if can_steer else frozenset(),
            reports=frozenset(fields),
            confirm_timeout_s=60.0,
            safe=Capability.SELF_RELIANCE if can_steer else None,
        )


_READINGS: Mapping[AssetKind, type[InverterReading | BatteryReading | MeterReading]] = {
    AssetKind.INVERTER: InverterReading,
    AssetKind.BATTERY: BatteryReading,
    AssetKind.METER: MeterReading,
}


def _text(common: ModelValues | None, name: str) -> str | None:
    return None if common is None else common.text(name)


def _kind(role: str) -> AssetKind:
    return AssetKind(role.partition("_")[0])


def _meter_sign(wanted: str | None, vendor: str) -> int:
    is_export = vendor.casefold().startswith(_EXPORT_POSITIVE)
    return -1 if wanted == "export" or (wanted is None and is_export) else 1


async def _recognise(unit: ModbusReader) -> Likeness:
    """By the mark, of 32 bits, and a chain of models that makes a role."""
    found = await SunSpec(unit, None, Options(host="-")).identify()
    return Likeness(40.0, found.vendor, found.model, found.serial, found.firmware)


@asynccontextmanager
async def _open(options: Options, links: Links) -> AsyncIterator[Driver]:
    async with AsyncExitStack() as stack:
        unit = await stack.enter_async_context(open_unit(links.modbus, options))
        meter = None
        if options.meter_unit is not None:
            opened = open_unit(links.modbus, options, options.meter_unit)
            meter = await stack.enter_async_context(opened)
        yield SunSpec(unit, meter, options)


DRIVER = DriverInfo(
    vendor="SunSpec",
    models=("SunSpec inverters, hybrids, batteries and meters (Modbus TCP or RTU)",),
    source="SunSpec Alliance model definitions 1, 10x, 11x, 12x, 160, 20x, 21x, 701, 71x, 802",
    options=Options,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=5.0,
    kinds=frozenset({AssetKind.INVERTER, AssetKind.BATTERY, AssetKind.METER}),
    # Their manuals describe it; more do.
    brands=("Fronius", "SMA", "SolarEdge"),
    controls=storage.CAPABILITIES,
    probes=(ModbusProbe(_recognise),),
)
