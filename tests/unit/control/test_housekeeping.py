"""What is done once a day."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from gatewayd.control.housekeeping import Housekeeping
from gatewayd.model.asset import AssetKind
from gatewayd.model.command import Action, ActionState, StartCharging
from gatewayd.state import actions
from gatewayd.state.db import Database
from tests.fakes.clock import FakeClock


async def test_old_actions_go_and_a_backup_is_made(tmp_path: Path) -> None:
    clock = FakeClock()
    at = clock.now() - actions.KEPT - timedelta(days=1)
    first = Action("1", "ada", "wallbox", AssetKind.CHARGER, StartCharging(), "api", at, at)
    ended = replace(first, state=ActionState.CONFIRMED, completed_at=at)
    async with Database.open(tmp_path / "gateway.db") as db:
        await db.write(partial(actions.insert, action=ended))
        await db.write(partial(actions.insert, action=replace(ended, id="2")))
        keeping = asyncio.create_task(Housekeeping(db, clock).run())
        await clock.advance(3600)
        async with asyncio.timeout(20):
            while not list(_backups(tmp_path)):
                await asyncio.sleep(0.01)
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping

        assert await db.read(_ids) == ["2"]


def _backups(folder: Path) -> Iterator[Path]:
    return folder.glob("backups/*Z")


def _ids(c: sqlite3.Connection) -> list[str]:
    return [row["id"] for row in c.execute("SELECT id FROM actions")]
