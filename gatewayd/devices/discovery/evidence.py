"""How far readings are such as a home has: what a wrong driver reads is seldom."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict

from gatewayd.model.reading import Reading

# What is believed of a field, by how its name ends, and the bits that it gives or takes.
_USUAL: Mapping[str, tuple[float, float, float]] = {
    "_a_v": (85.0, 290.0, 4.0),
    "_b_v": (85.0, 290.0, 4.0),
    "_c_v": (85.0, 290.0, 4.0),
    "frequency_hz": (45.0, 65.0, 6.0),
    "power_w": (-200_000.0, 200_000.0, 0.0),
    "temperature_c": (-40.0, 120.0, 1.0),
    "setpoint_c": (4.0, 80.0, 1.0),
    "current_a": (0.0, 400.0, 0.0),
    "soc_pct": (0.0, 100.0, 1.0),
    "rated_w": (300.0, 500_000.0, 4.0),
}
_UNUSUAL_BITS = -8.0
_SERIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]{4,31}")
_SERIAL_BITS = 8.0
_BAD_SERIAL_BITS = -4.0


def of_readings(readings: Iterable[Reading]) -> float:
    """Bits for what is plausible, less those for what cannot be."""
    return sum(bits for reading in readings for bits in _of_fields(asdict(reading)))


def of_serial(serial: str | None) -> float:
    """Bits for a serial number that is one; none for none at all."""
    if not serial or not serial.strip("0"):
        return 0.0
    return _SERIAL_BITS if _SERIAL.fullmatch(serial) else _BAD_SERIAL_BITS


def _of_fields(fields: Mapping[str, object]) -> Iterator[float]:
    for name, value in fields.items():
        found = next((usual for end, usual in _USUAL.items() if name.endswith(end)), None)
        if found is None or not isinstance(value, int | float) or not value:
            continue
        low, high, bits = found
        # A phase that is not there, or an inverter at night, has few volts.
        if name.endswith("_v") and 0 < value < low:
            continue
        yield bits if low <= value <= high else _UNUSUAL_BITS
