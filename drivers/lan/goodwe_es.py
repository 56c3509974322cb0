"""GoodWe's hybrids ES, EM and BP with one phase by a Wi-Fi kit, which only tell here.

They answer datagrams of their own kind; newer ones speak Modbus in them (`goodwe_et`). Facts from
the library goodwe (MIT) and its recorded answers: AA 55 7F C0, two bytes of kind, one of length,
values, and the sum of all bytes. Volts, ampere and degrees are in tenths, hertz in hundredths,
energy in tenths of a kWh. The battery's power and the grid's have no sign: another byte tells where
they go.
"""

import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pydantic import Field

from gatewayd.errors import RefusedError
from gatewayd.links.pool import Links
from gatewayd.links.udp import UdpPeer
from gatewayd.model.asset import AssetKind, Identity
from gatewayd.model.reading import (
    BatteryReading,
    BatteryStatus,
    InverterReading,
    MeterReading,
    Reading,
)
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.finding import Likeness, UdpProbe
from gatewayd.sdk.options import DeviceOptions
from gatewayd.sdk.read_only import ReadOnly, roles_of

_PORT = 8899
_GAP_S = 0.1
_FROM_US, _TO_US = bytes.fromhex("aa55c07f"), bytes.fromhex("aa557fc0")
# What is asked for, the kind of its answer, and how many bytes of values that has at least.
_INFO = (0x0102, 0x0182, 47)
RUNNING = (0x0106, 0x0186, 85)
_HEAD_SIZE, _SUM_SIZE = 7, 2
# In the serials of these families.
_FAMILIES = ("ESU", "EMU", "ESA", "BPS", "BPU", "EMJ", "IJL")
_BITS = 40.0
_NOTHING, _SIGNED_NOTHING, _LARGE_NOTHING = 0xFFFF, 0x7FFF, 0xFFFF_FFFF
_CHARGING, _IMPORTING = 3, 2
_STATUS = {
    1: BatteryStatus.IDLE,
    2: BatteryStatus.DISCHARGING,
    3: BatteryStatus.CHARGING,
    4: BatteryStatus.IDLE,
    5: BatteryStatus.IDLE,
}
_FAULTS = frozenset({2, 3})

_Kind = tuple[int, int, int]


class GoodweEsOptions(DeviceOptions):
    """Where the Wi-Fi kit is."""

    host: str = Field(min_length=1, description="name or address in the LAN")
    port: int = Field(default=_PORT, ge=1, le=65535)
    timeout_s: float = Field(default=2.0, gt=0, le=60)


@dataclass(frozen=True, slots=True)
class _Values:
    """What is at each byte."""

    data: bytes

    def byte(self, at: int) -> int:
        return self.data[at]

    def amount(self, at: int, scale: float = 0.1) -> float | None:
        value = int.from_bytes(self.data[at : at + 2], "big")
        return None if value == _NOTHING else value * scale

    def signed(self, at: int, scale: float = 1.0) -> float | None:
        value = int.from_bytes(self.data[at : at + 2], "big", signed=True)
        # In whole watts -1 is a value like any other.
        is_none = value == _SIGNED_NOTHING or (value == -1 and scale != 1.0)
        return None if is_none else value * scale

    def large(self, at: int, scale: float) -> float | None:
        value = int.from_bytes(self.data[at : at + 4], "big")
        return None if value == _LARGE_NOTHING else value * scale

    def power(self, volts_at: int, amperes_at: int) -> float:
        """Of a string, or a battery."""
        return (self.amount(volts_at) or 0.0) * abs(self.signed(amperes_at, 0.1) or 0.0)

    def text(self, start: int, end: int) -> str:
        return self.data[start:end].decode("ascii", "replace").strip("\0 ")


class GoodweEs(ReadOnly):
    """One inverter."""

    def __init__(self, peer: UdpPeer) -> None:
        self._peer = peer

    async def identify(self) -> Identity:
        """Which inverter it is; RefusedError for one of another family."""
        info = await self._ask(_INFO)
        model, serial = info.text(5, 15), info.text(31, 47)
        if not _is_ours(serial):
            raise RefusedError(f"{model or serial} is no GoodWe ES, EM or BP; check driver")
        roles = roles_of(await self.read())
        return Identity("GoodWe", model, roles, serial, info.text(0, 5))

    async def read(self) -> Mapping[str, Reading]:
        """The inverter, the grid and, where there is one, the battery."""
        told = await self._ask(RUNNING)
        readings: dict[str, Reading] = {"inverter": _inverter(told), "meter": _meter(told)}
        if told.byte(30) in _STATUS:
            readings["battery"] = _battery(told)
        return readings

    async def _ask(self, kind: _Kind) -> _Values:
        data = await self._peer.ask(_question(kind), lambda data: values(data, kind) is not None)
        return _Values(data[_HEAD_SIZE:-_SUM_SIZE])


def _question(kind: _Kind) -> bytes:
    body = _FROM_US + struct.pack(">HB", kind[0], 0)
    return body + sum(body).to_bytes(2, "big")


def values(data: bytes, kind: _Kind) -> _Values | None:
    """What an answer of this kind tells; None for anything else."""
    if len(data) < _HEAD_SIZE + _SUM_SIZE or not data.startswith(_TO_US):
        return None
    told, size = struct.unpack_from(">HB", data, len(_TO_US))
    is_right = (
        (told, _HEAD_SIZE + size + _SUM_SIZE) == (kind[1], len(data))
        and size >= kind[2]
        and sum(data[:-_SUM_SIZE]) == int.from_bytes(data[-_SUM_SIZE:], "big")
    )
    return _Values(data[_HEAD_SIZE:-_SUM_SIZE]) if is_right else None


def _is_ours(serial: str) -> bool:
    return any(family in serial for family in _FAMILIES)


def _inverter(told: _Values) -> InverterReading:
    return InverterReading(
        # A string without panels, as its mode says, has some noise.
        power_w=sum(told.power(at, at + 2) for at in (0, 5) if told.byte(at + 4)),
        ac_power_w=told.signed(75),
        energy_wh=told.large(59, 100.0),
        voltage_a_v=told.amount(34),
        current_a_a=told.amount(36),
        frequency_hz=told.amount(40, 0.01),
        temperature_c=told.signed(53, 0.1),
        has_fault=told.byte(42) in _FAULTS,
    )


def _meter(told: _Values) -> MeterReading:
    amount, sign = told.signed(38), 1.0 if told.byte(80) == _IMPORTING else -1.0
    return MeterReading(power_w=None if amount is None else sign * abs(amount) + 0.0)


def _battery(told: _Values) -> BatteryReading:
    amount, mode, soc = told.power(10, 18), told.byte(30), told.byte(26)
    volts = told.amount(10)
    return BatteryReading(
        power_w=amount if mode == _CHARGING else -amount + 0.0,
        soc_pct=float(soc) if soc <= 100 else None,
        status=_STATUS[mode],
        max_charge_w=_product(volts, told.amount(20, 1.0)),
        max_discharge_w=_product(volts, told.amount(22, 1.0)),
        voltage_v=volts,
        temperature_c=told.signed(16, 0.1),
    )


def _product(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else first * second


def _judge(data: bytes) -> Likeness | None:
    told = values(data, _INFO)
    if told is None or not _is_ours(serial := told.text(31, 47)):
        return None
    return Likeness(_BITS, model=told.text(5, 15), serial=serial, firmware=told.text(0, 5))


@asynccontextmanager
async def _open(options: GoodweEsOptions, links: Links) -> AsyncIterator[Driver]:
    timeout_s = options.timeout_s
    peer = links.udp.peer(options.host, options.port, timeout_s=timeout_s, min_gap_s=_GAP_S)
    async with peer as asked:
        yield GoodweEs(asked)


DRIVER = DriverInfo(
    vendor="GoodWe",
    models=("ES, EM and BP (one phase) by a Wi-Fi kit",),
    source="what owners found, as the library goodwe (MIT) has it; GoodWe publishes nothing",
    options=GoodweEsOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=10.0,
    kinds=frozenset({AssetKind.INVERTER, AssetKind.METER, AssetKind.BATTERY}),
    probes=(UdpProbe(_PORT, _question(_INFO), _judge),),
)
