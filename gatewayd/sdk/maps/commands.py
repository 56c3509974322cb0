"""Commands of a register map: which registers to write, in order, and what may be written.

set_max_current:
  - {holding: 5004, from: current_a, scale: 0.001, range: [6, 63], memory: ram}
"""

import math
from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from gatewayd.errors import RefusedError
from gatewayd.model.asset import AssetKind, Capability
from gatewayd.sdk.maps.codec import Words, words_of
from gatewayd.sdk.maps.points import CODES, Address, Conditions, Shape, Strict, Value
from gatewayd.sdk.maps.sources import Source

# The names under which sources and conditions of commands know what was asked for. The current is,
# outside `set_max_current`, the one set last, if any; a hold has a mode, and setpoints as it needs.
CURRENT = "current_a"
HVAC_MODE = "hvac_mode"
INPUTS = (CURRENT, HVAC_MODE, "heat_setpoint_c", "cool_setpoint_c")

_MODES = frozenset(
    {
        Capability.SELF_RELIANCE,
        Capability.TIME_OF_USE,
        Capability.IMPORT_FOCUS,
        Capability.EXPORT_FOCUS,
    }
)
_CHARGING = frozenset(
    {Capability.START_CHARGING, Capability.STOP_CHARGING, Capability.SET_MAX_CURRENT}
)
_HOLDS = frozenset({Capability.SET_PERMANENT_HOLD, Capability.SET_FOLLOW_SCHEDULE})
CAPABILITIES: dict[AssetKind, frozenset[Capability]] = {
    AssetKind.BATTERY: _MODES,
    AssetKind.CHARGER: _CHARGING,
    AssetKind.HVAC: _HOLDS,
    AssetKind.VEHICLE: _CHARGING,
}

Memory = Literal["ram", "nvm", "unknown"]


class Amount(Shape):
    """A value to write: `value` from any source, or `from` the command.

    It is rounded down to a multiple of `step`, has to lie in `range` and at most at `limit`, or
    be 0 where `zero` allows that; otherwise the whole command is refused before anything is
    written. The same goes for an unknown value, unless `if_known` leaves the step out.
    """

    value: Source | None = None
    from_: Literal["current_a", "heat_setpoint_c", "cool_setpoint_c"] | None = Field(
        default=None, alias="from"
    )
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
            value = math.floor(value / self.step + 1e-6) * self.step
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
    """One write. `block` writes several values in one request, from the address on.

    `memory` says where the device keeps it: `ram` may be written as often as wanted; anything
    else wears out, so it is read first and written only if it differs (compared with the last
    write where the register is not `readable`). `mask` writes those bits and keeps the others.
    The function code is 6 for one register and 16 for more, unless the device wants another.
    """

    holding: Address | None = None
    coil: Address | None = None
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
    """What the device does when it hears nothing: the time it waits, and how to feed it."""

    timeout_s: Source
    feed: list[Step] = Field(min_length=1)
