"""What is told when an inverter's statistics change."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from gatewayd.control.statistics import EVENT, StatisticsRecorder
from gatewayd.model.asset import AssetKind
from tests.enode.home import USER, Home
from tests.enode.hooks import Hooks, faults_of, hooks
from tests.fakes.measured import run_at
from tests.fakes.receiver import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest_asyncio.fixture
async def a_hook(a_home: Home, authority: Authority) -> AsyncIterator[Hooks]:
    async with hooks(a_home, authority) as made:
        yield made


async def test_a_changed_day_and_month_are_told_as_the_api_shows_them(a_hook: Hooks) -> None:
    await a_hook.create(events=[EVENT])
    home = a_hook.home
    inverter = home.asset(AssetKind.INVERTER)
    start = datetime(2026, 6, 21, 9, 30, tzinfo=UTC)
    await home.db.write(lambda c: run_at(c, inverter, start, 20, 3000))
    await StatisticsRecorder(home.store, home.db, home.clock).count()

    await a_hook.until(lambda: bool(a_hook.receiver.events))

    day, month = a_hook.receiver.events
    for event, query in ((day, {"day": 21}), (month, {})):
        assert faults_of(event) == []
        assert event["user"] == {"id": USER}
        shown = await home.http.get(
            f"/inverters/{inverter.id}/statistics", params={"year": 2026, "month": 6} | query
        )
        told = {key: event["statistics"].pop(key) for key in ("inverterId", "year", "month", "day")}
        expected = {"inverterId": inverter.id, "year": 2026, "month": 6, "day": None} | query
        assert told == expected
        assert event["statistics"]["resolutions"] == shown.json()["resolutions"]


async def test_statistics_that_stay_the_same_are_not_told(a_hook: Hooks) -> None:
    await a_hook.create(events=[EVENT])
    home = a_hook.home

    await StatisticsRecorder(home.store, home.db, home.clock).count()
    await a_hook.step(5)

    assert a_hook.receiver.events == []
