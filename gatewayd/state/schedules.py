"""Schedules, and what was last told of how each one stands."""

import sqlite3
from datetime import datetime

from gatewayd.model.asset import AssetKind
from gatewayd.model.schedule import (
    ChargeSchedule,
    ChargeScheduleStatus,
    Schedule,
    ScheduleStatus,
    TemperatureSchedule,
    TemperatureScheduleStatus,
)
from gatewayd.state import outbox
from gatewayd.state.record import Record

EVENT = "user:schedule:execution-updated"

CHARGE: Record[ChargeSchedule] = Record(ChargeSchedule)
CHARGE_STATUS: Record[ChargeScheduleStatus] = Record(ChargeScheduleStatus)
TEMPERATURE: Record[TemperatureSchedule] = Record(TemperatureSchedule)
TEMPERATURE_STATUS: Record[TemperatureScheduleStatus] = Record(TemperatureScheduleStatus)

_PUT = """
    INSERT INTO schedules (id, user_id, target_id, target_kind, body) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET target_id = excluded.target_id,
        target_kind = excluded.target_kind, body = excluded.body
"""


def put(c: sqlite3.Connection, schedule: Schedule) -> None:
    """Store a schedule, new or changed."""
    kind = schedule.target_kind
    c.execute(_PUT, (schedule.id, schedule.user_id, schedule.target_id, kind, text(schedule)))


def load(c: sqlite3.Connection) -> list[Schedule]:
    """All schedules."""
    return [of(kind, body) for kind, body in c.execute("SELECT target_kind, body FROM schedules")]


def statuses(c: sqlite3.Connection) -> dict[str, ScheduleStatus]:
    """What was last told of each schedule, by its id."""
    rows = c.execute("SELECT id, target_kind, status FROM schedules WHERE status IS NOT NULL")
    return {schedule_id: status_of(kind, status) for schedule_id, kind, status in rows}


def remove(c: sqlite3.Connection, schedule_id: str) -> None:
    """Forget a schedule."""
    c.execute("DELETE FROM schedules WHERE id = ?", (schedule_id,))


def put_status(
    c: sqlite3.Connection,
    schedule: Schedule,
    before: ScheduleStatus | None,
    status: ScheduleStatus,
    now: datetime,
) -> None:
    """Store how a schedule stands now, and note the event that tells of it."""
    after = status_text(status)
    changed = c.execute("UPDATE schedules SET status = ? WHERE id = ?", (after, schedule.id))
    if changed.rowcount:
        note = {
            "kind": schedule.target_kind,
            "of": text(schedule),
            "before": status_text(before) if before else None,
            "after": after,
        }
        outbox.append(c, EVENT, schedule.id, schedule.user_id, note, now)


def text(schedule: Schedule) -> str:
    """A schedule as JSON."""
    if isinstance(schedule, TemperatureSchedule):
        return TEMPERATURE.text(schedule)
    return CHARGE.text(schedule)


def of(kind: str, body: str) -> Schedule:
    """The schedule of a target's kind that `text` wrote."""
    return TEMPERATURE.of(body) if kind == AssetKind.HVAC else CHARGE.of(body)


def status_text(status: ScheduleStatus) -> str:
    """A status as JSON."""
    if isinstance(status, TemperatureScheduleStatus):
        return TEMPERATURE_STATUS.text(status)
    return CHARGE_STATUS.text(status)


def status_of(kind: str, body: str) -> ScheduleStatus:
    """The status of a target's kind that `status_text` wrote."""
    return TEMPERATURE_STATUS.of(body) if kind == AssetKind.HVAC else CHARGE_STATUS.of(body)
