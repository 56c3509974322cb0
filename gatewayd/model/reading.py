"""What assets say: one frozen reading type per kind, and the sample that adds the arrival time.

Every field may be None: the device did not say. Power follows Enode's signs (see `model`).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum


class BatteryStatus(StrEnum):
    """Enode's charge state of a battery."""

    CHARGING = "CHARGING"
    DISCHARGING = "DISCHARGING"
    IDLE = "IDLE"
    FAULT = "FAULT"
    UNKNOWN = "UNKNOWN"


class OperationMode(StrEnum):
    """Enode's battery modes. UNKNOWN is only ever observed, never set."""

    SELF_RELIANCE = "SELF_RELIANCE"
    TIME_OF_USE = "TIME_OF_USE"
    IMPORT_FOCUS = "IMPORT_FOCUS"
    EXPORT_FOCUS = "EXPORT_FOCUS"
    UNKNOWN = "UNKNOWN"


class PowerDelivery(StrEnum):
    """Enode's powerDeliveryState. COMPLETE is a vehicle's only."""

    UNKNOWN = "UNKNOWN"
    UNPLUGGED = "UNPLUGGED"
    INITIALIZING = "PLUGGED_IN:INITIALIZING"
    CHARGING = "PLUGGED_IN:CHARGING"
    STOPPED = "PLUGGED_IN:STOPPED"
    COMPLETE = "PLUGGED_IN:COMPLETE"
    NO_POWER = "PLUGGED_IN:NO_POWER"
    FAULT = "PLUGGED_IN:FAULT"
    DISCHARGING = "PLUGGED_IN:DISCHARGING"


class SgReady(IntEnum):
    """The levels of the SG Ready label; a heat pump that nobody tells anything is at NORMAL."""

    BLOCKED = 1
    NORMAL = 2
    RECOMMENDED = 3
    FORCED = 4


@dataclass(frozen=True, slots=True)
class BatteryReading:
    """`power_w` charging +; `reserve_pct` is the level it will not discharge below.

    `setpoint_w` is the power it is told to keep, None while it has none. `is_held`: it is told not
    to discharge, and not to charge from the grid; `is_charge_held`: told not to charge.
    """

    power_w: float | None = None
    soc_pct: float | None = None
    capacity_wh: float | None = None
    status: BatteryStatus | None = None
    operation_mode: OperationMode | None = None
    reserve_pct: float | None = None
    max_charge_w: float | None = None
    max_discharge_w: float | None = None
    charged_wh: float | None = None
    discharged_wh: float | None = None
    voltage_v: float | None = None
    temperature_c: float | None = None
    setpoint_w: float | None = None
    is_held: bool | None = None
    is_charge_held: bool | None = None


@dataclass(frozen=True, slots=True)
class ChargerReading:
    """`max_current_a` is the limit in force per phase; `session_wh` restarts with each plug-in.

    `phases` is how many it is set to charge with, 1 or 3, whatever the car uses of them. `rfid` is
    the card that was shown, `vehicle_id` what the car says it is, as the charger writes them.
    """

    power_delivery: PowerDelivery | None = None
    power_w: float | None = None
    max_current_a: float | None = None
    session_wh: float | None = None
    energy_wh: float | None = None
    voltage_a_v: float | None = None
    voltage_b_v: float | None = None
    voltage_c_v: float | None = None
    current_a_a: float | None = None
    current_b_a: float | None = None
    current_c_a: float | None = None
    power_factor: float | None = None
    failsafe_current_a: float | None = None
    failsafe_timeout_s: float | None = None
    error_code: int | None = None
    rfid: str | None = None
    vehicle_id: str | None = None
    phases: int | None = None

    @property
    def is_charging(self) -> bool | None:
        if self.power_delivery in (None, PowerDelivery.UNKNOWN):
            return None
        return self.power_delivery is PowerDelivery.CHARGING

    @property
    def is_plugged_in(self) -> bool | None:
        if self.power_delivery in (None, PowerDelivery.UNKNOWN):
            return None
        return self.power_delivery is not PowerDelivery.UNPLUGGED


@dataclass(frozen=True, slots=True)
class InverterReading:
    """`power_w` is the sun's; a hybrid's AC output, battery included, is `ac_power_w`.

    `limit_w` and `export_limit_w` are what it is told to keep to; a device that says that it has no
    limit says infinite or its rated power.
    """

    power_w: float | None = None
    ac_power_w: float | None = None
    energy_wh: float | None = None
    voltage_a_v: float | None = None
    voltage_b_v: float | None = None
    voltage_c_v: float | None = None
    current_a_a: float | None = None
    current_b_a: float | None = None
    current_c_a: float | None = None
    frequency_hz: float | None = None
    rated_w: float | None = None
    temperature_c: float | None = None
    is_asleep: bool | None = None
    has_fault: bool | None = None
    limit_w: float | None = None
    export_limit_w: float | None = None


@dataclass(frozen=True, slots=True)
class MeterReading:
    """`power_w` import +; the energies are lifetime counters."""

    power_w: float | None = None
    import_wh: float | None = None
    export_wh: float | None = None
    frequency_hz: float | None = None
    power_factor: float | None = None
    reactive_power_var: float | None = None
    apparent_power_va: float | None = None
    voltage_a_v: float | None = None
    voltage_b_v: float | None = None
    voltage_c_v: float | None = None
    current_a_a: float | None = None
    current_b_a: float | None = None
    current_c_a: float | None = None
    power_a_w: float | None = None
    power_b_w: float | None = None
    power_c_w: float | None = None


@dataclass(frozen=True, slots=True)
class VehicleReading:
    """What a car tells of itself."""

    soc_pct: float | None = None
    range_m: float | None = None
    capacity_wh: float | None = None
    charge_limit_pct: float | None = None
    power_delivery: PowerDelivery | None = None
    power_w: float | None = None
    max_current_a: float | None = None
    charge_remaining_s: float | None = None
    odometer_m: float | None = None
    latitude: float | None = None
    longitude: float | None = None

    @property
    def is_charging(self) -> bool | None:
        if self.power_delivery in (None, PowerDelivery.UNKNOWN):
            return None
        return self.power_delivery is PowerDelivery.CHARGING

    @property
    def is_plugged_in(self) -> bool | None:
        if self.power_delivery in (None, PowerDelivery.UNKNOWN):
            return None
        return self.power_delivery is not PowerDelivery.UNPLUGGED


@dataclass(frozen=True, slots=True)
class HvacReading:
    """A heat pump, heater or air conditioner.

    `mode` is one of `climate.HvacMode` or UNKNOWN, `hold_type` PERMANENT or SCHEDULED. The
    setpoints are those in force, also while the device follows its own schedule. `sg_ready` is
    the level it is told.
    """

    power_w: float | None = None
    energy_wh: float | None = None
    temperature_c: float | None = None
    is_active: bool | None = None
    mode: str | None = None
    hold_type: str | None = None
    heat_setpoint_c: float | None = None
    cool_setpoint_c: float | None = None
    sg_ready: SgReady | None = None


@dataclass(frozen=True, slots=True)
class ContactsReading:
    """Contacts that somebody else closes, such as a grid operator; of no asset. None: unknown."""

    closed: tuple[bool | None, ...] = ()


Reading = (
    BatteryReading
    | ChargerReading
    | InverterReading
    | MeterReading
    | VehicleReading
    | HvacReading
    | ContactsReading
)


@dataclass(frozen=True, slots=True)
class Sample:
    """A reading and when it arrived: wall time for records, monotonic time for its age."""

    reading: Reading
    at: datetime
    at_monotonic: float
