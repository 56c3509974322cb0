"""Heat pumps, heaters and air conditioners on the wire: kW and degrees Celsius."""

from typing import Literal

from gatewayd.enode.wire.base import Capability, EnodeModel, Payload, Timestamp, Uuid
from gatewayd.model.climate import HvacCategory

HvacMode = Literal["UNKNOWN", "OFF", "AUTO", "COOL", "HEAT"]
HoldType = Literal["PERMANENT", "SCHEDULED"]


class HvacInformation(EnodeModel):
    """Who the device is."""

    brand: str
    model: str | None
    display_name: str
    group_name: str | None
    category: HvacCategory


class TemperatureState(EnodeModel):
    """How warm it is, and whether the device is at work."""

    current_temperature: float | None
    is_active: bool
    last_updated: Timestamp | None


class ThermostatState(EnodeModel):
    """What the device is set to."""

    mode: HvacMode
    heat_setpoint: float | None
    cool_setpoint: float | None
    hold_type: HoldType | None
    last_updated: Timestamp | None


class TemperatureRange(EnodeModel):
    """Both ends are inside; None is no bound."""

    min: float | None
    max: float | None


class HvacCapabilities(EnodeModel):
    """What the device can be set to; the difference is cool less heat setpoint, in AUTO."""

    capable_modes: list[HvacMode] | None
    cool_setpoint_range: TemperatureRange | None
    heat_setpoint_range: TemperatureRange | None
    setpoint_difference_range: TemperatureRange | None
    set_follow_schedule: Capability
    set_permanent_hold: Capability


class HvacPlace(EnodeModel):
    """The Location the device belongs to."""

    id: Uuid | None


class Hvac(EnodeModel):
    """A heat pump, heater or air conditioner."""

    id: str
    user_id: str
    vendor: str
    last_seen: Timestamp
    is_reachable: bool
    consumption_rate: float | None
    information: HvacInformation
    temperature_state: TemperatureState
    thermostat_state: ThermostatState
    scopes: list[str]
    capabilities: HvacCapabilities
    location: HvacPlace


class HvacUpdatePayload(Payload):
    """Attach to a location; null detaches. The key must be there."""

    location_id: Uuid | None
