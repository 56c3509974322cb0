"""A scan of the home: slow, one connection at a time at each host, and nothing is ever written."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gatewayd.devices.discovery import lines, reach
from gatewayd.devices.discovery.found import Found, besides
from gatewayd.devices.discovery.known import Known
from gatewayd.devices.discovery.modbus import Manners, ModbusSurvey
from gatewayd.devices.discovery.reach import Target
from gatewayd.devices.discovery.unasked import Listening
from gatewayd.devices.discovery.web import WebSurvey
from gatewayd.links import lan
from gatewayd.links.interfaces import local_networks
from gatewayd.links.pool import Links
from gatewayd.sdk.driver import DriverInfo

# Where Modbus is. Behind the last there are serial converters, which send plain RTU.
_MODBUS_PORTS = (502, 1502, 8899)
_RTU_PORTS = frozenset({8899})
# Hosts that are asked beside each other.
_AT_ONCE = 12


@dataclass(frozen=True, slots=True)
class Wish:
    """What to look through. Without hosts and subnets: the home's networks.

    `has_serial`: also who is on the serial ports. `units` are Modbus units, if not the usual ones.
    """

    hosts: Sequence[str] = ()
    subnets: Sequence[str] = ()
    has_serial: bool = False
    units: Sequence[int] = ()
    manners: Manners = field(default_factory=Manners)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is named, so that everybody is listened to."""
        return not self.hosts and not self.subnets


class Scan:
    """Looks for devices. `say` gets what it is doing, for people."""

    def __init__(
        self,
        links: Links,
        infos: Mapping[str, DriverInfo],
        known: Known,
        say: Callable[[str], None],
    ) -> None:
        self._links = links
        self._infos = infos
        self._known = known
        self._say = say

    async def run(self, wish: Wish) -> list[Found]:
        """All that is found, those known marked. Raises InvalidError for what is not the home's."""
        targets = await reach.targets(wish.hosts, wish.subnets)
        modbus = ModbusSurvey(self._links, self._infos, wish.manners, wish.units)
        found = await self._asked(targets, modbus)
        if wish.is_whole:
            found += await self._listened()
        if wish.has_serial:
            found += await self._on_lines(modbus)
        return self._known.mark(best_of_each(_each_once(found), self._infos))

    async def _asked(self, targets: Sequence[Target], modbus: ModbusSurvey) -> list[Found]:
        web = WebSurvey(self._links, self._infos)
        doors = await self._open_doors(targets, web)
        turns = asyncio.Semaphore(_AT_ONCE)

        async def ask(host: str, ports: Sequence[int], named: frozenset[int]) -> list[Found]:
            async with turns:
                found = []
                for port in ports:
                    found += await self._at(host, port, modbus, web, is_named=port in named)
                return found

        async with asyncio.TaskGroup() as group:
            asked = [
                group.create_task(ask(host, sorted(ports), frozenset(_named(targets, host))))
                for host, ports in _one_by_one(doors)
            ]
        return [one for task in asked for one in task.result()]

    async def _open_doors(
        self, targets: Sequence[Target], web: WebSurvey
    ) -> dict[str, dict[int, None]]:
        """The ports at which somebody answers, by host."""
        usual = dict.fromkeys([*_MODBUS_PORTS, *(probe.port for _, probe in web.probes)])
        wanted: dict[int, list[str]] = {port: [] for port in usual}
        for target in targets:
            for port in usual if target.port is None else (target.port,):
                wanted.setdefault(port, []).append(target.host)
        doors: dict[str, dict[int, None]] = {}
        for port, hosts in wanted.items():
            if hosts:
                self._say(f"port {port}: knocking at {len(hosts)} addresses")
            for host in await lan.answering(list(dict.fromkeys(hosts)), port):
                doors.setdefault(host, {})[port] = None
        return doors

    async def _at(
        self, host: str, port: int, modbus: ModbusSurvey, web: WebSurvey, *, is_named: bool
    ) -> list[Found]:
        known = self._known.at(host, port)
        if known and not is_named:
            self._say(f"{host}:{port} is {', '.join(known.values())} already: left in peace")
            return []
        found: list[Found] = []
        if is_named or port in _MODBUS_PORTS:
            self._say(f"{host}:{port}: asking by Modbus")
            framing = "rtu" if port in _RTU_PORTS else "tcp"
            found = await modbus.at({"host": host, "port": port, "framing": framing})
        if not found and web.probes:
            self._say(f"{host}:{port}: asking by HTTP")
            found = await web.at(host, port, is_usual=not is_named)
        return [replace(one, known_as=known.get(self._unit(one))) for one in found]

    def _unit(self, found: Found) -> int | None:
        """Its unit id, also where that is the driver's default."""
        field = self._infos[found.driver].options.model_fields.get("unit")
        unit = found.options.get("unit", field.default if field else None)
        return unit if isinstance(unit, int) else None

    async def _listened(self) -> list[Found]:
        self._say("listening to announcements and answers to all")
        listening = Listening(self._links, self._infos)
        to = [str(one.network.broadcast_address) for one in local_networks() if one.is_private]
        return [
            *await listening.announced(),
            *await listening.told_to_groups(),
            *await listening.called(to),
        ]

    async def _on_lines(self, modbus: ModbusSurvey) -> list[Found]:
        found = []
        for path in lines.ports():
            if path not in self._known.paths:
                self._say(f"{path}: asking by Modbus RTU")
                found += await lines.on(modbus, path)
        return found


def _one_by_one(
    doors: Mapping[str, Mapping[int, None]],
) -> Iterator[tuple[str, Mapping[int, None]]]:
    """What is asked in turn: a host; on this machine a port."""
    for host, ports in doors.items():
        if _is_us(host):
            yield from ((host, {port: None}) for port in ports)
        else:
            yield host, ports


def _named(targets: Iterable[Target], host: str) -> list[int]:
    return [one.port for one in targets if one.host == host and one.port is not None]


def _each_once(found: Iterable[Found]) -> list[Found]:
    """A device that was found in two ways is one; one at two addresses is told as two."""
    first: dict[tuple[object, ...], Found] = {}
    for one in found:
        place = sorted((name, str(value)) for name, value in one.options.items())
        first.setdefault((one.driver, *place), one)
    return list(first.values())


def best_of_each(found: Sequence[Found], infos: Mapping[str, DriverInfo]) -> Iterator[Found]:
    """A box found by several drivers once, by the one that the others yield to; they are named."""
    for one in found:
        rivals = [other for other in found if other is not one and _is_same_box(one, other)]
        if not any(other.driver in infos[one.driver].yields_to for other in rivals):
            worse = [other for other in rivals if one.driver in infos[other.driver].yields_to]
            names = besides(one.driver, [*one.candidates, *(other.driver for other in worse)])
            known_as = next((x.known_as for x in (one, *worse) if x.known_as), None)
            yield replace(one, candidates=names, known_as=known_as)


def _is_same_box(one: Found, other: Found) -> bool:
    """Drivers write serial numbers in different ways, so the host decides."""
    host = one.options.get("host")
    if host is None or host != other.options.get("host"):
        return False
    return not _is_us(str(host)) or (one.serial is not None and one.serial == other.serial)


def _is_us(host: str) -> bool:
    """On this machine each port leads to another device."""
    return host.startswith("127.")
