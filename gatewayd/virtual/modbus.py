"""A Modbus TCP server that can misbehave as real devices do.

The answers come from a `Device`; the server frames them and shows those of the device's faults that
lie on the wire. It is written out by hand because a well-kept library refuses to be this rude.
"""

import asyncio
import contextlib
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from gatewayd.clock import Clock
from gatewayd.errors import ConfigError
from gatewayd.virtual.devices.device import Device, Fault, Refusal, Table, WritableDevice

# Longer than any sensible client waits for an answer.
LATE_S = 6.0
_BYTE_GAP_S = 0.002
_MOST_BITS, _MOST_WORDS = 2000, 125
_MOST_BITS_WRITTEN, _MOST_WORDS_WRITTEN = 1968, 123
_COIL_ON, _COIL_OFF = 0xFF00, 0x0000
_READS = {1: Table.COILS, 2: Table.DISCRETE, 3: Table.HOLDING, 4: Table.INPUT}
_WRITES = {5: Table.COILS, 6: Table.HOLDING, 15: Table.COILS, 16: Table.HOLDING}
_UNPLUGGED = frozenset({Fault.SILENT, Fault.REBOOT})
# The longest protocol data unit, and the unit identifier before it.
_MOST_BYTES = 254


@dataclass(frozen=True, slots=True)
class Frame:
    """One request or answer: MBAP header and protocol data unit."""

    transaction: int
    unit: int
    pdu: bytes

    def encode(self) -> bytes:
        return struct.pack(">HHHB", self.transaction, 0, len(self.pdu) + 1, self.unit) + self.pdu


async def receive(reader: asyncio.StreamReader) -> Frame | None:
    """The next frame, however it was cut on its way; None when what comes is no Modbus."""
    header = await reader.readexactly(7)
    transaction, protocol, size, unit = struct.unpack(">HHHB", header)
    if protocol != 0 or not 2 <= size <= _MOST_BYTES:
        return None
    return Frame(transaction, unit, await reader.readexactly(size - 1))


def answer(device: Device, pdu: bytes) -> bytes:
    """The protocol data unit that answers a request."""
    function = pdu[0]
    if function not in device.functions:
        return _refuse(function, Refusal.ILLEGAL_FUNCTION)
    if function in _READS:
        return _read(device, function, pdu[1:])
    if function in _WRITES and isinstance(device, WritableDevice):
        return _write(device, function, pdu[1:])
    return _refuse(function, Refusal.ILLEGAL_FUNCTION)


def _refuse(function: int, refusal: Refusal) -> bytes:
    return bytes((function | 0x80, refusal))


def _read(device: Device, function: int, body: bytes) -> bytes:
    if len(body) != 4:
        return _refuse(function, Refusal.ILLEGAL_VALUE)
    address, count = struct.unpack(">HH", body)
    table = _READS[function]
    is_bits = table in (Table.COILS, Table.DISCRETE)
    if not 1 <= count <= (_MOST_BITS if is_bits else min(_MOST_WORDS, device.max_read)):
        return _refuse(function, Refusal.ILLEGAL_VALUE)
    words = device.read(table, address, count)
    if isinstance(words, Refusal):
        return _refuse(function, words)
    data = _pack_bits(words) if is_bits else struct.pack(f">{count}H", *words)
    return bytes((function, len(data))) + data


def _write(device: WritableDevice, function: int, body: bytes) -> bytes:
    parsed = _values(function, body)
    if parsed is None:
        return _refuse(function, Refusal.ILLEGAL_VALUE)
    if Fault.REFUSE_WRITE in device.faults:
        return _refuse(function, Refusal.DEVICE_FAILURE)
    address, values = parsed
    if Fault.IGNORE_WRITE not in device.faults:
        refusal = device.write(_WRITES[function], address, values)
        if refusal is not None:
            return _refuse(function, refusal)
    return bytes((function,)) + body[:4]


def _values(function: int, body: bytes) -> tuple[int, list[int]] | None:
    """Address and values of a write; None when the request contradicts itself."""
    if len(body) < 4:
        return None
    address, second = struct.unpack(">HH", body[:4])
    if function in (5, 6):
        values = _single(function, second) if len(body) == 4 else None
    else:
        values = _many(function, second, body[4:])
    return None if values is None else (address, values)


def _single(function: int, value: int) -> list[int] | None:
    if function == 6:
        return [value]
    return [int(value == _COIL_ON)] if value in (_COIL_ON, _COIL_OFF) else None


def _many(function: int, count: int, rest: bytes) -> list[int] | None:
    most = _MOST_BITS_WRITTEN if function == 15 else _MOST_WORDS_WRITTEN
    size = (count + 7) // 8 if function == 15 else 2 * count
    if not 1 <= count <= most or len(rest) != size + 1 or rest[0] != size:
        return None
    if function == 16:
        return list(struct.unpack(f">{count}H", rest[1:]))
    return [rest[1 + i // 8] >> (i % 8) & 1 for i in range(count)]


def _pack_bits(bits: Sequence[int]) -> bytes:
    packed = bytearray((len(bits) + 7) // 8)
    for i, bit in enumerate(bits):
        packed[i // 8] |= bool(bit) << (i % 8)
    return bytes(packed)


class ModbusServer:
    """One device behind one port. Any number of clients; each is answered in the order it asks."""

    def __init__(
        self, device: Device, clock: Clock, group: asyncio.TaskGroup, host: str, port: int
    ) -> None:
        self.device = device
        self.host = host
        self.port = port
        self._clock = clock
        self._group = group
        self._following = asyncio.Lock()
        self._server: asyncio.Server | None = None
        self._clients: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._torn_answers = 0

    @property
    def address(self) -> dict[str, str | int]:
        """Where it is found."""
        return {"host": self.host, "port": self.port}

    async def follow_faults(self) -> None:
        """Listen, or be gone, as the device's faults now demand."""
        # A fault may begin or end while the one before it is still being followed.
        async with self._following:
            if self.device.faults & _UNPLUGGED:
                self.unplug()
            elif self._server is None:
                await self._listen()

    async def _listen(self) -> None:
        try:
            self._server = await asyncio.start_server(self._accept, self.host, self.port)
        except OSError as error:
            where = f"{self.host}:{self.port}"
            why = os.strerror(error.errno) if error.errno else str(error)
            problem = f"cannot listen on {where}: {why.lower()}; choose another address or port"
            raise ConfigError([problem]) from error
        # Port 0 asked for any; after an outage it must be the same one again.
        self.port = self._server.sockets[0].getsockname()[1]

    def unplug(self) -> None:
        """Stop listening and drop every connection at once, without a farewell."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for client, writer in self._clients.items():
            # A reset, not a goodbye: what is still buffered dies with the device.
            writer.transport.abort()
            client.cancel()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._server is None:
            # It had just been accepted when the plug was pulled.
            writer.transport.abort()
            return
        client = self._group.create_task(self._serve(reader, writer))
        self._clients[client] = writer
        client.add_done_callback(self._clients.pop)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                while (request := await receive(reader)) is not None:
                    if (part := self.device.part(request.unit)) is not None:
                        await self._reply(part, request, writer)
        finally:
            writer.close()

    async def _reply(self, part: Device, request: Frame, writer: asyncio.StreamWriter) -> None:
        faults = self.device.faults
        reply = Frame(request.transaction, request.unit, answer(part, request.pdu))
        if Fault.WRONG_UNIT in faults:
            reply = Frame(reply.transaction, reply.unit % 247 + 1, reply.pdu)
        if Fault.LATE in faults:
            await self._clock.sleep(LATE_S)
        if Fault.TORN in faults:
            await self._tear(reply.encode(), writer)
        else:
            writer.write(reply.encode())
        await writer.drain()

    async def _tear(self, raw: bytes, writer: asyncio.StreamWriter) -> None:
        """Byte by byte, and of every second answer only the first half."""
        self._torn_answers += 1
        whole = self._torn_answers % 2 == 1
        for byte in raw if whole else raw[: len(raw) // 2]:
            writer.write(bytes((byte,)))
            await self._clock.sleep(_BYTE_GAP_S)
