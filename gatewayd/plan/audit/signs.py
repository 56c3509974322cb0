"""Signs and counters of one asset over time: power against what it moves."""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import pairwise

from gatewayd.model.reading import BatteryReading, InverterReading, MeterReading
from gatewayd.plan.audit.finding import Finding, Track, mean, numbers

_COUNTERS = ("import_wh", "export_wh", "energy_wh", "charged_wh", "discharged_wh")
# A counter that is read as a float loses its last digits.
_BACK = 0.001
_BACK_WH = 100.0
_MOVED_PCT = 2.0
_MOVED_WH = 100.0
_SOME_W = 100.0
_NIGHT_HOURS = frozenset({0, 1, 2})
_NIGHT_W = 50.0

_FLIP = "the sign is the wrong way round: check the transformers, or report the driver with a dump"


def of_track(track: Track, hour_of: Callable[[datetime], int]) -> list[Finding]:
    """All that can be said of one asset. `hour_of` gives the hour at home, 0 to 23."""
    return [
        *_counters(track),
        *_battery(track),
        *_meter(track),
        *_night(track, hour_of),
    ]


def _counters(track: Track) -> Iterator[Finding]:
    for name in _COUNTERS:
        values = numbers(track, name)
        for before, after in pairwise(values):
            if before - after > max(_BACK_WH, _BACK * before):
                told = f"{name} went back from {before:.0f} to {after:.0f} Wh"
                do = "the device was replaced or reset, or it is read wrongly; watch it"
                yield Finding("counter", track.where, told, do)
                break


def _battery(track: Track) -> Iterator[Finding]:
    if not isinstance(track.last, BatteryReading):
        return
    moved, power_w = _gained(numbers(track, "soc_pct")), mean(numbers(track, "power_w"))
    if power_w is None or abs(moved) < _MOVED_PCT or abs(power_w) < _SOME_W:
        return
    if (moved > 0) != (power_w > 0):
        way = "charges" if power_w > 0 else "discharges"
        told = f"its level changes by {moved:+.0f} % while its power says that it {way}"
        yield Finding("battery sign", track.where, told, _FLIP)


def _meter(track: Track) -> Iterator[Finding]:
    if not isinstance(track.last, MeterReading):
        return
    power_w = mean(numbers(track, "power_w"))
    imported, exported = (_gained(numbers(track, name)) for name in ("import_wh", "export_wh"))
    if power_w is None or abs(power_w) < _SOME_W or abs(imported - exported) < _MOVED_WH:
        return
    if (power_w > 0) != (imported > exported):
        way = "imports" if power_w > 0 else "exports"
        told = (
            f"its power says that the home {way} while it counts {imported:.0f} Wh imported"
            f" and {exported:.0f} Wh exported"
        )
        yield Finding("meter sign", track.where, told, _FLIP)


def _night(track: Track, hour_of: Callable[[datetime], int]) -> Iterator[Finding]:
    for at, reading in track.said:
        if not isinstance(reading, InverterReading) or hour_of(at) not in _NIGHT_HOURS:
            continue
        if reading.power_w is not None and reading.power_w > _NIGHT_W:
            told = f"{reading.power_w:g} W of sun at night"
            do = "what a battery gives is counted as the sun's; report the driver with a dump"
            yield Finding("sun at night", track.where, told, do)
            return


def _gained(values: list[float]) -> float:
    return values[-1] - values[0] if values else 0.0
