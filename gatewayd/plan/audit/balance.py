"""The grid against the sum of what is behind it."""

from collections.abc import Sequence

from gatewayd.model.asset import MeterUsage
from gatewayd.model.reading import (
    BatteryReading,
    ChargerReading,
    HvacReading,
    InverterReading,
    MeterReading,
)
from gatewayd.plan.audit.finding import Finding, Track, mean, numbers

# What meters of different makers, read at different moments, may be apart.
_APART = 0.15
_APART_W = 300.0


def of_home(tracks: Sequence[Track]) -> list[Finding]:
    """What comes from the grid and the sun, less the battery's share, is used by something."""
    grid = [one for one in tracks if one.usage is MeterUsage.GRID]
    if not grid:
        if any(isinstance(one.last, MeterReading) for one in tracks):
            told = "no meter is said to be the grid's"
            return [Finding("grid", "home", told, "write `usage: grid` at the meter of the grid")]
        return []
    power_w = _sum(grid)
    if power_w is None:
        return []
    used_w = _sum([one for one in tracks if isinstance(one.last, ChargerReading | HvacReading)])
    come_w = power_w + _made_w(tracks)
    lacking_w = (used_w or 0.0) - come_w
    if lacking_w <= max(_APART_W, _APART * (abs(power_w) + abs(come_w))):
        return []
    told = (
        f"grid, sun and battery bring {come_w:.0f} W, and {used_w or 0:.0f} W are used by"
        " chargers and heat alone"
    )
    do = "a sign is the wrong way round, a device is counted twice, or one is not configured"
    return [Finding("balance", grid[0].where, told, do)]


def _made_w(tracks: Sequence[Track]) -> float:
    """What sun and batteries give. Where an inverter tells only its mains side, both are in it."""
    inverters = [one for one in tracks if isinstance(one.last, InverterReading)]
    sun_w = [mean(numbers(one, "power_w")) for one in inverters]
    if None not in sun_w:
        return sum(found for found in sun_w if found is not None) - (_sum(_batteries(tracks)) or 0)
    ac_w = [mean(numbers(one, "ac_power_w")) for one in inverters]
    return sum(found for found in ac_w if found is not None)


def _batteries(tracks: Sequence[Track]) -> list[Track]:
    return [one for one in tracks if isinstance(one.last, BatteryReading)]


def _sum(tracks: Sequence[Track]) -> float | None:
    known = [found for one in tracks if (found := mean(numbers(one, "power_w"))) is not None]
    return sum(known) if known else None
