"""Which location a vehicle is at."""

from datetime import UTC, datetime

import pytest

from gatewayd.model.location import Location
from gatewayd.plan.places import nearest

NOW = datetime(2026, 6, 21, tzinfo=UTC)


def place(name: str, latitude: float, longitude: float) -> Location:
    return Location(name, "anna", name, latitude, longitude, "Europe/Oslo", NOW)


HOME = place("home", 59.91, 10.75)
# One degree of latitude is 111.19 km.
METRE = 1 / 111_190


@pytest.mark.parametrize(
    ("metres", "is_there"), [(0, True), (249, True), (251, False), (-249, True), (-251, False)]
)
def test_a_location_reaches_so_far(metres: float, is_there: bool) -> None:
    found = nearest([HOME], 59.91 + metres * METRE, 10.75)

    assert (found is HOME) is is_there


def test_a_degree_to_the_east_is_shorter_in_the_north() -> None:
    assert nearest([HOME], 59.91, 10.75 + 400 * METRE) is HOME
    assert nearest([HOME], 59.91, 10.75 + 520 * METRE) is None
    assert nearest([place("equator", 0, 0)], 0, 400 * METRE) is None


def test_of_two_the_nearer_one_wins() -> None:
    neighbour = place("neighbour", 59.91 + 200 * METRE, 10.75)

    assert nearest([HOME, neighbour], 59.91 + 90 * METRE, 10.75) is HOME
    assert nearest([neighbour, HOME], 59.91 + 110 * METRE, 10.75) is neighbour


def test_the_date_line_is_no_border() -> None:
    assert nearest([place("fiji", -16.5, 179.9995)], -16.5, -179.9995) is not None


def test_nowhere_is_near_without_locations() -> None:
    assert nearest([], 0, 0) is None
    assert nearest([HOME], float("nan"), 10.75) is None
