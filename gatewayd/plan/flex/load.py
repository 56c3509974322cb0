"""What one vehicle will take, in energies: at once, by each deadline, and at most."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import takewhile

from gatewayd.model.charging import charging, limit_pct
from gatewayd.model.flex import FlexOverride, FlexPolicy, ImmediateStart
from gatewayd.model.reading import VehicleReading
from gatewayd.plan.flex.policy import deadlines

CHUNK = timedelta(minutes=15)
# Twice what is shown, so that a need of the day after shows in time.
CHUNKS = 2 * 96
_FULL_PCT = 100.0


@dataclass(frozen=True, slots=True)
class FlexVehicle:
    """A vehicle under a policy. `power_w` is what it charges with, `zone` its location's."""

    policy: FlexPolicy
    vehicle: VehicleReading
    power_w: float
    zone: tzinfo
    override: FlexOverride | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """So much in all must have been taken within the first `chunks`."""

    chunks: int
    energy_wh: float


@dataclass(frozen=True, slots=True)
class Load:
    """Energies from the first chunk on.

    `chunk_wh` is the most a chunk can take, `must_wh` has to be taken at once, `dues` are in order
    and never shrink, and `room_wh` is all that fits in.
    """

    chunk_wh: float
    must_wh: float
    dues: tuple[Due, ...]
    room_wh: float


@dataclass(frozen=True, slots=True)
class _Need:
    soc_pct: float
    capacity_wh: float
    limit_pct: float

    def wh_up_to(self, level_pct: float) -> float:
        """What is missing up to a level, which is never above the vehicle's own limit."""
        missing_pct = min(level_pct, self.limit_pct) - self.soc_pct
        return max(0.0, missing_pct) / 100.0 * self.capacity_wh


def load_of(flexible: FlexVehicle, start: datetime) -> Load | None:
    """A vehicle's load from the chunk that begins at `start`.

    None when it is not plugged in, or too little is known of it: it has no flexibility then.
    """
    vehicle = flexible.vehicle
    if charging(vehicle).is_plugged_in is not True or flexible.power_w <= 0:
        return None
    if vehicle.soc_pct is None or not vehicle.capacity_wh:
        return None
    need = _Need(vehicle.soc_pct, vehicle.capacity_wh, limit_pct(vehicle))
    return Load(
        chunk_wh=flexible.power_w * (CHUNK / timedelta(hours=1)),
        must_wh=need.wh_up_to(_must_pct(flexible)),
        dues=tuple(_dues(flexible, need, start)),
        room_wh=need.wh_up_to(_FULL_PCT),
    )


def _must_pct(flexible: FlexVehicle) -> float:
    reserve_pct = flexible.policy.battery_reserve_pct
    if isinstance(flexible.override, ImmediateStart):
        return max(reserve_pct, flexible.override.target_pct)
    return reserve_pct


def _dues(flexible: FlexVehicle, need: _Need, start: datetime) -> Iterator[Due]:
    end = start + CHUNKS * CHUNK
    coming = deadlines(flexible.policy, flexible.override, start, flexible.zone)
    # A level once reached stays, and one that a deadline comes too early for is still wanted.
    energy_wh = 0.0
    for deadline in takewhile(lambda deadline: deadline.at <= end, coming):
        energy_wh = max(energy_wh, need.wh_up_to(deadline.target_pct))
        chunks = (deadline.at - start) // CHUNK
        if chunks > 0:
            yield Due(chunks, energy_wh)
