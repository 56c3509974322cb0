"""Readiness waits for a first picture; devices that are away come later."""

import asyncio
from collections.abc import Collection
from contextlib import suppress

from gatewayd.state.store import Store

_WITHIN_S = 5.0


async def first_picture(store: Store, device_ids: Collection[str]) -> None:
    """Wait until every device has been heard of once, or for so long that some are away."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_WITHIN_S):
            async for site in store.watch():
                reached = {s.asset.device_id for s in site.assets.values() if s.is_reachable}
                if reached >= set(device_ids):
                    return
