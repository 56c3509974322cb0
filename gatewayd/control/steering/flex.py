"""Flex at work: what vehicles could take, and the waiting that an intent asks for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from gatewayd.control.steering.decision import (
    Glances,
    Order,
    Outcome,
    circumstances,
    is_heard,
    linked,
    may_tell,
)
from gatewayd.control.steering.known import Known
from gatewayd.control.steering.smart_charging import is_capable, reading
from gatewayd.model.asset import AssetKind
from gatewayd.model.charging import charging
from gatewayd.model.command import ActionState, StartCharging, StopCharging
from gatewayd.model.decision import Grounds
from gatewayd.model.flex import FlexAgreement, FlexIntentRule
from gatewayd.model.reading import VehicleReading
from gatewayd.model.site import AssetState, Site
from gatewayd.plan.flex.load import CHUNK, FlexVehicle
from gatewayd.plan.flex.policy import is_over
from gatewayd.plan.flex.shape import chunk_start
from gatewayd.plan.flex.turn import FlexTurn, turns
from gatewayd.plan.given import FlexGiven
from gatewayd.plan.pursuit import latest_charging, pursue

OWNER = "flex"

_CHOICE = ("charge now", "wait")
_GROUNDS = {
    FlexTurn.WAIT: Grounds(
        "the intent asks for another time", candidates=_CHOICE, binding="the flex intent"
    ),
    FlexTurn.CHARGE: Grounds(
        "the user has asked to charge now", candidates=_CHOICE, binding="the user's override"
    ),
    FlexTurn.FREE: Grounds("there is nothing to wait for any more", candidates=_CHOICE),
}

# What most cars take on three phases, as long as they have not said otherwise.
_USUAL_W = 11_000.0
_VOLTAGE_V = 230.0
_PHASES = 3


def zone_of(known: Known, agreement: FlexAgreement) -> ZoneInfo:
    """The time zone of a policy: its location's, or UTC once that is gone."""
    place = known.places.get(agreement.policy.location_id)
    return ZoneInfo(place.timezone if place else "UTC")


def flexible(known: Known, site: Site) -> list[FlexVehicle]:
    """The vehicles under a policy that are where it applies."""
    found = []
    for agreement in known.agreements.values():
        policy = agreement.policy
        state = linked(site.assets.get(policy.vehicle_id))
        if state is not None and state.asset.location_id == policy.location_id:
            said, zone = reading(state), zone_of(known, agreement)
            found.append(FlexVehicle(policy, said, _power_w(said), zone, agreement.override))
    return found


def end_overrides(known: Known, site: Site, now: datetime, done: Outcome) -> None:
    """Add to a decision the overrides that have done their work."""
    for policy_id, agreement in known.agreements.items():
        state = site.assets.get(agreement.policy.vehicle_id)
        if agreement.override is None or state is None or not is_heard(state):
            continue
        zone = zone_of(known, agreement)
        if is_over(agreement.override, agreement.policy, reading(state), now, zone):
            done.flex[policy_id] = replace(agreement, override=None, updated_at=now)


def decide(known: Known, site: Site, now: datetime, glances: Glances, done: Outcome) -> None:
    """Add to a decision what flex makes of the home."""
    vehicles = flexible(known, site)
    states = [site.assets[one.policy.vehicle_id] for one in vehicles]
    waiting = [state for state in site.of_kind(AssetKind.VEHICLE) if _waits_for_us(state)]
    key = (known.intent, vehicles, [circumstances(state) for state in (*states, *waiting)])
    if not glances.is_news(OWNER, key, now):
        return
    rules = known.intent.rules
    by_vehicle = _turns(vehicles, rules, now)
    for state in {state.asset.id: state for state in (*states, *waiting)}.values():
        if not _is_taken(known, state):
            given = FlexGiven(tuple(vehicles), rules, state, now)
            done.orders.extend(_orders(given, by_vehicle))
    glances.keep(OWNER, key, now, chunk_start(now) + CHUNK)


def order(given: FlexGiven) -> Order | None:
    """What the vehicle is told now; None where it is told nothing."""
    return next(_orders(given, _turns(given.vehicles, given.rules, given.now)), None)


def _turns(
    vehicles: Sequence[FlexVehicle], rules: Sequence[FlexIntentRule], now: datetime
) -> Mapping[str, FlexTurn]:
    """By vehicle."""
    found = turns(vehicles, rules, now)
    return {one.policy.vehicle_id: found[one.policy.id] for one in vehicles}


def _is_taken(known: Known, state: AssetState) -> bool:
    """Whether something else decides over a vehicle."""
    policy = known.policies.get(state.asset.id)
    is_scheduled = any(
        schedule.target_id == state.asset.id and schedule.is_enabled
        for schedule in known.schedules.values()
    )
    is_overridden = known.override_of(state.asset.id) is not None
    return is_scheduled or is_overridden or bool(policy and policy.is_enabled)


def _orders(given: FlexGiven, by_vehicle: Mapping[str, FlexTurn]) -> Iterator[Order]:
    """The command that is due, if there is one."""
    state, now = given.state, given.now
    turn = by_vehicle.get(state.asset.id, FlexTurn.FREE)
    wanted = _wanted(state, turn, now)
    seen = charging(reading(state))
    if wanted is None or not may_tell(state) or not is_capable(state.asset):
        return
    if seen.is_plugged_in is not True or seen.is_charging is wanted:
        return
    if wanted and (seen.is_complete or seen.is_initializing):
        return
    if pursue(wanted, latest_charging(state.action), now).is_due:
        command = StartCharging() if wanted else StopCharging()
        yield Order(state.asset.id, command, OWNER, _GROUNDS[turn], given)


def _wanted(state: AssetState, turn: FlexTurn, now: datetime) -> bool | None:
    """Whether it is to charge; None where nobody asks for either."""
    action = state.action
    if turn is FlexTurn.CHARGE:
        return True
    if turn is FlexTurn.FREE:
        # What waits because of us need not wait any longer.
        return True if _waits_for_us(state) else None
    is_others = action is not None and action.owner != OWNER
    if is_others and action and action.created_at >= chunk_start(now):
        return None
    return False


def _waits_for_us(state: AssetState) -> bool:
    """Whether the newest that a vehicle was told is our stop."""
    action = state.action
    if action is None or action.owner != OWNER or not isinstance(action.command, StopCharging):
        return False
    return action.state in (ActionState.PENDING, ActionState.CONFIRMED)


def _power_w(vehicle: VehicleReading) -> float:
    """What a vehicle charges with: what it does now, else what its limit allows."""
    if charging(vehicle).is_charging and vehicle.power_w:
        return vehicle.power_w
    if vehicle.max_current_a:
        return min(_USUAL_W, vehicle.max_current_a * _VOLTAGE_V * _PHASES)
    return _USUAL_W
