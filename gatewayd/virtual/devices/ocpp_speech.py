"""What a virtual charger says and does, whatever the version of OCPP."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Protocol

from gatewayd.virtual.devices.ocpp_charger import OcppCharger
from gatewayd.virtual.devices.ocpp_library import SILENT

_ANSWER_S = 10.0
_TAG = "04A2B3C4"


class Connection(Protocol):
    """A way for texts to go and come."""

    async def recv(self) -> str: ...

    async def send(self, text: str) -> None: ...


class Base:
    """What both versions share: doing later what must not be done while a message is answered."""

    box: OcppCharger
    told: str

    def __init__(self, box: OcppCharger, connection: Connection) -> None:
        super().__init__(box.id, connection, _ANSWER_S, SILENT)  # type: ignore[call-arg]
        self.box = box
        self.told = ""
        self.boot_status = ""
        self._later: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue()

    def later(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do something once this message is answered."""
        self._later.put_nowait(work)

    async def work(self) -> None:
        """Do what is to be done, for ever."""
        while True:
            await (await self._later.get())()

    async def boot(self) -> None: ...

    async def tell_status(self) -> None: ...

    async def tell_meter(self) -> None: ...

    async def begin(self, tag: str) -> None: ...

    async def end(self) -> None: ...

    async def heartbeat(self) -> None: ...

    async def plug_in(self) -> None:
        """The plug goes into the car."""
        self.box.is_plugged = True
        await self.tell_status()

    async def swipe(self, tag: str = _TAG) -> None:
        """Somebody shows a card."""
        await self.begin(tag)

    async def unplug(self) -> None:
        """The plug comes out."""
        self.box.is_plugged = False
        if self.box.transaction is not None:
            await self.end()
        await self.tell_status()

    async def settle(self) -> None:
        """Tell what has changed, after orders were taken."""
        self.box.move()
        if self.box.status != self.told:
            await self.tell_status()
        await self.tell_meter()

    def _changed(self) -> None:
        self.later(self.settle)

    def _now(self) -> str:
        return stamp(self.box.clock.now())

    def _triggered(self, message: str) -> bool:
        does: dict[str, Callable[[], Awaitable[None]]] = {
            "BootNotification": self.boot,
            "StatusNotification": self.tell_status,
            "MeterValues": self.tell_meter,
            "TransactionEvent": self.tell_meter,
            "Heartbeat": self.heartbeat,
        }
        if message in does:
            self.later(does[message])
        return message in does

    def _values(self) -> list[tuple[str, str | None, str, float]]:
        """(measurand, phase, unit, value)"""
        box = self.box
        box.move()
        phases = [f"L{n}" for n in range(1, box.phases + 1)]
        return [
            ("Energy.Active.Import.Register", None, "Wh", box.energy_wh),
            ("Power.Active.Import", None, "W", box.power_w),
            *(("Current.Import", phase, "A", box.current_a) for phase in phases),
            *(("Voltage", f"{phase}-N", "V", 230.0) for phase in phases),
            ("Current.Offered", None, "A", box.offered_a),
        ]


def stamp(at: datetime) -> str:
    """A time as the protocol writes it."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def camel(told: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """The protocol's own names again, which the library has put into snake case."""
    if isinstance(told, list):
        return [camel(item) for item in told]
    if not isinstance(told, dict):
        return told
    return {
        "".join(w if i == 0 else w.title() for i, w in enumerate(key.split("_"))): camel(value)
        for key, value in told.items()
    }
