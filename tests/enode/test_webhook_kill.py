"""kill -9 in the middle of deliveries: nothing is lost, reordered or sent again as a new thing."""

import asyncio
import multiprocessing
import random
import sqlite3
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from gatewayd.clock import SystemClock
from gatewayd.enode.delivery.courier import Courier
from gatewayd.enode.versions import NEWEST
from gatewayd.state import clients, outbox, webhooks
from gatewayd.state.db import Database
from tests.enode.hooks import SECRET, trusting
from tests.enode.post import CREDENTIALS, vendors
from tests.fakes.receiver import Authority, Receiver, receiver

_LAST = -1
PATIENCE_S = 30.0

# Children start from a process that has everything imported.
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.enode.test_webhook_kill", "gatewayd.links.http_client"])


@pytest.mark.parametrize("kills", [6, pytest.param(100, marks=pytest.mark.nightly)])
async def test_kills_in_the_middle_of_deliveries_lose_nothing(tmp_path: Path, kills: int) -> None:
    authority, dice = Authority(tmp_path), random.Random(20260621)
    path = tmp_path / "state.db"
    acknowledged: list[str] = []
    async with receiver(authority.server()) as made:
        await register(path, made.url)
        for life in range(kills):
            arrived = len(made.deliveries)
            acknowledged += await one_life(
                path, authority, life, partial(has_more_than, made, arrived), dice
            )
        assert len(acknowledged) > 5 * kills
        await one_life(path, authority, _LAST, lambda: acknowledged[-1] in vendors(made.deliveries))
        deliveries = list(made.deliveries)

    first_seen = list(dict.fromkeys(vendors(deliveries)))
    assert set(acknowledged) <= set(first_seen)
    assert first_seen == sorted(first_seen, key=number)
    bodies = {(delivery.id, delivery.body) for delivery in deliveries}
    assert len(bodies) == len({delivery.id for delivery in deliveries})
    assert len(bodies) == len({delivery.body for delivery in deliveries})
    assert len(deliveries) - len(bodies) <= kills
    pairs = {(delivery.id, name) for delivery in deliveries for name in vendors([delivery])}
    assert len(pairs) == len(first_seen), "an event was sent again in another payload"


def has_more_than(made: Receiver, count: int) -> bool:
    return len(made.deliveries) > count


def number(name: str) -> tuple[int, int]:
    life, count = name.split(" ")
    return int(life), int(count)


async def register(path: Path, url: str) -> None:
    values = {
        "url": url,
        "secret": SECRET,
        "events": [CREDENTIALS],
        "api_version": None,
        "header_name": None,
        "header_value": None,
    }
    now = SystemClock().now()
    async with Database.open(path) as db:
        client = await db.write(lambda c: clients.add(c, "test", now))
        await db.write(lambda c: webhooks.add(c, client.id, values, now))


async def one_life(
    path: Path,
    authority: Authority,
    life: int,
    until: Callable[[], bool],
    dice: random.Random | None = None,
) -> list[str]:
    """Run the gateway's half until something has arrived, then kill it at some moment.

    Returns the events it acknowledged.
    """
    ours, theirs = processes.Pipe(duplex=False)
    process = processes.Process(target=deliver, args=(path, authority.file, life, theirs))
    process.start()
    theirs.close()
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not until():
                await asyncio.sleep(0.002)
        await asyncio.sleep(dice.uniform(0, 0.05) if dice else 0)
    finally:
        process.kill()
    found = everything_in(ours)
    await asyncio.to_thread(process.join)
    return found


def everything_in(pipe: Connection) -> list[str]:
    found: list[str] = []
    try:
        while True:
            found.append(pipe.recv())
    except (EOFError, ConnectionError):
        return found


def deliver(path: Path, ca_file: Path, life: int, acknowledge: Connection) -> None:
    asyncio.run(_deliver(path, ca_file, life, acknowledge))


def happen(c: sqlite3.Connection, name: str) -> None:
    outbox.append(c, CREDENTIALS, name, "anna", {"vendor": name}, SystemClock().now())


async def _deliver(path: Path, ca_file: Path, life: int, acknowledge: Connection) -> None:
    async with Database.open(path) as db, asyncio.TaskGroup() as tasks:
        courier = Courier(
            db=db, clock=SystemClock(), http=trusting(ca_file), default_version=NEWEST, tick_s=0.002
        )
        tasks.create_task(courier.run())
        for count in range(1_000_000 if life != _LAST else 0):
            name = f"{life} {count}"
            await db.write(partial(happen, name=name))
            acknowledge.send(name)
            await asyncio.sleep(0.001)
