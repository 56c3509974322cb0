"""Locations, from the model to the wire."""

from gatewayd.enode.wire import location as wire
from gatewayd.model.location import Location


def location(place: Location) -> wire.LocationResponse:
    """A location as Enode shows it."""
    return wire.LocationResponse(
        name=place.name,
        latitude=place.latitude,
        longitude=place.longitude,
        timezone_name=place.timezone,
        id=place.id,
        user_id=place.user_id,
    )
