"""SolaX inverters by their Pocket WiFi stick, which only tells; `solax_hybrid` also commands.

Facts from the library solax (MIT) and its samples of real answers: a form with the stick's number
is answered by a type, which tells what each of the numbers means, and by what the inverter is.
Energy of the home's meter is in hundredths of a kWh, other energy in tenths. Feeding in and
charging are positive. Only what seems to come from elsewhere makes some sticks answer in the home.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from gatewayd.errors import BadReadingError, UnreachableError
from gatewayd.links.http_device import DeviceHttp
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Identity
from gatewayd.model.reading import (
    BatteryReading,
    BatteryStatus,
    InverterReading,
    MeterReading,
    Reading,
)
from gatewayd.sdk import document
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.options import HttpOptions
from gatewayd.sdk.read_only import ReadOnly, roles_of

_HEADERS = {"X-Forwarded-For": "5.8.8.8"}
_FAULTS = frozenset({3, 4})
# Below this a battery stands by.
_IDLE_W = 20.0


class PocketOptions(HttpOptions):
    """Where the stick is."""

    registration: str = Field(
        pattern=r"^[0-9A-Za-z]{4,32}$", description="the number printed on the stick (SN)"
    )


@dataclass(frozen=True, slots=True)
class _At:
    """A number: where its lower 16 bits are, and its upper ones if it has such."""

    low: int
    high: int | None = None
    scale: float = 1.0
    is_signed: bool = False

    def of(self, data: Sequence[float | None]) -> float | None:
        """Its value; None where the stick tells none."""
        low = data[self.low]
        high = 0.0 if self.high is None else data[self.high]
        if low is None or high is None:
            return None
        value, size = low + high * 65536, 16 if self.high is None else 32
        if self.is_signed and value >= 2 ** (size - 1):
            value -= 2**size
        return value * self.scale


def _v(at: int) -> tuple[_At, ...]:
    return (_At(at, scale=0.1),)


def _a(at: int) -> tuple[_At, ...]:
    return (_At(at, scale=0.1, is_signed=True),)


def _hz(at: int) -> tuple[_At, ...]:
    return (_At(at, scale=0.01),)


def _w(*places: int) -> tuple[_At, ...]:
    return tuple(_At(at, is_signed=True) for at in places)


def _wh(at: int, scale: float = 100.0) -> tuple[_At, ...]:
    return (_At(at, at + 1, scale),)


def _meter(power: tuple[_At, ...], export_at: int, import_at: int) -> "_Fields":
    negative = tuple(_At(one.low, one.high, -1.0, is_signed=True) for one in power)
    energies = {"import_wh": _wh(import_at, 10.0), "export_wh": _wh(export_at, 10.0)}
    return {"power_w": negative, **energies}


_Fields = Mapping[str, tuple[_At, ...]]
_PHASES = {"voltage_a_v": _v(0), "voltage_b_v": _v(1), "voltage_c_v": _v(2)} | {
    "current_a_a": _a(3),
    "current_b_a": _a(4),
    "current_c_a": _a(5),
}


@dataclass(frozen=True, slots=True)
class _Layout:
    """What the numbers of one type mean. Each field is the sum of its places."""

    model: str
    inverter: _Fields
    meter: _Fields
    battery: _Fields | None = None
    mode_at: int | None = None

    @property
    def size(self) -> int:
        """How many numbers there must be."""
        all_fields = (*self.inverter.values(), *self.meter.values(), *(self.battery or {}).values())
        return 1 + max(max(one.low, one.high or 0) for field in all_fields for one in field)


_BOOST = _Layout(
    "X1-Boost or X1-Mini",
    {"power_w": _w(7, 8), "ac_power_w": _w(2), "energy_wh": _wh(11), "voltage_a_v": _v(0)}
    | {"current_a_a": _a(1), "frequency_hz": _hz(9), "temperature_c": _w(39)},
    _meter(_w(48), 50, 52),
)
_BOOST_G4 = _Layout(
    "X1-Boost G4 or X1-Mini G4",
    {"power_w": _w(13, 14), "ac_power_w": _w(3), "energy_wh": _wh(19), "voltage_a_v": _v(0)}
    | {"current_a_a": _a(1), "frequency_hz": _hz(2)},
    _meter((_At(72, 73),), 74, 76),
)
_LAYOUTS: Mapping[int, _Layout] = {
    4: _BOOST,
    5: _Layout(
        "X3-Hybrid G3",
        {"power_w": _w(13, 14), "ac_power_w": _w(6, 7, 8), "energy_wh": _wh(89)}
        | _PHASES
        | {"frequency_hz": _hz(15)},
        _meter(_w(65), 67, 69),
        {"power_w": _w(26), "soc_pct": _w(28), "temperature_c": _w(27)}
        | {"voltage_v": _hz(24), "charged_wh": _wh(87), "discharged_wh": _wh(30)},
    ),
    8: _BOOST,
    14: _Layout(
        "X3-Hybrid G4",
        {"power_w": _w(14, 15), "ac_power_w": _w(6, 7, 8), "energy_wh": _wh(80)}
        | _PHASES
        | {"frequency_hz": _hz(16), "temperature_c": _w(54)},
        _meter(_w(34), 86, 88),
        {"power_w": _w(41), "soc_pct": _w(103), "temperature_c": _w(105)}
        | {"voltage_v": _hz(39), "charged_wh": _wh(76), "discharged_wh": _wh(74)},
        mode_at=19,
    ),
    15: _Layout(
        "X1-Hybrid G4",
        {"power_w": _w(8, 9), "ac_power_w": _w(2), "energy_wh": _wh(11), "voltage_a_v": _v(0)}
        | {"current_a_a": _a(1), "frequency_hz": _hz(3), "temperature_c": _w(26)},
        _meter(_w(32), 34, 36),
        {"power_w": _w(16), "soc_pct": _w(18), "temperature_c": _w(17), "voltage_v": _hz(14)},
    ),
    16: _Layout(
        "X3-MIC or X3-PRO G2",
        {"power_w": _w(15, 16, 17), "ac_power_w": _w(6, 7, 8), "energy_wh": _wh(22)}
        | _PHASES
        | {"frequency_hz": _hz(18)},
        _meter((_At(72, 73),), 74, 76),
        mode_at=21,
    ),
    18: _BOOST_G4,
    22: _BOOST_G4,
}


class _Told(BaseModel):
    """An answer. Firmwares differ in how they write its keys."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, frozen=True)
    type: int
    version: str | None = Field(default=None, validation_alias=AliasChoices("ver", "version"))
    data: list[float | None] = Field(validation_alias=AliasChoices("data", "Data"), max_length=1000)
    about: list[Annotated[str | float | None, Field(union_mode="left_to_right")]] = Field(
        default=[], validation_alias=AliasChoices("information", "Information")
    )

    @property
    def serial(self) -> str | None:
        """The inverter's."""
        told = self.about[2] if len(self.about) > 2 else None
        return told if isinstance(told, str) and told else None

    @property
    def rated_w(self) -> float | None:
        told = self.about[0] if self.about else None
        return told * 1000 if isinstance(told, int | float) and told > 0 else None


class SolaxPocketWifi(ReadOnly):
    """The inverter behind one stick."""

    def __init__(self, link: DeviceHttp, registration: str) -> None:
        self._link = link
        self._form = {"optType": "ReadRealTimeData", "pwd": registration}

    async def identify(self) -> Identity:
        """The inverter, not the stick."""
        told, layout = await self._ask()
        roles = roles_of(_readings(told, layout))
        return Identity("SolaX", layout.model, roles, told.serial, told.version)

    async def read(self) -> Mapping[str, Reading]:
        """The inverter, the home's meter, and the battery where there is one."""
        return _readings(*await self._ask())

    async def _ask(self) -> tuple[_Told, _Layout]:
        text = await self._link.submit("/", self._form)
        # Some leave out what is 0, which is no JSON.
        while ",," in text:
            text = text.replace(",,", ",null,")
        told = document.read(text.encode(), _Told, "Pocket WiFi")
        layout = _LAYOUTS.get(told.type)
        if layout is None:
            raise BadReadingError(f"Pocket WiFi: no inverter of type {told.type} is known")
        if len(told.data) < layout.size:
            raise BadReadingError(f"Pocket WiFi: {len(told.data)} numbers of {layout.size}")
        if not any(told.data):
            raise UnreachableError("Pocket WiFi: the stick has no answer of its inverter")
        return told, layout


def _readings(told: _Told, layout: _Layout) -> dict[str, Reading]:
    readings: dict[str, Reading] = {"inverter": _inverter(told, layout)}
    meter = _values(layout.meter, told)
    # Without a meter all of it is 0.
    if any(meter.values()):
        readings["meter"] = MeterReading(**meter)
    battery = _values(layout.battery or {}, told)
    if battery.get("voltage_v"):
        readings["battery"] = BatteryReading(**battery, status=_status(battery["power_w"]))  # type: ignore[arg-type]
    return readings


def _inverter(told: _Told, layout: _Layout) -> InverterReading:
    mode = None if layout.mode_at is None else told.data[layout.mode_at]
    has_fault = None if mode is None else mode in _FAULTS
    return InverterReading(
        **_values(layout.inverter, told),  # type: ignore[arg-type]
        rated_w=told.rated_w,
        has_fault=has_fault,
    )


def _values(fields: _Fields, told: _Told) -> dict[str, float | None]:
    return {name: _sum(places, told.data) for name, places in fields.items()}


def _sum(places: Sequence[_At], data: Sequence[float | None]) -> float | None:
    found = [one.of(data) for one in places]
    return None if None in found else sum(value for value in found if value is not None)


def _status(power_w: float | None) -> BatteryStatus | None:
    if power_w is None:
        return None
    if abs(power_w) < _IDLE_W:
        return BatteryStatus.IDLE
    return BatteryStatus.CHARGING if power_w > 0 else BatteryStatus.DISCHARGING


@asynccontextmanager
async def _open(options: PocketOptions, links: Links) -> AsyncIterator[Driver]:
    yield SolaxPocketWifi(links.http.device(options, headers=_HEADERS), options.registration)


DRIVER = DriverInfo(
    vendor="SolaX",
    models=(
        "X3-Hybrid G3 and G4, X1-Hybrid G4, X1-Boost, X1-Mini, X1-Smart, X3-MIC and X3-PRO G2 "
        "by a Pocket WiFi",
    ),
    source="what owners found, as the library solax (MIT) has it; SolaX publishes nothing",
    options=PocketOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=10.0,
    kinds=frozenset({AssetKind.INVERTER, AssetKind.METER, AssetKind.BATTERY}),
    sleeps=True,
)
