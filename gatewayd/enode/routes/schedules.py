"""Schedules."""

from sqlite3 import Connection
from uuid import uuid4

from fastapi import Response
from pydantic import TypeAdapter

from gatewayd.control.steering import wishes
from gatewayd.enode import missing
from gatewayd.enode.answers import nothing, ok
from gatewayd.enode.api import Api, Ask
from gatewayd.enode.bodies import parsed, payload
from gatewayd.enode.paging import Paging, key_of, page
from gatewayd.enode.routes.parameters import ScheduleId, UserId
from gatewayd.enode.routing import client_router
from gatewayd.enode.views import schedule as view
from gatewayd.enode.views.schedule_status import schedule_status
from gatewayd.enode.wire import schedule as wire
from gatewayd.errors import ConflictError, InvalidError
from gatewayd.model.climate import PermanentHold
from gatewayd.model.schedule import Schedule, TemperatureSchedule
from gatewayd.plan.holds import unholdable
from gatewayd.state import locations, schedules, users

router = client_router()

_PAYLOAD: TypeAdapter[wire.ChargeSchedule | wire.TemperatureSchedule] = TypeAdapter(wire.Schedule)
# Each is looked at whenever something changes.
_MOST_SCHEDULES = 500


@router.get("/users/{userId}/schedules")
async def get_schedules(ask: Ask, user_id: UserId, paging: Paging) -> Response:
    """One user's schedules; none for an unknown user."""
    known = ask.api.steering.known.schedules.values()
    theirs = [schedule for schedule in known if schedule.user_id == user_id]
    shown, cursors = page(theirs, lambda one: key_of(one.created_at, one.id), paging)
    models = [view.schedule(one) for one in shown]
    return ok(wire.SchedulePage(data=models, pagination=cursors))


@router.post("/users/{userId}/schedules")
async def create_schedule(ask: Ask, user_id: UserId) -> Response:
    """A new schedule of one of the user's assets, decided on at once."""
    if await ask.api.services.db.read(lambda c: users.get(c, user_id)) is None:
        raise missing.user(user_id)
    asked = await parsed(ask, _PAYLOAD.validate_json)
    made = view.schedule_of(asked, str(uuid4()), user_id, ask.api.services.clock.now())
    _check_target(ask.api, made)
    _check_states(ask.api, made)
    async with ask.api.steering.deciding:
        if len(ask.api.steering.known.schedules) >= _MOST_SCHEDULES:
            raise ConflictError(f"there are {_MOST_SCHEDULES} schedules: delete one first")
        await ask.api.steering.commit(lambda c: _put(c, made))
    return ok(view.schedule(made))


@router.get("/schedules/{scheduleId}")
async def get_schedule(ask: Ask, schedule_id: ScheduleId) -> Response:
    """One schedule."""
    return ok(view.schedule(_known(ask.api, schedule_id)))


@router.put("/schedules/{scheduleId}")
async def update_schedule(ask: Ask, schedule_id: ScheduleId) -> Response:
    """Replace what the body names and keep the rest; decided on at once."""
    if isinstance(_known(ask.api, schedule_id), TemperatureSchedule):
        change: wire.PartialSchedule = await payload(ask, wire.PartialTemperatureSchedule)
    else:
        change = await payload(ask, wire.PartialChargeSchedule)
    async with ask.api.steering.deciding:
        known = _known(ask.api, schedule_id)
        changed = view.changed(known, change)
        if (changed.target_id, changed.target_kind) != (known.target_id, known.target_kind):
            _check_target(ask.api, changed)
        _check_states(ask.api, changed)
        await ask.api.steering.commit(lambda c: _put(c, changed))
    return ok(view.schedule(changed))


@router.delete("/schedules/{scheduleId}")
async def delete_schedule(ask: Ask, schedule_id: ScheduleId) -> Response:
    """Forget a schedule; what it set stays set."""
    _known(ask.api, schedule_id)
    await ask.api.steering.change(lambda c: schedules.remove(c, schedule_id))
    return nothing()


@router.get("/schedules/{scheduleId}/status")
async def get_schedule_status(ask: Ask, schedule_id: ScheduleId) -> Response:
    """How a schedule stands at this moment."""
    _known(ask.api, schedule_id)
    await ask.api.steering.look()
    found = ask.api.steering.known.statuses.get(schedule_id)
    if found is None:
        raise missing.schedule(schedule_id)
    return ok(schedule_status(found))


def _known(api: Api, schedule_id: str) -> Schedule:
    found = api.steering.known.schedules.get(schedule_id)
    if found is None:
        raise missing.schedule(schedule_id)
    return found


def _check_target(api: Api, wanted: Schedule) -> None:
    """Raise NotFoundError unless the target is an asset of the user."""
    if api.asset(wanted.target_kind, wanted.target_id).asset.user_id != wanted.user_id:
        raise missing.asset(wanted.target_kind, wanted.target_id)


def _check_states(api: Api, wanted: Schedule) -> None:
    """Raise InvalidError when a heater or cooler can never be set as wanted."""
    target = api.services.store.site.assets.get(wanted.target_id)
    if target is None or not isinstance(wanted, TemperatureSchedule):
        return
    table = wanted.timetable
    for state in (table.default, *(rule.value for rule in table.rules)):
        why_not = isinstance(state, PermanentHold) and unholdable(
            target.asset.spec.thermostat, state
        )
        if why_not:
            raise InvalidError(why_not)


def _put(c: Connection, wanted: Schedule) -> None:
    if users.get(c, wanted.user_id) is None:
        raise missing.user(wanted.user_id)
    if wanted.location_id:
        locations.known(c, wanted.location_id, wanted.user_id)
    wishes.put_schedule(c, wanted)
