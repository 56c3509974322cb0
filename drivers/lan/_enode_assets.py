"""Assets as an Enode-compatible API shows them, in kW, kWh, km and minutes."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from drivers.lan._enode_asset import Amount, Asset, Document, Percent, Text, kilo, word
from gatewayd.model.asset import AssetKind, Capability
from gatewayd.model.climate import Bounds, HvacCategory, HvacMode, Thermostat
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
    VehicleReading,
)

_MINUTE_S = 60.0


class _BatteryState(Document):
    status: Text = None
    battery_capacity: Amount = None
    battery_level: Percent = None
    charge_rate: float | None = None
    discharge_limit: Percent = None


class _BatteryConfig(Document):
    operation_mode: Text = None


class BatteryAsset(Asset):
    """Charging is positive there, too."""

    kind = AssetKind.BATTERY
    commands: ClassVar[Mapping[str, Capability]] = {
        "selfReliance": Capability.SELF_RELIANCE,
        "timeOfUse": Capability.TIME_OF_USE,
        "importFocus": Capability.IMPORT_FOCUS,
        "exportFocus": Capability.EXPORT_FOCUS,
    }

    charge_state: _BatteryState
    config: _BatteryConfig = _BatteryConfig()

    @property
    def serial(self) -> str | None:
        return super().serial or self.information.id

    def reading(self) -> Reading:
        state = self.charge_state
        return BatteryReading(
            power_w=kilo(state.charge_rate),
            soc_pct=state.battery_level,
            capacity_wh=kilo(state.battery_capacity),
            status=word(BatteryStatus, state.status),
            operation_mode=word(OperationMode, self.config.operation_mode),
            reserve_pct=state.discharge_limit,
        )


class _ChargeState(Document):
    """Of chargers and vehicles; a rate is told only while there is one."""

    is_charging: bool | None = None
    charge_rate: float | None = None
    max_current: Amount = None
    power_delivery_state: Text = None
    battery_level: Percent = None
    range: Amount = None
    battery_capacity: Amount = None
    charge_limit: Percent = None
    charge_time_remaining: Amount = None

    @property
    def power_w(self) -> float | None:
        return 0.0 if self.is_charging is False else kilo(self.charge_rate)


_CHARGING = {
    "startCharging": Capability.START_CHARGING,
    "stopCharging": Capability.STOP_CHARGING,
    "setMaxCurrent": Capability.SET_MAX_CURRENT,
}


class ChargerAsset(Asset):
    """A charger."""

    kind = AssetKind.CHARGER
    commands = _CHARGING

    charge_state: _ChargeState

    def reading(self) -> Reading:
        state = self.charge_state
        return ChargerReading(
            power_delivery=word(PowerDelivery, state.power_delivery_state),
            power_w=state.power_w,
            max_current_a=state.max_current,
        )


class _Position(Document):
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None


class _Odometer(Document):
    distance: Amount = None


class VehicleAsset(Asset):
    """A car: kilometres and minutes there."""

    kind = AssetKind.VEHICLE
    commands = _CHARGING

    charge_state: _ChargeState
    odometer: _Odometer = _Odometer()
    location: _Position = _Position()

    def reading(self) -> Reading:
        state, minutes = self.charge_state, self.charge_state.charge_time_remaining
        return VehicleReading(
            soc_pct=state.battery_level,
            range_m=kilo(state.range),
            capacity_wh=kilo(state.battery_capacity),
            charge_limit_pct=state.charge_limit,
            power_delivery=word(PowerDelivery, state.power_delivery_state),
            power_w=state.power_w,
            max_current_a=state.max_current,
            charge_remaining_s=None if minutes is None else minutes * _MINUTE_S,
            odometer_m=kilo(self.odometer.distance),
            latitude=self.location.latitude,
            longitude=self.location.longitude,
        )


class _ProductionState(Document):
    production_rate: float | None = None
    total_lifetime_production: Amount = None
    last_updated: Text = None


class InverterAsset(Asset):
    """An inverter."""

    kind = AssetKind.INVERTER

    production_state: _ProductionState

    def reading(self) -> Reading:
        state = self.production_state
        energy_wh = kilo(state.total_lifetime_production)
        return InverterReading(power_w=kilo(state.production_rate), energy_wh=energy_wh)


class _EnergyState(Document):
    power: float | None = None
    last_updated: Text = None


class MeterAsset(Asset):
    """Import is positive there, too."""

    kind = AssetKind.METER

    energy_state: _EnergyState

    @property
    def seen_at(self) -> str | None:
        """Fuses are guarded by it, so that an old value has to be known for one."""
        return self.energy_state.last_updated

    def reading(self) -> Reading:
        return MeterReading(power_w=kilo(self.energy_state.power))


class _TemperatureState(Document):
    current_temperature: float | None = None
    is_active: bool | None = None


class _ThermostatState(Document):
    mode: Text = None
    heat_setpoint: float | None = None
    cool_setpoint: float | None = None
    hold_type: Text = None


class _Range(Document):
    min: float | None = None
    max: float | None = None


class HvacAsset(Asset):
    """A heater or cooler."""

    kind = AssetKind.HVAC
    commands: ClassVar[Mapping[str, Capability]] = {
        "setPermanentHold": Capability.SET_PERMANENT_HOLD,
        "setFollowSchedule": Capability.SET_FOLLOW_SCHEDULE,
    }

    consumption_rate: float | None = None
    temperature_state: _TemperatureState = _TemperatureState()
    thermostat_state: _ThermostatState

    def reading(self) -> Reading:
        now, wanted = self.temperature_state, self.thermostat_state
        return HvacReading(
            power_w=kilo(self.consumption_rate),
            temperature_c=now.current_temperature,
            is_active=now.is_active,
            mode=wanted.mode,
            hold_type=wanted.hold_type,
            heat_setpoint_c=wanted.heat_setpoint,
            cool_setpoint_c=wanted.cool_setpoint,
        )

    def thermostat(self) -> Thermostat:
        """What it can be held at."""
        told = self.capabilities.get("capableModes")
        category = word(HvacCategory, self.information.category)
        return Thermostat(
            modes=frozenset(mode for mode in HvacMode if isinstance(told, list) and mode in told),
            heat_c=self._bounds("heatSetpointRange"),
            cool_c=self._bounds("coolSetpointRange"),
            difference_c=self._bounds("setpointDifferenceRange"),
            category=category or HvacCategory.HEAT_PUMP,
        )

    def _bounds(self, name: str) -> Bounds | None:
        told = self.capabilities.get(name)
        if not isinstance(told, dict):
            return None
        found = _Range.model_validate(told)
        return Bounds(found.min, found.max)


KINDS: Mapping[str, type[Asset]] = {
    "batteries": BatteryAsset,
    "chargers": ChargerAsset,
    "hvacs": HvacAsset,
    "inverters": InverterAsset,
    "meters": MeterAsset,
    "vehicles": VehicleAsset,
}
