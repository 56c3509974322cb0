"""Events about an asset as a whole: it was discovered, updated or deleted."""

from typing import Literal

from gatewayd.enode.wire.base import EnodeModel, Timestamp
from gatewayd.enode.wire.battery import Battery
from gatewayd.enode.wire.charger import Charger
from gatewayd.enode.wire.hvac import Hvac
from gatewayd.enode.wire.inverter import Inverter
from gatewayd.enode.wire.meter import Meter
from gatewayd.enode.wire.vehicle import Vehicle


class Event(EnodeModel):
    """The envelope; `created_at` is when it happened, not when it is sent."""

    created_at: Timestamp
    version: str


class UserOfEvent(EnodeModel):
    """Whom it concerns."""

    id: str


class UserEvent(Event):
    """The envelope of what happened to one user."""

    user: UserOfEvent


class BatteryDiscovered(UserEvent):
    """A battery is there for the first time."""

    event: Literal["user:battery:discovered"]
    battery: Battery


class BatteryUpdated(UserEvent):
    """A battery says something else than before."""

    event: Literal["user:battery:updated"]
    battery: Battery
    updated_fields: list[str]


class BatteryDeleted(UserEvent):
    """A battery is gone; this is what was last known."""

    event: Literal["user:battery:deleted"]
    battery: Battery


class ChargerDiscovered(UserEvent):
    """A charger is there for the first time."""

    event: Literal["user:charger:discovered"]
    charger: Charger


class ChargerUpdated(UserEvent):
    """A charger says something else than before."""

    event: Literal["user:charger:updated"]
    charger: Charger
    updated_fields: list[str]


class ChargerDeleted(UserEvent):
    """A charger is gone; this is what was last known."""

    event: Literal["user:charger:deleted"]
    charger: Charger


class HvacDiscovered(UserEvent):
    """A heater or cooler is there for the first time."""

    event: Literal["user:hvac:discovered"]
    hvac: Hvac


class HvacUpdated(UserEvent):
    """A heater or cooler says something else than before."""

    event: Literal["user:hvac:updated"]
    hvac: Hvac
    updated_fields: list[str]


class HvacDeleted(UserEvent):
    """A heater or cooler is gone; this is what was last known."""

    event: Literal["user:hvac:deleted"]
    hvac: Hvac


class InverterDiscovered(UserEvent):
    """An inverter is there for the first time."""

    event: Literal["user:inverter:discovered"]
    inverter: Inverter


class InverterUpdated(UserEvent):
    """An inverter says something else than before."""

    event: Literal["user:inverter:updated"]
    inverter: Inverter
    updated_fields: list[str]


class InverterDeleted(UserEvent):
    """An inverter is gone; this is what was last known."""

    event: Literal["user:inverter:deleted"]
    inverter: Inverter


class MeterDiscovered(UserEvent):
    """A meter is there for the first time."""

    event: Literal["user:meter:discovered"]
    meter: Meter


class MeterUpdated(UserEvent):
    """A meter says something else than before."""

    event: Literal["user:meter:updated"]
    meter: Meter
    updated_fields: list[str]


class MeterDeleted(UserEvent):
    """A meter is gone; this is what was last known."""

    event: Literal["user:meter:deleted"]
    meter: Meter


class VehicleDiscovered(UserEvent):
    """A vehicle is there for the first time."""

    event: Literal["user:vehicle:discovered"]
    vehicle: Vehicle


class VehicleUpdated(UserEvent):
    """A vehicle says something else than before."""

    event: Literal["user:vehicle:updated"]
    vehicle: Vehicle
    updated_fields: list[str]


class VehicleDeleted(UserEvent):
    """A vehicle is gone; this is what was last known."""

    event: Literal["user:vehicle:deleted"]
    vehicle: Vehicle


EVENTS: dict[str, type[Event]] = {
    "user:battery:discovered": BatteryDiscovered,
    "user:battery:updated": BatteryUpdated,
    "user:battery:deleted": BatteryDeleted,
    "user:charger:discovered": ChargerDiscovered,
    "user:charger:updated": ChargerUpdated,
    "user:charger:deleted": ChargerDeleted,
    "user:hvac:discovered": HvacDiscovered,
    "user:hvac:updated": HvacUpdated,
    "user:hvac:deleted": HvacDeleted,
    "user:inverter:discovered": InverterDiscovered,
    "user:inverter:updated": InverterUpdated,
    "user:inverter:deleted": InverterDeleted,
    "user:meter:discovered": MeterDiscovered,
    "user:meter:updated": MeterUpdated,
    "user:meter:deleted": MeterDeleted,
    "user:vehicle:discovered": VehicleDiscovered,
    "user:vehicle:updated": VehicleUpdated,
    "user:vehicle:deleted": VehicleDeleted,
}
