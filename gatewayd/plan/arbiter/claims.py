"""Claims: what somebody wants of an asset, for a while."""

import math
from dataclasses import dataclass
from enum import IntEnum

from gatewayd.model.command import Command
from gatewayd.model.decision import Grounds

# A claim is a lease: whoever means it goes on saying so.
LEASE_MAX_S = 60.0


class Rank(IntEnum):
    """The ladder. The lower the number the stronger; a weaker one never overrides a stronger."""

    SAFETY = 0
    GRID = 1
    LOCAL_OFF = 2
    USER = 3
    SCHEDULE = 4
    PLAN = 5
    DEFAULT = 6


@dataclass(frozen=True, slots=True)
class Bounds:
    """What an asset may do: a charger in ampere per phase, 0 for off; a heat pump in levels of SG
    Ready; else in watt, drawing +.

    `instead` is what a battery that may give nothing is told instead of what would let it, where
    it cannot be held, or not be told a power.
    """

    least: float = -math.inf
    most: float = math.inf
    instead: Command | None = None

    def __post_init__(self) -> None:
        if math.isnan(self.least) or math.isnan(self.most):
            raise ValueError("bounds must be numbers")

    def clamp(self, value: float) -> float:
        """The nearest value within. Where nothing is within, it is `most` that counts."""
        return min(max(value, self.least), self.most)


@dataclass(frozen=True, slots=True)
class Setpoint:
    """What a charger is to do: `current_a` per phase, 0 for off; `phases` None for as it is."""

    current_a: float
    phases: int | None = None


Wish = Setpoint | Command


@dataclass(frozen=True, slots=True)
class Claim:
    """`owner`'s say over one asset until `valid_until_s` (monotonic).

    With a `wish` it says what to do, with `bounds` how far anyone weaker may go; it may say both.
    """

    asset_id: str
    rank: Rank
    owner: str
    grounds: Grounds
    valid_until_s: float
    wish: Wish | None = None
    bounds: Bounds | None = None

    def holds(self, now_s: float) -> bool:
        """Whether it still counts."""
        return now_s < self.valid_until_s
