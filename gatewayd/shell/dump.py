"""`gatewayd dump`: a fixture of the user's own device, for whoever keeps its driver."""

import json
from dataclasses import asdict
from datetime import UTC
from enum import Enum
from itertools import groupby
from math import isfinite
from pathlib import Path

from gatewayd.clock import SystemClock
from gatewayd.config import load
from gatewayd.devices.registry import Registry
from gatewayd.errors import UnsupportedError
from gatewayd.links.pool import Links
from gatewayd.links.recording import (
    Record,
    RecordingHttp,
    RecordingModbus,
    Registers,
    ReplayingHttp,
    ReplayingModbus,
)
from gatewayd.model.asset import Identity
from gatewayd.model.reading import Reading
from gatewayd.sdk.driver import Driver
from gatewayd.sdk.options import DeviceOptions, secret_fields
from gatewayd.shell.ask import ask, chosen
from gatewayd.shell.redact import masked, redacted

_ROW = 10
# How it is reached, which is not of the device itself.
_NOT_OF_THE_DEVICE = {
    *("port", "logger_serial", "tls", "baudrate", "stopbits", "poll_s", "read_only"),
    *("timeout_s", "min_gap_s", "connect_delay_s"),
}

_Said = tuple[Identity, dict[str, Reading]]


async def dump(path: Path, device_id: str, *, is_redacted: bool = True) -> str:
    """The fixture as YAML: what the device answered, and what our driver makes of it.

    The record is read again without the device, so that `expect` is what the fixture itself gives.
    Raises UnsupportedError for a device whose protocol leaves nothing to record, or whose serial
    number cannot be taken out.
    """
    registry = Registry.load()
    config = load(path, registry)
    device = chosen(config, device_id)
    record = Record()
    recording = Links(modbus=RecordingModbus(record), http=RecordingHttp(record))
    identity, _ = await ask(config, registry, device, _both, recording)
    if not record.units and not record.documents:
        raise UnsupportedError(f"{device_id}: only Modbus and HTTP devices can be dumped")
    if is_redacted:
        record = redacted(record, identity.serial)
    replaying = Links(modbus=ReplayingModbus(record), http=ReplayingHttp(record))
    said = await ask(config, registry, device, _both, replaying)
    serial = identity.serial
    if is_redacted and serial and said[0].serial == serial != masked(serial):
        raise UnsupportedError(
            f"{device_id}: its serial number was not found in what it answered; --no-redact"
            " writes it as it is"
        )
    unit = getattr(device.options, "unit", None)
    options = _chosen(device.options)
    return f"# Read by {device.driver}: check `expect` against what the device shows.\n" + "".join(
        [*_head(said[0], options), *_answers(record, unit), *_expected(said)]
    )


async def _both(driver: Driver) -> _Said:
    identity = await driver.identify()
    return identity, dict(await driver.read())


def _chosen(options: DeviceOptions) -> dict[str, object]:
    """What the operator chose that matters to what is read; no address, and nothing private."""
    fields = type(options).model_fields
    told = options.model_dump(exclude=_NOT_OF_THE_DEVICE | set(secret_fields(type(options))))
    return {
        name: value
        for name, value in told.items()
        if isinstance(value, int | float) and value != fields[name].default
    }


def _head(identity: Identity, options: dict[str, object]) -> list[str]:
    today = SystemClock().now().astimezone(UTC).date()
    firmware = _plain(identity.firmware or "unknown")
    return [f"captured: {{by: owner, on: {today}, firmware: {firmware}}}\n"] + (
        [f"options: {_plain(options)}\n"] if options else []
    )


def _answers(record: Record, unit: object) -> list[str]:
    documents = {
        where.removeprefix("GET "): body
        for where, body in record.documents.items()
        if where.startswith("GET ")
    }
    lines = ["answers:\n"] if documents else []
    for where, body in documents.items():
        lines.append(f"  {_plain(where)}: {_plain(_json(body))}\n")
    own = {n: tables for n, tables in record.units.items() if n == unit and tables}
    others = {n: tables for n, tables in record.units.items() if n != unit and tables}
    for tables in own.values():
        lines += ["registers:\n", *_tables(tables, "  ")]
    if others:
        lines.append("others:\n")
    for number, tables in others.items():
        lines += [f"  {number}:\n", *_tables(tables, "    ")]
    return lines


def _tables(tables: Registers, indent: str) -> list[str]:
    lines = []
    for table, words in sorted(tables.items()):
        lines.append(f"{indent}{table}:\n")
        lines += [f"{indent}  {start}: {row}\n" for start, row in _rows(words)]
    return lines


def _rows(words: dict[int, int]) -> list[tuple[int, list[int]]]:
    """Runs of neighbours, in rows of ten."""
    rows = []
    ordered = sorted(words.items())
    for _, run in groupby(enumerate(ordered), key=lambda one: one[1][0] - one[0]):
        together = [pair for _, pair in run]
        for at in range(0, len(together), _ROW):
            part = together[at : at + _ROW]
            rows.append((part[0][0], [word for _, word in part]))
    return rows


def _expected(said: _Said) -> list[str]:
    identity, readings = said
    told = {
        name: value
        for name in ("vendor", "model", "serial", "firmware")
        if (value := getattr(identity, name)) is not None
    }
    lines = [f"identity: {_plain(told)}\n", "expect:\n"]
    for role, reading in readings.items():
        known = {name: _bare(v) for name, v in asdict(reading).items() if v is not None}
        lines += [f"  {role}:\n", *(f"    {name}: {_plain(v)}\n" for name, v in known.items())]
    return lines


def _bare(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    return round(value, 6) if isinstance(value, float) and isfinite(value) else value


def _plain(value: object) -> str:
    """As YAML; JSON is YAML too, save for what is infinite."""
    if isinstance(value, float) and value == float("inf"):
        return ".inf"
    return json.dumps(value, default=str)


def _json(body: bytes) -> object:
    text = body.decode(errors="replace")
    try:
        return json.loads(text)
    except ValueError:
        return text
