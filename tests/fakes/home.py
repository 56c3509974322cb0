"""An invented home: one asset of each kind, everything reported, every command possible."""

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

from gatewayd.model.asset import Asset, AssetKind, Capability, MeterUsage, Role
from gatewayd.model.reading import (
    BatteryReading,
    BatteryStatus,
    ChargerReading,
    HvacReading,
    InverterReading,
    MeterReading,
    OperationMode,
    PowerDelivery,
    Reading,
    Sample,
    VehicleReading,
)
from gatewayd.model.site import AssetState

SINCE = datetime(2026, 1, 1, tzinfo=UTC)

READING_TYPES: dict[AssetKind, type[Reading]] = {
    AssetKind.BATTERY: BatteryReading,
    AssetKind.CHARGER: ChargerReading,
    AssetKind.HVAC: HvacReading,
    AssetKind.INVERTER: InverterReading,
    AssetKind.METER: MeterReading,
    AssetKind.VEHICLE: VehicleReading,
}

MODES = frozenset(
    {
        Capability.SELF_RELIANCE,
        Capability.TIME_OF_USE,
        Capability.IMPORT_FOCUS,
        Capability.EXPORT_FOCUS,
    }
)
CHARGING = frozenset(
    {Capability.START_CHARGING, Capability.STOP_CHARGING, Capability.SET_MAX_CURRENT}
)
_CAPABILITIES = {AssetKind.BATTERY: MODES, AssetKind.CHARGER: CHARGING}

BATTERY = BatteryReading(
    power_w=1500.0,
    soc_pct=64.04,
    capacity_wh=10_000.0,
    status=BatteryStatus.CHARGING,
    operation_mode=OperationMode.SELF_RELIANCE,
    reserve_pct=10.0,
    charged_wh=2_500_123.0,
    discharged_wh=2_100_000.0,
    temperature_c=24.5,
)
CHARGER = ChargerReading(
    power_delivery=PowerDelivery.CHARGING,
    power_w=3680.0,
    max_current_a=16.0,
    session_wh=4_200.0,
    energy_wh=812_345.0,
    voltage_a_v=230.1,
    current_a_a=15.98,
)
INVERTER = InverterReading(power_w=4200.0, energy_wh=9_876_543.0, frequency_hz=50.01)
METER = MeterReading(power_w=1250.0, import_wh=4_000_000.0, export_wh=1_000_000.0)
VEHICLE = VehicleReading(soc_pct=55.0, range_m=210_000.0, power_delivery=PowerDelivery.CHARGING)
HVAC = HvacReading(power_w=900.0, temperature_c=21.3, is_active=True)

READINGS: dict[AssetKind, Reading] = {
    AssetKind.BATTERY: BATTERY,
    AssetKind.CHARGER: CHARGER,
    AssetKind.HVAC: HVAC,
    AssetKind.INVERTER: INVERTER,
    AssetKind.METER: METER,
    AssetKind.VEHICLE: VEHICLE,
}


def asset(kind: AssetKind, **changes: Any) -> Asset:
    """An asset that reports every field of its kind; its slug is its kind."""
    role = Role(
        kind,
        _CAPABILITIES.get(kind, frozenset()),
        frozenset(field.name for field in fields(READING_TYPES[kind])),
        min_current_a=6.0,
        max_current_a=16.0,
    )
    made = Asset(
        id=f"00000000-0000-4000-8000-{list(AssetKind).index(kind):012}",
        device_id=kind.value,
        role=kind.value,
        slug=kind.value,
        user_id="home",
        vendor="DEMO",
        brand="Demo",
        model=kind.value.capitalize(),
        spec=role,
        created_at=SINCE,
        usage=MeterUsage.GRID if kind is AssetKind.METER else None,
    )
    return replace(made, **changes)


def every_asset() -> list[Asset]:
    return [asset(kind) for kind in AssetKind]


def state(kind: AssetKind, reading: Reading | None = None, **changes: Any) -> AssetState:
    """A reachable asset that just said `reading`, or what is usual for its kind."""
    sample = Sample(reading or READINGS[kind], SINCE, 0.0)
    return replace(
        AssetState(asset(kind), sample, is_reachable=True, last_seen_at=SINCE), **changes
    )
