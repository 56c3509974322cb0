"""One minute of an asset: mean, lowest, highest and last of each number, the rest as last said."""

import json
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Self, get_args, get_type_hints

from gatewayd.model.asset import AssetKind
from gatewayd.model.reading import (
    BatteryReading,
    ChargerReading,
    HvacReading,
    InverterReading,
    MeterReading,
    Reading,
    Sample,
    VehicleReading,
)
from gatewayd.state.codec import json_text

_READINGS: Mapping[AssetKind, type[Reading]] = {
    AssetKind.BATTERY: BatteryReading,
    AssetKind.CHARGER: ChargerReading,
    AssetKind.HVAC: HvacReading,
    AssetKind.INVERTER: InverterReading,
    AssetKind.METER: MeterReading,
    AssetKind.VEHICLE: VehicleReading,
}

# Numbers of which a mean says nothing.
_PLACES = {"latitude", "longitude"}

_DIGITS = 5

# What every row repeats, known to the compressor beforehand: a quarter less to write. Rows can only
# be read with the very words they were written with.
_WORDS = (
    b'"status":"CHARGING","operation_mode":"SELF_RELIANCE","power_delivery":"PLUGGED_IN:CHARGING",'
    b'"is_asleep":false,"has_fault":false,"max_current_a":16,"session_wh":0,"rated_w":5000,'
    b'"temperature_c":[21.5,"soc_pct":[50,"capacity_wh":10000,"reserve_pct":10,'
    b'"max_charge_w":5000,"max_discharge_w":5000,"charged_wh":[1000,"discharged_wh":[1000,'
    b'"voltage_v":[400,"ac_power_w":[1000,"energy_wh":[1000,"import_wh":[1000,"export_wh":[1000,'
    b'"frequency_hz":[50,49.99,50.01,50],"power_factor":[0.99,"reactive_power_var":[10,'
    b'"apparent_power_va":[1000,"power_a_w":[100,"power_b_w":[100,"power_c_w":[100,'
    b'"voltage_a_v":[230,"voltage_b_v":[230,"voltage_c_v":[230,"current_a_a":[10,'
    b'"current_b_a":[10,"current_c_a":[10,{"meter":["meter",17,"battery":["battery",17,'
    b'"charger":["charger",17,{"inverter":["inverter",17,60,{"power_w":[1000,'
)


@dataclass(slots=True)
class Span:
    """What one number did."""

    count: int
    total: float
    low: float
    high: float
    last: float

    @property
    def mean(self) -> float:
        return self.total / self.count


@dataclass(slots=True)
class RoleMinute:
    """What one asset said within a minute: `count` samples, the last one at `at`.

    With count 0 it said nothing, and this is what it had said last.
    """

    kind: AssetKind
    at: datetime
    count: int = 0
    spans: dict[str, Span] = field(default_factory=dict)
    states: dict[str, Any] = field(default_factory=dict)

    def add(self, sample: Sample) -> None:
        """Take one more sample in."""
        self.at = sample.at
        self.count += 1
        for name in _NUMBERS[self.kind]:
            value = getattr(sample.reading, name)
            if value is not None and math.isfinite(value):
                self._take(name, Span(1, value, value, value, value))
        for name in _STATES[self.kind]:
            value = getattr(sample.reading, name)
            if value is not None:
                self.states[name] = value

    @classmethod
    def repeating(cls, kind: AssetKind, sample: Sample) -> Self:
        """A minute in which nothing was said since `sample`."""
        minute = cls(kind, sample.at)
        minute.add(sample)
        minute.count = 0
        return minute

    def merge(self, later: "RoleMinute") -> None:
        """Take in what was said later in the same minute, after a restart for instance."""
        if later.count == 0:
            return
        if self.count == 0:
            self.spans, self.states = {}, {}
        self.at = later.at
        self.count += later.count
        for name, span in later.spans.items():
            self._take(name, span)
        self.states.update(later.states)

    def reading(self) -> Reading:
        """The last that was said."""
        said: dict[str, Any] = {name: span.last for name, span in self.spans.items()}
        return _READINGS[self.kind](**said | self.states)

    def _take(self, name: str, later: Span) -> None:
        known = self.spans.get(name)
        if known is None:
            self.spans[name] = later
            return
        known.count += later.count
        known.total += later.total
        known.low = min(known.low, later.low)
        known.high = max(known.high, later.high)
        known.last = later.last


def pack(roles: Mapping[str, RoleMinute]) -> bytes:
    """The minute of a device's roles, as compact as five digits of each number allow."""
    body = {role: _listed(minute) for role, minute in roles.items()}
    compressor = zlib.compressobj(level=9, zdict=_WORDS)
    return compressor.compress(json_text(body).encode()) + compressor.flush()


def unpack(packed: bytes) -> dict[str, RoleMinute]:
    """What `pack` wrote; fields and values that this program does not know are left out."""
    body: dict[str, list[Any]] = json.loads(zlib.decompressobj(zdict=_WORDS).decompress(packed))
    return {role: _minute(*listed) for role, listed in body.items()}


def _listed(minute: RoleMinute) -> list[object]:
    numbers = {name: _span_listed(span) for name, span in minute.spans.items()}
    at_ms = round(minute.at.timestamp() * 1000)
    return [minute.kind, at_ms, minute.count, numbers, minute.states]


def _minute(
    kind: str, at_ms: int, count: int, numbers: dict[str, Any], states: dict[str, Any]
) -> RoleMinute:
    asset_kind = AssetKind(kind)
    spans = {
        name: _span(max(count, 1), value)
        for name, value in numbers.items()
        if name in _NUMBERS[asset_kind]
    }
    types = _STATES[asset_kind]
    known = {
        name: types[name](value)
        for name, value in states.items()
        if name in types and _is_known(types[name], value)
    }
    return RoleMinute(asset_kind, datetime.fromtimestamp(at_ms / 1000, UTC), count, spans, known)


def _span_listed(span: Span) -> object:
    """A number that stayed the same is written once."""
    last = _short(span.last, 3)
    if span.low == span.high:
        return last
    return [_rounded(span.mean), _rounded(span.low), _rounded(span.high), last]


def _span(count: int, listed: float | list[float]) -> Span:
    mean, low, high, last = listed if isinstance(listed, list) else [listed] * 4
    return Span(count, float(mean) * count, float(low), float(high), float(last))


def _rounded(value: float) -> float:
    """Five digits, but never fewer than a counter's whole watt-hours."""
    whole = math.floor(math.log10(abs(value))) + 1 if value else 0
    return _short(value, max(0, _DIGITS - whole))


def _short(value: float, decimals: int) -> float:
    rounded = round(value, decimals)
    return int(rounded) if rounded == int(rounded) else rounded


def _is_known(kind: type, value: object) -> bool:
    return not issubclass(kind, StrEnum) or value in list(kind)


def _types(kind: AssetKind) -> dict[str, type]:
    """The type of each field, without its None."""
    hints = get_type_hints(_READINGS[kind])
    return {name: get_args(hint)[0] for name, hint in hints.items()}


def _is_number(name: str, kind: type) -> bool:
    return kind is float and name not in _PLACES


_NUMBERS: Mapping[AssetKind, tuple[str, ...]] = {
    kind: tuple(name for name, of in _types(kind).items() if _is_number(name, of))
    for kind in AssetKind
}
_STATES: Mapping[AssetKind, Mapping[str, type]] = {
    kind: {name: of for name, of in _types(kind).items() if not _is_number(name, of)}
    for kind in AssetKind
}
