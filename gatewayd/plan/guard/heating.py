"""A heat pump as a load of the guard: it runs or it is blocked, and counts until it has stopped.

What spares its compressor (`plan.heat`) is none of the guard's business: a fuse comes first.
"""

from gatewayd.model.asset import Asset
from gatewayd.model.circuit import Load, current_of
from gatewayd.model.reading import HvacReading
from gatewayd.plan.guard.words import Grant, LoadNow
from gatewayd.plan.heat.levels import is_blocked


def now(load: Load, asset: Asset, reading: HvacReading, at_s: float) -> LoadNow:
    """What it said last. It may start whenever it is not blocked."""
    limit_a = 0.0 if is_blocked(asset, reading) else load.max_a
    drawn_a = None
    if reading.power_w is not None:
        drawn_a = (current_of(load, reading.power_w),) * len(load.lines or (0,))
    return LoadNow(load.max_a, limit_a, drawn_a, at_s)


def may_run(grant: Grant) -> bool:
    """Whether there is room for all that it draws: less is nothing to a heat pump."""
    return grant.amps > 0
