"""A smart meter's P1 port by a serial cable or a TCP bridge: DSMR 4 and 5, ESMR, and their kin.

Facts from the DSMR P1 companion standard 5.0.2, table 6-4, and from Fluvius (Belgium), SmartyReader
(Luxembourg) and Energiföretagen (Sweden), which leave the tariffs out. Energies are in kWh, powers
in kW, both once for each direction. Meters before DSMR 4 send no checksum and are not understood.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from gatewayd.links.pool import Links
from gatewayd.links.stream import Stream
from gatewayd.model.asset import AssetKind, Identity
from gatewayd.model.reading import MeterReading, Reading
from gatewayd.sdk import p1
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.options import StreamOptions
from gatewayd.sdk.p1 import Telegram
from gatewayd.sdk.read_only import ReadOnly, roles_of

_ROLE = "meter"
_TARIFFS = (1, 2, 3, 4)
# The meter's own number, as bytes in hexadecimal: as the standard has it, and as Belgium has it.
_NUMBERS = ("0-0:96.1.1", "0-0:96.1.0")


class P1Options(StreamOptions):
    """Where the telegrams come from. Meters before DSMR 4 are not understood."""

    baudrate: int = 115200


class P1Meter(ReadOnly):
    """One meter."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    async def identify(self) -> Identity:
        """The name in the telegram's first line, and the meter's number."""
        telegram = await self._telegram()
        roles = roles_of({_ROLE: _reading(telegram)})
        return Identity("DSMR", telegram.meter or "P1", roles, serial=_serial(telegram))

    async def read(self) -> Mapping[str, Reading]:
        """The newest telegram, waited for where the last one is too old."""
        return {_ROLE: _reading(await self._telegram())}

    async def _telegram(self) -> Telegram:
        return p1.parse(await self._stream.newest())


def _reading(told: Telegram) -> MeterReading:
    return MeterReading(
        power_w=_net(told, "1-0:1.7.0", "1-0:2.7.0"),
        import_wh=_energy(told, 1),
        export_wh=_energy(told, 2),
        frequency_hz=told.number("1-0:14.7.0", "Hz"),
        voltage_a_v=told.number("1-0:32.7.0", "V"),
        voltage_b_v=told.number("1-0:52.7.0", "V"),
        voltage_c_v=told.number("1-0:72.7.0", "V"),
        current_a_a=told.number("1-0:31.7.0", "A"),
        current_b_a=told.number("1-0:51.7.0", "A"),
        current_c_a=told.number("1-0:71.7.0", "A"),
        power_a_w=_net(told, "1-0:21.7.0", "1-0:22.7.0"),
        power_b_w=_net(told, "1-0:41.7.0", "1-0:42.7.0"),
        power_c_w=_net(told, "1-0:61.7.0", "1-0:62.7.0"),
    )


def _net(told: Telegram, import_code: str, export_code: str) -> float | None:
    """Import less export. A meter that counts one direction only has no line for the other."""
    import_w, export_w = told.number(import_code, "W"), told.number(export_code, "W")
    if import_w is None and export_w is None:
        return None
    return (import_w or 0.0) - (export_w or 0.0)


def _energy(told: Telegram, direction: int) -> float | None:
    """The total where the meter has one, else the sum of its tariffs."""
    total_wh = told.number(f"1-0:{direction}.8.0", "Wh")
    if total_wh is not None:
        return total_wh
    found = (told.number(f"1-0:{direction}.8.{tariff}", "Wh") for tariff in _TARIFFS)
    tariffs = [wh for wh in found if wh is not None]
    return sum(tariffs) if tariffs else None


def _serial(told: Telegram) -> str | None:
    text = next(filter(None, map(told.text, _NUMBERS)), None)
    if text is None or len(text) % 2 or not set(text) <= set("0123456789ABCDEFabcdef"):
        return text
    plain = bytes.fromhex(text).decode("latin-1").strip()
    return plain if plain.isprintable() and plain else text


@asynccontextmanager
async def _open(options: P1Options, links: Links) -> AsyncIterator[Driver]:
    async with links.stream.open(options, p1.cut) as stream:
        yield P1Meter(stream)


DRIVER = DriverInfo(
    vendor="DSMR",
    models=("smart meters with a P1 port: DSMR 4 and 5, ESMR, Belgium, Luxembourg, Sweden",),
    source="DSMR P1 companion standard 5.0.2, table 6-4",
    options=P1Options,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=1.0,
    kinds=frozenset({AssetKind.METER}),
)
