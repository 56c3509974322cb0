"""A scan of the home: slow, one connection at a time at each host, and nothing is ever written."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gatewayd.devices.discovery import lines, reach, sticks
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

# Where Modbus is. Behind the last there are data adapters, and serial converters with plain RTU.
_MODBUS_PORTS = (502, 1502, sticks.MODBUS_PORT)
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
        to = _broadcasts() if wish.is_whole else dict.fromkeys(one.host for one in targets)
        known_sticks = await sticks.called(self._links, list(to))
        found = await self._behind(known_sticks, modbus)
        aside = {(one.host, sticks.MODBUS_PORT) for one in known_sticks}
        found += await self._asked(targets, modbus, aside)
        if wish.is_whole:
            found += await self._listened()
        if wish.has_serial:
            found += await self._on_lines(modbus)
        return self._known.mark(best_of_each(_each_once(found), self._infos))

    async def _behind(
        self, found_sticks: Iterable[sticks.Stick], modbus: ModbusSurvey
    ) -> list[Found]:
        """Who is behind Wi-Fi sticks, by Modbus or else by datagrams of other kinds."""
        found: list[Found] = []
        for stick in found_sticks:
            if self._known.at(stick.host, sticks.MODBUS_PORT):
                continue
            self._say(f"{stick.host}: a stick, asking by {stick.options['framing']}")
            behind = await modbus.at(stick.place, stick.units)
            found += behind or await Listening(self._links, self._infos).called([stick.host])
        return found

    async def _asked(
        self, targets: Sequence[Target], modbus: ModbusSurvey, aside: Collection[tuple[str, int]]
    ) -> list[Found]:
        """Who is at the doors that open, but for those that were asked otherwise."""
        web = WebSurvey(self._links, self._infos)
        doors = await self._open_doors(targets, web)
        turns = asyncio.Semaphore(_AT_ONCE)

        async def ask(host: str, ports: Sequence[int], named: frozenset[int]) -> list[Found]:
            async with turns:
                found = []
                for port in (port for port in ports if (host, port) not in aside):
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
            found = await self._by_modbus({"host": host, "port": port}, modbus)
        if not found and web.probes:
            self._say(f"{host}:{port}: asking by HTTP")
            found = await web.at(host, port, is_usual=not is_named)
        return [replace(one, known_as=known.get(self._unit(one))) for one in found]

    async def _by_modbus(self, place: Mapping[str, object], modbus: ModbusSurvey) -> list[Found]:
        if place["port"] != sticks.MODBUS_PORT:
            return await modbus.at(place)
        options, units = sticks.ADAPTER
        behind = await modbus.at({**place, **options}, units)
        return behind or await modbus.at({**place, "framing": "rtu"})

    def _unit(self, found: Found) -> int | None:
        """Its unit id, also where that is the driver's default."""
        field = self._infos[found.driver].options.model_fields.get("unit")
        unit = found.options.get("unit", field.default if field else None)
        return unit if isinstance(unit, int) else None

    async def _listened(self) -> list[Found]:
        self._say("listening to announcements and answers to all")
        listening = Listening(self._links, self._infos)
        return [
            *await listening.announced(),
            *await listening.told_to_groups(),
            *await listening.called(_broadcasts()),
        ]

    async def _on_lines(self, modbus: ModbusSurvey) -> list[Found]:
        found = []
        for path in lines.ports():
            if path not in self._known.paths:
                self._say(f"{path}: asking by Modbus RTU")
                found += await lines.on(modbus, path)
        return found


def _broadcasts() -> list[str]:
    """Where all of the home's own networks hear."""
    return [str(one.network.broadcast_address) for one in local_networks() if one.is_private]


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
