"""Commands as people say them."""

from gatewayd.model.climate import FollowSchedule, PermanentHold
from gatewayd.model.command import (
    Command,
    SetMaxCurrent,
    SetOperationMode,
    StartCharging,
    StopCharging,
)
from gatewayd.model.power import power_words


def in_words(command: Command) -> str:
    """A command as people say it, beginning in lower case."""
    match command:
        case StartCharging():
            return "start charging"
        case StopCharging():
            return "stop charging"
        case SetMaxCurrent(current_a=current_a):
            return f"limit to {current_a:g} A"
        case SetOperationMode(mode=mode):
            return f"mode {mode.value.replace('_', ' ').lower()}"
        case PermanentHold(mode=mode, heat_setpoint_c=heat_c, cool_setpoint_c=cool_c):
            setpoints = " and ".join(f"{c:g} °C" for c in (heat_c, cool_c) if c is not None)
            return f"hold {mode.value.lower()}{setpoints and f' at {setpoints}'}"
        case FollowSchedule():
            return "follow its own schedule"
    return power_words(command)
