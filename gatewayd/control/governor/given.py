"""What rulings are made from: enough to make each of them again.

Memories are as they were before the look; nothing in here is changed by anybody later.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gatewayd.control.governor.claims import Look, Memory
from gatewayd.control.governor.terms import Terms
from gatewayd.model.decision import Decision
from gatewayd.model.site import AssetState
from gatewayd.plan.guard.wiring import Wiring
from gatewayd.plan.guard.words import LoadNow, MeterNow
from gatewayd.plan.guard.words import Memory as GuardMemory


@dataclass(frozen=True, slots=True)
class ClaimsGiven:
    """What the claims were made from."""

    look: Look
    memory: Memory


@dataclass(frozen=True, slots=True)
class GuardGiven:
    """What the guard's grants were made from."""

    wiring: Wiring
    now_s: float
    meters: Mapping[str, MeterNow]
    loads: Mapping[str, LoadNow]
    memory: GuardMemory


@dataclass(frozen=True, slots=True)
class RulingGiven:
    """What an asset's ruling was made from, at a moment of both clocks, by one version of gatewayd.

    `guard` is None for an asset that it has no say over.
    """

    software: str
    claims: ClaimsGiven | None
    guard: GuardGiven | None
    terms: Terms
    state: AssetState
    at: datetime
    now_s: float


@dataclass(frozen=True, slots=True)
class Noted:
    """A change of what an asset is kept at, and what it was made from."""

    decision: Decision
    given: RulingGiven
