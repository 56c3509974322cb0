"""The envelope of webhook events, and the events that are not about an asset as a whole."""

from typing import Annotated, Literal

from pydantic import WithJsonSchema

from gatewayd.enode.wire import asset_event
from gatewayd.enode.wire.action import ChargerAction, HvacAction, OperationModeAction
from gatewayd.enode.wire.asset_event import Event, UserEvent
from gatewayd.enode.wire.schedule import ScheduleResponse
from gatewayd.enode.wire.schedule_status import ScheduleStatus
from gatewayd.enode.wire.smart_charging import SmartChargingStatus
from gatewayd.enode.wire.statistics import ChangedInverterStatistics

Count = Annotated[int, WithJsonSchema({"type": "number", "minimum": 0})]


class CredentialsInvalidated(UserEvent):
    """A vendor no longer takes what the user once gave."""

    event: Literal["user:credentials:invalidated"]
    vendor: str


class VendorActionUpdated(UserEvent):
    """An action has ended."""

    event: Literal["user:vendor-action:updated"]
    vendor_action: ChargerAction | OperationModeAction | HvacAction
    updated_fields: list[str]


class ScheduleUpdated(UserEvent):
    """A schedule stands otherwise than before."""

    event: Literal["user:schedule:execution-updated"]
    status: ScheduleStatus
    schedule: ScheduleResponse
    updated_fields: list[str]


class SmartChargingUpdated(UserEvent):
    """Smart charging of a vehicle stands otherwise than before."""

    event: Literal["user:vehicle:smart-charging-status-updated"]
    smart_charging_status: SmartChargingStatus
    updated_fields: list[str]


class InverterStatisticsUpdated(UserEvent):
    """An inverter's day or month has changed."""

    event: Literal["user:inverter:statistics-updated"]
    statistics: ChangedInverterStatistics


class Heartbeat(Event):
    """A sign of life; `pending_events` wait behind it."""

    event: Literal["system:heartbeat"]
    pending_events: Count


class WebhookTest(Event):
    """What the test of a webhook sends."""

    event: Literal["enode:webhook:test"]


EVENTS: dict[str, type[Event]] = {
    **asset_event.EVENTS,
    "user:credentials:invalidated": CredentialsInvalidated,
    "user:vendor-action:updated": VendorActionUpdated,
    "user:schedule:execution-updated": ScheduleUpdated,
    "user:vehicle:smart-charging-status-updated": SmartChargingUpdated,
    "user:inverter:statistics-updated": InverterStatisticsUpdated,
    "system:heartbeat": Heartbeat,
    "enode:webhook:test": WebhookTest,
}

_ENVELOPE = frozenset({"event", "createdAt", "version", "user"})
_BODY_KEYS = {
    name: frozenset(str(field.alias) for field in event.model_fields.values()) - _ENVELOPE
    for name, event in EVENTS.items()
}


def body_keys(event: str) -> frozenset[str]:
    """What an event has beside its envelope."""
    return _BODY_KEYS[event]
