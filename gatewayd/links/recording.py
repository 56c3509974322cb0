"""Links that keep what a device answers, and links that answer from what was kept."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar, cast

from gatewayd.errors import RefusedError
from gatewayd.links.http import Answer
from gatewayd.links.http_device import Credentials, DeviceHttp, HttpDevices
from gatewayd.links.modbus import Endpoint, ModbusLinks, UnitReader
from gatewayd.links.modbus_line import Pace
from gatewayd.sdk.driver import ModbusReader
from gatewayd.sdk.options import HttpOptions

_Unit = TypeVar("_Unit", bound=UnitReader)

Registers = dict[str, dict[int, int]]

_NO_HEADERS: Mapping[str, str] = {}
_NOT_FOUND = Answer(404, (), b"")


@dataclass
class Record:
    """What a device answered: registers by unit and table, documents by method and path."""

    units: dict[int, Registers] = field(default_factory=dict)
    documents: dict[str, bytes] = field(default_factory=dict)


class RecordingModbus(ModbusLinks):
    """Reads devices, writes to none, and keeps what it reads."""

    def __init__(self, record: Record) -> None:
        super().__init__()
        self._record = record

    @asynccontextmanager
    async def _open(
        self, kind: type[_Unit], endpoint: Endpoint, unit_id: int, pace: Pace
    ) -> AsyncIterator[_Unit]:
        tables = self._record.units.setdefault(unit_id, {})
        async with super()._open(kind, endpoint, unit_id, pace) as unit:
            yield cast(_Unit, _Keeping(unit, tables))


class ReplayingModbus(ModbusLinks):
    """Answers from a record, and has no connection."""

    def __init__(self, record: Record) -> None:
        super().__init__()
        self._record = record

    @asynccontextmanager
    async def _open(
        self, kind: type[_Unit], endpoint: Endpoint, unit_id: int, pace: Pace
    ) -> AsyncIterator[_Unit]:
        del kind, endpoint, pace
        yield cast(_Unit, _Kept(self._record.units.get(unit_id, {})))


class RecordingHttp(HttpDevices):
    """Asks devices, and keeps the documents."""

    def __init__(self, record: Record) -> None:
        super().__init__()
        self._made = partial(_KeepingHttp, record)


class ReplayingHttp(HttpDevices):
    """Answers from a record, and has no connection."""

    def __init__(self, record: Record) -> None:
        super().__init__()
        self._made = partial(_KeptHttp, record)


class _Keeping:
    """A unit of which all that is read is kept."""

    def __init__(self, unit: ModbusReader, tables: Registers) -> None:
        self._unit = unit
        self._tables = tables

    async def read_holding(self, address: int, count: int) -> tuple[int, ...]:
        return self._keep("holding", address, await self._unit.read_holding(address, count))

    async def read_input(self, address: int, count: int) -> tuple[int, ...]:
        return self._keep("input", address, await self._unit.read_input(address, count))

    async def read_coils(self, address: int, count: int) -> tuple[bool, ...]:
        bits = await self._unit.read_coils(address, count)
        self._keep("coil", address, bits)
        return bits

    async def read_discrete(self, address: int, count: int) -> tuple[bool, ...]:
        bits = await self._unit.read_discrete(address, count)
        self._keep("discrete", address, bits)
        return bits

    def _keep(self, table: str, address: int, found: tuple[int, ...]) -> tuple[int, ...]:
        kept = self._tables.setdefault(table, {})
        kept.update((address + i, int(value)) for i, value in enumerate(found))
        return found


class _Kept:
    """A unit that has what was read of it, and refuses all else."""

    def __init__(self, tables: Registers) -> None:
        self._tables = tables

    async def read_holding(self, address: int, count: int) -> tuple[int, ...]:
        return self._get("holding", address, count)

    async def read_input(self, address: int, count: int) -> tuple[int, ...]:
        return self._get("input", address, count)

    async def read_coils(self, address: int, count: int) -> tuple[bool, ...]:
        return tuple(map(bool, self._get("coil", address, count)))

    async def read_discrete(self, address: int, count: int) -> tuple[bool, ...]:
        return tuple(map(bool, self._get("discrete", address, count)))

    def _get(self, table: str, address: int, count: int) -> tuple[int, ...]:
        kept = self._tables.get(table, {})
        try:
            return tuple(kept[at] for at in range(address, address + count))
        except KeyError:
            raise RefusedError(f"{table} {address}+{count} was not read") from None


class _RecordHttp(DeviceHttp):
    def __init__(
        self,
        record: Record,
        options: HttpOptions,
        turn: asyncio.Lock,
        credentials: Credentials | None,
        headers: Mapping[str, str],
        secrets: Sequence[str],
    ) -> None:
        super().__init__(options, turn, credentials, headers, secrets)
        self._record = record


class _KeptHttp(_RecordHttp):
    async def _send(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] = _NO_HEADERS
    ) -> Answer:
        del body, headers
        kept = self._record.documents.get(f"{method} {self._hide(path)}")
        return _NOT_FOUND if kept is None else Answer(200, (), kept)


class _KeepingHttp(_RecordHttp):
    async def _send(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] = _NO_HEADERS
    ) -> Answer:
        answer = await super()._send(method, path, body, headers)
        if answer.is_success:
            self._record.documents[f"{method} {self._hide(path)}"] = answer.body
        return answer
