"""Inverters on the wire."""

from gatewayd.enode.wire.base import (
    Capability,
    EnodeModel,
    PositionOfAsset,
    Timestamp,
    Uuid,
)


class InverterProductionState(EnodeModel):
    """Production in kW, and in kWh over the inverter's life."""

    production_rate: float | None
    is_producing: bool | None
    total_lifetime_production: float | None
    last_updated: Timestamp | None


class InverterInformation(EnodeModel):
    """Who the inverter is; `id` is the vendor's own."""

    id: str
    sn: str | None
    brand: str
    model: str
    site_name: str
    installation_date: Timestamp


class InverterCapabilities(EnodeModel):
    """What the inverter can tell; `production_statistics` is its days and months."""

    production_state: Capability
    production_statistics: Capability


class Inverter(EnodeModel):
    """An inverter; `timezone` (IANA) is what its statistics' days are cut by."""

    id: Uuid
    user_id: str
    vendor: str
    last_seen: Timestamp
    is_reachable: bool
    production_state: InverterProductionState
    timezone: str | None
    capabilities: InverterCapabilities
    scopes: list[str]
    information: InverterInformation
    location: PositionOfAsset
