"""How much of the sun each charger could have."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BatteryNow:
    """A battery: charging +."""

    power_w: float
    soc_pct: float | None = None


@dataclass(frozen=True, slots=True)
class BatteryRule:
    """Who comes first, car or battery.

    Below `priority_soc_pct` the battery does: what it charges with is not for cars. Above
    `buffer_soc_pct` it may keep a car that is charging going. `residual_w` stays for the grid.
    """

    priority_soc_pct: float = 0.0
    buffer_soc_pct: float = 100.0
    residual_w: float = 0.0


@dataclass(frozen=True, slots=True)
class Drawing:
    """A charger on the sun: what it draws, what it was promised, and when it is served."""

    id: str
    priority: int
    power_w: float
    reserved_w: float = 0.0


def surpluses(
    grid_w: float | None,
    batteries: Sequence[BatteryNow],
    chargers: Sequence[Drawing],
    rule: BatteryRule,
) -> dict[str, float | None]:
    """What each charger could draw without the grid, with what it draws now; None if unknown.

    What those of a lower priority draw is free for the higher; what a higher one was promised and
    does not draw yet is not free for the lower.
    """
    if grid_w is None:
        return {charger.id: None for charger in chargers}
    free_w = -grid_w - rule.residual_w + sum(_given_up_w(battery, rule) for battery in batteries)
    return {charger.id: free_w + _shared_w(charger, chargers) for charger in chargers}


def _given_up_w(battery: BatteryNow, rule: BatteryRule) -> float:
    """What the battery charges with is there for cars; what it discharges does not come of the sun.

    A battery that does not tell its level keeps what it has.
    """
    soc_pct = battery.soc_pct
    if battery.power_w >= 0:
        return battery.power_w if soc_pct is not None and soc_pct >= rule.priority_soc_pct else 0.0
    return 0.0 if soc_pct is not None and soc_pct > rule.buffer_soc_pct else battery.power_w


def _shared_w(charger: Drawing, chargers: Sequence[Drawing]) -> float:
    lower_w = sum(c.power_w for c in chargers if c.priority < charger.priority)
    promised_w = sum(
        max(0.0, c.reserved_w - c.power_w) for c in chargers if c.priority > charger.priority
    )
    return charger.power_w + lower_w - promised_w
