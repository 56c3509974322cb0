"""A smart meter that pushes SML out of its infrared port, read by an optical head on a serial port.

German meters (EDL21, EDL40, basic smart meters) send every one to four seconds: the energies in Wh,
and after the customer's PIN was entered and `InF` switched on also the power in W, import +. Codes
from IEC 62056-6-1 and the FNN's specification for basic meters.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from gatewayd.links.pool import Links
from gatewayd.links.stream import Stream
from gatewayd.model.asset import AssetKind, Identity
from gatewayd.model.reading import MeterReading, Reading
from gatewayd.sdk import sml
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.options import StreamOptions
from gatewayd.sdk.read_only import ReadOnly, roles_of
from gatewayd.sdk.sml import Readout

_ROLE = "meter"
_MAX_AGE_S = 4.0
# A number after DIN 43863-5: its length, the kind, the maker's three letters, a block and a number.
_NUMBER_LENGTH = 10
_NUMBER_BEGINS = (0x09, 0x0A)
# Power of a phase, its voltage and its current.
_PHASES = {"a": (36, 32, 31), "b": (56, 52, 51), "c": (76, 72, 71)}


class SmlMeter(ReadOnly):
    """One meter."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    async def identify(self) -> Identity:
        """The meter's number, and its maker as the number tells it."""
        told = await self._readout()
        vendor, serial = _who(told.server_id)
        return Identity(vendor, "SML meter", roles_of({_ROLE: _reading(told)}), serial=serial)

    async def read(self) -> Mapping[str, Reading]:
        """The newest list of values, waited for where the last one is too old."""
        return {_ROLE: _reading(await self._readout())}

    async def _readout(self) -> Readout:
        return sml.parse(await self._stream.newest(max_age_s=_MAX_AGE_S))


def _reading(told: Readout) -> MeterReading:
    phases = {
        f"{field}_{name}_{unit}": told.number(f"1-0:{code}.7.0", unit.upper())
        for name, codes in _PHASES.items()
        for field, unit, code in zip(
            ("power", "voltage", "current"), ("w", "v", "a"), codes, strict=True
        )
    }
    return MeterReading(
        power_w=_power(told),
        import_wh=told.number("1-0:1.8.0", "Wh"),
        export_wh=told.number("1-0:2.8.0", "Wh"),
        frequency_hz=told.number("1-0:14.7.0", "Hz"),
        **phases,
    )


def _power(told: Readout) -> float | None:
    """The sum with its sign; a few meters have a value for each direction instead."""
    net_w = told.number("1-0:16.7.0", "W")
    if net_w is not None:
        return net_w
    import_w, export_w = told.number("1-0:1.7.0", "W"), told.number("1-0:2.7.0", "W")
    if import_w is None and export_w is None:
        return None
    return (import_w or 0.0) - (export_w or 0.0)


def _who(server_id: bytes) -> tuple[str, str]:
    """Maker and number as they are printed on the meter, `1EMH0004321349`."""
    maker = server_id[2:5]
    if (
        len(server_id) == _NUMBER_LENGTH
        and server_id[0] in _NUMBER_BEGINS
        and maker.isalpha()
        and maker.isascii()
    ):
        number = int.from_bytes(server_id[6:], "big")
        letters = maker.decode()
        return letters, f"{server_id[1]:X}{letters}{server_id[5]:02d}{number:08d}"
    return "SML", server_id.hex().upper()


@asynccontextmanager
async def _open(options: StreamOptions, links: Links) -> AsyncIterator[Driver]:
    async with links.stream.open(options, sml.cut) as stream:
        yield SmlMeter(stream)


DRIVER = DriverInfo(
    vendor="SML",
    models=(
        "German smart meters with an infrared port: EMH, ISKRA, EasyMeter, DZG, Logarex, Itron",
    ),
    source="BSI TR-03109-1, annex IV (SML 1.04); IEC 62056-6-1",
    options=StreamOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    kinds=frozenset({AssetKind.METER}),
)
