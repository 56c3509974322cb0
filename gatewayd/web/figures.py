"""What a card shows of a reading: one headline, one word, a few details. Pure."""

from dataclasses import dataclass

from gatewayd.model.reading import (
    BatteryReading,
    BatteryStatus,
    ChargerReading,
    ContactsReading,
    HvacReading,
    InverterReading,
    MeterReading,
    OperationMode,
    PowerDelivery,
    Reading,
    VehicleReading,
)
from gatewayd.web.words import UNKNOWN, figure, kwh, watt

_DELIVERY = {
    PowerDelivery.UNPLUGGED: "no car",
    PowerDelivery.INITIALIZING: "starting",
    PowerDelivery.CHARGING: "charging",
    PowerDelivery.STOPPED: "plugged in, not charging",
    PowerDelivery.COMPLETE: "complete",
    PowerDelivery.NO_POWER: "plugged in, no power",
    PowerDelivery.FAULT: "fault",
    PowerDelivery.DISCHARGING: "discharging",
}
_MODES = {
    OperationMode.SELF_RELIANCE: "self reliance",
    OperationMode.TIME_OF_USE: "time of use",
    OperationMode.IMPORT_FOCUS: "import focus",
    OperationMode.EXPORT_FOCUS: "export focus",
}


@dataclass(frozen=True, slots=True)
class Detail:
    """One more figure, and the reading's field it comes from."""

    field: str
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Figures:
    """`headline` is the figure people look for; `way` says in words what is going on."""

    headline: str
    way: str
    details: tuple[Detail, ...]


def figures(reading: Reading, reports: frozenset[str]) -> Figures:
    """The main figures of a reading; a detail its device never says is left out."""
    said = _figures(reading)
    told = (d for d in said.details if d.field in reports or d.text != UNKNOWN)
    return Figures(said.headline, said.way, tuple(told))


def _figures(reading: Reading) -> Figures:
    match reading:
        case BatteryReading():
            return _battery(reading)
        case ChargerReading():
            return _charger(reading)
        case InverterReading():
            return _inverter(reading)
        case MeterReading():
            return _meter(reading)
        case VehicleReading():
            return _vehicle(reading)
        case HvacReading():
            return _hvac(reading)
        case ContactsReading():
            return Figures(UNKNOWN, UNKNOWN, ())


def _battery(said: BatteryReading) -> Figures:
    status = said.status or BatteryStatus.UNKNOWN
    way = UNKNOWN if status is BatteryStatus.UNKNOWN else status.value.lower()
    if said.power_w and status in (BatteryStatus.CHARGING, BatteryStatus.DISCHARGING):
        way = f"{way} with {watt(said.power_w)}"
    return Figures(
        figure(said.soc_pct, "%"),
        way,
        (
            Detail("operation_mode", "Mode", _mode(said.operation_mode)),
            Detail("capacity_wh", "Capacity", kwh(said.capacity_wh)),
            Detail("reserve_pct", "Reserve", figure(said.reserve_pct, "%")),
            Detail("temperature_c", "Temperature", figure(said.temperature_c, "°C")),
        ),
    )


def _charger(said: ChargerReading) -> Figures:
    return Figures(
        watt(said.power_w),
        _delivery(said.power_delivery),
        (
            Detail("max_current_a", "Limit", figure(said.max_current_a, "A")),
            Detail("session_wh", "Session", kwh(said.session_wh)),
            Detail("energy_wh", "In all", kwh(said.energy_wh)),
        ),
    )


def _inverter(said: InverterReading) -> Figures:
    return Figures(
        watt(said.power_w),
        _production(said),
        (
            Detail("energy_wh", "In all", kwh(said.energy_wh)),
            Detail("rated_w", "Rated", watt(said.rated_w)),
            Detail("temperature_c", "Temperature", figure(said.temperature_c, "°C")),
        ),
    )


def _meter(said: MeterReading) -> Figures:
    way = "importing" if (said.power_w or 0.0) >= 0 else "exporting"
    return Figures(
        watt(said.power_w),
        UNKNOWN if said.power_w is None else way,
        (
            Detail("import_wh", "Imported", kwh(said.import_wh)),
            Detail("export_wh", "Exported", kwh(said.export_wh)),
            Detail("voltage_a_v", "Voltage", figure(said.voltage_a_v, "V")),
            Detail("frequency_hz", "Frequency", figure(said.frequency_hz, "Hz", 2)),
        ),
    )


def _vehicle(said: VehicleReading) -> Figures:
    range_km = None if said.range_m is None else said.range_m / 1000
    return Figures(
        figure(said.soc_pct, "%"),
        _delivery(said.power_delivery),
        (
            Detail("range_m", "Range", figure(range_km, "km")),
            Detail("charge_limit_pct", "Limit", figure(said.charge_limit_pct, "%")),
            Detail("power_w", "Power", watt(said.power_w)),
        ),
    )


def _hvac(said: HvacReading) -> Figures:
    way = "running" if said.is_active else "resting"
    return Figures(
        figure(said.temperature_c, "°C", 1),
        UNKNOWN if said.is_active is None else way,
        (
            Detail("power_w", "Power", watt(said.power_w)),
            Detail("heat_setpoint_c", "Heat to", figure(said.heat_setpoint_c, "°C", 1)),
            Detail("cool_setpoint_c", "Cool to", figure(said.cool_setpoint_c, "°C", 1)),
        ),
    )


def _mode(mode: OperationMode | None) -> str:
    return _MODES.get(mode, UNKNOWN) if mode else UNKNOWN


def _delivery(state: PowerDelivery | None) -> str:
    return _DELIVERY.get(state, UNKNOWN) if state else UNKNOWN


def _production(said: InverterReading) -> str:
    if said.has_fault:
        return "fault"
    if said.is_asleep:
        return "asleep"
    if said.power_w is None:
        return UNKNOWN
    return "producing" if said.power_w > 0 else "idle"
