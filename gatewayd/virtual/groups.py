"""A task group for the length of a `with` block, whose tasks end with the block."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def plain_group() -> AsyncIterator[asyncio.TaskGroup]:
    """Like `asyncio.TaskGroup`, but a single error comes out as it went in.

    An asyncio group wraps even the error of its own block, so that a failing test or a ConfigError
    would reach the caller as an ExceptionGroup.
    """
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as errors:
        if len(errors.exceptions) > 1:
            raise
        raise errors.exceptions[0] from None
