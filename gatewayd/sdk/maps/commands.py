"""Commands of a register map: which registers to write, in order, and what may be written.

set_max_current:
  - {holding: 5004, from: current_a, scale: 0.001, range: [6, 63], memory: ram}
"""

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gatewayd.errors import RefusedError
from gatewayd.model.asset import AssetKind, Capability
from gatewayd.model.climate import PermanentHold
from gatewayd.model.command import Command, SetMaxCurrent
from gatewayd.model.power import (
    SetBatteryPower,
    SetExportLimit,
    SetPhases,
    SetProductionLimit,
    SetReserve,
    SetSgReady,
)
from gatewayd.sdk.maps.codec import Words, words_of
from gatewayd.sdk.maps.points import CODES, Address, Conditions, Shape, Strict, Value
from gatewayd.sdk.maps.sources import Source

# The names under which sources and conditions of commands know what was asked for. The current is,
# outside `set_max_current`, the one set last, if any; a thermostat's hold has a mode, and setpoints
# as it needs; a limit that is ended is unknown, and `is_limited` is false.
CURRENT = "current_a"
INPUTS = (
    CURRENT,
    "hvac_mode",
    "heat_setpoint_c",
    "cool_setpoint_c",
    "power_w",
    "reserve_pct",
    "limit_w",
    "is_limited",
    "phases",
    "sg_ready",
)
Input = Literal[
    "current_a",
    "heat_setpoint_c",
    "cool_setpoint_c",
    "power_w",
    "reserve_pct",
    "limit_w",
    "phases",
    "sg_ready",
]

_MODES = frozenset(
    {
        Capability.SELF_RELIANCE,
        Capability.TIME_OF_USE,
        Capability.IMPORT_FOCUS,
        Capability.EXPORT_FOCUS,
        Capability.HOLD,
        Capability.HOLD_CHARGE,
        Capability.SET_POWER,
        Capability.SET_RESERVE,
    }
)
_CHARGING = frozenset(
    {Capability.START_CHARGING, Capability.STOP_CHARGING, Capability.SET_MAX_CURRENT}
)
_CURTAILMENT = frozenset({Capability.SET_PRODUCTION_LIMIT, Capability.SET_EXPORT_LIMIT})
_HOLDS = frozenset({Capability.SET_PERMANENT_HOLD, Capability.SET_FOLLOW_SCHEDULE})
CAPABILITIES: dict[AssetKind, frozenset[Capability]] = {
    AssetKind.BATTERY: _MODES,
    AssetKind.CHARGER: _CHARGING | {Capability.SET_PHASES},
    AssetKind.HVAC: _HOLDS | {Capability.SET_SG_READY},
    AssetKind.INVERTER: _CURTAILMENT,
    AssetKind.VEHICLE: _CHARGING,
}

Memory = Literal["ram", "nvm", "unknown"]


def inputs_of(command: Command) -> Mapping[str, Value]:
    """What a command asks for, by the names that maps know."""
    match command:
        case SetMaxCurrent(current_a=current_a):
            return {CURRENT: current_a}
        case PermanentHold(mode=mode, heat_setpoint_c=heat_c, cool_setpoint_c=cool_c):
            setpoints = {"heat_setpoint_c": heat_c, "cool_setpoint_c": cool_c}
            return {"hvac_mode": mode.value, **setpoints}
        case SetBatteryPower(power_w=power_w):
            return {"power_w": power_w}
        case SetReserve(reserve_pct=reserve_pct):
            return {"reserve_pct": reserve_pct}
        case SetProductionLimit(limit_w=limit_w) | SetExportLimit(limit_w=limit_w):
            return {"limit_w": limit_w, "is_limited": limit_w is not None}
        case SetPhases(phases=phases):
            return {"phases": phases}
        case SetSgReady(level=level):
            return {"sg_ready": level.value}
    return {}


class Amount(Shape):
    """A value to write: `value` from any source, or `from` the command.

    It is rounded towards zero to a multiple of `step`, has to lie in `range` and at most at
    `limit`, or be 0 where `zero` allows that; otherwise the whole command is refused before
    anything is written. The same goes for an unknown value, unless `if_known` leaves the step out.
    """

    value: Source | None = None
    from_: Input | None = Field(default=None, alias="from")
    range: tuple[float, float] | None = None
    limit: Source | None = None
    zero: bool = False
    step: float | None = Field(default=None, gt=0)
    if_known: bool = False

    @property
    def source(self) -> Source:
        """Where the value comes from."""
        return self.from_ if self.value is None else self.value  # type: ignore[return-value]

    def width(self) -> int:
        """How many registers it takes."""
        return CODES[self.type or "u16"][1]

    def checked(self, value: Value, limit: Value, at: str) -> float | None:
        """The value as it may be written, None for leaving it out; RefusedError."""
        if value is None and self.if_known:
            return None
        if not isinstance(value, int | float) or not math.isfinite(value):
            raise RefusedError(f"{at}: value to write is unknown; read the device first")
        if self.step is not None:
            steps = value / self.step
            value = math.trunc(steps + math.copysign(1e-6, steps)) * self.step
        low, high = self.range or (-math.inf, math.inf)
        if isinstance(limit, int | float):
            high = min(high, limit)
        if not low <= value <= high and not (self.zero and value == 0):
            raise RefusedError(f"{at}: {value:g} is not between {low:g} and {high:g}")
        return float(value)

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if (self.value is None) == (self.from_ is None) and not getattr(self, "block", None):
            raise ValueError("give either value or from")
        if self.type == "string":
            raise ValueError("texts cannot be written")
        return self


class Step(Amount):
    """One write, to the map's own unit or another `unit` of it.

    `block` writes several values in one request, from the address on.

    `memory` says where the device keeps it: `ram` may be written as often as wanted; anything
    else wears out, so it is read first and written only if it differs (compared with the last
    write where the register is not `readable`). `mask` writes those bits and keeps the others.
    The function code is 6 for one register and 16 for more, unless the device wants another.

    What a register held before is written back when the device is given back. One that only takes
    orders, as a trigger does, is not `readable`, whatever it answers.
    """

    holding: Address | None = None
    coil: Address | None = None
    unit: str | None = None
    function: Literal[5, 6, 16] | None = None
    memory: Memory = "unknown"
    readable: bool = True
    mask: int | None = Field(default=None, ge=1, le=0xFFFF)
    block: list[Amount] | None = Field(default=None, min_length=1)
    when: Conditions | None = None
    pause_s: float = Field(
        default=0.0, ge=0, le=30, description="how long the device needs afterwards"
    )
    note: str | None = None

    @property
    def address(self) -> int:
        """The first register, or the coil."""
        return self.holding if self.holding is not None else self.coil or 0

    @property
    def amounts(self) -> list[Amount]:
        """What is written, in order."""
        return list(self.block) if self.block else [self]

    def width(self) -> int:
        """How many registers are written."""
        return sum(a.width() for a in self.block) if self.block else super().width()

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if (self.holding is None) == (self.coil is None):
            raise ValueError("give either holding or coil")
        if self.block and (self.value is not None or self.from_ is not None):
            raise ValueError("give either a block or one value")
        if self.function == 6 and self.width() != 1:
            raise ValueError("function 6 writes one register; use 16")
        if self.mask is not None and (self.width() != 1 or not self.readable):
            raise ValueError("a mask needs one register that can be read")
        return self


def words_to_write(step: Step, found: Sequence[tuple[Value, Value]]) -> Words | None:
    """The registers of one step from the value and limit of each of its amounts.

    None when it is left out; RefusedError when it must not be written.
    """
    words: Words = ()
    for amount, (value, limit) in zip(step.amounts, found, strict=True):
        at = f"register {step.address}"
        number = amount.checked(value, limit, at)
        if number is None:
            return None
        try:
            words += words_of(amount, number)
        except ValueError as error:
            raise RefusedError(f"{at}: {error}") from error
    return words


class Watchdog(Strict):
    """What the device does when it hears nothing: the time it waits, and how to feed it.

    `feed: repeat` says the last command again: what it writes to RAM, with the same numbers. The
    watchdog is on, then, from a command of ours until the `safe` one.
    """

    timeout_s: Source
    feed: Annotated[list[Step], Field(min_length=1)] | Literal["repeat"]

    @property
    def steps(self) -> list[Step]:
        """What feeds it beside the last command."""
        return [] if self.feed == "repeat" else list(self.feed)

    @model_validator(mode="after")
    def _wears_nothing(self) -> Self:
        if any(step.memory != "ram" for step in self.steps):
            raise ValueError("a watchdog is fed through registers with memory: ram only")
        return self


class Safe(Strict):
    """The command that gives the device back to itself; a charger's may have a current."""

    do: Capability
    current_a: float | None = Field(default=None, ge=0)
