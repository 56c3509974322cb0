"""When a failed delivery is tried again, and when no more. Pure."""

from datetime import datetime, timedelta
from itertools import accumulate, repeat, takewhile

_HOUR_S = 3600.0
_DAY_S = 24 * _HOUR_S
_FIRST_S = (10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0)


def _pauses() -> tuple[float, ...]:
    """Increasing, then hourly, all of them within 24 hours."""
    hourly = (*_FIRST_S, *repeat(_HOUR_S, int(_DAY_S / _HOUR_S)))
    within = sum(1 for _ in takewhile(lambda end_s: end_s <= _DAY_S, accumulate(hourly)))
    return hourly[:within]


PAUSES_S = _pauses()


def pause_s(attempts: int) -> float | None:
    """How long to wait after this many failed attempts; None when there were enough."""
    return PAUSES_S[attempts - 1] if attempts <= len(PAUSES_S) else None


def is_due(attempts: int, retry_at: datetime | None, now: datetime) -> bool:
    """Whether it is time for the next attempt.

    Counted by attempts and bounded by their pause, so that a clock that was wrong at either end
    can neither use up the attempts nor put off the next one.
    """
    if retry_at is None:
        return True
    wait = retry_at - now
    return wait <= timedelta(0) or wait > timedelta(seconds=pause_s(attempts) or 0.0)
