"""What users have chosen of an asset, and from when on what they asked for counts."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from gatewayd.model.ready_by import ReadyBy
from gatewayd.state.codec import time_of, time_text


@dataclass(frozen=True, slots=True)
class Chosen:
    """Instead of what the config says.

    `mode` and `always_charge` None are the config's; `since` None counts everything. `plans` are by
    name, None for one that is taken away.
    """

    mode: str | None = None
    since: datetime | None = None
    numbers: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    plans: Mapping[str, ReadyBy | None] = field(default_factory=lambda: MappingProxyType({}))
    always_charge: str | None = None


def load(c: sqlite3.Connection) -> dict[str, Chosen]:
    """What there is, by asset id."""
    rows = c.execute("SELECT asset_id, mode, since, numbers, plans, always_charge FROM modes")
    return {
        asset_id: Chosen(mode, time_of(since), json.loads(numbers or "{}"), _plans(plans), always)
        for asset_id, mode, since, numbers, plans, always in rows
    }


def choose(c: sqlite3.Connection, asset_id: str, mode: str, at: datetime) -> None:
    """A user's choice. What was asked for before is over."""
    _put(c, asset_id, "mode", mode)
    _put(c, asset_id, "since", time_text(at))


def forget_wants(c: sqlite3.Connection, asset_id: str, at: datetime) -> None:
    """The car has left: what was asked for it is over, what was chosen stays."""
    _put(c, asset_id, "since", time_text(at))


def put_numbers(c: sqlite3.Connection, asset_id: str, numbers: Mapping[str, float]) -> None:
    """All numbers of an asset."""
    _put(c, asset_id, "numbers", json.dumps(dict(numbers)))


def put_plans(c: sqlite3.Connection, asset_id: str, plans: Mapping[str, ReadyBy | None]) -> None:
    """All plans of an asset."""
    told = {name: None if plan is None else _told(plan) for name, plan in plans.items()}
    _put(c, asset_id, "plans", json.dumps(told))


def put_always(c: sqlite3.Connection, asset_id: str, always_charge: str) -> None:
    """Whether a charger charges without sun."""
    _put(c, asset_id, "always_charge", always_charge)


def _put(c: sqlite3.Connection, asset_id: str, column: str, value: str | None) -> None:
    c.execute(
        f"INSERT INTO modes (asset_id, {column}) VALUES (?, ?)"  # noqa: S608 - a column of ours
        f" ON CONFLICT (asset_id) DO UPDATE SET {column} = excluded.{column}",
        (asset_id, value),
    )


def _told(plan: ReadyBy) -> dict[str, Any]:
    return {
        "at": time_text(plan.at),
        "weekdays": sorted(plan.weekdays),
        "minute": plan.minute,
        "soc_pct": plan.soc_pct,
        "energy_wh": plan.energy_wh,
        "is_continuous": plan.is_continuous,
    }


def _plans(text: str | None) -> dict[str, ReadyBy | None]:
    told: dict[str, dict[str, Any] | None] = json.loads(text or "{}")
    return {name: None if plan is None else _plan(plan) for name, plan in told.items()}


def _plan(told: dict[str, Any]) -> ReadyBy:
    changes = {"at": time_of(told["at"]), "weekdays": frozenset(told["weekdays"])}
    return ReadyBy(**{**told, **changes})
