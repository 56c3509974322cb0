"""Tesla Wall Connector of the third generation: it tells all, and takes no command.

Facts from what owners have found of /api/1/vitals, /lifetime and /version: currents in A, voltages
in V, energies in Wh. While the contactor is open, the voltages are noise.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from gatewayd.links.http_device import DeviceHttp
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Identity, Role
from gatewayd.model.reading import ChargerReading, PowerDelivery, Reading
from gatewayd.sdk import document
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.finding import HttpProbe, Likeness
from gatewayd.sdk.options import HttpOptions
from gatewayd.sdk.read_only import ReadOnly

_ROLE = "charger"
# In the American split phase C is the neutral, with half the voltage between A and B.
_SPLIT_TOLERANCE_V = 25.0
# A path and names of its own.
_BITS = 30.0
_REPORTS = frozenset(
    {
        *("power_delivery", "power_w", "session_wh", "energy_wh"),
        *("voltage_a_v", "voltage_b_v", "voltage_c_v"),
        *("current_a_a", "current_b_a", "current_c_a"),
    }
)

Amount = Annotated[float, Field(ge=0)]


class _Part(BaseModel):
    """A piece of an answer; other keys are those of other firmwares."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, frozen=True)


class _Version(_Part):
    serial_number: str | None = None
    part_number: str | None = None
    firmware_version: str | None = None


class _Lifetime(_Part):
    energy_wh: Amount | None = None


class _Vitals(_Part):
    contactor_closed: bool
    vehicle_connected: bool
    grid_v: float | None = None
    session_energy_wh: Amount | None = None
    a_a: float = Field(default=0.0, alias="currentA_a")
    b_a: float = Field(default=0.0, alias="currentB_a")
    c_a: float = Field(default=0.0, alias="currentC_a")
    a_v: float | None = Field(default=None, alias="voltageA_v")
    b_v: float | None = Field(default=None, alias="voltageB_v")
    c_v: float | None = Field(default=None, alias="voltageC_v")

    def reading(self, energy_wh: float | None) -> ChargerReading:
        """What it says now, in our words."""
        closed, split = self.contactor_closed, self._is_split()
        return ChargerReading(
            power_delivery=self._delivery(),
            power_w=self._power_w() if closed else 0.0,
            session_wh=self.session_energy_wh,
            energy_wh=energy_wh,
            voltage_a_v=self.a_v if closed else None,
            voltage_b_v=self.b_v if closed else None,
            voltage_c_v=self.c_v if closed and not split else None,
            current_a_a=self.a_a,
            current_b_a=self.b_a,
            current_c_a=None if split else self.c_a,
        )

    def _delivery(self) -> PowerDelivery:
        if self.contactor_closed:
            return PowerDelivery.CHARGING
        return PowerDelivery.STOPPED if self.vehicle_connected else PowerDelivery.UNPLUGGED

    def _is_split(self) -> bool:
        if not self.contactor_closed or self.c_v is None or self.grid_v is None:
            return False
        return abs(self.c_v - self.grid_v / 2) < _SPLIT_TOLERANCE_V

    def _power_w(self) -> float | None:
        pairs = [(self.a_v, self.a_a), (self.b_v, self.b_a)]
        if not self._is_split():
            pairs.append((self.c_v, self.c_a))
        powers = [volt * ampere for volt, ampere in pairs if volt is not None]
        return sum(powers) if powers else None


class WallConnector(ReadOnly):
    """One charger."""

    def __init__(self, link: DeviceHttp) -> None:
        self._link = link

    async def identify(self) -> Identity:
        """Which charger it is."""
        told = await self._link.get("/api/1/version", _Version)
        return Identity(
            "Tesla",
            "Wall Connector",
            {_ROLE: Role(AssetKind.CHARGER, reports=_REPORTS)},
            serial=told.serial_number,
            firmware=told.firmware_version,
        )

    async def read(self) -> Mapping[str, Reading]:
        """What it says now."""
        vitals = await self._link.get("/api/1/vitals", _Vitals)
        lifetime = await self._link.get("/api/1/lifetime", _Lifetime)
        return {_ROLE: vitals.reading(lifetime.energy_wh)}


def _judge(text: str) -> Likeness | None:
    told = document.fitting(text, _Version)
    if told is None or not (told.serial_number and told.part_number and told.firmware_version):
        return None
    return Likeness(_BITS, "Tesla", "Wall Connector", told.serial_number, told.firmware_version)


@asynccontextmanager
async def _open(options: HttpOptions, links: Links) -> AsyncIterator[Driver]:
    yield WallConnector(links.http.device(options))


DRIVER = DriverInfo(
    vendor="Tesla",
    models=("Wall Connector 3",),
    source="what owners found: /api/1/vitals, /lifetime and /version; Tesla publishes nothing",
    options=HttpOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=5.0,
    kinds=frozenset({AssetKind.CHARGER}),
    probes=(HttpProbe("/api/1/version", _judge),),
)
