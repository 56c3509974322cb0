"""By when a car is to be ready: plans of a charger, once or every week."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ReadyBy:
    """What a charger's car is to have, and by when.

    Once at the instant `at`, else on each of `weekdays` (0 = Monday) at `minute` of the local day.
    Either `soc_pct` of the car or `energy_wh` of its session is given. `is_continuous` asks for
    one time of charging instead of the cheapest times. ValueError for what is neither or both.
    """

    at: datetime | None = None
    weekdays: frozenset[int] = frozenset()
    minute: int = 0
    soc_pct: float | None = None
    energy_wh: float | None = None
    is_continuous: bool = False

    def __post_init__(self) -> None:
        if (self.at is None) == (not self.weekdays):
            raise ValueError("needs either the instant `at` or weekdays and a time")
        if (self.soc_pct is None) == (self.energy_wh is None):
            raise ValueError("needs either soc_pct or energy_wh")
