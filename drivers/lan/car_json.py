"""A car that tells of itself in a small JSON document, as a dongle or a home server can make it.

GET /vehicle answers `{"vin", "brand", "model", "year", "can", "soc_pct", ...}`: `can` lists the
commands it takes, the other keys are `VehicleReading`'s fields, in their units, `power_delivery` in
Enode's words. All but `vin` may be missing or null. POST /vehicle/command takes `{"command":
"start_charging"}`, `{"command": "stop_charging"}` or `{"command": "set_max_current", "current_a":
10}`; 2xx is taken, 4xx is refused.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import fields
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from gatewayd.errors import UnsupportedError
from gatewayd.links.http_device import DeviceHttp
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Capability, Identity, Role
from gatewayd.model.command import Command, SetMaxCurrent, StartCharging, StopCharging
from gatewayd.model.reading import PowerDelivery, Reading, VehicleReading
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.options import HttpOptions

_ROLE = "vehicle"
_CAN = frozenset({Capability.START_CHARGING, Capability.STOP_CHARGING, Capability.SET_MAX_CURRENT})
_FIELDS = tuple(field.name for field in fields(VehicleReading))

Percent = Annotated[float, Field(ge=0, le=100)]
Amount = Annotated[float, Field(ge=0)]


class _Vehicle(BaseModel):
    """The document; keys we do not know are somebody else's."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, frozen=True)

    vin: str = Field(min_length=1, max_length=64)
    brand: str = Field(default="Car", max_length=64)
    model: str = Field(default="Car", max_length=64)
    year: Annotated[int, Field(ge=1900, le=2999)] | None = None
    can: list[str] = []
    min_current_a: Amount | None = None
    hardware_current_a: Amount | None = None
    soc_pct: Percent | None = None
    range_m: Amount | None = None
    capacity_wh: Amount | None = None
    charge_limit_pct: Percent | None = None
    power_delivery: PowerDelivery | None = None
    power_w: float | None = None
    max_current_a: Amount | None = None
    charge_remaining_s: Amount | None = None
    odometer_m: Amount | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None

    def role(self) -> Role:
        """What the car says it can tell and be told."""
        told = [name for name in _FIELDS if name in self.model_fields_set]
        return Role(
            AssetKind.VEHICLE,
            capabilities=frozenset(one for one in _CAN if one in self.can),
            reports=frozenset(told),
            min_current_a=self.min_current_a,
            max_current_a=self.hardware_current_a,
            confirm_timeout_s=120.0,
            model_year=self.year,
        )

    def reading(self) -> VehicleReading:
        """What it says now."""
        return VehicleReading(**{name: getattr(self, name) for name in _FIELDS})


class _Order(BaseModel):
    command: Literal["start_charging", "stop_charging", "set_max_current"]
    current_a: float | None = None


class CarJson:
    """One car."""

    def __init__(self, link: DeviceHttp, *, read_only: bool) -> None:
        self._link = link
        self._read_only = read_only

    async def identify(self) -> Identity:
        """Who the car is, by its VIN."""
        told = await self._document()
        return Identity(told.brand, told.model, {_ROLE: told.role()}, serial=told.vin)

    async def read(self) -> Mapping[str, Reading]:
        """The document."""
        return {_ROLE: (await self._document()).reading()}

    async def apply(self, role: str, command: Command) -> None:
        """Send one command."""
        if role != _ROLE or self._read_only:
            raise UnsupportedError(f"{role}: there is nothing here that can be told")
        await self._link.post("/vehicle/command", _order(command))

    async def renew(self, role: str) -> None:
        """A car has no watchdog."""

    def watchdog_s(self, role: str) -> float | None:  # noqa: ARG002
        return None

    async def _document(self) -> _Vehicle:
        return await self._link.get("/vehicle", _Vehicle)


def _order(command: Command) -> _Order:
    match command:
        case StartCharging():
            return _Order(command="start_charging")
        case StopCharging():
            return _Order(command="stop_charging")
        case SetMaxCurrent(current_a=current_a):
            return _Order(command="set_max_current", current_a=current_a)
    raise UnsupportedError(f"a car has no command {command}")


@asynccontextmanager
async def _open(options: HttpOptions, links: Links) -> AsyncIterator[Driver]:
    yield CarJson(links.http.device(options), read_only=options.read_only)


DRIVER = DriverInfo(
    vendor="Car",
    models=("any car with a JSON document",),
    source="this file: the document is gatewayd's own",
    options=HttpOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=10.0,
    kinds=frozenset({AssetKind.VEHICLE}),
)
