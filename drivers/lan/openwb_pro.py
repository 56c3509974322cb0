"""openWB Pro by HTTP.

Facts from openWB's own description of its /connect.php: a GET tells all, in W, Wh, A and V, and is
the sign of life that the box waits for at least every 30 s; a form that is posted sets `ampere` (0
is a pause) or `phasetarget`.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from gatewayd.links.http_device import DeviceHttp
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Identity
from gatewayd.model.reading import ChargerReading, PowerDelivery, Reading
from gatewayd.sdk import document
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.finding import HttpProbe, Likeness
from gatewayd.sdk.one_charger import CHARGER, CHARGING_ON_PHASES, OneCharger
from gatewayd.sdk.options import HttpOptions

_PATH = "/connect.php"
# A path and names of its own.
_BITS = 34.0
_REPORTS = frozenset(
    {
        *("power_delivery", "power_w", "max_current_a", "energy_wh", "phases"),
        *("rfid", "vehicle_id"),
        *("voltage_a_v", "voltage_b_v", "voltage_c_v"),
        *("current_a_a", "current_b_a", "current_c_a"),
    }
)

Amount = Annotated[float, Field(ge=0)]


class _Status(BaseModel):
    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, frozen=True)

    plug_state: bool
    charge_state: bool
    offered_current: Annotated[float, Field(ge=0, le=80)] | None = None
    power_all: float | None = None
    imported: Amount | None = None
    currents: list[float] = []
    voltages: list[float] = []
    phases_target: int | None = None
    rfid_tag: str | None = None
    vehicle_id: str | None = None
    serial: str | None = None
    version: str | float | None = None

    @property
    def firmware(self) -> str | None:
        return None if self.version is None else str(self.version)

    def reading(self) -> ChargerReading:
        """What it says now, in our words."""
        voltages, currents = _three(self.voltages), _three(self.currents)
        return ChargerReading(
            power_delivery=self._delivery(),
            power_w=self.power_all,
            max_current_a=self.offered_current,
            energy_wh=self.imported,
            voltage_a_v=voltages[0],
            voltage_b_v=voltages[1],
            voltage_c_v=voltages[2],
            current_a_a=currents[0],
            current_b_a=currents[1],
            current_c_a=currents[2],
            rfid=self.rfid_tag or None,
            # Two dashes stand for a car that says nothing.
            vehicle_id=(self.vehicle_id or "").strip("-") or None,
            phases=self._phases(),
        )

    def _delivery(self) -> PowerDelivery:
        if self.charge_state:
            return PowerDelivery.CHARGING
        return PowerDelivery.STOPPED if self.plug_state else PowerDelivery.UNPLUGGED

    def _phases(self) -> Literal[1, 3] | None:
        if self.phases_target == 1:
            return 1
        return 3 if self.phases_target == 3 else None


def _three(found: Sequence[float]) -> Sequence[float | None]:
    """Those of the three phases; a list of another length is somebody else's."""
    return found if len(found) == 3 else (None, None, None)


class OpenWbPro(OneCharger):
    """One charger."""

    def __init__(self, link: DeviceHttp, *, read_only: bool) -> None:
        super().__init__(read_only=read_only)
        self._link = link

    async def identify(self) -> Identity:
        """Which charger it is."""
        told = await self._link.get(_PATH, _Status)
        role = self.role(_REPORTS, has_phases=told.phases_target is not None)
        return Identity("openWB", "Pro", {CHARGER: role}, told.serial, told.firmware)

    async def read(self) -> Mapping[str, Reading]:
        """What it says now."""
        told = await self._link.get(_PATH, _Status)
        self.see(told.offered_current)
        return {CHARGER: told.reading()}

    async def start(self) -> None:
        """Offer what was offered last."""
        await self.set_current(self.wanted_a)

    async def stop(self) -> None:
        """Offer nothing."""
        await self._link.submit(_PATH, {"ampere": "0"})

    async def set_current(self, current_a: float) -> None:
        """Tenths of an ampere, rounded down."""
        await self._link.submit(_PATH, {"ampere": f"{int(current_a * 10 + 1e-6) / 10:.1f}"})

    async def set_phases(self, phases: int) -> None:
        """One or three."""
        await self._link.submit(_PATH, {"phasetarget": str(phases)})


def _judge(text: str) -> Likeness | None:
    told = document.fitting(text, _Status)
    if told is None or told.offered_current is None:
        return None
    return Likeness(_BITS, "openWB", "Pro", told.serial, told.firmware)


@asynccontextmanager
async def _open(options: HttpOptions, links: Links) -> AsyncIterator[Driver]:
    yield OpenWbPro(links.http.device(options), read_only=options.read_only)


DRIVER = DriverInfo(
    vendor="openWB",
    models=("Pro", "Pro+"),
    source="openWB, description of the Pro's HTTP interface",
    options=HttpOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=5.0,
    kinds=frozenset({AssetKind.CHARGER}),
    controls=CHARGING_ON_PHASES,
    probes=(HttpProbe(_PATH, _judge),),
)
