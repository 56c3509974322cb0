"""The smart override: a user wants to charge now, and later perhaps no more."""

from dataclasses import replace
from datetime import datetime

from gatewayd.control.steering.decision import pending
from gatewayd.control.steering.service import Steering
from gatewayd.control.steering.smart_charging import reading
from gatewayd.devices.commander import Commander
from gatewayd.errors import InvalidError, NotFoundError, RequestError
from gatewayd.model.charging import charging
from gatewayd.model.command import StartCharging, StopCharging
from gatewayd.model.decision import Grounds
from gatewayd.model.site import AssetState
from gatewayd.model.smart_charging import SmartOverride
from gatewayd.plan.given import OverrideGiven
from gatewayd.plan.smart.override import OverrideDecision, begin_override
from gatewayd.state import smart_charging

OWNER = "smart_override"
_ASKED = Grounds("the user has asked to charge now")
_ENDED = Grounds("the user has ended the override")


async def begin(
    steering: Steering, commander: Commander, vehicle: AssetState, now: datetime
) -> SmartOverride:
    """Charge now, or go on doing so; the override that is active already, if there is one.

    Raises InvalidError when the vehicle cannot be started, and then nothing has changed.
    """
    asset = vehicle.asset
    async with steering.deciding:
        given = OverrideGiven(steering.known.overrides.get(asset.id), vehicle)
        decision = _decision(given)
        if decision.refusal:
            raise InvalidError(decision.refusal)
        if decision.existing:
            return decision.existing
        action_id = None
        if has_to_start(given):
            told = await commander.submit(asset.id, StartCharging(), OWNER, _ASKED, given)
            action_id = told.id
        override = SmartOverride(asset.id, now, action_id)
        await steering.commit(lambda c: smart_charging.put_override(c, override, asset.user_id))
        return override


async def end(
    steering: Steering, commander: Commander, vehicle: AssetState, now: datetime
) -> SmartOverride:
    """Let schedule or plan decide again. Raises NotFoundError without an active override."""
    async with steering.deciding:
        override = steering.known.override_of(vehicle.asset.id)
        if override is None:
            raise NotFoundError(f"Vehicle {vehicle.asset.id} has no active smart override")
        over = replace(override, ended_at=max(now, override.created_at))
        await _withdraw(commander, vehicle, override)
        await steering.commit(lambda c: smart_charging.end_override(c, over))
        return over


def has_to_start(given: OverrideGiven) -> bool:
    """Whether the vehicle has to be told to charge."""
    decision = _decision(given)
    if decision.refusal or decision.existing:
        return False
    return decision.needs_start or _is_stopping(given.vehicle)


def _decision(given: OverrideGiven) -> OverrideDecision:
    return begin_override(given.latest, charging(reading(given.vehicle)))


def _is_stopping(vehicle: AssetState) -> bool:
    under_way = pending(vehicle)
    return under_way is not None and isinstance(under_way.command, StopCharging)


async def _withdraw(commander: Commander, vehicle: AssetState, override: SmartOverride) -> None:
    """Stop trying to start for an override."""
    under_way = pending(vehicle)
    if under_way is None or under_way.id != override.vendor_action_id:
        return
    try:
        await commander.cancel(under_way.id, _ENDED)
    except RequestError:
        # It has ended in this very moment.
        return
