"""Capacity tariffs: the highest average of any clock quarter of the month is what is paid for.

A quarter below the month's peak so far costs nothing more, so that peak is what may be used up,
and never less than what the contract bills at least.
"""

from dataclasses import dataclass

QUARTER_S = 900.0
# At the very end of a quarter what is left of it is no power that anything could be set to.
_LEAST_LEFT_S = 30.0


@dataclass(frozen=True, slots=True)
class CapacitySettings:
    """`billed_w` is paid for anyway (Flanders: 2500); `margin_w` stays unused."""

    billed_w: float
    margin_w: float = 100.0


@dataclass(frozen=True, slots=True)
class Quarter:
    """The running clock quarter: how far it is, and what was taken from the grid in it.

    `imported_wh` None is unknown. `month_peak_w` is the highest finished quarter of the month.
    """

    elapsed_s: float
    imported_wh: float | None
    month_peak_w: float = 0.0


def import_limit_w(settings: CapacitySettings, quarter: Quarter) -> float:
    """What may be taken from the grid on average for the rest of the quarter; never below 0.

    With an unknown beginning of the quarter the goal itself is the limit: on what is left of it
    nothing can be saved up that nobody has seen.
    """
    most_w = goal_w(settings, quarter)
    if quarter.imported_wh is None:
        return most_w
    left_s = max(_LEAST_LEFT_S, QUARTER_S - quarter.elapsed_s)
    budget_wh = most_w * QUARTER_S / 3600.0 - quarter.imported_wh
    return max(0.0, budget_wh * 3600.0 / left_s)


def goal_w(settings: CapacitySettings, quarter: Quarter) -> float:
    """What costs nothing more on average, quarter by quarter; never below 0."""
    return max(0.0, max(settings.billed_w, quarter.month_peak_w) - settings.margin_w)
