"""A running home for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.enode.home import Home, home


@pytest_asyncio.fixture
async def a_home(tmp_path: Path) -> AsyncIterator[Home]:
    async with home(tmp_path) as made:
        yield made
