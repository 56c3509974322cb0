"""The journal of actions. PENDING, then one terminal state for ever."""

import sqlite3

from gatewayd.model.command import Action


def insert(c: sqlite3.Connection, action: Action) -> None:
    """Write a new action. The asset's older PENDING one must have been ended before."""
    raise NotImplementedError


def update(c: sqlite3.Connection, action: Action) -> bool:
    """Write an action's new state; False, and nothing changes, when it has already ended."""
    raise NotImplementedError


def get(c: sqlite3.Connection, action_id: str) -> Action | None:
    """One action."""
    raise NotImplementedError


def pending(c: sqlite3.Connection, asset_id: str | None = None) -> list[Action]:
    """The actions that have not ended, of one asset or of all, oldest first."""
    raise NotImplementedError


def latest(c: sqlite3.Connection) -> dict[str, Action]:
    """The newest action of each asset, by asset id."""
    raise NotImplementedError
