"""One look at one battery.

A reserve, a lock and the rules of grid charging hold whatever the mode: a mode is a wish, they
say how far it goes. A device that lacks a word for what is wanted gets the nearest it has that
takes no more and gives no more; where it has none, that is said.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from gatewayd.model.asset import Capability
from gatewayd.model.command import Command, SetOperationMode, required
from gatewayd.model.decision import Grounds, Input
from gatewayd.model.power import Hold, HoldCharge, SetBatteryPower
from gatewayd.model.reading import OperationMode
from gatewayd.plan.arbiter.claims import Bounds

# A battery that reached its target stays there until it has lost so much.
_BACK_PCT = 2.0
# So that it is not told anew with each cloud.
_SPARE_STEP_W = 250.0


class BatteryMode(StrEnum):
    """What a battery goes by: Enode's modes, and the home's own."""

    SELF_RELIANCE = "self_reliance"
    TIME_OF_USE = "time_of_use"
    IMPORT_FOCUS = "import_focus"
    EXPORT_FOCUS = "export_focus"
    HOLD = "hold"
    HOLD_CHARGE = "hold_charge"
    CHARGE_TO = "charge_to"
    DISCHARGE_TO = "discharge_to"


@dataclass(frozen=True, slots=True)
class BatterySettings:
    """One battery's wishes.

    `power_w` is how fast it charges or discharges where its mode forces it to. It gives nothing
    below `reserve_pct`, nothing to the chargers it is locked against while one of them takes from
    the grid, and takes from the grid at `grid_charge_below` at most (None: as its mode says).
    """

    mode: BatteryMode = BatteryMode.SELF_RELIANCE
    target_pct: float = 100.0
    power_w: float = 2000.0
    reserve_pct: float = 0.0
    locked_against: frozenset[str] = frozenset()
    grid_charge_below: Decimal | None = None


@dataclass(frozen=True, slots=True)
class BatterySeen:
    """`fast_chargers` are those that charge whatever the sun gives.

    `spare_w` is what it could charge with without the grid.
    """

    soc_pct: float | None = None
    fast_chargers: frozenset[str] = frozenset()
    price: Decimal | None = None
    spare_w: float = 0.0


@dataclass(slots=True)
class BatteryMemory:
    """Whether the reserve, or the target of a mode, was reached and has not been lost since.

    `fast_at_s` is when chargers last charged with more than the sun gave, by device (monotonic).
    """

    at_reserve: bool = False
    at_target: bool = False
    fast_at_s: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BatteryAsk:
    """What the battery is to do, and how far anybody may go; watt, charging +.

    `command` is None where the device can be told nothing of it.
    """

    command: Command | None
    grounds: Grounds
    bounds: Bounds = field(default_factory=Bounds)
    bounds_grounds: Grounds | None = None


def decide(
    settings: BatterySettings,
    seen: BatterySeen,
    capabilities: frozenset[Capability],
    memory: BatteryMemory,
) -> BatteryAsk:
    """What the battery is to do."""
    wanted, reason = _wanted(settings, seen, memory)
    command = _possible(wanted, capabilities, settings.power_w)
    inputs = (Input("soc_pct", seen.soc_pct),)
    held = _held_back(settings, seen, memory)
    if held is None:
        return BatteryAsk(command, Grounds(reason, inputs))
    can_hold, can_set = Capability.HOLD in capabilities, Capability.SET_POWER in capabilities
    instead = None if can_hold and can_set else _instead(seen, capabilities)
    if not can_hold and not can_set:
        held = f"that {held} is beyond what it can be told"
        reason = f"{reason}; {held}"
    if instead is None and not (can_hold and can_set):
        return BatteryAsk(command, Grounds(reason, inputs))
    bounds, held_grounds = Bounds(least=0.0, instead=instead), Grounds(held, inputs, binding=held)
    if command is None:
        # Left alone it would give what it has.
        return BatteryAsk(_instead(seen, capabilities), held_grounds, bounds, held_grounds)
    return BatteryAsk(command, Grounds(reason, inputs), bounds, held_grounds)


def beyond(settings: BatterySettings, capabilities: frozenset[Capability]) -> tuple[str, ...]:
    """The settings that a battery which can be told so much can surely not keep."""
    found = []
    price = settings.grid_charge_below
    for soc_pct in (0.0, 100.0):
        wanted, _ = _wanted(settings, BatterySeen(soc_pct, price=price), BatteryMemory())
        is_its_own = settings.mode is BatteryMode.SELF_RELIANCE
        if _possible(wanted, capabilities, settings.power_w) is None and not is_its_own:
            found.append("mode")
    if capabilities.isdisjoint({Capability.HOLD, Capability.SET_POWER}):
        found += ["reserve_pct"] if settings.reserve_pct else []
        found += ["locked_against"] if settings.locked_against else []
    return tuple(dict.fromkeys(found))


def _instead(seen: BatterySeen, capabilities: frozenset[Capability]) -> Command | None:
    """What comes nearest to giving nothing, and to taking what the sun leaves."""
    spare_w = max(0.0, seen.spare_w // _SPARE_STEP_W * _SPARE_STEP_W)
    least = (Hold(), SetBatteryPower(spare_w), SetOperationMode(OperationMode.SELF_RELIANCE))
    return next((one for one in least if required(one) in capabilities), None)


def _wanted(
    settings: BatterySettings, seen: BatterySeen, memory: BatteryMemory
) -> tuple[Command, str]:
    mode = settings.mode
    match mode:
        case BatteryMode.HOLD:
            return Hold(), "the battery is held"
        case BatteryMode.HOLD_CHARGE:
            return HoldCharge(), "the battery is not charged"
        case BatteryMode.CHARGE_TO | BatteryMode.DISCHARGE_TO:
            return _to_target(settings, seen, memory)
        case BatteryMode.IMPORT_FOCUS if _is_dear(settings, seen):
            return SetOperationMode(OperationMode.SELF_RELIANCE), "power from the grid is too dear"
    words = mode.replace("_", " ")
    return SetOperationMode(OperationMode(mode.value.upper())), f"the mode is {words}"


def _to_target(
    settings: BatterySettings, seen: BatterySeen, memory: BatteryMemory
) -> tuple[Command, str]:
    is_charge = settings.mode is BatteryMode.CHARGE_TO
    if seen.soc_pct is None:
        return Hold(), "its level is unknown"
    # Counted in the way that is gone, a target is reached from below.
    way = 1.0 if is_charge else -1.0
    missing_pct = way * (settings.target_pct - seen.soc_pct)
    memory.at_target = missing_pct <= (_BACK_PCT if memory.at_target else 0.0)
    if memory.at_target:
        return Hold(), f"it has reached {settings.target_pct:g} %"
    if is_charge and _is_dear(settings, seen):
        return Hold(), "power from the grid is too dear"
    verb = "charging" if is_charge else "discharging"
    return SetBatteryPower(way * settings.power_w), f"{verb} to {settings.target_pct:g} %"


def _is_dear(settings: BatterySettings, seen: BatterySeen) -> bool:
    """An unknown price is a high one, where there is a limit."""
    limit = settings.grid_charge_below
    return limit is not None and (seen.price is None or seen.price > limit)


def _held_back(settings: BatterySettings, seen: BatterySeen, memory: BatteryMemory) -> str | None:
    """Why it gives nothing now."""
    if settings.reserve_pct > 0 and seen.soc_pct is not None:
        back_pct = _BACK_PCT if memory.at_reserve else 0.0
        memory.at_reserve = seen.soc_pct <= settings.reserve_pct + back_pct
    if memory.at_reserve:
        return f"the reserve of {settings.reserve_pct:g} % is kept"
    locked = settings.locked_against & seen.fast_chargers
    return f"it is not for {', '.join(sorted(locked))}" if locked else None


def _possible(
    wanted: Command, capabilities: frozenset[Capability], force_w: float
) -> Command | None:
    """What the device has for it, or the nearest that does no harm."""
    others: tuple[Command, ...] = ()
    match wanted:
        case Hold() | HoldCharge():
            others = (SetBatteryPower(0.0),)
        case SetBatteryPower(power_w=power_w) if power_w != 0:
            mode = OperationMode.IMPORT_FOCUS if power_w > 0 else OperationMode.EXPORT_FOCUS
            others = (SetOperationMode(mode),)
        case SetOperationMode(mode=OperationMode.IMPORT_FOCUS):
            others = (SetBatteryPower(force_w),)
        case SetOperationMode(mode=OperationMode.EXPORT_FOCUS):
            others = (SetBatteryPower(-force_w),)
    return next((c for c in (wanted, *others) if required(c) in capabilities), None)
