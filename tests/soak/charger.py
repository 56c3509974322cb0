"""A charging point as it behaves: it obeys after a while, and falls back when it is not fed."""

import math
from dataclasses import dataclass
from random import Random


@dataclass(slots=True)
class Charger:
    """`lines` are the phases of the site on which its own are; a car may use fewer than it has.

    `limit_a` is the current it offers, 0 while it is stopped, and below `least_a` it stops. Not fed
    for `failsafe_s` it falls back to `failsafe_a` at most; as delivered many do not. It is read
    `every_s`, and some only tell their power. A battery is one without a least, that feeds
    `feeds_a` now and then.
    """

    id: str
    lines: tuple[int, ...]
    max_a: float
    random: Random
    circuit: str = "garage"
    least_a: float = 6.0
    failsafe_s: float = math.inf
    failsafe_a: float = 0.0
    limit_a: float = 0.0
    car_phases: int = 3
    car_max_a: float = 16.0
    feeds_a: float = 0.0
    draws_more_a: float = 0.0
    ignores: bool = False
    is_linked: bool = True
    every_s: float = 2.0
    tells_currents: bool = True
    dark_until_s: float = -1.0
    drawn_a: float = 0.0
    fed_at_s: float = 0.0
    _ordered_a: float = 0.0
    _due_s: float = math.inf

    def write(self, limit_a: float, now_s: float) -> None:
        """Tell it a limit; within three seconds it follows the newest that it was told."""
        if self._hears(now_s) and not self.ignores:
            self._ordered_a = limit_a
            self._due_s = min(self._due_s, now_s + self.random.uniform(0.3, 2.5))

    def feed(self, now_s: float) -> None:
        """Be a sign of life."""
        if self._hears(now_s):
            self.fed_at_s = now_s

    def reboot(self, now_s: float) -> None:
        """Be silent for a while, and then offer what it can."""
        self.dark_until_s = now_s + self.random.uniform(8.0, 25.0)
        self.limit_a, self._due_s, self.drawn_a = 0.0, math.inf, 0.0

    def step(self, now_s: float) -> None:
        """One second."""
        if 0 < self.dark_until_s <= now_s:
            self.dark_until_s, self.limit_a, self.fed_at_s = -1.0, self.max_a, now_s
        if self._due_s <= now_s:
            self.limit_a, self._due_s = self._ordered_a, math.inf
        if now_s - self.fed_at_s > self.failsafe_s:
            self.limit_a = min(self.limit_a, self.failsafe_a)
        self._draw()

    def current_a(self) -> tuple[float, ...]:
        """By its own phases."""
        used = min(self.car_phases, len(self.lines))
        return (self.drawn_a,) * used + (0.0,) * (len(self.lines) - used)

    @property
    def used_lines(self) -> tuple[int, ...]:
        """The phases of the site that its car draws on."""
        return self.lines[: self.car_phases]

    @property
    def step_a(self) -> float:
        """In which steps its limit is told."""
        return 1.0

    @property
    def is_controllable(self) -> bool:
        """Whether telling it something would help."""
        obeys = self.is_linked and not self.ignores and not self.draws_more_a
        return obeys and self.drawn_a > 0

    def report(self, now_s: float) -> tuple[float, tuple[float, ...]] | None:
        """Limit in force and currents; None while nothing is heard of it."""
        return (self.limit_a, self.current_a()) if self._hears(now_s) else None

    def _hears(self, now_s: float) -> bool:
        return self.is_linked and now_s >= self.dark_until_s

    def _draw(self) -> None:
        may_a = self.limit_a if self.limit_a >= self.least_a else 0.0
        target_a = -self.feeds_a or min(may_a, self.car_max_a)
        if target_a > 0 and self.draws_more_a:
            target_a = min(target_a + self.draws_more_a, self.max_a)
        if target_a > self.drawn_a:
            self.drawn_a = min(target_a, self.drawn_a + 8.0)
        elif target_a < self.drawn_a:
            self.drawn_a = max(target_a, self.drawn_a - 16.0)


@dataclass(slots=True)
class HeatPump(Charger):
    """Runs with all it has whenever the house is cold, or not at all while it is blocked.

    It takes up to a minute to stop, which helps nobody at once, and has no fallback of its own.
    """

    is_cold: bool = True
    lasts_s: int = 0

    @property
    def step_a(self) -> float:
        return self.max_a

    @property
    def is_controllable(self) -> bool:
        return False

    def _draw(self) -> None:
        if self.random.random() < 1 / 900:
            self.is_cold = not self.is_cold
        if self.is_cold and self.limit_a >= self.least_a:
            self.drawn_a, self.lasts_s = self.max_a, self.random.randint(3, 60)
            return
        self.lasts_s -= 1
        if self.lasts_s <= 0:
            self.drawn_a = 0.0
