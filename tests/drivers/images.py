"""A device's register image with what must come of it: one file of tests/fixtures/devices.

captured: false | {by: ..., on: ..., firmware: ...}
options: {...}                       beside host and port
registers: {holding: {100: [1, 2]}}  of the device's own unit; input, coil, discrete alike
others: {200: {holding: {...}}}      of further units
identity: {vendor: ..., model: ..., serial: ..., firmware: ...}
expect: {meter: {power_w: -1800.5}}  every field that is not None
effects:                             what a write changes elsewhere in the device
- {write: 5004, to: 1101}            the same value there; `to_input` for an input register
- {write: 5014, value: 0, set: {1001: 5}}        with this value, that; `set_input`, `set_coil`
commands:
- {do: set_max_current, current_a: 10, writes: [[5004, [10000]]], then: {...}}
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from gatewayd.devices.registry import Registry
from gatewayd.errors import AbsentError
from gatewayd.links.pool import Links
from gatewayd.model.asset import Capability
from gatewayd.model.climate import FollowSchedule, HvacMode, PermanentHold
from gatewayd.model.command import (
    Command,
    SetMaxCurrent,
    SetOperationMode,
    StartCharging,
    StopCharging,
)
from gatewayd.model.power import (
    Hold,
    HoldCharge,
    SetBatteryPower,
    SetExportLimit,
    SetPhases,
    SetProductionLimit,
    SetReserve,
    SetSgReady,
)
from gatewayd.model.reading import OperationMode, SgReady
from gatewayd.sdk.driver import Driver
from tests.fakes.modbus_server import ModbusServer, image

FOLDER = Path(__file__).parents[1] / "fixtures" / "devices"
FUNCTIONS = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}

Tables = dict[int, dict[int, int]]


@dataclass
class Fixture:
    """One file, read when first looked into. The driver is its stem up to the first dash."""

    path: Path

    @cached_property
    def content(self) -> dict[str, Any]:
        found: dict[str, Any] = YAML(typ="safe", pure=True).load(self.path)
        return found

    @property
    def has_commands(self) -> bool:
        """Told from the text, which is read much faster than it is understood."""
        return "\ncommands:" in self.path.read_text()

    @property
    def driver(self) -> str:
        return self.path.stem.partition("-")[0]

    @property
    def commands(self) -> list[dict[str, Any]]:
        return list(self.content.get("commands", []))

    def options(self, **more: object) -> dict[str, object]:
        own: dict[str, object] = self.content.get("options", {})
        return {"host": "127.0.0.1"} | own | more

    def units(self, unit: int) -> dict[int, Tables]:
        """All registers, by unit, function code and address; the device's own is `unit`."""
        units = {unit: _tables(self.content["registers"])}
        return units | {n: _tables(more) for n, more in self.content.get("others", {}).items()}

    def server(self, unit: int) -> ModbusServer:
        """The device, with registers that take what is written to them."""
        units = self.units(unit)

        def store(unit: int, address: int, value: int) -> None:
            self.store(units[unit], address, value)

        return ModbusServer(image(units), store=store)

    def store(self, tables: Tables, address: int, value: int) -> None:
        """A register is written, with what comes of it elsewhere."""
        tables.setdefault(3, {})[address] = value
        for effect in self.content.get("effects", []):
            if effect["write"] == address and effect.get("value", value) == value:
                _take_effect(tables, effect, value)


@dataclass
class Bench:
    """A driver at work on its image."""

    driver: Driver
    server: ModbusServer
    unit: int

    @property
    def writes(self) -> list[list[Any]]:
        """Address and values of every write, and the unit where it is not the device's own."""
        return [
            [r.address, list(r.values), *([r.unit] if r.unit != self.unit else [])]
            for r in self.server.requests
            if r.function in (5, 6, 16)
        ]

    def holding(self, address: int) -> int | None:
        """What a register of the device's own unit holds now."""
        return self.server.words(self.unit, 3, address)


@asynccontextmanager
async def bench(fixture: Fixture, registry: Registry, **options: object) -> AsyncIterator[Bench]:
    """The driver of a fixture, open on its device."""
    info = registry.info(fixture.driver)
    unit = info.options.model_validate(fixture.options()).unit  # type: ignore[attr-defined]
    async with fixture.server(unit).on_loopback() as server:
        chosen = info.options.model_validate(fixture.options(port=server.port, **options))
        async with info.open(chosen, Links()) as driver:
            yield Bench(driver, server, unit)


@dataclass(frozen=True, eq=False)
class ImageUnit:
    """One unit of an image in memory, that can only be read."""

    tables: Tables

    async def read_holding(self, address: int, count: int) -> tuple[int, ...]:
        return self._read(3, address, count)

    async def read_input(self, address: int, count: int) -> tuple[int, ...]:
        return self._read(4, address, count)

    async def read_coils(self, address: int, count: int) -> tuple[bool, ...]:
        return tuple(map(bool, self._read(1, address, count)))

    async def read_discrete(self, address: int, count: int) -> tuple[bool, ...]:
        return tuple(map(bool, self._read(2, address, count)))

    def _read(self, function: int, address: int, count: int) -> tuple[int, ...]:
        try:
            return tuple(self.tables[function][at] for at in range(address, address + count))
        except KeyError:
            raise AbsentError(f"there is no {function}:{address}+{count}") from None


def fixtures() -> list[Fixture]:
    """All of them, by name."""
    return [Fixture(path) for path in sorted(FOLDER.glob("*.yaml"))]


def command(entry: dict[str, Any]) -> tuple[Capability, Command]:
    """What a fixture's command entry tells the device."""
    capability = Capability(entry["do"])
    if make := _POWER.get(capability):
        return capability, make(entry)
    match capability:
        case Capability.START_CHARGING:
            return capability, StartCharging()
        case Capability.STOP_CHARGING:
            return capability, StopCharging()
        case Capability.SET_MAX_CURRENT:
            return capability, SetMaxCurrent(entry["current_a"])
        case Capability.SET_PERMANENT_HOLD:
            return capability, PermanentHold(HvacMode(entry["mode"]), entry.get("heat_c"))
        case Capability.SET_FOLLOW_SCHEDULE:
            return capability, FollowSchedule()
    return capability, SetOperationMode(OperationMode(capability.value.upper()))


_POWER: Mapping[Capability, Callable[[dict[str, Any]], Command]] = {
    Capability.HOLD: lambda _: Hold(),
    Capability.HOLD_CHARGE: lambda _: HoldCharge(),
    Capability.SET_POWER: lambda entry: SetBatteryPower(entry["power_w"]),
    Capability.SET_RESERVE: lambda entry: SetReserve(entry["reserve_pct"]),
    Capability.SET_PRODUCTION_LIMIT: lambda entry: SetProductionLimit(entry["limit_w"]),
    Capability.SET_EXPORT_LIMIT: lambda entry: SetExportLimit(entry["limit_w"]),
    Capability.SET_PHASES: lambda entry: SetPhases(entry["phases"]),
    Capability.SET_SG_READY: lambda entry: SetSgReady(SgReady(entry["level"])),
}


def _take_effect(tables: Tables, effect: dict[str, Any], value: int) -> None:
    for key, function in (("", 3), ("_input", 4), ("_coil", 1)):
        table = tables.setdefault(function, {})
        if to := effect.get(f"to{key}"):
            table[to] = value
        table.update(effect.get(f"set{key}", {}))


def _tables(registers: dict[str, dict[int, list[int]]]) -> Tables:
    return {
        FUNCTIONS[table]: {
            start + offset: word
            for start, words in runs.items()
            for offset, word in enumerate(words)
        }
        for table, runs in registers.items()
    }
