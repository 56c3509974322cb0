"""What a heater or cooler is to be set to, between the model and the wire."""

from typing import Any

from pydantic import TypeAdapter

from gatewayd.enode.wire import hold as wire
from gatewayd.model.climate import PermanentHold

_STATE: TypeAdapter[wire.HoldState] = TypeAdapter(wire.HoldState)


def permanent_hold(asked: wire.AnyHold | wire.HoldState) -> PermanentHold:
    """What a payload asks for."""
    return PermanentHold(
        asked.mode,
        heat_setpoint_c=getattr(asked, "heat_setpoint", None),
        cool_setpoint_c=getattr(asked, "cool_setpoint", None),
    )


def hold_state(hold: PermanentHold) -> wire.HoldState:
    """A hold with the setpoints its mode has."""
    body: dict[str, Any] = {"mode": hold.mode, "hold_type": "PERMANENT"}
    if hold.mode.heats:
        body["heat_setpoint"] = hold.heat_setpoint_c
    if hold.mode.cools:
        body["cool_setpoint"] = hold.cool_setpoint_c
    return _STATE.validate_python(body)


def scheduled_state() -> wire.ScheduledState:
    """The device's own schedule."""
    return wire.ScheduledState(hold_type="SCHEDULED")
