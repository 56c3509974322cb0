"""What users wish, written so that schedules and smart charging never both have a vehicle."""

import sqlite3
from dataclasses import replace

from gatewayd.control.steering.known import never
from gatewayd.model.asset import Asset
from gatewayd.model.schedule import Schedule
from gatewayd.model.smart_charging import SmartChargingPolicy
from gatewayd.plan.schedule import without_smart_charging
from gatewayd.plan.smart.policy import policy_beside
from gatewayd.state import schedules, smart_charging


def put_schedule(c: sqlite3.Connection, schedule: Schedule) -> None:
    """Store a schedule; an enabled one disables smart charging of its vehicle."""
    schedules.put(c, schedule)
    known = smart_charging.load(c).get(schedule.target_id)
    if known is not None:
        policy, _ = known
        beside = policy_beside(policy, schedule, schedule.target_id)
        smart_charging.put_policy(c, schedule.target_id, beside)


def put_policy(c: sqlite3.Connection, vehicle: Asset, policy: SmartChargingPolicy) -> None:
    """Store a policy; an enabled one disables the schedules of its vehicle."""
    known = smart_charging.load(c).get(vehicle.id)
    status = known[1] if known else never(vehicle)
    smart_charging.put(c, policy, replace(status, user_id=vehicle.user_id))
    if policy.is_enabled:
        for disabled in without_smart_charging(schedules.load(c), vehicle.id):
            schedules.put(c, disabled)
