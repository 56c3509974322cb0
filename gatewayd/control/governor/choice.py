"""What users can choose of governed assets: what the doors to it need."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from gatewayd.errors import InvalidError
from gatewayd.model.ready_by import ReadyBy
from gatewayd.plan.ev.ready import Ready
from gatewayd.plan.ev.words import AlwaysCharge

_NOTHING = "this asset is not governed: give it a mode in the config first"
NO_NUMBERS: Mapping[str, float | None] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Mode:
    """An asset's mode now, those it can be given, and which of the home's cars is at a charger.

    `always_charge` is whether a charger on solar charges without sun; None of all else.
    """

    mode: str
    offered: tuple[str, ...]
    car: str | None = None
    always_charge: AlwaysCharge | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """A number that can be set, in the unit of its name: %, Wh, W or A, or of none."""

    value: float
    most: float
    step: float = 1.0
    least: float = 0.0


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan and its next deadline; `ready` is what comes of it while it is the one that counts."""

    plan: ReadyBy
    deadline_at: datetime | None = None
    ready: Ready | None = None


class Modes(Protocol):
    """What is chosen; each choice outlives a restart and raises InvalidError or StorageError.

    What is handed out is never changed afterwards: it is compared with what comes next.
    """

    def modes(self) -> Mapping[str, Mode]:
        """The assets that have a mode, by id."""

    async def choose(
        self, asset_id: str, mode: str, numbers: Mapping[str, float | None] = NO_NUMBERS
    ) -> None:
        """Give an asset a mode, and set numbers with it; what was asked of it before is over."""

    async def charge_always(self, asset_id: str, always: AlwaysCharge) -> None:
        """Have a charger on solar charge without sun, or not, or in this session or the next."""

    def numbers(self) -> Mapping[str, Mapping[str, Number]]:
        """What can be set of each asset, by id and name."""

    async def set(self, asset_id: str, numbers: Mapping[str, float | None]) -> None:
        """Set some of an asset's numbers; None for what the config says."""

    def plans(self) -> Mapping[str, Mapping[str, Planned]]:
        """The plans of each charger that may have some, by id and name."""

    async def plan(self, asset_id: str, name: str, plan: ReadyBy | None) -> None:
        """Give a charger a plan, instead of one of this name; None takes it away."""


class NoModes:
    """A home in which nothing is governed."""

    def modes(self) -> Mapping[str, Mode]:
        return {}

    async def choose(
        self,
        asset_id: str,  # noqa: ARG002
        mode: str,  # noqa: ARG002
        numbers: Mapping[str, float | None] = NO_NUMBERS,  # noqa: ARG002
    ) -> None:
        raise InvalidError(_NOTHING)

    async def charge_always(self, asset_id: str, always: AlwaysCharge) -> None:  # noqa: ARG002
        raise InvalidError(_NOTHING)

    def numbers(self) -> Mapping[str, Mapping[str, Number]]:
        return {}

    async def set(self, asset_id: str, numbers: Mapping[str, float | None]) -> None:  # noqa: ARG002
        raise InvalidError(_NOTHING)

    def plans(self) -> Mapping[str, Mapping[str, Planned]]:
        return {}

    async def plan(self, asset_id: str, name: str, plan: ReadyBy | None) -> None:  # noqa: ARG002
        raise InvalidError(_NOTHING)
