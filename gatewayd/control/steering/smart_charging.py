"""Smart charging and its override at work: where each vehicle stands, and what it is to be told."""

from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from gatewayd.control.steering.decision import (
    Glances,
    Order,
    Outcome,
    circumstances,
    is_heard,
    linked,
    may_tell,
    pending,
)
from gatewayd.control.steering.known import Known
from gatewayd.model.asset import Asset, Capability
from gatewayd.model.charging import charging
from gatewayd.model.command import Action
from gatewayd.model.reading import VehicleReading
from gatewayd.model.site import AssetState, Site
from gatewayd.model.smart_charging import SmartChargeState as State
from gatewayd.model.smart_charging import SmartCharging, SmartChargingStatus, SmartOverride
from gatewayd.plan.given import SmartGiven
from gatewayd.plan.pursuit import latest_charging
from gatewayd.plan.smart.grounds import grounds
from gatewayd.plan.smart.machine import step
from gatewayd.plan.smart.observation import Observation
from gatewayd.plan.smart.override import has_ended
from gatewayd.plan.smart.turn import Turn

OWNER = "smart_charging"

_NOTHING = VehicleReading()
_START_AND_STOP = frozenset({Capability.START_CHARGING, Capability.STOP_CHARGING})


def end_overrides(known: Known, site: Site, now: datetime, done: Outcome) -> None:
    """Add to a decision the overrides whose vehicles have stopped charging."""
    for vehicle_id, override in known.overrides.items():
        state = site.assets.get(vehicle_id)
        if not override.is_active or state is None or not is_heard(state):
            continue
        if has_ended(override, charging(reading(state)), latest_charging(state.action)):
            done.overrides[vehicle_id] = replace(override, ended_at=now)


def decide(known: Known, site: Site, now: datetime, glances: Glances, done: Outcome) -> None:
    """Add to a decision what smart charging makes of the home."""
    for vehicle_id, before in known.smart.items():
        state = linked(site.assets.get(vehicle_id))
        if state is None or not is_heard(state):
            continue
        override = known.override_of(vehicle_id)
        policy = known.policies[vehicle_id]
        place_id = state.asset.location_id
        prices = known.prices.get(place_id) if place_id else None
        key = (policy, circumstances(state), override, prices, before.charging)
        if glances.is_news(vehicle_id, key, now):
            seen = _observation(known, state, now, override)
            _decide(before, seen, state, done)
            glances.keep(vehicle_id, key, now, _look_again_at(before, now))


def reading(state: AssetState) -> VehicleReading:
    """The last thing a vehicle said; one that never spoke said nothing."""
    said = state.sample.reading if state.sample else None
    return said if isinstance(said, VehicleReading) else _NOTHING


def is_capable(vehicle: Asset) -> bool:
    """Whether a vehicle can be started and stopped."""
    return vehicle.capabilities >= _START_AND_STOP


def _observation(
    known: Known, state: AssetState, now: datetime, override: SmartOverride | None
) -> Observation:
    place = known.places.get(state.asset.location_id or "")
    return Observation(
        now=now,
        policy=known.policies[state.asset.id],
        vehicle=reading(state),
        plan_id=str(uuid4()),
        location_id=place.id if place else None,
        prices=known.prices[place.id] if place else None,
        is_capable=is_capable(state.asset),
        latest=latest_charging(state.action),
        override=override,
    )


def _decide(
    before: SmartChargingStatus, seen: Observation, state: AssetState, done: Outcome
) -> None:
    vehicle, given = state.asset, SmartGiven(before.charging, seen)
    turn = step(given.before, seen)
    after = SmartChargingStatus(
        vehicle.id, vehicle.user_id, vehicle.vendor, seen.now, turn.charging, seen.override
    )
    if replace(after, updated_at=before.updated_at) == before:
        done.looked[vehicle.id] = after
    else:
        done.smart[vehicle.id] = after
    if may_tell(state) and (found := _order(turn, given, vehicle.id)):
        done.orders.append(found)
        return
    action = pending(state)
    if action and _is_unwanted(action, turn.charging):
        done.withdrawn[action.id] = given


def order(given: SmartGiven, vehicle_id: str) -> Order | None:
    """What a vehicle is told now, if it may be told anything."""
    return _order(step(given.before, given.seen), given, vehicle_id)


def _order(turn: Turn, given: SmartGiven, vehicle_id: str) -> Order | None:
    if turn.command is None:
        return None
    return Order(vehicle_id, turn.command, OWNER, grounds(turn, given.seen), given)


def is_unwanted(action: Action, given: SmartGiven) -> bool:
    """Whether an action under way is of a plan that has nothing to say any more."""
    return _is_unwanted(action, step(given.before, given.seen).charging)


def _is_unwanted(action: Action, after: SmartCharging) -> bool:
    if action.owner != OWNER:
        return False
    is_given_back = not after.state.is_executing and not after.is_holding
    return after.state is State.OVERRIDDEN or is_given_back


def _look_again_at(status: SmartChargingStatus, now: datetime) -> datetime | None:
    plan = status.charging.plan
    coming = [at for at in (plan.start_at, plan.deadline_at) if at and at > now] if plan else []
    return min(coming, default=None)
