"""What one look at the home leads to, before anything of it is done."""

import math
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from gatewayd.model.asset import AssetKind, Consent
from gatewayd.model.command import (
    Action,
    ActionState,
    Command,
    StartCharging,
    StopCharging,
)
from gatewayd.model.decision import Grounds
from gatewayd.model.flex import FlexAgreement
from gatewayd.model.schedule import ScheduleStatus
from gatewayd.model.site import AssetState
from gatewayd.model.smart_charging import SmartChargingStatus, SmartOverride
from gatewayd.plan.given import OrderGiven, SmartGiven, UnscheduledGiven

# However quiet it is: clocks are set and prices come.
LOOK_AGAIN = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Order:
    """A command to an asset, what speaks for it, and what that was made from."""

    asset_id: str
    command: Command
    owner: str
    grounds: Grounds
    given: OrderGiven


@dataclass(slots=True)
class Outcome:
    """All that follows from one look.

    Statuses are those that changed; `looked` are vehicles that are as they were. `withdrawn` are
    actions that nobody wants any more, by id, and what that was made from.
    """

    statuses: dict[str, ScheduleStatus] = field(default_factory=dict)
    smart: dict[str, SmartChargingStatus] = field(default_factory=dict)
    looked: dict[str, SmartChargingStatus] = field(default_factory=dict)
    overrides: dict[str, SmartOverride] = field(default_factory=dict)
    flex: dict[str, FlexAgreement] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    withdrawn: dict[str, SmartGiven | UnscheduledGiven] = field(default_factory=dict)

    @property
    def is_change(self) -> bool:
        """Whether something is to be written."""
        return bool(self.statuses or self.smart or self.overrides or self.flex)


class Glances:
    """What was decided on, so that nothing is decided again before something has changed."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[object, datetime, datetime]] = {}

    def is_news(self, subject: str, given: object, now: datetime) -> bool:
        """Whether a decision is due: other circumstances, or time has come."""
        if subject not in self._seen:
            return True
        before, since, until = self._seen[subject]
        # A clock that was set back knows nothing of what it knew later.
        return given != before or not since <= now < until

    def keep(
        self, subject: str, given: object, now: datetime, until: datetime | None = None
    ) -> None:
        """Decided; `until` is when it must be again, whatever happens."""
        latest = now + LOOK_AGAIN
        self._seen[subject] = given, now, min(until or latest, latest)

    def forget(self) -> None:
        """Decide everything again."""
        self._seen.clear()


def circumstances(state: AssetState | None) -> object:
    """What decisions depend on of an asset: not when it said it, only what."""
    if state is None:
        return None
    reading = state.sample.reading if state.sample else None
    return state.asset, reading, state.action, state.is_reachable, is_heard(state)


def linked(state: AssetState | None) -> AssetState | None:
    """The asset, if its user has it linked; without its capabilities, if they may not be used."""
    if state is None or state.asset.consent is not Consent.GRANTED:
        return None
    asset = state.asset
    control = f"{asset.kind}:control:"
    if not asset.scopes or any(scope.startswith(control) for scope in asset.scopes):
        return state
    return replace(state, asset=replace(asset, is_writable=False))


def is_heard(state: AssetState) -> bool:
    """Whether the asset has said something since the gateway started."""
    return state.sample is not None and state.sample.at_monotonic > -math.inf


def pending(state: AssetState) -> Action | None:
    """The action under way."""
    action = state.action
    return action if action and action.state is ActionState.PENDING else None


def may_tell(state: AssetState) -> bool:
    """Whether a controller may send a command now.

    Not before the asset has been heard of, and not into somebody's current limit that is under
    way: it would end it.
    """
    under_way = pending(state)
    is_other = (
        under_way is not None
        and state.asset.kind is not AssetKind.HVAC
        and not isinstance(under_way.command, StartCharging | StopCharging)
    )
    return is_heard(state) and not is_other
