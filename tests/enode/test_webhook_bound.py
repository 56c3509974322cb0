"""A full outbox: the oldest events go, and only whoever had not fetched them misses them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from gatewayd.state import outbox
from tests.enode.post import Post, post, vendors
from tests.fakes.receiver import Authority, receiver

MOST = 200


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest_asyncio.fixture
async def a_post(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Post]:
    monkeypatch.setattr(outbox, "MAX_ROWS", MOST)
    async with post(tmp_path, authority) as made:
        yield made


async def rows(a_post: Post) -> int:
    return len(await a_post.db.read(lambda c: outbox.after(c, 0, limit=10 * MOST)))


async def test_a_receiver_that_is_away_misses_the_oldest_and_gets_the_rest_in_order(
    a_post: Post, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    await a_post.add()
    a_post.receiver.answer(500)
    await a_post.happen("UNDER WAY")
    await a_post.step()
    async with receiver(authority.server()) as healthy:
        await a_post.add(url=healthy.url)
        names = [str(number) for number in range(MOST + 100)]
        for start in range(0, len(names), 100):
            await a_post.happen(*names[start : start + 100])
            await a_post.step()
        assert vendors(healthy.deliveries) == names

    assert await rows(a_post) <= MOST
    assert "dropped the" in caplog.text
    tried = len(a_post.receiver.deliveries)
    a_post.receiver.answer(200)
    await a_post.step(40)

    arrived = vendors(a_post.receiver.deliveries[tried:])
    assert arrived == names[-len(arrived) :]
    assert len(arrived) > MOST * 9 // 10


async def test_a_payload_that_has_lost_its_beginning_is_another_payload(a_post: Post) -> None:
    await a_post.add()
    a_post.receiver.answer(500)
    await a_post.numbered(100)
    await a_post.step()
    (whole,) = a_post.receiver.deliveries
    await a_post.db.write(lambda c: outbox.drop(c, 40))
    a_post.receiver.answer(200)
    await a_post.step(12)

    (_, rest) = a_post.receiver.deliveries
    assert vendors([rest]) == vendors([whole])[40:]
    assert rest.id != whole.id
