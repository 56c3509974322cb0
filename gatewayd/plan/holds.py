"""What a heater or cooler can be held at."""

from dataclasses import replace
from typing import TypeVar, cast

from gatewayd.model.climate import Bounds, HvacMode, PermanentHold, Thermostat
from gatewayd.model.command import Command

C = TypeVar("C", bound=Command)


def unholdable(thermostat: Thermostat | None, hold: PermanentHold) -> str | None:
    """Why the device cannot be held so, in words for the caller; None when it can."""
    known = thermostat or Thermostat(modes=frozenset(HvacMode))
    if hold.mode not in known.modes:
        modes = ", ".join(sorted(known.modes))
        return f"the device has no mode {hold.mode}, only {modes}"
    return (
        _setpoint("heat", hold.heat_setpoint_c, known.heat_c, is_used=hold.mode.heats)
        or _setpoint("cool", hold.cool_setpoint_c, known.cool_c, is_used=hold.mode.cools)
        or _difference(hold, known.difference_c)
    )


def settable(thermostat: Thermostat | None, command: C) -> C:
    """A command as the device can carry it out: what it rounds would never be seen confirmed."""
    if thermostat is None or not isinstance(command, PermanentHold):
        return command
    heat_c, cool_c = command.heat_setpoint_c, command.cool_setpoint_c
    nearest = replace(
        command,
        heat_setpoint_c=None if heat_c is None else thermostat.nearest_c(heat_c),
        cool_setpoint_c=None if cool_c is None else thermostat.nearest_c(cool_c),
    )
    return cast("C", nearest)


def _setpoint(
    word: str, setpoint_c: float | None, range_c: Bounds | None, *, is_used: bool
) -> str | None:
    if not is_used:
        return None if setpoint_c is None else f"this mode has no {word} setpoint"
    if setpoint_c is None:
        return f"this mode needs a {word} setpoint"
    if not (range_c or Bounds()).hold(setpoint_c):
        return f"the {word} setpoint must be {_words(range_c)}"
    return None


def _difference(hold: PermanentHold, range_c: Bounds | None) -> str | None:
    if hold.heat_setpoint_c is None or hold.cool_setpoint_c is None:
        return None
    if not (range_c or Bounds(0.0)).hold(hold.cool_setpoint_c - hold.heat_setpoint_c):
        return f"the cool setpoint less the heat setpoint must be {_words(range_c or Bounds(0.0))}"
    return None


def _words(range_c: Bounds | None) -> str:
    low = None if range_c is None else range_c.min
    high = None if range_c is None else range_c.max
    if low is not None and high is not None:
        return f"from {low:g} to {high:g} degrees"
    if low is not None:
        return f"at least {low:g} degrees"
    return "a number" if high is None else f"at most {high:g} degrees"
