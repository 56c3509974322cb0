"""A virtual home on a clock that moves only when told, at noon of a summer day."""

from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from gatewayd.virtual.home import VirtualHome, virtual_home
from tests.fakes.clock import FakeClock

NOON = datetime(2026, 6, 21, 12, 0)  # noqa: DTZ001 - the home's local time


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def home(clock: FakeClock) -> AsyncIterator[VirtualHome]:
    async with virtual_home(seed=1, clock=clock, start=NOON) as home:
        home.house.cloud_factor = 0.8
        await clock.advance(2)
        yield home
