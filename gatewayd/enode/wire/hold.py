"""What a heater or cooler is to be set to, on the wire: one model per mode, told apart by `mode`.

Payloads ask for a permanent hold; states add the `hold_type`.
"""

from typing import Annotated, Literal

from pydantic import Field

from gatewayd.enode.wire.base import EnodeModel, Payload
from gatewayd.model.climate import HvacMode


class CoolHold(Payload):
    """Cool down to the setpoint, in degrees Celsius."""

    mode: Literal[HvacMode.COOL]
    cool_setpoint: float


class HeatHold(Payload):
    """Heat up to the setpoint."""

    mode: Literal[HvacMode.HEAT]
    heat_setpoint: float


class AutoHold(Payload):
    """Stay between the setpoints."""

    mode: Literal[HvacMode.AUTO]
    cool_setpoint: float
    heat_setpoint: float


class OffHold(Payload):
    """Be off."""

    mode: Literal[HvacMode.OFF]


AnyHold = Annotated[CoolHold | HeatHold | AutoHold | OffHold, Field(discriminator="mode")]


class _Held(EnodeModel):
    hold_type: Literal["PERMANENT"]


class CoolState(_Held):
    """Held, cooling."""

    mode: Literal[HvacMode.COOL]
    cool_setpoint: float


class HeatState(_Held):
    """Held, heating."""

    mode: Literal[HvacMode.HEAT]
    heat_setpoint: float


class AutoState(_Held):
    """Held, heating and cooling."""

    mode: Literal[HvacMode.AUTO]
    cool_setpoint: float
    heat_setpoint: float


class OffState(_Held):
    """Held off."""

    mode: Literal[HvacMode.OFF]


HoldState = Annotated[CoolState | HeatState | AutoState | OffState, Field(discriminator="mode")]


class ScheduledState(EnodeModel):
    """Following the device's own schedule."""

    hold_type: Literal["SCHEDULED"]
