"""KEBA KeContact P20 and P30 by datagrams; those that speak Modbus too have the driver `keba_p30`.

Facts from KEBA's UDP programmer's guide for the P20 and P30: both ends use port 7090, 100 ms lie
between two questions. `report 2` tells states and limits in mA, `report 3` V, mA, mW, per mille and
0.1 Wh, `report 100` the session with its card. Commands are answered by TCH-OK or TCH-ERR. DIP
switch 1.3 has to be on.
"""

import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from gatewayd.errors import RefusedError
from gatewayd.links.pool import Links
from gatewayd.links.udp import UdpPeer
from gatewayd.model.asset import AssetKind, Identity
from gatewayd.model.reading import ChargerReading, PowerDelivery, Reading
from gatewayd.sdk import document
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.finding import Likeness, UdpProbe
from gatewayd.sdk.one_charger import CHARGER, CHARGING, OneCharger
from gatewayd.sdk.options import DeviceOptions

_PORT = 7090
_GAP_S = 0.1
# Its port, and names of its own.
_BITS = 34.0
_CAR = 0b100
_STARTING, _CHARGING, _ERROR = 0, 3, 4
_STOPPED = frozenset({1, 2, 5})
_NO_CARD = re.compile("^0*$")
_REPORTS = frozenset(
    {
        *("power_delivery", "power_w", "max_current_a", "session_wh", "energy_wh"),
        *("voltage_a_v", "voltage_b_v", "voltage_c_v"),
        *("current_a_a", "current_b_a", "current_c_a"),
        *("power_factor", "failsafe_current_a", "failsafe_timeout_s", "error_code", "rfid"),
    }
)

Amount = Annotated[float, Field(ge=0)]
T = TypeVar("T", bound=BaseModel)


class KebaUdpOptions(DeviceOptions):
    """Where the charger is."""

    host: str = Field(min_length=1, description="name or address in the LAN")
    port: int = Field(default=_PORT, ge=1, le=65535)
    local_port: int = Field(default=_PORT, ge=1, le=65535, description="where it answers to")
    timeout_s: float = Field(default=2.0, gt=0, le=60)


class _Report(BaseModel):
    """What a firmware does not know is left out."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, frozen=True)


class _Box(_Report):
    product: str = Field(alias="Product", min_length=1)
    serial: str = Field(alias="Serial", min_length=1)
    firmware: str | None = Field(default=None, alias="Firmware")


class _State(_Report):
    state: int = Field(alias="State")
    plug: int = Field(alias="Plug")
    error_1: int = Field(default=0, alias="Error1")
    error_2: int = Field(default=0, alias="Error2")
    user_ma: Amount | None = Field(default=None, alias="Curr user")
    hardware_ma: Amount | None = Field(default=None, alias="Curr HW")
    failsafe_ma: Amount | None = Field(default=None, alias="Curr FS")
    failsafe_s: Amount | None = Field(default=None, alias="Tmo FS")

    def delivery(self) -> PowerDelivery:
        if self.state == _ERROR:
            return PowerDelivery.FAULT
        if not self.plug & _CAR:
            return PowerDelivery.UNPLUGGED
        if self.state == _STARTING:
            return PowerDelivery.INITIALIZING
        if self.state in _STOPPED:
            return PowerDelivery.STOPPED
        return PowerDelivery.CHARGING if self.state == _CHARGING else PowerDelivery.UNKNOWN

    def limit_a(self) -> float | None:
        """What the user set, as far as the hardware bears it: 63 A stand for no limit."""
        known = [ma for ma in (self.user_ma, self.hardware_ma) if ma is not None]
        return min(known) / 1000 if self.user_ma is not None else None


class _Meter(_Report):
    u1: Amount | None = Field(default=None, alias="U1")
    u2: Amount | None = Field(default=None, alias="U2")
    u3: Amount | None = Field(default=None, alias="U3")
    i1: Amount | None = Field(default=None, alias="I1")
    i2: Amount | None = Field(default=None, alias="I2")
    i3: Amount | None = Field(default=None, alias="I3")
    power: Amount | None = Field(default=None, alias="P")
    factor: Amount | None = Field(default=None, alias="PF")
    session: Amount | None = Field(default=None, alias="E pres")
    total: Amount | None = Field(default=None, alias="E total")


class _Session(_Report):
    rfid: str | None = Field(default=None, alias="RFID tag")


class KebaUdp(OneCharger):
    """One charger."""

    def __init__(self, peer: UdpPeer, place: str, *, read_only: bool) -> None:
        super().__init__(read_only=read_only)
        self._peer = peer
        self._place = place
        self._state: _State | None = None

    async def identify(self) -> Identity:
        """Which charger it is."""
        box, state = await self._report(1, _Box), await self._report(2, _State)
        if state.hardware_ma:
            self.most_a = state.hardware_ma / 1000
        role = self.role(_REPORTS)
        return Identity("KEBA", box.product, {CHARGER: role}, box.serial, box.firmware)

    async def read(self) -> Mapping[str, Reading]:
        """What it says now."""
        self._state = state = await self._report(2, _State)
        meter, session = await self._report(3, _Meter), await self._report(100, _Session)
        self.see(state.limit_a())
        return {CHARGER: _reading(state, meter, session)}

    async def start(self) -> None:
        """A failsafe that has tripped wants both said again."""
        await self.set_current(self.wanted_a)
        await self._tell("ena 1")

    async def stop(self) -> None:
        """Do not charge."""
        await self._tell("ena 0")

    async def set_current(self, current_a: float) -> None:
        """Milliampere."""
        await self._tell(f"curr {int(current_a * 1000 + 1e-6)}")

    async def renew(self, role: str) -> None:
        """Say its own failsafe again, where it is on: that changes nothing."""
        if self.watchdog_s(role) is not None and self._state is not None and not self._read_only:
            current_ma = int(self._state.failsafe_ma or 0)
            await self._tell(f"failsafe {int(self._state.failsafe_s or 0)} {current_ma} 0")

    def watchdog_s(self, role: str) -> float | None:  # noqa: ARG002
        """Its failsafe's time, as it said last; None while that is off."""
        return (self._state.failsafe_s or None) if self._state else None

    async def _report(self, number: int, model: type[T]) -> T:
        question = f"report {number}"
        answer = await self._peer.ask(question.encode(), _is_report(number))
        return document.read(answer, model, f"{self._place} {question}")

    async def _tell(self, command: str) -> None:
        answer = await self._peer.ask(command.encode(), lambda data: data.startswith(b"TCH-"))
        if not answer.startswith(b"TCH-OK"):
            words = answer.decode(errors="replace").strip()
            raise RefusedError(f"{self._place}: {command} was answered by {words}")


def _is_report(number: int) -> Callable[[bytes], bool]:
    mark = re.compile(rb'"ID"\s*:\s*"?%d"?\s*[,}]' % number)
    return lambda data: mark.search(data) is not None


def _reading(state: _State, meter: _Meter, session: _Session) -> ChargerReading:
    return ChargerReading(
        power_delivery=state.delivery(),
        power_w=_part(meter.power, 1000),
        max_current_a=state.limit_a(),
        session_wh=_part(meter.session, 10),
        energy_wh=_part(meter.total, 10),
        voltage_a_v=meter.u1,
        voltage_b_v=meter.u2,
        voltage_c_v=meter.u3,
        current_a_a=_part(meter.i1, 1000),
        current_b_a=_part(meter.i2, 1000),
        current_c_a=_part(meter.i3, 1000),
        power_factor=_part(meter.factor, 1000),
        failsafe_current_a=_part(state.failsafe_ma, 1000),
        failsafe_timeout_s=state.failsafe_s,
        error_code=state.error_2 << 16 | state.error_1,
        rfid=None if _NO_CARD.match(session.rfid or "") else session.rfid,
    )


def _part(amount: float | None, of: int) -> float | None:
    return None if amount is None else amount / of


def _judge(answer: bytes) -> Likeness | None:
    told = document.fitting(answer, _Box)
    if told is None:
        return None
    return Likeness(_BITS, "KEBA", told.product, told.serial, told.firmware)


@asynccontextmanager
async def _open(options: KebaUdpOptions, links: Links) -> AsyncIterator[Driver]:
    async with links.udp.peer(
        options.host,
        options.port,
        local_port=options.local_port,
        timeout_s=options.timeout_s,
        min_gap_s=_GAP_S,
    ) as peer:
        yield KebaUdp(peer, f"udp://{options.host}", read_only=options.read_only)


DRIVER = DriverInfo(
    vendor="KEBA",
    models=("KeContact P20", "KeContact P30", "BMW Wallbox"),
    source="KEBA, KeContact P20 and P30 UDP Programmers Guide V2.05",
    options=KebaUdpOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=5.0,
    kinds=frozenset({AssetKind.CHARGER}),
    controls=CHARGING,
    probes=(UdpProbe(_PORT, b"report 1", _judge, local_port=_PORT),),
    yields_to=("keba_p30",),
)
