"""What rulings are made from: enough to make each of them again.

Memories are as they were before the look; nothing in here is changed by anybody later.
"""

from collections import deque
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TypeVar, cast

from gatewayd.control.governor.limit import LimitGiven, limited
from gatewayd.control.governor.look import Look, Memory
from gatewayd.control.governor.pausing import BatteryNow
from gatewayd.control.governor.terms import Terms
from gatewayd.model.circuit import Circuit, Load
from gatewayd.model.decision import Decision
from gatewayd.model.site import AssetState
from gatewayd.plan.audit.doubts import Turn
from gatewayd.plan.audit.finding import Finding
from gatewayd.plan.audit.steps import Step
from gatewayd.plan.guard.wiring import Wiring
from gatewayd.plan.guard.words import LoadNow, MeterNow
from gatewayd.plan.guard.words import Memory as GuardMemory

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ClaimsGiven:
    """What the claims were made from."""

    look: Look
    memory: Memory


@dataclass(frozen=True, slots=True)
class GuardGiven:
    """What the guard's grants were made from.

    `circuits` are as configured, `limit` is what the whole home may take, `assets` are the loads'
    by device.
    `batteries` are those among its loads, and `were_paused` those that must not charge before.
    """

    circuits: Mapping[str, Circuit]
    limit: LimitGiven
    wired: Mapping[str, Load]
    now_s: float
    meters: Mapping[str, MeterNow]
    loads: Mapping[str, LoadNow]
    memory: GuardMemory
    batteries: Mapping[str, BatteryNow]
    were_paused: frozenset[str]
    assets: Mapping[str, str]

    @property
    def wiring(self) -> Wiring:
        """As it was then."""
        return Wiring(limited(self.circuits, self.limit), self.wired)


@dataclass(frozen=True, slots=True)
class RulingGiven:
    """What an asset's ruling was made from, at a moment of both clocks, by one version of gatewayd.

    `guard` is None for an asset that it has no say over. `is_stopping`: it is the last one.
    """

    software: str
    claims: ClaimsGiven | None
    guard: GuardGiven | None
    terms: Terms
    state: AssetState
    at: datetime
    now_s: float
    is_stopping: bool = False


@dataclass(frozen=True, slots=True)
class StepsGiven:
    """A load's last steps, how it is wired, and the meter that saw them with its phases."""

    steps: tuple[Step, ...]
    load: Load
    meter: str
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AuditGiven:
    """What an asset's audit went by, by one version of gatewayd.

    `doubts` are by device, of what the asset relies on; `audited` are devices that a person has
    checked. What an earlier run has found stands for itself.
    """

    software: str
    audited: frozenset[str]
    doubts: tuple[tuple[str, tuple[Turn | Finding, ...]], ...]
    steps: StepsGiven | tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Noted:
    """A change of what an asset is kept at, or may be, and what it was made from."""

    decision: Decision
    given: RulingGiven | AuditGiven


def snapshot(memory: T) -> T:
    """The memory as it is now, for good: what is frozen in it is shared, the rest is copied."""
    return cast("T", _copied(memory))


def _copied(value: object) -> object:
    if isinstance(value, dict):
        return {key: _copied(one) for key, one in value.items()}
    if isinstance(value, list | deque | set):
        return type(value)(_copied(one) for one in value)
    params = getattr(value, "__dataclass_params__", None)
    if params is None or params.frozen:
        return value
    found = copy(value)
    for field in fields(value):  # type: ignore[arg-type]
        setattr(found, field.name, _copied(getattr(value, field.name)))
    return found
