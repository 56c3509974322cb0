"""How schedules stand, from the model to the wire."""

from gatewayd.enode.views.base import number
from gatewayd.enode.views.schedule import target_state
from gatewayd.enode.views.smart_charging import override_status
from gatewayd.enode.wire import schedule_status as wire
from gatewayd.enode.wire.schedule import TargetState as WireTarget
from gatewayd.model.climate import PermanentHold, TargetState
from gatewayd.model.schedule import (
    ChargeScheduleStatus,
    ScheduleStatus,
    TemperatureScheduleStatus,
)


def schedule_status(found: ScheduleStatus) -> wire.ScheduleStatus:
    """A status as Enode shows it."""
    if isinstance(found, TemperatureScheduleStatus):
        return _temperature(found)
    return _charge(found)


def _charge(found: ChargeScheduleStatus) -> wire.ChargeScheduleStatus:
    parts = found.expected_parts
    return wire.ChargeScheduleStatus(
        schedule_id=found.schedule_id,
        schedule_type="CHARGE",
        changed_at=found.changed_at,
        state=found.state,
        is_charging=found.is_charging,
        is_charging_expected=found.is_charging_expected,
        is_charging_expected_parts=wire.ExpectedParts(
            needs_charge=parts.needs_charge,
            is_plugged_in=parts.is_plugged_in,
            should_charge=parts.should_charge,
        ),
        upcoming_transitions=[
            wire.ChargeTransition(at=coming.at, should_charge=coming.value)
            for coming in found.upcoming_transitions
        ],
        smart_override=override_status(found.smart_override),
    )


def _temperature(found: TemperatureScheduleStatus) -> wire.TemperatureScheduleStatus:
    return wire.TemperatureScheduleStatus(
        schedule_id=found.schedule_id,
        schedule_type="TEMPERATURE",
        changed_at=found.changed_at,
        state=found.state,
        current=_current(found.current),
        expected=target_state(found.expected),
        upcoming_transitions=[
            wire.TemperatureTransition(at=coming.at, target=target_state(coming.value))
            for coming in found.upcoming_transitions
        ],
    )


def _current(found: TargetState | None) -> WireTarget | None:
    """What the device is set to, if it tells all of it."""
    if found is None or (isinstance(found, PermanentHold) and not _is_whole(found)):
        return None
    return target_state(found)


def _is_whole(hold: PermanentHold) -> bool:
    heat = number(hold.heat_setpoint_c) is not None or not hold.mode.heats
    cool = number(hold.cool_setpoint_c) is not None or not hold.mode.cools
    return heat and cool
