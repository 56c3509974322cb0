"""`gatewayd doctor`: what of the home's devices cannot be right, and what to do about it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from gatewayd.clock import SystemClock
from gatewayd.config import Config, load
from gatewayd.config.devices import Device
from gatewayd.console import database_path
from gatewayd.devices.registry import Registry
from gatewayd.errors import DeviceError
from gatewayd.model.asset import Asset
from gatewayd.model.reading import MeterReading, Reading
from gatewayd.plan.audit import balance, mains, setup, signs
from gatewayd.plan.audit.finding import Finding, Track
from gatewayd.sdk.driver import Driver
from gatewayd.shell.ask import ask, heard
from gatewayd.state import assets, audits, history
from gatewayd.state.db import Database

_SINCE = timedelta(hours=24)
# For the home as a whole: what was said at about the same time.
_LATELY = timedelta(minutes=10)

_Said = dict[str, list[tuple[datetime, Reading]]]


async def doctor(path: Path) -> list[Finding]:
    """Everything found. Where a running gateway has read a device lately, it is not asked."""
    registry = Registry.load()
    config = load(path, registry)
    findings: list[Finding] = []
    tracks: list[Track] = []
    for device_id, device in config.devices.items():
        try:
            said, watchdogs = await _said(config, registry, device_id, device)
        except DeviceError as error:
            findings.append(setup.of_failure(device_id, str(error), _beside(config, device)))
            continue
        meters = [role for role, told in said.items() if isinstance(told[-1][1], MeterReading)]
        for role, readings in said.items():
            where = device_id if len(said) == 1 else f"{device_id} {role}"
            track = Track(where, readings, device.usages.of(role, meters))
            tracks.append(track)
            findings += _of_one(config, track, watchdogs.get(role))
    findings += balance.of_home([_lately(track) for track in tracks])
    stored = await _stored(config)
    findings += setup.of_assets(stored)
    # What the running gateway has watched for longer than one look, by rule and place.
    known = {(one.rule, one.where) for one in findings}
    return findings + [
        one for one in await _audited(config, stored) if (one.rule, one.where) not in known
    ]


def shown(findings: Sequence[Finding]) -> str:
    """For people."""
    lines = [f"{one.where}: {one.what}\n  {one.do}" for one in findings]
    return "\n".join(lines) if lines else "nothing found that could not be right"


def to_json(findings: Sequence[Finding]) -> list[dict[str, str]]:
    """For `--json`."""
    return [asdict(one) for one in findings]


def _of_one(config: Config, track: Track, watchdog_s: float | None) -> list[Finding]:
    zone = ZoneInfo(config.home.timezone)
    reading = track.last
    if reading is None:
        return []
    return [
        *mains.of_reading(track.where, reading),
        *signs.of_track(track, lambda at: at.astimezone(zone).hour),
        *setup.of_watchdog(track.where, reading, watchdog_s),
    ]


async def _said(
    config: Config, registry: Registry, device_id: str, device: Device
) -> tuple[_Said, Mapping[str, float | None]]:
    """The last day by role, with the watchdogs' times where the device was asked."""
    said = await _history(config, device_id)
    if await heard(config, device_id) is not None:
        return said, {}

    async def work(driver: Driver) -> tuple[Mapping[str, Reading], dict[str, float | None]]:
        await driver.identify()
        readings = await driver.read()
        return readings, {role: driver.watchdog_s(role) for role in readings}

    readings, watchdogs = await ask(config, registry, device, work)
    now = SystemClock().now()
    for role, reading in readings.items():
        said.setdefault(role, []).append((now, reading))
    return said, watchdogs


async def _history(config: Config, device_id: str) -> _Said:
    if not database_path(config).exists():
        return {}
    now = SystemClock().now()
    async with Database.visit(database_path(config)) as database:
        rows = await database.read(lambda c: history.load(c, device_id, now - _SINCE, now))
    said: _Said = {}
    for _, roles in rows:
        for role, minute in roles.items():
            if minute.count:
                said.setdefault(role, []).append((minute.at, minute.reading()))
    return said


async def _audited(config: Config, stored: Sequence[Asset]) -> list[Finding]:
    """What holds an asset back from being armed."""
    if not stored:
        return []
    async with Database.visit(database_path(config)) as database:
        found = await database.read(audits.load)
    held = (texts for one in stored if one.id in found for texts in found[one.id].findings)
    return [Finding(*texts) for texts in dict.fromkeys(held)]


async def _stored(config: Config) -> list[Asset]:
    if not database_path(config).exists():
        return []
    async with Database.visit(database_path(config)) as database:
        stored = await database.read(assets.load)
    return [asset for asset in stored if asset.device_id in config.devices]


def _lately(track: Track) -> Track:
    """The part of it that is compared with others."""
    if not track.said:
        return track
    since = track.said[-1][0] - _LATELY
    return Track(track.where, [one for one in track.said if one[0] >= since], track.usage)


def _address(device: Device) -> tuple[object, object]:
    options = device.options
    place = getattr(options, "host", None) or getattr(options, "serial", None)
    return place, getattr(options, "port", None) if place else None


def _beside(config: Config, device: Device) -> list[str]:
    at = _address(device)
    return [name for name, other in config.devices.items() if at[0] and _address(other) == at]
