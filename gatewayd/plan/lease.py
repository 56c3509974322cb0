"""Leases: the right to keep a device's own watchdog fed, given only on fresh inputs.

A heartbeat that runs on a timer of its own keeps a charger at its last current while the meter
is dead; so nothing here knows a timer, only the age of what was read.
"""

from dataclasses import dataclass

from gatewayd.model.reading import Sample

FRESH_S = 15.0
LEASE_MAX_S = 60.0


@dataclass(frozen=True, slots=True)
class Lease:
    """Until `valid_until` (monotonic) the watchdog of `watchdog_s` may be fed once."""

    watchdog_s: float
    valid_until: float


def is_fresh(sample: Sample | None, now_s: float) -> bool:
    """Whether a sample may still be decided on; `now_s` is monotonic."""
    return sample is not None and 0.0 <= now_s - sample.at_monotonic <= FRESH_S


def grant(sample: Sample | None, watchdog_s: float, now_s: float) -> Lease | None:
    """A lease on what the asset said last, or None when that is too old."""
    if watchdog_s <= 0 or not is_fresh(sample, now_s):
        return None
    return Lease(watchdog_s, now_s + min(LEASE_MAX_S, watchdog_s))


def is_due(lease: Lease, since_s: float, period_s: float) -> bool:
    """Whether to feed now: waiting one more `period_s` would exceed a third of the watchdog."""
    return since_s + period_s > lease.watchdog_s / 3.0
