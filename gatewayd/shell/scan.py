"""`gatewayd scan`: what is in the home, and how it is written into the config."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gatewayd.config import Config, load
from gatewayd.config.append import append
from gatewayd.console import database_path
from gatewayd.devices.discovery import lines
from gatewayd.devices.discovery.found import Found, Names, block
from gatewayd.devices.discovery.known import Known, known
from gatewayd.devices.discovery.scan import Scan, Wish
from gatewayd.devices.registry import Registry
from gatewayd.links.pool import Links
from gatewayd.sdk.driver import DriverInfo
from gatewayd.state import assets, ocpp
from gatewayd.state.db import Database

_CHARGE_POINT = "charge_point"


@dataclass(frozen=True)
class Result:
    """What was found, the ids for what is new, and the lines to paste for it."""

    found: Sequence[Found]
    ports: Sequence[str]
    ids: Sequence[str]

    @property
    def new(self) -> list[Found]:
        """What is not configured."""
        return [one for one in self.found if one.known_as is None]

    def blocks(self, indent: str = "  ") -> str:
        """The lines under `devices:` for all that is new."""
        named = zip(self.ids, self.new, strict=True)
        return "".join(block(device_id, one, indent) for device_id, one in named)

    def complete(self, indent: str = "  ") -> str:
        """Only those of which nothing is missing."""
        named = zip(self.ids, self.new, strict=True)
        return "".join(block(name, one, indent) for name, one in named if not one.missing)

    def to_json(self) -> dict[str, object]:
        """For `--json`."""
        return {"devices": [one.to_json() for one in self.found], "serialPorts": list(self.ports)}


async def scan(path: Path, wish: Wish, say: Callable[[str], None]) -> Result:
    """Look through the home. A config that is not there yet is none; a wrong one is ConfigError."""
    registry = Registry.load()
    config = written(path, registry)
    say("reading the drivers")
    infos = registry.usable()
    found = await Scan(Links(), infos, await _known(config), say).run(wish)
    if config is not None and wish.is_whole:
        found += await waiting(config, infos)
    names = Names(set(config.devices) if config else set())
    new = [one for one in found if one.known_as is None]
    return Result(found, lines.ports(), [names.new(one) for one in new])


def add(path: Path, result: Result) -> int:
    """Write what is new and complete into the config; how many. Raises ConfigError."""
    if result.complete():
        append(path, result.complete, Registry.load())
    return sum(not one.missing for one in result.new)


def told(result: Result) -> str:
    """For people: what was found, and the lines to paste."""
    text = [
        f"{one.place:28} {_name(one)}"
        + (f"  known as {one.known_as}" if one.known_as else f"  driver {one.driver}")
        + (f"  (or {', '.join(one.candidates)})" if one.candidates else "")
        for one in result.found
    ]
    text += [f"{path:28} a serial port; `--serial` asks who is on it" for path in result.ports]
    if result.new:
        text += ["", "devices:", result.blocks().rstrip()]
    return "\n".join(text) if text else "nothing found"


def _name(found: Found) -> str:
    return " ".join(part for part in (found.vendor, found.model, found.serial) if part)


def written(path: Path, registry: Registry) -> Config | None:
    """The config, if there is one yet."""
    return load(path, registry) if path.exists() else None


async def _known(config: Config | None) -> Known:
    if config is None:
        return Known()
    serials = {}
    if database_path(config).exists():
        async with Database.visit(database_path(config)) as database:
            stored = await database.read(assets.load)
        serials = {asset.serial: asset.device_id for asset in stored if asset.serial}
    return await known({name: one.options for name, one in config.devices.items()}, serials)


async def waiting(config: Config, infos: dict[str, DriverInfo]) -> list[Found]:
    """Charge points that call and that nobody has configured."""
    driver = next((n for n, i in infos.items() if _CHARGE_POINT in i.options.model_fields), None)
    if driver is None or not database_path(config).exists():
        return []
    async with Database.visit(database_path(config)) as database:
        rows = await database.read(ocpp.waiting)
    return [
        Found(
            driver=driver,
            vendor=row.vendor or infos[driver].vendor,
            model=row.model,
            options={_CHARGE_POINT: row.id},
            serial=row.serial,
            firmware=row.firmware,
        )
        for row in rows
    ]
