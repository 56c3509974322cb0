"""Flex policies of vehicles with their overrides, and the home's intent."""

import sqlite3

from gatewayd.model.flex import FlexAgreement, FlexIntent
from gatewayd.state.record import Record

# The intent of a home that was never given one.
NO_INTENT = FlexIntent(revision_id="00000000-0000-0000-0000-000000000000")

_AGREEMENT: Record[FlexAgreement] = Record(FlexAgreement)
_INTENT: Record[FlexIntent] = Record(FlexIntent)


def put(c: sqlite3.Connection, agreement: FlexAgreement) -> None:
    """Store a new policy; a vehicle has one."""
    policy = agreement.policy
    c.execute(
        "INSERT INTO flex_policies (id, vehicle_id, user_id, body) VALUES (?, ?, ?, ?)",
        (policy.id, policy.vehicle_id, agreement.user_id, _AGREEMENT.text(agreement)),
    )


def change(c: sqlite3.Connection, agreement: FlexAgreement) -> None:
    """Store what is asked for beside a policy, unless that is gone."""
    c.execute(
        "UPDATE flex_policies SET body = ? WHERE id = ?",
        (_AGREEMENT.text(agreement), agreement.policy.id),
    )


def load(c: sqlite3.Connection) -> dict[str, FlexAgreement]:
    """All policies, by id."""
    rows = c.execute("SELECT id, body FROM flex_policies")
    return {policy_id: _AGREEMENT.of(body) for policy_id, body in rows}


def remove(c: sqlite3.Connection, policy_id: str) -> None:
    """Forget a policy and its override."""
    c.execute("DELETE FROM flex_policies WHERE id = ?", (policy_id,))


def intent(c: sqlite3.Connection) -> FlexIntent:
    """The intent in force."""
    row = c.execute("SELECT body FROM flex_intent").fetchone()
    return _INTENT.of(row[0]) if row else NO_INTENT


def put_intent(c: sqlite3.Connection, wanted: FlexIntent) -> None:
    """Replace the intent."""
    c.execute(
        "INSERT OR REPLACE INTO flex_intent (only, body) VALUES (1, ?)", (_INTENT.text(wanted),)
    )
