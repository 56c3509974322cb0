"""How much of the sun each charger could have."""

from collections.abc import Sequence
from dataclasses import dataclass

_UNHEARD_W = 100.0


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
    """A charger: what it draws, what it was promised, and when it is served.

    `firm_w` of it is not given up for anybody, and `least_w` not for one of the same priority.
    """

    id: str
    priority: int
    power_w: float
    reserved_w: float = 0.0
    firm_w: float = 0.0
    least_w: float = 0.0
    is_on: bool = False

    @property
    def turn(self) -> tuple[int, bool, str]:
        """Its place among the others: of equals who has begun goes on."""
        return -self.priority, not self.is_on, self.id


def surpluses(
    grid_w: float | None,
    batteries: Sequence[BatteryNow | None],
    chargers: Sequence[Drawing],
    rule: BatteryRule,
) -> dict[str, float | None]:
    """What each charger could draw without the grid, with what it draws now; None if unknown.

    What those draw whose turn is later is free for the earlier; what an earlier one was promised
    and does not draw yet is not free for the later. A battery is None that nobody hears of.
    """
    if grid_w is None:
        return {charger.id: None for charger in chargers}
    free_w = -grid_w - rule.residual_w + sum(_given_up_w(battery, rule) for battery in batteries)
    return {charger.id: _left_w(free_w, charger, chargers) for charger in chargers}


def lent_w(batteries: Sequence[BatteryNow | None], rule: BatteryRule) -> float:
    """What batteries discharge that have enough to keep a car going."""
    able = (b for b in batteries if b and b.soc_pct is not None and b.soc_pct > rule.buffer_soc_pct)
    return sum(max(0.0, -battery.power_w) for battery in able)


def _given_up_w(battery: BatteryNow | None, rule: BatteryRule) -> float:
    """What the battery charges with is there for cars; what it discharges does not come of the sun.

    A battery that does not tell its level keeps what it has. One that nobody hears of may hold the
    grid at nothing by what it gives: then only what is clearly fed in is the sun's.
    """
    if battery is None:
        return -_UNHEARD_W
    soc_pct = battery.soc_pct
    if battery.power_w >= 0:
        return battery.power_w if soc_pct is not None and soc_pct >= rule.priority_soc_pct else 0.0
    return battery.power_w


def _left_w(free_w: float, charger: Drawing, chargers: Sequence[Drawing]) -> float:
    ahead = [c for c in chargers if c.turn < charger.turn]
    behind = [c for c in chargers if c.turn > charger.turn]
    could_w = free_w + charger.power_w + sum(max(0.0, c.power_w - c.firm_w) for c in behind)
    could_w -= sum(max(0.0, c.reserved_w - c.power_w) for c in ahead)
    kept_w = sum(c.least_w for c in behind if c.is_on and c.priority == charger.priority)
    return max(min(could_w, charger.least_w), could_w - kept_w)
