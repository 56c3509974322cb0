"""What must outlive a restart of the OCPP central system."""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime

from gatewayd.state.codec import time_of, time_text

# More strangers than these are not remembered: anyone in the network can make up names.
WAITING_MAX = 32
_ENDED_MAX = 100
# Ids follow the clock, so that not even a new database gives one that a charge point still knows.
_EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
_ID_MAX = 2**31 - 1

_SELECT = """
    SELECT id, version, address, is_admitted, seen_at, vendor, model, serial, firmware
    FROM ocpp_charge_points
"""


@dataclass(frozen=True, slots=True)
class ChargePointRow:
    """A charge point as it introduced itself; `seen_at` is its last arrival or boot."""

    id: str
    version: str
    address: str
    is_admitted: bool
    seen_at: datetime
    vendor: str | None = None
    model: str | None = None
    serial: str | None = None
    firmware: str | None = None


@dataclass(frozen=True, slots=True)
class TransactionRow:
    """A transaction that has not ended, as far as we were told."""

    id: int
    connector: int
    id_tag: str | None
    meter_wh: float | None
    began_at: datetime | None


@dataclass(frozen=True, slots=True)
class SteeringRow:
    """What a connector was told: its limit, its phases, that it is stopped or can fall back.

    `started_at` is when a start was last asked for that may still be on its way.
    """

    limit_a: float | None = None
    is_stopped: bool = False
    has_safe: bool = False
    phases: int | None = None
    started_at: datetime | None = None


def see(c: sqlite3.Connection, row: ChargePointRow) -> None:
    """A charge point arrived, or introduced itself; what it leaves out stays as it was."""
    c.execute(
        "INSERT INTO ocpp_charge_points"
        " (id, version, vendor, model, serial, firmware, address, is_admitted, seen_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET version = excluded.version, address = excluded.address,"
        " is_admitted = excluded.is_admitted, seen_at = excluded.seen_at,"
        " vendor = coalesce(excluded.vendor, vendor), model = coalesce(excluded.model, model),"
        " serial = coalesce(excluded.serial, serial),"
        " firmware = coalesce(excluded.firmware, firmware)",
        (
            row.id,
            row.version,
            row.vendor,
            row.model,
            row.serial,
            row.firmware,
            row.address,
            row.is_admitted,
            time_text(row.seen_at),
        ),
    )
    c.execute(
        "DELETE FROM ocpp_charge_points WHERE NOT is_admitted AND id NOT IN (SELECT id FROM"
        " ocpp_charge_points WHERE NOT is_admitted ORDER BY seen_at DESC, id LIMIT ?)",
        (WAITING_MAX,),
    )


def charge_point(c: sqlite3.Connection, id: str) -> ChargePointRow | None:
    """A charge point that was seen."""
    found = _charge_points(c, "WHERE id = ?", (id,))
    return found[0] if found else None


def waiting(c: sqlite3.Connection) -> list[ChargePointRow]:
    """The charge points that call and that nobody has configured, the newest first."""
    return _charge_points(c, "WHERE NOT is_admitted ORDER BY seen_at DESC, id", ())


def begin(c: sqlite3.Connection, charge_point: str, row: TransactionRow, now: datetime) -> int:
    """The id of a transaction that began; `row.id` is of no account.

    One that is told again, because our answer was lost, keeps its id. It ends what was still open
    on the connector: a connector has one at a time.
    """
    told = (charge_point, row.connector, row.id_tag, row.meter_wh, time_text(row.began_at))
    known = c.execute(
        "SELECT id FROM ocpp_transactions WHERE is_open AND charge_point = ? AND connector = ?"
        " AND id_tag IS ? AND meter_wh IS ? AND began_at IS ?",
        told,
    ).fetchone()
    if known is not None:
        return int(known[0])
    c.execute(
        "UPDATE ocpp_transactions SET is_open = 0 WHERE charge_point = ? AND connector = ?",
        (charge_point, row.connector),
    )
    (newest,) = c.execute("SELECT coalesce(max(id), 0) FROM ocpp_transactions").fetchone()
    id: int = min(max(newest + 1, int((now - _EPOCH).total_seconds())), _ID_MAX)
    c.execute(
        "INSERT INTO ocpp_transactions (id, charge_point, connector, id_tag, meter_wh, began_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (id, *told),
    )
    return id


def end(c: sqlite3.Connection, charge_point: str, id: int) -> None:
    """A transaction has ended; one we do not know has too."""
    c.execute(
        "UPDATE ocpp_transactions SET is_open = 0 WHERE id = ? AND charge_point = ?",
        (id, charge_point),
    )
    c.execute(
        "DELETE FROM ocpp_transactions WHERE NOT is_open AND id NOT IN"
        " (SELECT id FROM ocpp_transactions ORDER BY id DESC LIMIT ?)",
        (_ENDED_MAX,),
    )


def open_transactions(c: sqlite3.Connection, charge_point: str) -> list[TransactionRow]:
    """The transactions of a charge point that have not ended, oldest first."""
    rows = c.execute(
        "SELECT id, connector, id_tag, meter_wh, began_at FROM ocpp_transactions"
        " WHERE is_open AND charge_point = ? ORDER BY id",
        (charge_point,),
    )
    return [
        TransactionRow(id, connector, tag, meter_wh, time_of(began_at))
        for id, connector, tag, meter_wh, began_at in rows
    ]


def steering(c: sqlite3.Connection, charge_point: str) -> dict[int, SteeringRow]:
    """What the connectors of a charge point were told."""
    rows = c.execute(
        "SELECT connector, limit_a, is_stopped, has_safe, phases, started_at"
        " FROM ocpp_steering WHERE charge_point = ?",
        (charge_point,),
    )
    return {
        connector: SteeringRow(limit_a, bool(is_stopped), bool(has_safe), phases, time_of(at))
        for connector, limit_a, is_stopped, has_safe, phases, at in rows
    }


def steer(c: sqlite3.Connection, charge_point: str, connector: int, row: SteeringRow) -> None:
    """A connector was told this."""
    c.execute(
        "INSERT OR REPLACE INTO ocpp_steering"
        " (charge_point, connector, limit_a, is_stopped, has_safe, phases, started_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            charge_point,
            connector,
            row.limit_a,
            row.is_stopped,
            row.has_safe,
            row.phases,
            time_text(row.started_at),
        ),
    )


def _charge_points(
    c: sqlite3.Connection, where: str, values: tuple[object, ...]
) -> list[ChargePointRow]:
    rows = c.execute(f"{_SELECT} {where}", values)
    return [
        ChargePointRow(id, version, address, bool(is_admitted), time_of(seen_at), *introduced)
        for id, version, address, is_admitted, seen_at, *introduced in rows
    ]
