"""From a note in the outbox to the body its receivers get."""

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

from gatewayd.control.energy import production
from gatewayd.enode.events.difference import updated_fields
from gatewayd.enode.events.documents import data
from gatewayd.enode.views.action import action
from gatewayd.enode.views.base import vendor
from gatewayd.enode.views.schedule import schedule
from gatewayd.enode.views.schedule_status import schedule_status
from gatewayd.enode.views.smart_charging import status as smart_charging_status
from gatewayd.enode.views.statistics import changed_production
from gatewayd.enode.wire.event import EVENTS, body_keys
from gatewayd.model.statistics import InverterStatistics
from gatewayd.plan.statistics.inverter import ProductionQuery
from gatewayd.state import actions, assets, schedules, smart_charging
from gatewayd.state.outbox import OutboxRow

Body = Mapping[str, Any]


def is_complete(row: OutboxRow) -> bool:
    """Whether the row can be delivered as it is."""
    return row.event in EVENTS and body_keys(row.event) <= row.body.keys()


def _vendor_action(c: sqlite3.Connection, row: OutboxRow) -> Body | None:
    found = actions.get(c, str(row.body.get("actionId")))
    if found is None:
        return None
    # An action that has ended never changes, so this is what it was when the note was written.
    return {"vendorAction": data(action(found)), "updatedFields": row.body["updatedFields"]}


def _inverter_statistics(c: sqlite3.Connection, row: OutboxRow) -> Body | None:
    note: dict[str, Any] = dict(row.body)
    query = ProductionQuery(**note)
    asset = assets.get(c, row.entity_id)
    known = production(c, asset, query, row.created_at) if asset else None
    if not isinstance(known, InverterStatistics):
        return None
    return {"statistics": data(changed_production(row.entity_id, query, known))}


def _credentials(_: sqlite3.Connection, row: OutboxRow) -> Body:
    return {"vendor": vendor(str(row.body["machineName"]))}


def _schedule(_: sqlite3.Connection, row: OutboxRow) -> Body | None:
    note = {key: str(text) for key, text in row.body.items() if text is not None}
    kind, shown = note["kind"], schedules.of(note["kind"], note["of"])
    status = data(schedule_status(schedules.status_of(kind, note["after"])))
    before = schedules.status_of(kind, note["before"]) if "before" in note else None
    fields = updated_fields(data(schedule_status(before)) if before else {}, status)
    if not fields:
        return None
    return {"status": status, "schedule": data(schedule(shown)), "updatedFields": fields}


def _smart_charging(_: sqlite3.Connection, row: OutboxRow) -> Body | None:
    before, after = (smart_charging.STATUS.of(str(row.body[key])) for key in ("before", "after"))
    status = data(smart_charging_status(after))
    fields = updated_fields(data(smart_charging_status(before)), status)
    return {"smartChargingStatus": status, "updatedFields": fields} if fields else None


# By event; None means that there is nothing to tell any more. Called on the database's reader.
COMPLETERS: Mapping[str, Callable[[sqlite3.Connection, OutboxRow], Body | None]] = {
    "user:vendor-action:updated": _vendor_action,
    "user:credentials:invalidated": _credentials,
    schedules.EVENT: _schedule,
    smart_charging.EVENT: _smart_charging,
    "user:inverter:statistics-updated": _inverter_statistics,
}
