"""The energy of assets by quarters of an hour, kept for years, and how far it is counted."""

import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from json import loads
from typing import Any

from gatewayd.model.asset import Asset
from gatewayd.model.statistics import CounterValue, EnergyMark, EnergySample, MeteredMinute
from gatewayd.state import history
from gatewayd.state.codec import json_text, time_of, time_text
from gatewayd.state.history import minute_of
from gatewayd.state.minute import RoleMinute

# A row's key is its first minute * _ASSETS + the asset's number.
_ASSETS = 10_000
_MINUTE = timedelta(minutes=1)
_LONGEST_ROW = 15

# A counter of the asset's whole life is preferred to one that begins anew with each session.
_COUNTERS = ("energy_wh", "session_wh")

_SELECT = """
    SELECT key, minutes, readings, uwh, min_w, max_w, mean_w, location_id
    FROM energy LEFT JOIN measured_places ON number = place
    WHERE key >= ? AND key < ? AND key % ? = ? ORDER BY key
"""


def load(
    c: sqlite3.Connection, asset_id: str, since: datetime, until: datetime
) -> list[EnergySample]:
    """An asset's quarters that touch the time from `since` to before `until`, oldest first."""
    number = _number(c, asset_id)
    if number is None:
        return []
    low, high = minute_of(since) - _LONGEST_ROW + 1, minute_of(until) + 1
    rows = c.execute(_SELECT, (low * _ASSETS, high * _ASSETS, _ASSETS, number))
    found = (_sample(row) for row in rows)
    return [sample for sample in found if sample.end > since and sample.start < until]


def put(c: sqlite3.Connection, asset_id: str, samples: Iterable[EnergySample]) -> None:
    """Write quarters of an asset whose mark is there."""
    number = _number(c, asset_id)
    c.executemany(
        "REPLACE INTO energy VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                minute_of(one.start) * _ASSETS + (number or 0),
                round((one.end - one.start) / _MINUTE),
                one.readings,
                one.energy_uwh,
                round(one.min_w, 1),
                round(one.max_w, 1),
                round(one.mean_w, 1),
                _place(c, one.location_id),
            )
            for one in samples
        ],
    )


def clear(c: sqlite3.Connection, asset_id: str, since: datetime, until: datetime) -> None:
    """Delete the quarters of an asset that begin from `since` to before `until`."""
    c.execute(
        "DELETE FROM energy WHERE key >= ? AND key < ? AND key % ? = ?",
        (
            minute_of(since) * _ASSETS,
            minute_of(until) * _ASSETS,
            _ASSETS,
            _number(c, asset_id),
        ),
    )


def mark(c: sqlite3.Connection, asset_id: str) -> EnergyMark | None:
    """How far an asset's energy is counted; None before the first count."""
    row = c.execute("SELECT mark FROM measured_assets WHERE asset_id = ?", (asset_id,)).fetchone()
    return _mark(loads(row[0])) if row and row[0] else None


def set_mark(c: sqlite3.Connection, asset_id: str, value: EnergyMark) -> None:
    """Remember how far an asset's energy is counted."""
    c.execute(
        "INSERT INTO measured_assets (asset_id, mark) VALUES (?, ?)"
        " ON CONFLICT (asset_id) DO UPDATE SET mark = excluded.mark",
        (asset_id, _mark_text(value)),
    )


def minutes(
    c: sqlite3.Connection, asset: Asset, since: datetime, until: datetime
) -> list[MeteredMinute]:
    """What an asset said from `since` to before `until`, minute by minute."""
    found = history.load(c, asset.device_id, since, until)
    said = ((at, roles.get(asset.role)) for at, roles in found)
    # With no reading of its own, a minute only repeats what was said before.
    return [_metered(at, minute) for at, minute in said if minute is not None and minute.count]


def prune(c: sqlite3.Connection, before: datetime, limit: int) -> int:
    """Delete at most `limit` quarters older than a time, the oldest first; returns how many."""
    cursor = c.execute(
        "DELETE FROM energy WHERE key IN"
        " (SELECT key FROM energy WHERE key < ? ORDER BY key LIMIT ?)",
        (minute_of(before) * _ASSETS, limit),
    )
    return cursor.rowcount


def _metered(start: datetime, minute: RoleMinute) -> MeteredMinute:
    spans = minute.spans
    counter = next((spans[name].last for name in _COUNTERS if name in spans), None)
    power = spans.get("power_w")
    if power is None:
        return MeteredMinute(start, counter)
    return MeteredMinute(start, counter, power.low, power.mean, power.high)


def _sample(row: sqlite3.Row) -> EnergySample:
    key, length, readings, uwh, min_w, max_w, mean_w, location_id = row
    start = datetime.fromtimestamp(key // _ASSETS * 60, UTC)
    end = start + length * _MINUTE
    return EnergySample(start, end, uwh / 1e6, min_w, max_w, mean_w, location_id, readings)


def _number(c: sqlite3.Connection, asset_id: str) -> int | None:
    row = c.execute("SELECT number FROM measured_assets WHERE asset_id = ?", (asset_id,)).fetchone()
    return int(row[0]) if row else None


def _place(c: sqlite3.Connection, location_id: str | None) -> int:
    if location_id is None:
        return 0
    c.execute(
        "INSERT INTO measured_places (location_id) VALUES (?) ON CONFLICT DO NOTHING",
        (location_id,),
    )
    found = c.execute("SELECT number FROM measured_places WHERE location_id = ?", (location_id,))
    return int(found.fetchone()[0])


def _mark_text(value: EnergyMark) -> str:
    counter = value.counter
    return json_text(
        {
            "through": time_text(value.through),
            "counted_at": time_text(value.counted_at),
            "power_w": value.power_w,
            "counter": _value_listed(counter) if counter else None,
            "suspects": [_value_listed(one) for one in value.suspects],
            "ahead_wh": value.ahead_wh,
            "location_id": value.location_id,
        }
    )


def _mark(body: dict[str, Any]) -> EnergyMark:
    return EnergyMark(
        through=time_of(body["through"]),
        counted_at=time_of(body["counted_at"]),
        power_w=body["power_w"],
        counter=_value(body["counter"]) if body["counter"] else None,
        suspects=tuple(_value(one) for one in body["suspects"]),
        ahead_wh=body["ahead_wh"],
        location_id=body["location_id"],
    )


def _value_listed(value: CounterValue) -> list[object]:
    return [time_text(value.at), value.wh]


def _value(listed: list[Any]) -> CounterValue:
    at, wh = listed
    return CounterValue(time_of(at), wh)
