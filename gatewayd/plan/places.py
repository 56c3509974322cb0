"""At which of a user's locations something is."""

import math
from collections.abc import Iterable

from gatewayd.model.location import Location

RADIUS_M = 250.0
_EARTH_M = 6_371_000.0


def nearest(
    places: Iterable[Location],
    latitude: float,
    longitude: float,
    radius_m: float = RADIUS_M,
) -> Location | None:
    """The nearest location around these coordinates (degrees); None when all are too far."""
    found = [(_distance_m(place, latitude, longitude), place.id, place) for place in places]
    near = [entry for entry in found if entry[0] <= radius_m]
    return min(near)[2] if near else None


def _distance_m(place: Location, latitude: float, longitude: float) -> float:
    """Along a great circle, by the haversine formula: exact also for points close together."""
    north, other_north = math.radians(place.latitude), math.radians(latitude)
    rise = math.sin((other_north - north) / 2) ** 2
    turn = math.sin(math.radians(longitude - place.longitude) / 2) ** 2
    chord = rise + math.cos(north) * math.cos(other_north) * turn
    return 2 * _EARTH_M * math.asin(math.sqrt(min(1.0, chord)))
