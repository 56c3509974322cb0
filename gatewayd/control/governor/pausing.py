"""Which of the guard's batteries must not charge now."""

from collections.abc import Mapping
from dataclasses import dataclass

from gatewayd.model.circuit import Load
from gatewayd.model.command import Command
from gatewayd.model.reading import BatteryReading
from gatewayd.plan.arbiter.claims import Setpoint, Wish
from gatewayd.plan.guard import storage
from gatewayd.plan.guard.words import Grant


@dataclass(frozen=True, slots=True)
class BatteryNow:
    """What one said last, and what is wanted of it but for the guard."""

    reading: BatteryReading
    wanted: Wish | None

    @property
    def is_forced(self) -> bool:
        """Whether it is told how much to charge, rather than left to a mode of its own."""
        return storage.is_forced(as_command(self.wanted))


def paused(
    loads: Mapping[str, Load],
    grants: Mapping[str, Grant],
    batteries: Mapping[str, BatteryNow],
    before: frozenset[str],
) -> frozenset[str]:
    """The devices of those, all by device; `before` are those of the look before."""
    return frozenset(
        id_
        for id_, now in batteries.items()
        if not now.is_forced
        and storage.is_paused(grants[id_], loads[id_].lines, now.reading, was_paused=id_ in before)
    )


def as_command(wanted: Wish | None) -> Command | None:
    """What is wanted of something that has no amperes."""
    return None if isinstance(wanted, Setpoint) else wanted
