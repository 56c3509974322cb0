"""An event loop whose time jumps to the next timer as soon as no socket has anything to say.

A test may so use real sockets and real timeouts of seconds, and still take no time. Everything
that talks must live in this one loop.
"""

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")

# Bytes sent over loopback have arrived when `send` returns, nearly always: this is for the rest.
_GRACE_S = 0.0002


class _JumpSelector(selectors.DefaultSelector):
    now_s = 0.0
    grace_s = _GRACE_S

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        events = super().select(0) or super().select(min(timeout, self.grace_s))
        if not events:
            self.now_s += timeout
        return events


class JumpLoop(asyncio.SelectorEventLoop):
    """`time()` counts the seconds slept, none of them real."""

    def __init__(self) -> None:
        self._jumps = _JumpSelector()
        super().__init__(self._jumps)

    def time(self) -> float:
        return self._jumps.now_s

    def allow(self, grace_s: float) -> None:
        """Wait so long, really, for bytes that are slower than loopback: a pty has a queue."""
        self._jumps.grace_s = grace_s


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in a loop of its own."""
    with asyncio.Runner(loop_factory=JumpLoop) as runner:
        return runner.run(main)


def jumping(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Make an async test run in such a loop."""

    @functools.wraps(test)
    def in_jump_loop(*args: P.args, **kwargs: P.kwargs) -> None:
        run(test(*args, **kwargs))

    return in_jump_loop
