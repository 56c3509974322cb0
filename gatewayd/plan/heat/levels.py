"""The levels of SG Ready in the words of a device: its own, or a setpoint instead.

Never off: frost and legionella protection stay with the device.
"""

from dataclasses import replace

from gatewayd.model.asset import Asset, Capability
from gatewayd.model.climate import (
    FollowSchedule,
    HvacMode,
    PermanentHold,
    Thermostat,
    is_same,
    target_state,
)
from gatewayd.model.command import Command
from gatewayd.model.power import SetSgReady
from gatewayd.model.reading import HvacReading, SgReady


def told(
    level: SgReady, asset: Asset, reading: HvacReading, heat_setpoint_c: float | None = None
) -> Command | None:
    """What brings the device to a level other than NORMAL; None where nothing does.

    Without levels of its own it is set as cool (or warm) as it goes to block it, and to
    `heat_setpoint_c` to have it run.
    """
    if Capability.SET_SG_READY in asset.capabilities:
        return SetSgReady(level)
    thermostat = asset.spec.thermostat
    if thermostat is None or Capability.SET_PERMANENT_HOLD not in asset.capabilities:
        return None
    if level is SgReady.BLOCKED:
        return _blocked(thermostat, reading)
    if heat_setpoint_c is None or reading.mode != HvacMode.HEAT:
        return None
    most_c = thermostat.heat_c.max if thermostat.heat_c else None
    return PermanentHold(HvacMode.HEAT, min(heat_setpoint_c, most_c or heat_setpoint_c))


def level_of(command: Command, asset: Asset) -> SgReady:
    """The level that one of these commands stands for."""
    if isinstance(command, SetSgReady):
        return command.level
    if not isinstance(command, PermanentHold):
        return SgReady.NORMAL
    blocks = command == told(SgReady.BLOCKED, asset, HvacReading(mode=command.mode))
    return SgReady.BLOCKED if blocks else SgReady.RECOMMENDED


def is_steered_by_setpoint(asset: Asset) -> bool:
    """Whether its levels are setpoints, so that what people set is in the way of them."""
    return Capability.SET_SG_READY not in asset.capabilities


def is_apart(command: Command, asset: Asset) -> bool:
    """Whether what people set it to is nothing to its levels."""
    return not is_steered_by_setpoint(asset) and isinstance(command, PermanentHold | FollowSchedule)


def can_be_blocked(asset: Asset) -> bool:
    """Whether it can be kept from running."""
    return told(SgReady.BLOCKED, asset, HvacReading(mode=HvacMode.HEAT)) is not None


def is_blocked(asset: Asset, reading: HvacReading) -> bool:
    """Whether it says that it does not run, whatever the room needs."""
    if not is_steered_by_setpoint(asset):
        return reading.sg_ready is SgReady.BLOCKED
    command = told(SgReady.BLOCKED, asset, reading)
    if isinstance(command, PermanentHold):
        return is_same(command, target_state(replace(reading, hold_type="PERMANENT")))
    return reading.mode == HvacMode.OFF


def _blocked(thermostat: Thermostat, reading: HvacReading) -> Command | None:
    mode = next((mode for mode in HvacMode if mode == reading.mode), HvacMode.OFF)
    coolest_c = thermostat.heat_c.min if thermostat.heat_c else None
    warmest_c = thermostat.cool_c.max if thermostat.cool_c else None
    if mode is HvacMode.OFF or (mode.heats and coolest_c is None):
        return None
    if mode.cools and warmest_c is None:
        return None
    return PermanentHold(mode, coolest_c if mode.heats else None, warmest_c if mode.cools else None)
