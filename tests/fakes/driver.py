"""A device that outlives its driver, and a driver that does what the test says.

The box keeps its state when the daemon is killed, as a real one does; the driver is new each time.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from gatewayd.devices.device import ConfiguredDevice
from gatewayd.model.asset import AssetKind, Capability, Identity, Role
from gatewayd.model.climate import Bounds, FollowSchedule, HvacMode, PermanentHold, Thermostat
from gatewayd.model.command import (
    Command,
    SetMaxCurrent,
    SetOperationMode,
    StartCharging,
    StopCharging,
)
from gatewayd.model.power import Hold, HoldCharge, SetBatteryPower, SetPhases, SetSgReady
from gatewayd.model.reading import (
    BatteryReading,
    ChargerReading,
    HvacReading,
    MeterReading,
    OperationMode,
    PowerDelivery,
    Reading,
    VehicleReading,
)
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.options import DeviceOptions
from gatewayd.sdk.wear import Wear

Step = Callable[[str], Awaitable[None]]


async def _pass(_: str) -> None:
    pass


@dataclass(eq=False)
class ScriptedBox:
    """One device. `step` is awaited with the name of each thing the driver does, before it.

    `faults` are raised by the step of that name, until removed. `obeys` false: the box takes
    commands and ignores them. `steps` are what was done, `writes` and `renewals` what arrived.
    """

    identity: Identity
    readings: dict[str, Reading]
    obeys: bool = True
    faults: dict[str, BaseException] = field(default_factory=dict)
    step: Step = _pass
    watchdogs: dict[str, float] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)
    writes: list[Command] = field(default_factory=list)
    renewals: list[str] = field(default_factory=list)
    wear: Wear = field(default_factory=lambda: Wear(10))

    def driver(self) -> "ScriptedDriver":
        """A driver that has just been opened."""
        return ScriptedDriver(self)

    def count(self, step: str) -> int:
        """How often the driver did this."""
        return self.steps.count(step)

    def set_charger(self, **changes: object) -> None:
        """Change what the charger says of itself."""
        self.readings["charger"] = replace(self.readings["charger"], **changes)  # type: ignore[arg-type]

    def take(self, role: str, command: Command) -> None:
        """A command arrives."""
        self.writes.append(command)
        if self.obeys:
            self.readings[role] = obeyed(self.readings[role], command)


class ScriptedDriver:
    """The driver of one box."""

    def __init__(self, box: ScriptedBox) -> None:
        self._box = box
        self.wear = box.wear = Wear(10)

    async def identify(self) -> Identity:
        await self._do("identify")
        return self._box.identity

    async def read(self) -> Mapping[str, Reading]:
        await self._do("read")
        taken = dict(self._box.readings)
        await self._do("answer")
        return taken

    async def apply(self, role: str, command: Command) -> None:
        await self._do("apply")
        self._box.take(role, command)
        await self._do("applied")

    async def renew(self, role: str) -> None:
        await self._do("renew")
        self._box.renewals.append(role)

    def watchdog_s(self, role: str) -> float | None:
        return self._box.watchdogs.get(role)

    async def _do(self, name: str) -> None:
        self._box.steps.append(name)
        await self._box.step(name)
        if name in self._box.faults:
            raise self._box.faults[name]


def obeyed(reading: Reading, command: Command) -> Reading:
    """What a good device says after a command."""
    match reading:
        case BatteryReading():
            return _obeyed_by_battery(reading, command)
        case HvacReading():
            return _obeyed_by_heat_pump(reading, command)
    match reading, command:
        case ChargerReading() | VehicleReading(), StartCharging():
            return replace(reading, power_delivery=PowerDelivery.CHARGING)
        case ChargerReading() | VehicleReading(), StopCharging():
            return replace(reading, power_delivery=PowerDelivery.STOPPED)
        case ChargerReading() | VehicleReading(), SetMaxCurrent(current_a=current_a):
            return replace(reading, max_current_a=current_a)
        case ChargerReading(), SetPhases(phases=phases):
            return replace(reading, phases=phases)
    raise AssertionError(f"no such command: {command}")


def _obeyed_by_battery(reading: BatteryReading, command: Command) -> Reading:
    free = replace(
        reading,
        operation_mode=OperationMode.UNKNOWN,
        is_held=False,
        is_charge_held=False,
        setpoint_w=None,
    )
    match command:
        case SetOperationMode(mode=mode):
            return replace(free, operation_mode=mode)
        case Hold():
            return replace(free, is_held=True)
        case HoldCharge():
            return replace(free, is_charge_held=True)
        case SetBatteryPower(power_w=power_w):
            return replace(free, setpoint_w=power_w)
    raise AssertionError(f"no such command: {command}")


def _obeyed_by_heat_pump(reading: HvacReading, command: Command) -> Reading:
    match command:
        case SetSgReady(level=level):
            return replace(reading, sg_ready=level)
        case PermanentHold(mode=mode, heat_setpoint_c=heat_c, cool_setpoint_c=cool_c):
            held = replace(reading, hold_type="PERMANENT", mode=mode.value)
            return replace(held, heat_setpoint_c=heat_c, cool_setpoint_c=cool_c)
        case FollowSchedule():
            return replace(reading, hold_type="SCHEDULED")
    raise AssertionError(f"no such command: {command}")


def charger_box(serial: str | None = "C1", timeout_s: float = 60.0) -> ScriptedBox:
    """A charger, car plugged in, not charging, limit 16 A."""
    role = Role(
        AssetKind.CHARGER,
        frozenset(
            {Capability.START_CHARGING, Capability.STOP_CHARGING, Capability.SET_MAX_CURRENT}
        ),
        min_current_a=6.0,
        max_current_a=32.0,
        confirm_timeout_s=timeout_s,
    )
    identity = Identity("Acme", "Box", {"charger": role}, serial=serial)
    reading = ChargerReading(power_delivery=PowerDelivery.STOPPED, max_current_a=16.0)
    return ScriptedBox(identity, {"charger": reading})


def car_box(serial: str | None = "WVWZZZE1ZRP000001") -> ScriptedBox:
    """A car, plugged in at half its level, not charging, limit 16 A."""
    role = Role(
        AssetKind.VEHICLE,
        frozenset(
            {Capability.START_CHARGING, Capability.STOP_CHARGING, Capability.SET_MAX_CURRENT}
        ),
        frozenset(
            {
                "soc_pct",
                "range_m",
                "capacity_wh",
                "charge_limit_pct",
                "power_delivery",
                "power_w",
                "max_current_a",
                "odometer_m",
                "latitude",
                "longitude",
            }
        ),
        min_current_a=6.0,
        max_current_a=32.0,
        model_year=2023,
    )
    reading = VehicleReading(
        soc_pct=50.0,
        range_m=187_400.0,
        capacity_wh=58_000.0,
        charge_limit_pct=80.0,
        power_delivery=PowerDelivery.STOPPED,
        max_current_a=16.0,
        odometer_m=31_234_500.0,
        latitude=59.91,
        longitude=10.75,
    )
    return ScriptedBox(
        Identity("Acme", "Roadster", {"vehicle": role}, serial), {"vehicle": reading}
    )


def thermostat_box(serial: str | None = "T1") -> ScriptedBox:
    """A heat pump that heats and cools, and follows its own schedule."""
    role = Role(
        AssetKind.HVAC,
        frozenset({Capability.SET_PERMANENT_HOLD, Capability.SET_FOLLOW_SCHEDULE}),
        frozenset(
            {"power_w", "temperature_c", "is_active", "mode", "hold_type", "heat_setpoint_c"}
        ),
        thermostat=Thermostat(
            frozenset(HvacMode), Bounds(10.0, 25.0), Bounds(18.0, 30.0), Bounds(2.0, 15.0)
        ),
    )
    reading = HvacReading(
        power_w=1200.0,
        temperature_c=20.5,
        is_active=True,
        mode="HEAT",
        hold_type="SCHEDULED",
        heat_setpoint_c=21.0,
    )
    return ScriptedBox(Identity("Acme", "Warm", {"hvac": role}, serial), {"hvac": reading})


def battery_box(serial: str | None = "B1") -> ScriptedBox:
    """A battery in self reliance that knows one more mode."""
    modes = frozenset({Capability.SELF_RELIANCE, Capability.IMPORT_FOCUS})
    identity = Identity("Acme", "Cell", {"battery": Role(AssetKind.BATTERY, modes)}, serial=serial)
    return ScriptedBox(
        identity, {"battery": BatteryReading(operation_mode=OperationMode.SELF_RELIANCE)}
    )


def configured(
    device_id: str, box: ScriptedBox, poll_s: float = 2.0, *, read_only: bool = False
) -> ConfiguredDevice:
    """The box as a configured device."""
    info = DriverInfo(
        vendor=box.identity.vendor,
        models=(box.identity.model,),
        source="scripted",
        options=DeviceOptions,
        open=Opener(box),
        quality={},
    )
    return ConfiguredDevice(
        device_id, info, DeviceOptions(poll_s=poll_s, read_only=read_only), "home"
    )


@dataclass(frozen=True)
class Opener:
    """Opens the box's driver."""

    box: ScriptedBox

    @asynccontextmanager
    async def __call__(self, _options: DeviceOptions, _links: object) -> AsyncIterator[Driver]:
        driver = self.box.driver()
        await driver._do("open")
        try:
            yield driver
        finally:
            await driver._do("close")


def meter_box(serial: str | None = "M1") -> ScriptedBox:
    """A meter of three phases on which nothing is drawn."""
    role = Role(AssetKind.METER, reports=frozenset({"power_w"}))
    reading = MeterReading(power_w=0.0, current_a_a=0.0, current_b_a=0.0, current_c_a=0.0)
    return ScriptedBox(Identity("Acme", "Count", {"meter": role}, serial), {"meter": reading})
