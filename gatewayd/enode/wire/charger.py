"""Chargers on the wire."""

from typing import Literal

from gatewayd.enode.wire.base import (
    Capability,
    EnodeModel,
    OpenModel,
    Payload,
    PlaceOfAsset,
    Timestamp,
    Uuid,
)
from gatewayd.model.reading import PowerDelivery

# A charger knows no COMPLETE: only a vehicle can tell that it is full.
ChargerPowerDelivery = Literal[
    PowerDelivery.UNKNOWN,
    PowerDelivery.UNPLUGGED,
    PowerDelivery.INITIALIZING,
    PowerDelivery.CHARGING,
    PowerDelivery.STOPPED,
    PowerDelivery.NO_POWER,
    PowerDelivery.FAULT,
    PowerDelivery.DISCHARGING,
]


class ChargerChargeState(EnodeModel):
    """`charge_rate` in kW, only while charging; `max_current` in ampere per phase."""

    is_plugged_in: bool | None
    is_charging: bool | None
    charge_rate: float | None
    last_updated: Timestamp | None
    max_current: float | None
    power_delivery_state: ChargerPowerDelivery


class ChargerInformation(OpenModel):
    """Who the charger is; `serial_number` is the vendor's id where there is no serial."""

    brand: str
    model: str
    year: float | None
    serial_number: str


class ChargerCapabilities(EnodeModel):
    """What the charger can tell and be told."""

    information: Capability
    charge_state: Capability
    start_charging: Capability
    stop_charging: Capability
    set_max_current: Capability


class Charger(EnodeModel):
    """A charger."""

    id: str
    user_id: str
    vendor: str
    last_seen: Timestamp
    is_reachable: bool
    charge_state: ChargerChargeState
    capabilities: ChargerCapabilities
    scopes: list[str]
    information: ChargerInformation
    location: PlaceOfAsset


class ChargerUpdatePayload(Payload):
    """Attach to a location; null detaches. The key must be there."""

    location_id: Uuid | None
