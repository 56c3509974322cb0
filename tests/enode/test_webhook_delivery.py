"""Webhooks: what is delivered, in which order, and what happens when it cannot be."""

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from gatewayd.enode.delivery import retries
from gatewayd.enode.delivery.payload import fitting
from gatewayd.errors import StorageError
from gatewayd.state import outbox, webhooks
from gatewayd.state.outbox import OutboxRow
from tests.enode.post import CREDENTIALS, Post, post, vendors
from tests.fakes.receiver import Authority, receiver


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest_asyncio.fixture
async def a_post(tmp_path: Path, authority: Authority) -> AsyncIterator[Post]:
    async with post(tmp_path, authority) as made:
        yield made


async def test_088_a_payload_is_an_array_also_of_one_event(a_post: Post) -> None:
    await a_post.add()

    await a_post.happen("ONE")
    await a_post.step()

    (delivery,) = a_post.receiver.deliveries
    assert delivery.events == [
        {
            "event": CREDENTIALS,
            "createdAt": "2026-06-21T10:00:00.000Z",
            "version": "2025-10-01",
            "user": {"id": "anna"},
            "vendor": "ONE",
        }
    ]


async def test_088_a_payload_has_at_most_a_hundred_events(a_post: Post) -> None:
    await a_post.add()

    names = await a_post.numbered(250)
    await a_post.step()

    assert [len(delivery.events) for delivery in a_post.receiver.deliveries] == [100, 100, 50]
    assert vendors(a_post.receiver.deliveries) == names
    assert len({delivery.id for delivery in a_post.receiver.deliveries}) == 3


def test_large_events_make_smaller_payloads() -> None:
    now = datetime(2026, 6, 21, tzinfo=UTC)
    rows = [OutboxRow(seq, "e", "1", "anna", {"x": "x" * 200_000}, now) for seq in range(10)]
    huge = OutboxRow(1, "e", "1", "anna", {"x": "x" * 2**20}, now)

    assert [row.seq for row in fitting(rows)] == [0, 1]
    assert fitting([huge, huge]) == [huge]


def test_the_pauses_grow_and_end_within_a_day() -> None:
    minutes = [1, 2, 5, 10, 20, 30]

    assert retries.PAUSES_S[:8] == (10, 30, *(60 * minute for minute in minutes))
    assert set(retries.PAUSES_S[8:]) == {3600}
    assert 23 * 3600 < sum(retries.PAUSES_S) <= 24 * 3600
    assert retries.pause_s(len(retries.PAUSES_S) + 1) is None


async def hurry(post: Post) -> None:
    """Start again with little patience, which is real time here."""
    await post.stop()
    post.timeout_s = 2.5
    post.start()


async def test_089_a_slow_receiver_has_failed_and_is_tried_again_with_the_same_content(
    a_post: Post,
) -> None:
    await hurry(a_post)
    made = await a_post.add()
    a_post.receiver.hang()
    await a_post.happen("ONE")
    async with asyncio.timeout(60):
        while not (await a_post.stored(made)).attempts:
            await a_post.step()
    await a_post.happen("MEANWHILE")
    a_post.receiver.answer(200)

    await a_post.step(10)

    first, again, last = a_post.receiver.deliveries
    assert (again.id, again.body) == (first.id, first.body)
    assert (vendors([first]), vendors([last])) == (["ONE"], ["MEANWHILE"])


async def test_089_the_gaps_between_attempts_grow_and_the_content_stays(a_post: Post) -> None:
    await a_post.add()
    a_post.receiver.answer(500)
    await a_post.happen("ONE")
    seen: list[float] = []
    while len(seen) < 5:
        await a_post.step()
        if len(a_post.receiver.deliveries) > len(seen):
            seen.append(a_post.clock.monotonic())
            await a_post.happen("MEANWHILE")

    gaps = [later - earlier for earlier, later in itertools.pairwise(seen)]
    assert gaps == [10, 30, 60, 120]
    deliveries = a_post.receiver.deliveries
    assert len({(delivery.id, delivery.body) for delivery in deliveries}) == 1
    assert vendors(deliveries[:1]) == ["ONE"]


@pytest.mark.parametrize("how", ["500", "302", "404", "410", "429", "cut"])
async def test_whatever_is_not_2xx_is_a_failure(a_post: Post, how: str) -> None:
    made = await a_post.add()
    if how == "cut":
        a_post.receiver.cut()
    else:
        a_post.receiver.answer(int(how))

    await a_post.happen("ONE")
    await a_post.step(3)

    stored = await a_post.stored(made)
    assert (len(a_post.receiver.deliveries), stored.attempts) == (1, 1)
    assert (stored.is_active, stored.last_success_at) == (True, made.last_success_at)


async def test_090_after_a_failure_everything_arrives_in_order(
    a_post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gatewayd.enode.delivery")
    made = await a_post.add()
    a_post.receiver.answer(503)
    await a_post.happen("FIRST")
    await a_post.step()
    names = await a_post.numbered(120)
    await a_post.step(12)
    failed = len(a_post.receiver.deliveries)
    a_post.receiver.answer(204)
    await a_post.step(31)

    arrived = a_post.receiver.deliveries[failed:]
    assert vendors(arrived) == ["FIRST", *names]
    assert arrived[0].id == a_post.receiver.deliveries[0].id
    stored = await a_post.stored(made)
    assert (stored.attempts, stored.last_success_at > made.last_success_at) == (0, True)
    assert [record.message.partition(": ")[2] for record in caplog.records] == [
        "delivery fails, its events wait: answered 503, not 2xx",
        "delivers again",
    ]


async def test_091_a_day_of_failures_ends_in_an_inactive_webhook_without_its_queue(
    a_post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    made = await a_post.add()
    a_post.receiver.answer(500)
    await a_post.happen("LOST")

    await a_post.fail_for_a_day()

    assert not (await a_post.stored(made)).is_active
    assert len(a_post.receiver.deliveries) == len(retries.PAUSES_S) + 1
    assert {tuple(vendors([one])) for one in a_post.receiver.deliveries} == {("LOST",)}
    assert "inactive after" in caplog.text
    a_post.receiver.answer(200)
    await a_post.happen("UNHEARD")
    await a_post.step(2)
    await a_post.change(made)
    await a_post.happen("HEARD")
    await a_post.step()
    assert vendors(a_post.receiver.deliveries[len(retries.PAUSES_S) + 1 :]) == ["HEARD"]


async def test_a_change_of_a_failing_webhook_is_tried_at_once(a_post: Post) -> None:
    made = await a_post.add()
    a_post.receiver.answer(500)
    await a_post.happen("ONE")
    await a_post.step()
    a_post.receiver.answer(200)

    await a_post.change(made)
    await a_post.step()

    assert [vendors([one]) for one in a_post.receiver.deliveries] == [["ONE"], ["ONE"]]


async def test_a_change_during_the_last_attempt_is_not_undone_by_its_failure(
    a_post: Post,
) -> None:
    made = await a_post.add()

    async def change_then_fail(writer: asyncio.StreamWriter) -> None:
        await a_post.change(made)
        writer.write(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")

    a_post.receiver.answer(500)
    await a_post.happen("ONE")
    for pause_s in (0.0, *retries.PAUSES_S[:-1]):
        a_post.clock.jump_wall(timedelta(seconds=pause_s))
        await a_post.step()
    a_post.receiver.respond = change_then_fail
    a_post.clock.jump_wall(timedelta(seconds=retries.PAUSES_S[-1]))
    await a_post.step()

    stored = await a_post.stored(made)
    assert (stored.is_active, stored.attempts) == (True, 0)


async def test_093_only_what_was_asked_for_is_sent_and_heartbeats(a_post: Post) -> None:
    await a_post.add(events=["user:battery:deleted"])
    await a_post.step()
    await a_post.happen("ONE")

    await a_post.step(299)
    assert a_post.receiver.deliveries == []
    await a_post.step()

    (beat,) = a_post.receiver.events
    assert beat == {
        "event": "system:heartbeat",
        "createdAt": "2026-06-21T10:05:01.000Z",
        "version": "2025-10-01",
        "pendingEvents": 0,
    }


async def test_a_heartbeat_goes_before_what_waits_and_counts_it(a_post: Post) -> None:
    await a_post.add()
    await a_post.step(300)
    await a_post.numbered(130)
    await a_post.step()

    beat, *rest = a_post.receiver.deliveries
    assert [event["pendingEvents"] for event in beat.events] == [130]
    assert len(vendors(rest)) == 130


async def test_a_heartbeat_that_fails_makes_what_follows_wait(a_post: Post) -> None:
    made = await a_post.add()
    a_post.receiver.answer(500)
    await a_post.step(301)
    await a_post.happen("ONE")
    await a_post.step(2)

    assert (await a_post.stored(made)).attempts == 1
    assert len(a_post.receiver.deliveries) == 1
    a_post.receiver.answer(200)
    await a_post.step(10)

    assert vendors(a_post.receiver.deliveries) == ["ONE"]


async def test_a_receiver_that_hangs_holds_up_nobody_else(
    a_post: Post, authority: Authority
) -> None:
    await hurry(a_post)
    await a_post.add()
    async with receiver(authority.server()) as healthy:
        await a_post.add(url=healthy.url)
        a_post.receiver.hang()
        await a_post.happen("ONE")
        await a_post.clock.advance(1)
        async with asyncio.timeout(60):
            while not healthy.deliveries:
                # A loaded machine may need more than one attempt.
                await a_post.clock.advance(1)
                await asyncio.sleep(0.01)

        assert vendors(healthy.deliveries) == ["ONE"]
        await a_post.rest()


async def test_there_is_one_request_at_a_time(a_post: Post) -> None:
    await a_post.add()
    at_once: list[int] = []
    busy = 0

    async def respond(writer: asyncio.StreamWriter) -> None:
        nonlocal busy
        busy += 1
        at_once.append(busy)
        await asyncio.sleep(0.01)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        busy -= 1

    a_post.receiver.respond = respond
    for _ in range(5):
        await a_post.numbered(30)
        await a_post.clock.advance(1)
    await a_post.rest()
    await a_post.step()

    assert len(vendors(a_post.receiver.deliveries)) == 150
    assert set(at_once) == {1}


async def test_after_a_restart_delivery_goes_on_where_it_stood(a_post: Post) -> None:
    await a_post.add()
    a_post.receiver.answer(500)
    await a_post.happen("ONE")
    await a_post.step()
    await a_post.happen("TWO")
    await a_post.stop()
    a_post.receiver.answer(200)

    a_post.start()
    await a_post.step(8)
    before = len(a_post.receiver.deliveries)
    await a_post.step(3)

    first, *rest = a_post.receiver.deliveries
    assert before == 1
    assert vendors(rest) == ["ONE", "TWO"]
    assert (rest[0].id, rest[0].body) == (first.id, first.body)


async def test_a_delivery_cut_off_in_the_middle_is_repeated_as_it_was(a_post: Post) -> None:
    await a_post.add()
    a_post.receiver.hang()
    await a_post.happen("ONE")
    await a_post.clock.advance(1)
    async with asyncio.timeout(60):
        while not a_post.receiver.deliveries:
            await asyncio.sleep(0.002)
    await a_post.stop()
    await a_post.happen("TWO")
    a_post.receiver.answer(200)

    a_post.start()
    await a_post.step()

    first, again, last = a_post.receiver.deliveries
    assert (again.id, again.body) == (first.id, first.body)
    assert vendors([again, last]) == ["ONE", "TWO"]


async def test_a_clock_that_was_wrong_does_not_put_off_the_next_attempt(a_post: Post) -> None:
    made = await a_post.add()
    a_post.receiver.answer(500)
    a_post.clock.jump_wall(timedelta(days=365))
    await a_post.happen("ONE")
    await a_post.step()

    a_post.clock.jump_wall(timedelta(days=-365))
    await a_post.step()
    a_post.clock.jump_wall(timedelta(days=365))
    await a_post.step()

    assert len(a_post.receiver.deliveries) == 3
    assert (await a_post.stored(made)).is_active


async def test_a_narrower_wish_passes_over_what_already_waits(a_post: Post) -> None:
    made = await a_post.add()
    a_post.receiver.answer(500)
    await a_post.happen("ONE")
    await a_post.step()
    a_post.receiver.answer(200)

    await a_post.change(made, events=["user:meter:deleted"])
    await a_post.step()
    await a_post.change(made, events=[CREDENTIALS])
    await a_post.happen("TWO")
    await a_post.step()

    assert vendors(a_post.receiver.deliveries[1:]) == ["TWO"]


async def test_what_everybody_has_leaves_the_outbox(
    a_post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "KEPT_ROWS", 3)
    await a_post.add()
    a_post.receiver.answer(500)
    await a_post.numbered(10)

    async def stored() -> int:
        return len(await a_post.db.read(lambda c: outbox.after(c, 0)))

    await a_post.step(61)
    waiting = await stored()
    a_post.receiver.answer(200)
    await a_post.step(122)

    assert (waiting, await stored()) == (10, 3)
    assert len(vendors(a_post.receiver.deliveries[-1:])) == 10


async def test_a_webhook_that_waits_for_nothing_keeps_nothing_in_the_outbox(
    a_post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "KEPT_ROWS", 0)
    made = await a_post.add(events=["user:meter:deleted"])
    await a_post.numbered(10)

    await a_post.step(61)

    assert await a_post.db.read(lambda c: outbox.after(c, 0)) == []
    assert (await a_post.stored(made)).delivered == 10


async def test_095_the_version_of_a_webhook_is_that_of_its_events(a_post: Post) -> None:
    await a_post.add(api_version="2024-10-01")

    await a_post.happen("ONE")
    await a_post.step(301)

    assert [event["version"] for event in a_post.receiver.events] == ["2024-10-01"] * 2


async def test_a_row_that_is_yet_to_be_completed_stops_what_is_behind_it(a_post: Post) -> None:
    await a_post.add(events=["*"])
    note = {"actionId": "1", "updatedFields": ["state"]}
    now = a_post.clock.now()
    seq = await a_post.db.write(
        lambda c: outbox.append(c, "user:vendor-action:updated", "1", "anna", note, now)
    )
    await a_post.happen("BEHIND")
    await a_post.step(2)
    assert a_post.receiver.deliveries == []

    await a_post.db.write(lambda c: outbox.complete(c, seq, None))
    await a_post.step()

    assert vendors(a_post.receiver.deliveries) == ["BEHIND"]


async def test_a_disk_that_fails_delays_and_does_not_end_delivery(
    a_post: Post, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await a_post.add()
    await a_post.happen("ONE")

    def full(*_arguments: object, **_more: object) -> None:
        raise StorageError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(webhooks, "pin", full)
        await a_post.step(3)
        assert a_post.receiver.deliveries == []
    await a_post.step()

    assert vendors(a_post.receiver.deliveries) == ["ONE"]
    assert caplog.text.count("nothing can be stored") == 1
