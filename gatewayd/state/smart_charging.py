"""Smart charging of vehicles: what users want, where it stands, the plans, and the overrides."""

import sqlite3
from datetime import datetime

from gatewayd.model.smart_charging import (
    SmartChargingPlan,
    SmartChargingPolicy,
    SmartChargingStatus,
    SmartOverride,
)
from gatewayd.state import outbox
from gatewayd.state.record import Record

EVENT = "user:vehicle:smart-charging-status-updated"

STATUS: Record[SmartChargingStatus] = Record(SmartChargingStatus)
_POLICY: Record[SmartChargingPolicy] = Record(SmartChargingPolicy)
_PLAN: Record[SmartChargingPlan] = Record(SmartChargingPlan)
_OVERRIDE: Record[SmartOverride] = Record(SmartOverride)

# More than a year of a plan a day.
_MOST_PLANS = 500

_PUT = """
    INSERT INTO smart_charging (vehicle_id, user_id, policy, status) VALUES (?, ?, ?, ?)
    ON CONFLICT (vehicle_id) DO UPDATE SET user_id = excluded.user_id, policy = excluded.policy,
        status = excluded.status
"""
_PUT_PLAN = """
    INSERT INTO smart_charging_plans (id, vehicle_id, user_id, body) VALUES (?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET body = excluded.body
"""
_DROP_OLDEST = """
    DELETE FROM smart_charging_plans WHERE vehicle_id = ?1 AND seq <= (
        SELECT seq FROM smart_charging_plans WHERE vehicle_id = ?1
        ORDER BY seq DESC LIMIT 1 OFFSET ?2)
"""


def load(c: sqlite3.Connection) -> dict[str, tuple[SmartChargingPolicy, SmartChargingStatus]]:
    """What is wanted and what is so, by vehicle; nothing of those that never had a policy."""
    rows = c.execute("SELECT vehicle_id, policy, status FROM smart_charging")
    return {vehicle: (_POLICY.of(policy), STATUS.of(status)) for vehicle, policy, status in rows}


def put(c: sqlite3.Connection, policy: SmartChargingPolicy, status: SmartChargingStatus) -> None:
    """Store what is wanted of a vehicle, and what is so."""
    row = (status.vehicle_id, status.user_id, _POLICY.text(policy), STATUS.text(status))
    c.execute(_PUT, row)


def put_status(
    c: sqlite3.Connection, before: SmartChargingStatus, after: SmartChargingStatus, now: datetime
) -> None:
    """Store where a vehicle stands now, and its plan if there is one, and note the event.

    Nothing comes back of a vehicle whose policy was erased meanwhile.
    """
    vehicle_id, user_id = after.vehicle_id, after.user_id
    changed = c.execute(
        "UPDATE smart_charging SET status = ? WHERE vehicle_id = ?",
        (STATUS.text(after), vehicle_id),
    )
    if not changed.rowcount:
        return
    made = after.charging.plan
    if made is not None:
        c.execute(_PUT_PLAN, (made.id, vehicle_id, user_id, _PLAN.text(made)))
        c.execute(_DROP_OLDEST, (vehicle_id, _MOST_PLANS))
    # Whether anything changed that Enode shows is seen when the event is made.
    note = {"before": STATUS.text(before), "after": STATUS.text(after)}
    outbox.append(c, EVENT, vehicle_id, user_id, note, now)


def put_policy(c: sqlite3.Connection, vehicle_id: str, policy: SmartChargingPolicy) -> None:
    """Store what is wanted of a vehicle that had a policy before."""
    c.execute(
        "UPDATE smart_charging SET policy = ? WHERE vehicle_id = ?",
        (_POLICY.text(policy), vehicle_id),
    )


def plan(c: sqlite3.Connection, vehicle_id: str, plan_id: str) -> SmartChargingPlan | None:
    """A plan of a vehicle."""
    row = c.execute(
        "SELECT body FROM smart_charging_plans WHERE vehicle_id = ? AND id = ?",
        (vehicle_id, plan_id),
    ).fetchone()
    return _PLAN.of(row[0]) if row else None


def latest_plan(c: sqlite3.Connection, vehicle_id: str) -> SmartChargingPlan | None:
    """The plan made last for a vehicle."""
    row = c.execute(
        "SELECT body FROM smart_charging_plans WHERE vehicle_id = ? ORDER BY seq DESC LIMIT 1",
        (vehicle_id,),
    ).fetchone()
    return _PLAN.of(row[0]) if row else None


def plans(
    c: sqlite3.Connection, vehicle_id: str, since: datetime, until: datetime
) -> list[SmartChargingPlan]:
    """The plans of a vehicle that were at work in a time, oldest first."""
    rows = c.execute(
        "SELECT body FROM smart_charging_plans WHERE vehicle_id = ? ORDER BY seq", (vehicle_id,)
    )
    found = (_PLAN.of(body) for (body,) in rows)
    return [one for one in found if one.stop_at < until and one.over_at > since]


def overrides(c: sqlite3.Connection) -> dict[str, SmartOverride]:
    """The newest override of each vehicle, by its id."""
    rows = c.execute("SELECT vehicle_id, body FROM smart_overrides")
    return {vehicle_id: _OVERRIDE.of(body) for vehicle_id, body in rows}


def put_override(c: sqlite3.Connection, override: SmartOverride, user_id: str) -> None:
    """Store a vehicle's newest override."""
    c.execute(
        "INSERT OR REPLACE INTO smart_overrides (vehicle_id, user_id, body) VALUES (?, ?, ?)",
        (override.target_id, user_id, _OVERRIDE.text(override)),
    )


def end_override(c: sqlite3.Connection, override: SmartOverride) -> None:
    """Store that a vehicle's override is over."""
    c.execute(
        "UPDATE smart_overrides SET body = ? WHERE vehicle_id = ?",
        (_OVERRIDE.text(override), override.target_id),
    )
