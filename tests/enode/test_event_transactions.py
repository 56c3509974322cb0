"""A change and the event that tells of it are written together or not at all."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from gatewayd.errors import StorageError
from gatewayd.state import outbox
from tests.enode.home import USER
from tests.enode.test_every_event import CHANGES, Story, authority, count, schedule_of, story

__all__ = ["authority", "story"]


# By event: the question whose answer is another once the change is on the disk.
STORED = {
    "user:charger:discovered": "SELECT count(*) FROM assets",
    "user:credentials:invalidated": "SELECT consent FROM assets ORDER BY id",
    "user:vendor-action:updated": "SELECT count(*) FROM actions WHERE state != 'PENDING'",
    "user:schedule:execution-updated": "SELECT status FROM schedules WHERE status IS NOT NULL",
    "user:vehicle:smart-charging-status-updated": "SELECT count(*) FROM smart_charging_plans",
    "user:inverter:statistics-updated": "SELECT count(*) FROM energy",
}


@contextmanager
def failing(name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Have every change undone at the moment its event of this name would be written."""
    append: Callable[..., int] = outbox.append
    undone: list[str] = []

    def fail(c: sqlite3.Connection, event: str, *more: Any) -> int:
        if event != name:
            return append(c, event, *more)
        undone.append(event)
        raise StorageError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(outbox, "append", fail)
        yield undone


async def answer(story: Story, question: str) -> list[Any]:
    return await story.hook.home.db.read(lambda c: [tuple(row) for row in c.execute(question)])


@pytest.mark.parametrize("name", STORED)
async def test_a_change_without_its_event_is_not_made_and_is_made_with_it_later(
    story: Story, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await story.listen(name)
    before = await answer(story, STORED[name])
    with failing(name, monkeypatch) as undone:
        await CHANGES[name](story)
        await story.hook.until(lambda: bool(undone))
        assert await answer(story, STORED[name]) == before
    if "statistics" in name:
        await count(story)
    await story.hook.until(lambda: bool(story.told(name)))

    assert await answer(story, STORED[name]) != before


async def test_a_schedule_that_cannot_be_decided_on_yet_is_stored_once_all_the_same(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "user:schedule:execution-updated"
    await story.listen(name)
    with failing(name, monkeypatch) as undone:
        made = await story.send("POST", f"/users/{USER}/schedules", schedule_of(story))
        await story.hook.step(3)
    await story.hook.until(lambda: bool(story.told(name)))

    assert undone
    assert {event["schedule"]["id"] for event in story.told(name)} == {made["id"]}


async def test_an_end_that_cannot_be_told_is_not_made_and_can_be_asked_for_again(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, question = "user:charger:deleted", "SELECT consent FROM assets ORDER BY id"
    path = f"/users/{USER}/vendors/KEBA"
    await story.listen(name)
    before = await answer(story, question)
    with failing(name, monkeypatch):
        refused = await story.hook.home.http.delete(path)
        assert (refused.status_code, await answer(story, question)) == (503, before)
    await story.send("DELETE", path)
    await story.hook.until(lambda: bool(story.told(name)))

    assert await answer(story, question) != before
