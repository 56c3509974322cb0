"""Meters on the wire."""

from gatewayd.enode.wire.base import (
    Capability,
    EnodeModel,
    PositionOfAsset,
    Timestamp,
    Uuid,
)


class MeterEnergyState(EnodeModel):
    """Power in kW: import positive, export negative."""

    power: float | None
    last_updated: Timestamp | None


class MeterInformation(EnodeModel):
    """Who the meter is."""

    brand: str
    model: str
    site_name: str
    installation_date: Timestamp


class MeterCapabilities(EnodeModel):
    """Which directions the meter measures."""

    measures_consumption: Capability
    measures_production: Capability


class Meter(EnodeModel):
    """A meter."""

    id: Uuid
    user_id: str
    vendor: str
    last_seen: Timestamp
    is_reachable: bool
    information: MeterInformation
    energy_state: MeterEnergyState
    location: PositionOfAsset
    capabilities: MeterCapabilities
    scopes: list[str]
