"""Batteries on the wire: kWh, kW with charging positive, percent."""

from gatewayd.enode.wire.base import (
    Capability,
    EnodeModel,
    PositionOfAsset,
    Timestamp,
    Uuid,
)
from gatewayd.model.reading import BatteryStatus, OperationMode


class BatteryChargeState(EnodeModel):
    """`discharge_limit` is the level in percent it does not discharge below."""

    status: BatteryStatus | None
    battery_capacity: float | None
    battery_level: float | None
    charge_rate: float | None
    discharge_limit: float | None
    last_updated: Timestamp | None


class BatteryConfig(EnodeModel):
    """The mode the battery says it is in."""

    operation_mode: OperationMode | None
    last_updated: Timestamp | None


class BatteryInformation(EnodeModel):
    """Who the battery is; `id` is the vendor's own."""

    id: str
    brand: str
    model: str
    site_name: str
    installation_date: Timestamp


class BatteryCapabilities(EnodeModel):
    """Which modes can be set."""

    export_focus: Capability
    import_focus: Capability
    time_of_use: Capability
    self_reliance: Capability


class Battery(EnodeModel):
    """A battery."""

    id: Uuid
    user_id: str
    vendor: str
    last_seen: Timestamp
    is_reachable: bool
    charge_state: BatteryChargeState
    config: BatteryConfig
    information: BatteryInformation
    capabilities: BatteryCapabilities
    scopes: list[str]
    location: PositionOfAsset
