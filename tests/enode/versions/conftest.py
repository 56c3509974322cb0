"""Applications of older versions."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import httpx
import pytest_asyncio

from tests.enode.home import USER, Home

Client = Callable[..., httpx.AsyncClient]


@pytest_asyncio.fixture
async def client(a_home: Home) -> AsyncIterator[Client]:
    """Clients that speak an older version, for a user or for none."""
    async with AsyncExitStack() as stack:
        made: list[httpx.AsyncClient] = []

        def speaking(version: str, user: str | None = USER) -> httpx.AsyncClient:
            headers = {
                "authorization": a_home.http.headers["authorization"],
                "enode-version": version,
                **({"enode-user-id": user} if user and version < "2023-08-01" else {}),
            }
            made.append(
                httpx.AsyncClient(
                    transport=httpx.ASGITransport(a_home.app),
                    base_url="http://gateway",
                    headers=headers,
                )
            )
            stack.push_async_callback(made[-1].aclose)
            return made[-1]

        yield speaking
