"""How a register map finds its devices: its probe first, who it is then, all of it at last."""

from functools import cached_property

from gatewayd.devices.discovery import evidence
from gatewayd.devices.registers import RegisterDriver
from gatewayd.errors import BadReadingError, RefusedError
from gatewayd.model.asset import Identity
from gatewayd.sdk.driver import ModbusReader
from gatewayd.sdk.finding import Likeness, ModbusProbe
from gatewayd.sdk.maps.excerpt import bits_of_probe, excerpt
from gatewayd.sdk.registers import Layout, RegisterMap

# What it costs a map that the device has not all of what the map reads, and what each place gives
# where it has, up to a limit: some devices answer anywhere.
_INCOMPLETE_BITS = -12.0
_PLACE_BITS = 2.0
_PLACES_BITS_MAX = 6.0


def map_probe(found: RegisterMap) -> ModbusProbe | None:
    """The probe of a map; None for a map that does not say how its device is known."""
    if found.probe is None:
        return None
    bus = found.bus
    return ModbusProbe(
        ask=_Recognition(found).ask,
        unit=bus.unit,
        port=bus.port,
        baudrate=bus.baudrate,
        parity=bus.parity,
        stopbits=bus.stopbits,
        framing=None if bus.framing == "tcp" else bus.framing,
    )


class _Recognition:
    """Asks more the more there is to it: most devices are told apart by one or two registers."""

    def __init__(self, found: RegisterMap) -> None:
        self._map = found

    async def ask(self, unit: ModbusReader) -> Likeness | None:
        """What speaks for it; RefusedError and None: nothing."""
        await self._identify(unit, self._probe)
        who = await self._identify(unit, self._who)
        bits = bits_of_probe(self._map) + evidence.of_serial(who.serial)
        bits += await self._plausible(unit)
        # What a map says for all is what its device did not say.
        model = who.model if self._map.identity.model is not None else None
        return Likeness(bits, who.vendor, model, who.serial, who.firmware) if bits > 0 else None

    async def _plausible(self, unit: ModbusReader) -> float:
        driver = self._driver(unit, self._whole)
        try:
            await driver.identify()
            readings = (await driver.read()).values()
        except (RefusedError, BadReadingError):
            return _INCOMPLETE_BITS
        blocks = (*self._whole.static, *self._whole.polled)
        places = sum(not block.is_optional and block.unit is None for block in blocks)
        return min(_PLACES_BITS_MAX, _PLACE_BITS * places) + evidence.of_readings(readings)

    async def _identify(self, unit: ModbusReader, layout: Layout) -> Identity:
        return await self._driver(unit, layout).identify()

    def _driver(self, unit: ModbusReader, layout: Layout) -> RegisterDriver:
        defaults = {name: option.default for name, option in self._map.options.items()}
        return RegisterDriver({None: unit}, layout, defaults, is_strict=True)

    @cached_property
    def _probe(self) -> Layout:
        return Layout(excerpt(self._map, has_identity=False))

    @cached_property
    def _who(self) -> Layout:
        return Layout(excerpt(self._map, has_identity=True))

    @cached_property
    def _whole(self) -> Layout:
        return Layout(self._map)
