"""What the home can be told from outside: one class per order, checked before it does anything."""

from abc import abstractmethod
from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from gatewayd.errors import InvalidError
from gatewayd.virtual.clock import FASTEST, SLOWEST, local_time, moment
from gatewayd.virtual.devices.device import Fault
from gatewayd.virtual.home import VirtualHome
from gatewayd.virtual.physics.car import MAX_CURRENT_A, MIN_CURRENT_A
from gatewayd.virtual.physics.house import PHASES

_MOST_LOAD_W = 20_000.0

Share = Annotated[float, Field(ge=0.0, le=1.0)]


class Order(BaseModel):
    """One order. A key that may be left out has a default that means nothing: see `gives`."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, alias_generator=to_camel
    )
    example: ClassVar[str]

    def gives(self, name: str) -> bool:
        """Whether the order says anything about this."""
        return name in self.model_fields_set

    @abstractmethod
    async def apply(self, home: VirtualHome) -> None:
        """Carry it out wholly, or raise a RequestError and change nothing."""


class CarOrder(Order):
    """Plug the car in or out, change what it is, or where."""

    example: ClassVar[str] = '{"plugged": true, "soc": 0.35}'
    plugged: bool = True
    soc: Share = 0.0
    phases: Literal[1, 3] = 3
    max_current_a: Annotated[float, Field(ge=MIN_CURRENT_A, le=MAX_CURRENT_A)] = MIN_CURRENT_A
    limit: Share = 1.0
    home: bool = True

    async def apply(self, home: VirtualHome) -> None:
        car = home.house.car
        if self.gives("home"):
            car.is_home = self.home
        if self.gives("soc"):
            car.soc = self.soc
        if self.gives("phases"):
            car.phases = self.phases
        if self.gives("max_current_a"):
            car.max_current_a = self.max_current_a
        if self.gives("limit"):
            car.limit = self.limit
        if self.gives("plugged"):
            car.plug(home.house.at, plugged=self.plugged)


class CloudOrder(Order):
    """How much light comes through; null gives the sky back to the weather."""

    example: ClassVar[str] = '{"factor": 0.2}'
    factor: Share | None

    async def apply(self, home: VirtualHome) -> None:
        home.house.cloud_factor = self.factor


class LoadOrder(Order):
    """Extra load on a phase, or spread over the three; it replaces what was there."""

    example: ClassVar[str] = '{"watts": 3000, "phase": "a"}'
    watts: Annotated[float, Field(ge=0.0, le=_MOST_LOAD_W)]
    phase: Literal["a", "b", "c"] | None = None

    async def apply(self, home: VirtualHome) -> None:
        if self.phase is None:
            home.house.extra_w = [self.watts / 3.0] * 3
        else:
            home.house.extra_w[PHASES.index(self.phase)] = self.watts


class ClockOrder(Order):
    """Another speed, another time, or both. A time without an offset is the home's own."""

    example: ClassVar[str] = '{"speed": 60} or {"at": "2026-06-21T12:00"}'
    speed: Annotated[float, Field(ge=SLOWEST, le=FASTEST)] = 1.0
    at: str = ""

    async def apply(self, home: VirtualHome) -> None:
        at = self._moment() if self.gives("at") else None
        if self.gives("speed"):
            home.clock.run_at(self.speed)
        if at is not None:
            home.set_time(local_time(at, home.house.settings.timezone))

    def _moment(self) -> datetime:
        try:
            return moment(self.at)
        except ValueError as error:
            raise InvalidError(f"at: {error}") from None


class FaultOrder(Order):
    """A fault of a device to begin or to end."""

    example: ClassVar[str] = '{"device": "charger", "kind": "silent", "on": true}'
    device: str
    kind: Fault
    on: bool

    async def apply(self, home: VirtualHome) -> None:
        await home.set_fault(self.device, self.kind, on=self.on)
