"""Charging profiles that fall back by themselves, and reading which limit is in force."""

import math
from dataclasses import dataclass, replace
from datetime import datetime

from gatewayd.links.ocpp_dialect import Profile, Purpose
from gatewayd.links.ocpp_payload import Payload, number, parts, whole

_VOLT = 230.0
# A charge point without a limit says so with an absurd one.
_BELIEVED_A = 500.0
# Sums of tenths are not exact.
_HAIR = 1e-6


@dataclass(frozen=True, slots=True)
class Scale:
    """How a charge point counts limits: in `unit`, A or W over so many phases; a current below
    `min_current_a` is none, because no car takes it."""

    unit: str
    phases: int
    min_current_a: float

    def rate(self, current_a: float) -> float:
        """A current per phase as a limit, rounded down."""
        if current_a < self.min_current_a:
            return 0.0
        if self.unit == "A":
            return math.floor(current_a * 10.0 + _HAIR) / 10.0
        return float(math.floor(current_a * _VOLT * self.phases + _HAIR))


@dataclass(frozen=True, slots=True)
class Lease:
    """When a limit begins (None: with the session, `charged_s` ago), and for how long it holds."""

    begins_at: datetime | None
    lasts_s: int
    charged_s: int = 0


@dataclass(frozen=True, slots=True)
class InForce:
    """What the charge point said of its limits: now, and at the end of the time asked for."""

    limit_a: float
    later_a: float
    phases: int | None


def leased(blank: Profile, rate: float, safe_rate: float, lease: Lease) -> Profile:
    """A limit that is over by itself, and leaves the safe one."""
    if lease.begins_at is None:
        periods = ((0, rate), (lease.charged_s + lease.lasts_s, safe_rate))
        return replace(blank, periods=periods)
    if blank.purpose is Purpose.TRANSACTION:
        # The safe default beneath it holds again.
        whole_time = ((0, rate),)
        return replace(
            blank, periods=whole_time, begins_at=lease.begins_at, duration_s=lease.lasts_s
        )
    # It takes the safe default's place, so it has to bring it along.
    periods = ((0, rate), (lease.lasts_s, safe_rate))
    return replace(blank, periods=periods, begins_at=lease.begins_at)


def in_force(schedule: Payload, scale: Scale) -> InForce | None:
    """What a composite schedule says; None where it says nothing that can be believed."""
    unit = schedule.get("chargingRateUnit", scale.unit)
    periods = _periods(schedule)
    if not periods or periods[0][0] != 0 or unit not in ("A", "W"):
        return None
    (_, limit, phases), (_, later, _) = periods[0], periods[-1]
    per_a = 1.0 if unit == "A" else _VOLT * (phases or scale.phases)
    found = InForce(limit / per_a, later / per_a, phases)
    is_sane = all(0.0 <= amps <= _BELIEVED_A for amps in (found.limit_a, found.later_a))
    return found if is_sane else None


def _periods(schedule: Payload) -> list[tuple[int, float, int | None]]:
    """(start in seconds, limit, phases) in order of time; none where one cannot be read."""
    found = []
    for period in parts(schedule, "chargingSchedulePeriod"):
        begins_s, limit = whole(period, "startPeriod"), number(period.get("limit"))
        if begins_s is None or limit is None:
            return []
        found.append((begins_s, limit, whole(period, "numberPhases", 1, 3)))
    return sorted(found, key=lambda period: period[0])
