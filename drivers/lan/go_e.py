"""go-e chargers by HTTP: the API of version 2, which has to be allowed in the app.

Facts from go-e's own list of API keys: `nrg` holds U of L1 to L3 and N, I of L1 to L3, P of L1 to
L3, N and all, in V, A and W; `wh` is the session, `eto` the lifetime in Wh. A value is set by a GET
of /api/set, and answered by `true` or an error under its key. What is set is stored: where it
changes every few seconds, the driver `go_e_modbus` spares the memory.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from gatewayd.errors import RefusedError
from gatewayd.links.http_device import DeviceHttp
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Identity
from gatewayd.model.reading import ChargerReading, PowerDelivery, Reading
from gatewayd.sdk import document
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.finding import HttpProbe, Likeness
from gatewayd.sdk.one_charger import CHARGER, CHARGING_ON_PHASES, OneCharger
from gatewayd.sdk.options import HttpOptions

_ASKED = "sse,fwv,typ,ama,car,amp,frc,psm,fsp,nrg,wh,eto,trx,err,cards"
_STATES = {
    0: PowerDelivery.FAULT,
    1: PowerDelivery.UNPLUGGED,
    2: PowerDelivery.CHARGING,
    3: PowerDelivery.STOPPED,
    4: PowerDelivery.STOPPED,
    5: PowerDelivery.FAULT,
}
# Told without the keys that change, and `car`, which a go-eController has not.
_TOLD = "/api/status?filter=sse,fwv,typ,car"
# Names of its own for what is in the document, and its own name.
_BITS = 36.0
_FORCE_OFF, _FORCE_ON = 1, 2
_ONE_PHASE, _THREE_PHASES = 1, 2
_NRG_LENGTH = 16
_REPORTS = frozenset(
    {
        *("power_delivery", "power_w", "max_current_a", "session_wh", "energy_wh"),
        *("voltage_a_v", "voltage_b_v", "voltage_c_v"),
        *("current_a_a", "current_b_a", "current_c_a"),
        *("error_code", "rfid", "phases"),
    }
)

Amount = Annotated[float, Field(ge=0)]


class _Part(BaseModel):
    """A piece of an answer; other keys are those of other firmwares."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, frozen=True)


class _Card(_Part):
    name: str | None = None


class _Status(_Part):
    sse: str = Field(min_length=1, max_length=64)
    fwv: str | None = None
    typ: str | None = None
    ama: Annotated[int, Field(ge=6, le=32)] | None = None
    car: int | None
    amp: Annotated[int, Field(ge=0, le=63)] | None = None
    psm: int | None = None
    fsp: bool | None = None
    nrg: list[float | None] = []
    wh: Amount | None = None
    eto: Amount | None = None
    trx: int | None = None
    err: int | None = None
    cards: list[_Card] | None = None

    def reading(self) -> ChargerReading:
        """What it says now, in our words. An internal error has no `car`."""
        told = [*self.nrg, *[None] * (_NRG_LENGTH - len(self.nrg))]
        state = PowerDelivery.FAULT if self.car is None else _STATES.get(self.car)
        return ChargerReading(
            power_delivery=state or PowerDelivery.UNKNOWN,
            power_w=told[11],
            max_current_a=self.amp,
            session_wh=self.wh,
            energy_wh=self.eto,
            voltage_a_v=told[0],
            voltage_b_v=told[1],
            voltage_c_v=told[2],
            current_a_a=told[4],
            current_b_a=told[5],
            current_c_a=told[6],
            error_code=self.err,
            rfid=self._card(),
            phases=self._phases(),
        )

    def _card(self) -> str | None:
        """The name of the card that has started it; its number where it has no name."""
        if not self.trx:
            return None
        names = [card.name for card in self.cards or []]
        return (names[self.trx - 1] if 0 < self.trx <= len(names) else None) or str(self.trx)

    def _phases(self) -> Literal[1, 3] | None:
        """Chosen by the box itself, one phase is `fsp`."""
        if self.psm == _ONE_PHASE:
            return 1
        if self.psm == _THREE_PHASES:
            return 3
        return None if self.fsp is None else (1 if self.fsp else 3)


class _Taken(RootModel[dict[str, bool | str]]):
    """What became of each key that was set."""


class GoE(OneCharger):
    """One charger."""

    def __init__(self, link: DeviceHttp, *, read_only: bool) -> None:
        super().__init__(read_only=read_only)
        self._link = link

    async def identify(self) -> Identity:
        """Which charger it is."""
        told = await self._ask()
        self.most_a = float(told.ama or self.most_a)
        role = self.role(_REPORTS, has_phases=told.psm is not None)
        model = told.typ or "go-eCharger"
        return Identity("go-e", model, {CHARGER: role}, serial=told.sse, firmware=told.fwv)

    async def read(self) -> Mapping[str, Reading]:
        """What it says now."""
        return {CHARGER: (await self._ask()).reading()}

    async def start(self) -> None:
        """Charge, whatever its own logic thinks."""
        await self._set("frc", _FORCE_ON)

    async def stop(self) -> None:
        """Do not charge, whatever its own logic thinks."""
        await self._set("frc", _FORCE_OFF)

    async def set_current(self, current_a: float) -> None:
        """Whole ampere, rounded down."""
        await self._set("amp", int(current_a))

    async def set_phases(self, phases: int) -> None:
        """One or three."""
        await self._set("psm", _ONE_PHASE if phases == 1 else _THREE_PHASES)

    async def _ask(self) -> _Status:
        return await self._link.get(f"/api/status?filter={_ASKED}", _Status)

    async def _set(self, key: str, value: int) -> None:
        taken = await self._link.get(f"/api/set?{key}={value}", _Taken)
        if taken.root.get(key) is not True:
            raise RefusedError(f"go-e: {key}={value} was not taken: {taken.root.get(key)}")


def _judge(text: str) -> Likeness | None:
    told = document.fitting(text, _Status)
    if told is None or not (told.typ or "").startswith("go-e"):
        return None
    return Likeness(_BITS, "go-e", told.typ, told.sse, told.fwv)


@asynccontextmanager
async def _open(options: HttpOptions, links: Links) -> AsyncIterator[Driver]:
    yield GoE(links.http.device(options), read_only=options.read_only)


DRIVER = DriverInfo(
    vendor="go-e",
    models=("go-eCharger Gemini", "go-eCharger HOMEfix", "go-eCharger HOME+", "go-eCharger PRO"),
    source="go-e, go-eCharger API v2: HTTP and API keys",
    options=HttpOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=5.0,
    kinds=frozenset({AssetKind.CHARGER}),
    controls=CHARGING_ON_PHASES,
    probes=(HttpProbe(_TOLD, _judge),),
    yields_to=("go_e_modbus",),
)
