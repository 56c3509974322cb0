"""Tariffs and the tariffs of locations, as they are and as they were."""

import json
import sqlite3
from datetime import datetime, timedelta

from gatewayd.model.tariff import (
    LocationTariff,
    Tariff,
    TariffInterval,
    TariffRate,
    format_cost,
    parse_cost,
)
from gatewayd.state.codec import json_text, time_of, time_text

KEEP = timedelta(days=2 * 366)

# A version that holds from later than now was written while the clock was wrong; one that ended
# before anything that is still kept was used, nothing asks for.
_MAKE_ROOM = """
    DELETE FROM tariffs WHERE id = :id AND (since >= :now OR since <
        (SELECT max(since) FROM tariffs WHERE id = :id AND since <= :oldest))
"""
_MAKE_ROOM_FOR_LINK = """
    DELETE FROM location_tariffs WHERE location_id = :id AND (since >= :now OR since <
        (SELECT max(since) FROM location_tariffs WHERE location_id = :id AND since <= :oldest))
"""


def put(c: sqlite3.Connection, tariff: Tariff, now: datetime) -> None:
    """Create a tariff, or replace its rates from now on."""
    if get(c, tariff.id) == tariff:
        return
    rates = json_text([[rate.name, format_cost(rate.cost)] for rate in tariff.rates])
    c.execute(_MAKE_ROOM, _limits(tariff.id, now))
    c.execute("INSERT INTO tariffs VALUES (?, ?, ?)", (tariff.id, time_text(now), rates))


def get(c: sqlite3.Connection, tariff_id: str) -> Tariff | None:
    """A tariff as it is now."""
    versions = history(c, tariff_id)
    return versions[-1][1] if versions else None


def history(c: sqlite3.Connection, tariff_id: str) -> list[tuple[datetime, Tariff]]:
    """All that a tariff was, and since when, oldest first."""
    rows = c.execute("SELECT since, rates FROM tariffs WHERE id = ? ORDER BY since", (tariff_id,))
    return [(time_of(since), Tariff(tariff_id, _rates(rates))) for since, rates in rows]


def link(c: sqlite3.Connection, location_id: str, wanted: LocationTariff, now: datetime) -> None:
    """Replace the tariff of a location, which exists, from now on."""
    if linked(c, location_id) == wanted:
        return
    c.execute(_MAKE_ROOM_FOR_LINK, _limits(location_id, now))
    c.execute(
        "INSERT INTO location_tariffs VALUES (?, ?, ?, ?)",
        (location_id, time_text(now), wanted.tariff_id, _intervals_text(wanted)),
    )


def linked(c: sqlite3.Connection, location_id: str) -> LocationTariff | None:
    """The tariff of a location now."""
    versions = links(c, location_id)
    return versions[-1][1] if versions else None


def links(c: sqlite3.Connection, location_id: str) -> list[tuple[datetime, LocationTariff]]:
    """All tariffs that a location had, and since when, oldest first."""
    rows = c.execute(
        "SELECT since, tariff_id, intervals FROM location_tariffs"
        " WHERE location_id = ? ORDER BY since",
        (location_id,),
    )
    return [
        (time_of(since), LocationTariff(tariff_id, _intervals(intervals)))
        for since, tariff_id, intervals in rows
    ]


def _limits(thing_id: str, now: datetime) -> dict[str, str]:
    return {"id": thing_id, "now": time_text(now), "oldest": time_text(now - KEEP)}


def _rates(text: str) -> tuple[TariffRate, ...]:
    return tuple(TariffRate(name, parse_cost(cost)) for name, cost in json.loads(text))


def _intervals_text(wanted: LocationTariff) -> str:
    return json_text(
        [
            [
                one.name,
                one.from_minute,
                one.to_minute,
                None if one.weekdays is None else sorted(one.weekdays),
            ]
            for one in wanted.intervals
        ]
    )


def _intervals(text: str) -> tuple[TariffInterval, ...]:
    return tuple(
        TariffInterval(name, begin, end, None if days is None else frozenset(days))
        for name, begin, end, days in json.loads(text)
    )
