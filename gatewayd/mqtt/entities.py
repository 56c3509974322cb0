"""What each kind of asset shows: one line per value of its state document."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from gatewayd.model.asset import AssetKind
from gatewayd.model.reading import (
    BatteryReading,
    BatteryStatus,
    HvacReading,
    InverterReading,
    OperationMode,
    PowerDelivery,
    SgReady,
)
from gatewayd.mqtt.entity import (
    AMPERE,
    CELSIUS,
    FACTOR,
    HERTZ,
    KM,
    LEVEL,
    MINUTE,
    PERCENT,
    STORED_KWH,
    VA,
    VAR,
    VOLT,
    WATT,
    Entity,
    Value,
    counter,
    flag,
    hidden,
    number,
    technical,
    total,
    word,
)

MODE_LABELS = {
    OperationMode.SELF_RELIANCE.value: "Self reliance",
    OperationMode.TIME_OF_USE.value: "Time of use",
    OperationMode.IMPORT_FOCUS.value: "Import focus",
    OperationMode.EXPORT_FOCUS.value: "Export focus",
}
_BATTERY_LABELS = {status.value: status.value.capitalize() for status in BatteryStatus}
_DELIVERY_LABELS = {
    PowerDelivery.UNPLUGGED.value: "Unplugged",
    PowerDelivery.INITIALIZING.value: "Initializing",
    PowerDelivery.CHARGING.value: "Charging",
    PowerDelivery.STOPPED.value: "Stopped",
    PowerDelivery.COMPLETE.value: "Complete",
    PowerDelivery.NO_POWER.value: "No power",
    PowerDelivery.FAULT.value: "Fault",
    PowerDelivery.DISCHARGING.value: "Discharging",
    PowerDelivery.UNKNOWN.value: "Unknown",
}
_HVAC_LABELS = {"OFF": "Off", "AUTO": "Heat and cool", "COOL": "Cool", "HEAT": "Heat"}
_HOLD_LABELS = {"PERMANENT": "Held", "SCHEDULED": "Own schedule"}
_SG_LABELS = {level.name: level.name.capitalize() for level in SgReady}
_INVERTER_LABELS = {
    state: state.capitalize() for state in ("PRODUCING", "IDLE", "ASLEEP", "FAULT", "UNKNOWN")
}


def _mode(reading: BatteryReading) -> Value:
    """Enode's word; None for UNKNOWN, which nobody can choose."""
    mode = reading.operation_mode
    return None if mode in (None, OperationMode.UNKNOWN) else mode.value


def _level(reading: HvacReading) -> Value:
    return "UNKNOWN" if reading.sg_ready is None else reading.sg_ready.name


def _stored_wh(reading: BatteryReading) -> Value:
    if reading.soc_pct is None or reading.capacity_wh is None:
        return None
    return reading.soc_pct / 100 * reading.capacity_wh


def _inverter_status(reading: InverterReading) -> Value:
    if reading.has_fault:
        return "FAULT"
    if reading.is_asleep:
        return "ASLEEP"
    if reading.power_w is None:
        return "UNKNOWN"
    return "PRODUCING" if reading.power_w > 0 else "IDLE"


# Chargers and vehicles share the field, not the type.
def _delivery(reading: Any) -> Value:  # noqa: ANN401
    state: PowerDelivery = reading.power_delivery or PowerDelivery.UNKNOWN
    return state.value


def _phase(letter: str) -> tuple[Entity, Entity]:
    name = letter.upper()
    return (
        number(f"voltage_{letter}_v", f"Voltage phase {name}", f"voltage_{letter}_v", VOLT),
        number(f"current_{letter}_a", f"Current phase {name}", f"current_{letter}_a", AMPERE),
    )


_POWER = number("power_w", "Power", "power_w", WATT)
_TEMPERATURE = number("temperature_c", "Temperature", "temperature_c", CELSIUS)
_CURRENT_LIMIT = number("max_current_a", "Maximum current", "max_current_a", AMPERE)
_CAPACITY = number("capacity_kwh", "Capacity", "capacity_wh", STORED_KWH)
_FREQUENCY = number("frequency_hz", "Frequency", "frequency_hz", HERTZ)
_POWER_FACTOR = number("power_factor", "Power factor", "power_factor", FACTOR)
_PHASES = (*technical(*_phase("a")), *hidden(*_phase("b"), *_phase("c")))
_CHARGE_STATE = (
    word("state", "State", "power_delivery", _DELIVERY_LABELS, _delivery),
    flag("charging", "Charging", "power_delivery", "battery_charging", lambda r: r.is_charging),
    flag("plugged_in", "Plugged in", "power_delivery", "plug", lambda r: r.is_plugged_in),
)

_BATTERY = (
    # Ours is positive while charging, Home Assistant's while discharging.
    replace(_POWER, unit=WATT._replace(scale=-1.0)),
    number("soc_pct", "Level", "soc_pct", LEVEL),
    replace(
        number("stored_kwh", "Stored energy", "capacity_wh", STORED_KWH),
        needs=("soc_pct", "capacity_wh"),
        read=_stored_wh,
    ),
    counter("charged_kwh", "Charged", "charged_wh"),
    counter("discharged_kwh", "Discharged", "discharged_wh"),
    word(
        "status",
        "Status",
        "status",
        _BATTERY_LABELS,
        lambda reading: (reading.status or BatteryStatus.UNKNOWN).value,
    ),
    word("operation_mode", "Operation mode", "operation_mode", MODE_LABELS, _mode),
    number("reserve_pct", "Reserve", "reserve_pct", PERCENT),
    *technical(_CAPACITY, _TEMPERATURE, number("voltage_v", "Voltage", "voltage_v", VOLT)),
    *hidden(
        number("max_charge_w", "Maximum charge power", "max_charge_w", WATT),
        number("max_discharge_w", "Maximum discharge power", "max_discharge_w", WATT),
    ),
)

_CHARGER = (
    _POWER,
    # It begins again at each plug-in.
    total("session_kwh", "Session energy", "session_wh"),
    counter("energy_kwh", "Energy", "energy_wh"),
    *_CHARGE_STATE,
    _CURRENT_LIMIT,
    *_PHASES,
    *technical(_POWER_FACTOR),
)

_INVERTER = (
    _POWER,
    counter("energy_kwh", "Energy", "energy_wh"),
    word("status", "Status", "power_w", _INVERTER_LABELS, _inverter_status),
    *technical(number("ac_power_w", "AC power", "ac_power_w", WATT), _TEMPERATURE, _FREQUENCY),
    *_PHASES,
    *hidden(number("rated_w", "Rated power", "rated_w", WATT)),
)

_METER = (
    _POWER,
    counter("imported_kwh", "Imported", "import_wh"),
    counter("exported_kwh", "Exported", "export_wh"),
    *_PHASES,
    *technical(_FREQUENCY, _POWER_FACTOR),
    *hidden(
        number("power_a_w", "Power phase A", "power_a_w", WATT),
        number("power_b_w", "Power phase B", "power_b_w", WATT),
        number("power_c_w", "Power phase C", "power_c_w", WATT),
        number("reactive_power_var", "Reactive power", "reactive_power_var", VAR),
        number("apparent_power_va", "Apparent power", "apparent_power_va", VA),
    ),
)

# Where a car is stays at home: its coordinates are not published.
_VEHICLE = (
    number("soc_pct", "Level", "soc_pct", LEVEL),
    _POWER,
    number("range_km", "Range", "range_m", KM),
    *_CHARGE_STATE,
    number("charge_limit_pct", "Charge limit", "charge_limit_pct", PERCENT),
    _CURRENT_LIMIT,
    number("remaining_min", "Time left", "charge_remaining_s", MINUTE),
    *technical(number("odometer_km", "Odometer", "odometer_m", KM), _CAPACITY),
)

_HVAC = (
    _POWER,
    counter("energy_kwh", "Energy", "energy_wh"),
    _TEMPERATURE,
    word("mode", "Mode", "mode", _HVAC_LABELS, lambda reading: reading.mode or "UNKNOWN"),
    word("hold", "Hold", "hold_type", _HOLD_LABELS, lambda reading: reading.hold_type or "UNKNOWN"),
    flag("active", "Active", "is_active", "running", lambda reading: reading.is_active),
    number("heat_setpoint_c", "Heat setpoint", "heat_setpoint_c", CELSIUS),
    number("cool_setpoint_c", "Cool setpoint", "cool_setpoint_c", CELSIUS),
    word("sg_ready", "SG Ready", "sg_ready", _SG_LABELS, _level),
)

ENTITIES: Mapping[AssetKind, tuple[Entity, ...]] = MappingProxyType(
    {
        AssetKind.BATTERY: _BATTERY,
        AssetKind.CHARGER: _CHARGER,
        AssetKind.HVAC: _HVAC,
        AssetKind.INVERTER: _INVERTER,
        AssetKind.METER: _METER,
        AssetKind.VEHICLE: _VEHICLE,
    }
)


def reported(kind: AssetKind, reports: frozenset[str]) -> tuple[Entity, ...]:
    """The entities a device can fill."""
    return tuple(entity for entity in ENTITIES[kind] if reports.issuperset(entity.needs))
