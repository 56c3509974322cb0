"""Who is behind a Modbus endpoint: each unit id is asked in turn, over one connection."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from gatewayd.devices.discovery.found import Found, besides
from gatewayd.devices.discovery.opening import opened
from gatewayd.devices.discovery.recognise import Match, recognise
from gatewayd.errors import DeviceError, RefusedError
from gatewayd.links.modbus_options import open_unit
from gatewayd.links.pool import Links
from gatewayd.sdk.driver import DriverInfo, ModbusReader
from gatewayd.sdk.finding import ModbusProbe
from gatewayd.sdk.options import ModbusOptions

# Where people put devices, beside where drivers say that they are.
_MORE_UNITS = (1, 2, 3, 4, 10, 247, 255)
# An id that nobody gives: who answers to it, answers to any.
_NOBODYS_UNIT = 173


@dataclass(frozen=True, slots=True)
class Manners:
    """How strangers are asked: some take a second to wake, and many are slow."""

    timeout_s: float = 1.5
    min_gap_s: float = 0.05
    connect_delay_s: float = 0.5


class ModbusSurvey:
    """Asks endpoints who is behind them."""

    def __init__(
        self,
        links: Links,
        infos: Mapping[str, DriverInfo],
        manners: Manners,
        units: Sequence[int] = (),
    ) -> None:
        """`units` are those to ask; without any, those that devices usually have."""
        self._links = links
        self._infos = infos
        self._manners = manners
        self.probes = modbus_probes(infos)
        self._units = units

    async def at(self, place: Mapping[str, object], units: Sequence[int] = ()) -> list[Found]:
        """The devices at a place: `host` and `port`, or `serial` with its settings.

        `units` are those that may be there, if that is known.
        """
        options = ModbusOptions.model_validate({**place, "read_only": True, **self._pace})
        likely = self._made_for(options.framing)
        asked = dict.fromkeys(self._units or units, likely)
        asked = asked or dict(await self._sensible(options, likely))
        found: dict[tuple[str, object], Found] = {}
        for unit, probes in asked.items():
            # Where one was found, others are few: the units that are not there take the time.
            patience = 1 if found else 2
            matches = await self._recognise(options, unit, probes, patience)
            if not matches:
                continue
            best = matches[0]
            if not found and await self._ignores_units(options, best):
                return [await self._opened(place, self.probes[best.driver].unit, matches)]
            one = await self._opened(place, unit, matches)
            found.setdefault((one.driver, one.serial or unit), one)
        return list(found.values())

    def _made_for(self, framing: str) -> Mapping[str, ModbusProbe]:
        """Whom to let ask: those whose devices are all behind such a gateway, else all others."""
        made = {name: one for name, one in self.probes.items() if one.framing == framing}
        return made or {name: one for name, one in self.probes.items() if one.framing is None}

    async def _sensible(
        self, options: ModbusOptions, likely: Mapping[str, ModbusProbe]
    ) -> Mapping[int, Mapping[str, ModbusProbe]]:
        """The units to ask, and whom to let ask: all, unless every unit answers.

        Then there is one device, and most ids are not worth asking for what is usual elsewhere.
        """
        everywhere = dict.fromkeys(usual_units(likely.values()), likely)
        async with open_unit(self._links.modbus, options, _NOBODYS_UNIT) as reader:
            if not await _answers(reader):
                return everywhere
        first = next(iter(everywhere))
        return {
            unit: probes if unit == first else _usual_at(unit, probes)
            for unit, probes in everywhere.items()
        }

    @property
    def _pace(self) -> Mapping[str, object]:
        manners = self._manners
        return {
            "timeout_s": manners.timeout_s,
            "min_gap_s": manners.min_gap_s,
            "connect_delay_s": manners.connect_delay_s,
        }

    async def _recognise(
        self,
        options: ModbusOptions,
        unit: int,
        probes: Mapping[str, ModbusProbe],
        patience: int = 2,
    ) -> list[Match]:
        async with open_unit(self._links.modbus, options, unit) as reader:
            return await recognise(reader, probes, unit, patience)

    async def _ignores_units(self, options: ModbusOptions, best: Match) -> bool:
        only = {best.driver: self.probes[best.driver]}
        again = await self._recognise(options, _NOBODYS_UNIT, only)
        return bool(again) and again[0].likeness.serial == best.likeness.serial

    async def _opened(
        self, place: Mapping[str, object], unit: int, matches: Sequence[Match]
    ) -> Found:
        best = matches[0]
        others = besides(best.driver, [match.driver for match in matches])
        at = {**place, "unit": unit}
        info = self._infos[best.driver]
        return await opened(self._links, best.driver, info, at, best.likeness, others)


def modbus_probes(infos: Mapping[str, DriverInfo]) -> dict[str, ModbusProbe]:
    """How each driver recognises a Modbus device, for those that can."""
    return {
        name: probe
        for name, info in infos.items()
        for probe in info.probes
        if isinstance(probe, ModbusProbe)
    }


def usual_units(probes: Collection[ModbusProbe]) -> tuple[int, ...]:
    """The unit ids to ask, the commonest first."""
    usual = [unit for unit, _ in Counter(probe.unit for probe in probes).most_common()]
    more = sorted({unit for probe in probes for unit in probe.more_units})
    return tuple(dict.fromkeys([*usual, *_MORE_UNITS, *more]))


def _usual_at(unit: int, probes: Mapping[str, ModbusProbe]) -> Mapping[str, ModbusProbe]:
    return {
        name: probe
        for name, probe in probes.items()
        if unit == probe.unit or unit in probe.more_units
    }


async def _answers(reader: ModbusReader) -> bool:
    """Whether anybody says anything, also no."""
    try:
        await reader.read_holding(0, 1)
    except RefusedError:
        return True
    except DeviceError:
        return False
    return True
