"""What of the wiring and of the chargers' own fallbacks is not safe."""

import logging
from collections.abc import Mapping

from gatewayd.plan.guard.commission import Fallback, problems
from gatewayd.plan.guard.wiring import Wiring

log = logging.getLogger(__name__)


class Commissioning:
    """`problems` are those there are now; the log has each of them once."""

    def __init__(self) -> None:
        self.problems: tuple[str, ...] = ()
        self._told: set[str] = set()

    def look(
        self, wiring: Wiring, fallbacks: Mapping[str, Fallback], every_s: Mapping[str, float]
    ) -> None:
        """Find them anew; `fallbacks` by load, `every_s` by device."""
        self.problems = problems(wiring, fallbacks, every_s)
        for problem in self.problems:
            if problem not in self._told:
                self._told.add(problem)
                log.warning("fuse guard: %s", problem)
