"""A charge point without a network: the virtual charger and our conversation, back to back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from gatewayd.errors import UnreachableError
from gatewayd.links.ocpp import ChargePoints
from gatewayd.links.ocpp_dialect import Order
from gatewayd.links.ocpp_payload import Payload
from gatewayd.links.ocpp_station import Station
from gatewayd.links.ocpp_wire import Conversation
from gatewayd.virtual.devices.ocpp_calling import Speech, speaking
from gatewayd.virtual.devices.ocpp_charger import OcppCharger


@dataclass
class Wire:
    """Our end of a connection. `orders` are what we asked, in order."""

    version: str
    address: str = "192.0.2.7"
    conversation: Conversation | None = None
    is_cut: bool = False

    def __post_init__(self) -> None:
        self.orders: list[Order] = []
        self.sent: asyncio.Queue[str] = asyncio.Queue()

    async def send(self, text: str) -> None:
        if self.is_cut:
            raise UnreachableError("cut")
        self.sent.put_nowait(text)

    async def call(self, order: Order) -> Payload:
        assert self.conversation is not None
        self.orders.append(order)
        return await self.conversation.call(order)

    def hang_up(self) -> None:
        self.is_cut = True
        assert self.conversation is not None
        self.conversation.end()

    def asked(self, action: str) -> list[dict[str, Any]]:
        """The payloads of all orders of an action."""
        return [payload for name, payload in self.orders if name == action]


class _Far:
    """The charger's end."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def recv(self) -> str:
        return await self._wire.sent.get()

    async def send(self, text: str) -> None:
        assert self._wire.conversation is not None
        if not self._wire.is_cut:
            await self._wire.conversation.receive(text)


async def wired(
    points: ChargePoints, id: str, version: str, kind: type[Wire] = Wire
) -> tuple[Wire, Station]:
    """A connection with nobody at its far end."""
    station, wire = points.station(id), kind(version)
    wire.conversation = Conversation(id, version, wire.send, station.hear)
    await station.arrived(wire)
    return wire, station


@asynccontextmanager
async def connected(
    points: ChargePoints, box: OcppCharger, version: str = "1.6"
) -> AsyncIterator[tuple[Wire, Speech]]:
    """A virtual charger that has called."""
    wire, station = await wired(points, box.id, version)
    async with speaking(box, _Far(wire), version) as speech:
        yield wire, speech
    wire.hang_up()
    station.left(wire)
