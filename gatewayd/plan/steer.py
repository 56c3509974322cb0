"""From what is wanted of an asset to the next thing to tell its device, and back to how it was.

Everything is decided by what the device reports. What it reports already is never written again;
of several things to tell, one is told at a time, and those that take away come first.
"""

from dataclasses import dataclass

from gatewayd.model.asset import Asset, AssetKind, Capability
from gatewayd.model.climate import target_state
from gatewayd.model.command import (
    Command,
    SetMaxCurrent,
    SetOperationMode,
    StartCharging,
    StopCharging,
    is_confirmed,
    is_near_current,
    required,
    safe_command,
)
from gatewayd.model.power import (
    SetExportLimit,
    SetPhases,
    SetProductionLimit,
    SetReserve,
    SetSgReady,
)
from gatewayd.model.reading import (
    BatteryReading,
    ChargerReading,
    HvacReading,
    InverterReading,
    OperationMode,
    PowerDelivery,
    Reading,
    VehicleReading,
)
from gatewayd.plan.arbiter.claims import Setpoint, Wish
from gatewayd.plan.heat.levels import is_apart

MIN_CHARGE_A = 6.0
# A device's own step; what is nearer than this is the same current.
_CURRENT_STEP_A = 0.5


@dataclass(frozen=True, slots=True)
class Before:
    """How a device was before it was first steered: what to tell it so that it is so again."""

    commands: tuple[Command, ...] = ()


def next_command(wish: Wish, reading: Reading, asset: Asset) -> Command | None:
    """What to tell the device now; None when it reports what is wanted, or cannot be told it."""
    if isinstance(wish, Setpoint):
        if not isinstance(reading, ChargerReading | VehicleReading):
            return None
        return _charging(wish, reading, asset)
    if required(wish) not in asset.capabilities or is_confirmed(wish, reading):
        return None
    return wish


def before(reading: Reading, asset: Asset) -> Before:
    """What to tell the device to have it as it is now, in this order.

    Where that cannot be said of it, it is given back to itself.
    """
    state = (c for c in _state(reading) if not is_apart(c, asset))
    found = tuple(c for c in state if required(c) in asset.capabilities)
    return completed(Before(found), asset)


def completed(was: Before, asset: Asset) -> Before:
    """With what gives a device back to itself, where nothing is known, or of a battery no mode.

    Its reserve alone would leave a battery forced.
    """
    is_battery = asset.kind is AssetKind.BATTERY
    known = (c for c in was.commands if not is_battery or isinstance(c, SetOperationMode))
    safe = None if any(known) else safe_command(asset.spec)
    return was if safe is None else Before((safe, *was.commands))


def restoring(was: Before, reading: Reading, most_a: float | None = None) -> Command | None:
    """What to tell next to have the device as it was, a charger with at most `most_a`.

    None when all of it is so.
    """
    for command in was.commands:
        told = _at_most(command, most_a)
        if not _is_restored(told, reading):
            return told
    return None


def _charging(
    wish: Setpoint, reading: ChargerReading | VehicleReading, asset: Asset
) -> Command | None:
    can, state = asset.capabilities, reading.power_delivery
    is_other = _has_other_phases(wish, reading) and Capability.SET_PHASES in can
    if wish.current_a < MIN_CHARGE_A:
        is_at_rest = is_other and not reading.is_charging and reading.is_plugged_in
        off = _off(reading, asset)
        return SetPhases(wish.phases or 1) if off is None and is_at_rest else off
    if is_other:
        # No contactor switches under load.
        if reading.is_charging:
            return StopCharging() if Capability.STOP_CHARGING in can else None
        return SetPhases(wish.phases or 1)
    is_same = is_near_current(reading.max_current_a, wish.current_a, _CURRENT_STEP_A)
    if not is_same and Capability.SET_MAX_CURRENT in can:
        return SetMaxCurrent(wish.current_a)
    if state is PowerDelivery.STOPPED and Capability.START_CHARGING in can:
        return StartCharging()
    return None


def _off(reading: ChargerReading | VehicleReading, asset: Asset) -> Command | None:
    if reading.power_delivery in (PowerDelivery.STOPPED, PowerDelivery.UNPLUGGED):
        return None
    if Capability.STOP_CHARGING in asset.capabilities:
        return StopCharging()
    if Capability.SET_MAX_CURRENT in asset.capabilities and reading.max_current_a != 0:
        return SetMaxCurrent(0.0)
    return None


def _has_other_phases(wish: Setpoint, reading: ChargerReading | VehicleReading) -> bool:
    known = reading.phases if isinstance(reading, ChargerReading) else None
    return wish.phases is not None and known is not None and known != wish.phases


def _state(reading: Reading) -> list[Command]:
    match reading:
        case ChargerReading() | VehicleReading():
            return _charging_state(reading)
        case BatteryReading(operation_mode=mode):
            known = mode not in (None, OperationMode.UNKNOWN)
            found: list[Command] = [SetOperationMode(mode)] if known and mode else []
            if reading.reserve_pct is not None:
                found.append(SetReserve(reading.reserve_pct))
            return found
        case InverterReading():
            return _limits(reading)
        case HvacReading(sg_ready=level):
            held = target_state(reading)
            levels: list[Command] = [] if level is None else [SetSgReady(level)]
            return levels if held is None else [*levels, held]
    return []


def _charging_state(reading: ChargerReading | VehicleReading) -> list[Command]:
    found: list[Command] = []
    if isinstance(reading, ChargerReading) and reading.phases in (1, 3):
        found.append(SetPhases(reading.phases))
    if reading.max_current_a is not None and reading.max_current_a >= MIN_CHARGE_A:
        found.append(SetMaxCurrent(reading.max_current_a))
    if reading.power_delivery is PowerDelivery.STOPPED:
        found.append(StopCharging())
    elif reading.power_delivery not in (None, PowerDelivery.UNKNOWN):
        found.append(StartCharging())
    return found


def _limits(reading: InverterReading) -> list[Command]:
    found: list[Command] = []
    if reading.limit_w is not None:
        found.append(SetProductionLimit(_limit(reading.limit_w, reading.rated_w)))
    if reading.export_limit_w is not None:
        found.append(SetExportLimit(_limit(reading.export_limit_w, reading.rated_w)))
    return found


def _limit(limit_w: float, rated_w: float | None) -> float | None:
    """A limit that does not limit is none."""
    is_none = limit_w == float("inf") or (rated_w is not None and limit_w >= rated_w)
    return None if is_none else limit_w


def _at_most(command: Command, most_a: float | None) -> Command:
    if most_a is None:
        return command
    match command:
        case SetMaxCurrent(current_a=current_a) if current_a > most_a >= MIN_CHARGE_A:
            return SetMaxCurrent(most_a)
        case SetMaxCurrent() | StartCharging() if most_a < MIN_CHARGE_A:
            return StopCharging()
    return command


def _is_restored(command: Command, reading: Reading) -> bool:
    """A charger that was not stopped is as it was once it may charge, if its car does or not."""
    if isinstance(command, StartCharging) and isinstance(reading, ChargerReading | VehicleReading):
        return reading.power_delivery is not PowerDelivery.STOPPED
    if isinstance(command, StopCharging) and isinstance(reading, ChargerReading | VehicleReading):
        return reading.power_delivery in (PowerDelivery.STOPPED, PowerDelivery.UNPLUGGED)
    return is_confirmed(command, reading)
