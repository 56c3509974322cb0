"""SMA's Energy Meter and Sunny Home Manager 2.0, which tell a multicast group once a second.

Facts from SMA's technical information "Energy Meter protocol" 1.0: an SMA datagram with protocol id
0x6069 holds the meter's numbers and then a list of channels, the energies in Ws and the powers in
0.1 W, each for either direction.
"""

import struct
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pydantic import Field

from gatewayd.errors import BadReadingError
from gatewayd.links.pool import Links
from gatewayd.links.udp import UdpEar
from gatewayd.model.asset import AssetKind, Identity
from gatewayd.model.reading import MeterReading, Reading
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.finding import GroupProbe, Likeness
from gatewayd.sdk.options import DeviceOptions
from gatewayd.sdk.read_only import ReadOnly, roles_of

_ROLE = "meter"
_GROUP, _PORT = "239.12.255.254", 9522
_PROTOCOL = 0x6069
_NET2_TAG = 0x0010
_HEADER = struct.Struct(">4sHHIHHHHII")
# Group, channel, kind and tariff, then the value or the upper half of a counter.
_VALUE = struct.Struct(">BBBBI")
_ACTUAL, _COUNTER, _VERSION = 4, 8, 144
_MODELS = {
    270: "Energy Meter 1.0",
    349: "Energy Meter 2.0",
    372: "Sunny Home Manager 2.0",
    501: "Sunny Home Manager 2.0",
}
# The three phases' channels begin at these.
_PHASES = {"a": 20, "b": 40, "c": 60}
_ANY = 0
_BITS = 48.0


class SpeedwireOptions(DeviceOptions):
    """Which meter; the gateway has to be in its network."""

    serial: int | None = Field(
        default=None, ge=1, le=0xFFFFFFFF, description="its serial number, where there are several"
    )


@dataclass(frozen=True, slots=True)
class Told:
    """What a datagram holds: whose it is, and values by channel and kind (actual or counter)."""

    model: int
    serial: int
    version: str | None
    values: Mapping[tuple[int, int], int]

    @property
    def name(self) -> str:
        return _MODELS.get(self.model, "Energy Meter")

    def net(self, channel: int) -> float | None:
        """A power of both directions in W or var: import less export."""
        taken, given = (self.values.get((one, _ACTUAL)) for one in (channel, channel + 1))
        return None if taken is None or given is None else (taken - given) / 10

    def actual(self, channel: int, per_unit: int = 1000) -> float | None:
        """A value that has no direction."""
        found = self.values.get((channel, _ACTUAL))
        return None if found is None else found / per_unit

    def energy_wh(self, channel: int) -> float | None:
        """A counter."""
        found = self.values.get((channel, _COUNTER))
        return None if found is None else found / 3600


def decode(data: bytes) -> Told | None:
    """One datagram; None when it is none of a meter, or not whole."""
    if len(data) < _HEADER.size:
        return None
    magic, _, _, _, length, tag, protocol, model, serial, _ = _HEADER.unpack_from(data)
    if magic != b"SMA\0" or tag != _NET2_TAG or protocol != _PROTOCOL:
        return None
    # The length counts from the protocol's number on.
    end = 16 + length
    if len(data) < end:
        return None
    values: dict[tuple[int, int], int] = {}
    version = None
    at = _HEADER.size
    while at + _VALUE.size <= end:
        group, channel, kind, _, value = _VALUE.unpack_from(data, at)
        at += _VALUE.size
        if kind == _COUNTER:
            if at + 4 > end:
                return None
            value = value << 32 | int.from_bytes(data[at : at + 4], "big")
            at += 4
        if group == _VERSION:
            version = _version(value)
        elif group == 0 and kind in (_ACTUAL, _COUNTER):
            values[channel, kind] = value
    return Told(model, serial, version, values) if values else None


def _version(value: int) -> str:
    """Three numbers, and R for a released one."""
    *numbers, letter = value.to_bytes(4, "big")
    plain = ".".join(map(str, numbers))
    return f"{plain}.{chr(letter)}" if chr(letter).isalpha() else plain


def key_of(data: bytes) -> int | None:
    """Whose a datagram is, by serial number; None for what is not a meter's."""
    told = decode(data)
    return None if told is None else told.serial


def _any_key(data: bytes) -> int | None:
    return None if decode(data) is None else _ANY


class SpeedwireMeter(ReadOnly):
    """One meter that is heard."""

    def __init__(self, ear: UdpEar, serial: int | None) -> None:
        self._ear = ear
        self._key = _ANY if serial is None else serial
        self._first: int | None = serial

    async def identify(self) -> Identity:
        """Who is heard."""
        told = await self._told()
        self._first = told.serial
        return Identity(
            "SMA",
            told.name,
            roles_of({_ROLE: _reading(told)}),
            serial=str(told.serial),
            firmware=told.version,
        )

    async def read(self) -> Mapping[str, Reading]:
        """The newest datagram, waited for where the last one is too old."""
        return {_ROLE: _reading(await self._told())}

    async def _told(self) -> Told:
        told = decode(await self._ear.newest(self._key))
        if told is None:
            raise BadReadingError("speedwire: not a meter's datagram")
        if self._first not in (None, told.serial):
            raise BadReadingError(
                f"speedwire: meters {self._first} and {told.serial} are heard; "
                "say with `serial` which one it is"
            )
        return told


def _reading(told: Told) -> MeterReading:
    phases = {}
    for name, begin in _PHASES.items():
        phases[f"power_{name}_w"] = told.net(begin + 1)
        phases[f"current_{name}_a"] = told.actual(begin + 11)
        phases[f"voltage_{name}_v"] = told.actual(begin + 12)
    apparent = [va for va in (told.actual(9, 10), told.actual(10, 10)) if va is not None]
    return MeterReading(
        power_w=told.net(1),
        import_wh=told.energy_wh(1),
        export_wh=told.energy_wh(2),
        reactive_power_var=told.net(3),
        apparent_power_va=max(apparent, default=None),
        power_factor=told.actual(13),
        frequency_hz=told.actual(14),
        **phases,
    )


def _judge(data: bytes) -> Likeness | None:
    told = decode(data)
    if told is None:
        return None
    options = {"serial": told.serial}
    return Likeness(_BITS, "SMA", told.name, str(told.serial), told.version, options)


@asynccontextmanager
async def _open(options: SpeedwireOptions, links: Links) -> AsyncIterator[Driver]:
    key: Callable[[bytes], int | None] = _any_key if options.serial is None else key_of
    async with links.udp.ear(_PORT, key, group=_GROUP) as ear:
        yield SpeedwireMeter(ear, options.serial)


DRIVER = DriverInfo(
    vendor="SMA",
    models=("Energy Meter 1.0", "Energy Meter 2.0", "Sunny Home Manager 2.0"),
    source="SMA, technical information Energy Meter protocol 1.0 (Speedwire)",
    options=SpeedwireOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=1.0,
    kinds=frozenset({AssetKind.METER}),
    probes=(GroupProbe(_GROUP, _PORT, key_of, _judge),),
)
