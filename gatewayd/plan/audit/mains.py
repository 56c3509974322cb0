"""Volts, hertz and watts of one reading, against each other and against what mains are."""

from collections.abc import Callable, Iterator

from gatewayd.model.reading import (
    BatteryReading,
    ChargerReading,
    InverterReading,
    MeterReading,
    Reading,
)
from gatewayd.plan.audit.finding import Finding

_VOLTS = ((180.0, 260.0), (100.0, 130.0))
# Below this a phase is not there, and what is measured is what its neighbours induce.
_NO_VOLTS = 50.0
_HERTZ = (45.0, 65.0)
_APART = 0.15
# Below this the error of the measurement is as large as the value.
_FEW_W = 150.0
_PHASES = "abc"

_SCALE = "the scale or the register of the driver does not fit this model; report it with a dump"


def of_reading(where: str, reading: Reading) -> list[Finding]:
    """All that can be said of one reading alone."""
    rules: tuple[Callable[[str, Reading], Iterator[Finding]], ...] = (
        _voltage,
        _frequency,
        _apparent,
        _phases,
        _level,
    )
    return [finding for rule in rules for finding in rule(where, reading)]


def is_close(one: float, other: float) -> bool:
    """Whether two powers agree within 15 %, or are both small."""
    return abs(one - other) <= max(_FEW_W, _APART * max(abs(one), abs(other)))


def _voltage(where: str, reading: Reading) -> Iterator[Finding]:
    for phase in _PHASES:
        volts = getattr(reading, f"voltage_{phase}_v", None)
        if volts is None or abs(volts) < _NO_VOLTS:
            continue
        if not any(low <= volts <= high for low, high in _VOLTS):
            told = f"{volts:g} V on phase {phase}, where mains have 100 to 130 or 180 to 260 V"
            yield Finding("voltage", where, told, _SCALE)


def _frequency(where: str, reading: Reading) -> Iterator[Finding]:
    hertz = getattr(reading, "frequency_hz", None)
    if hertz and not _HERTZ[0] <= hertz <= _HERTZ[1]:
        told = f"{hertz:g} Hz, where mains have 50 or 60 Hz"
        yield Finding("frequency", where, told, _SCALE)


def _apparent(where: str, reading: Reading) -> Iterator[Finding]:
    power_w, apparent_va = _power(reading), _apparent_va(reading)
    if power_w is None or apparent_va is None:
        return
    factor = getattr(reading, "power_factor", None)
    if factor is not None and _goes_one_way(reading):
        agrees = is_close(abs(power_w), apparent_va * abs(factor))
    else:
        # Without a power factor, and where one phase gives what another takes, the power may be
        # less than volts times amperes, never more.
        agrees = abs(power_w) <= apparent_va or is_close(abs(power_w), apparent_va)
    if not agrees:
        told = f"{power_w:g} W, where volts times amperes make {apparent_va:.0f} VA"
        yield Finding("power", where, told, f"check the transformers' ratio; or {_SCALE}")


def _phases(where: str, reading: Reading) -> Iterator[Finding]:
    if not isinstance(reading, MeterReading) or reading.power_w is None:
        return
    parts = [reading.power_a_w, reading.power_b_w, reading.power_c_w]
    known = [part for part in parts if part is not None]
    if len(known) == len(parts) and not is_close(sum(known), reading.power_w):
        told = f"the phases make {sum(known):g} W, the meter says {reading.power_w:g} W"
        do = "check the direction of each phase's transformer, and whether the meter adds phases up"
        yield Finding("phases", where, told, do)


def _level(where: str, reading: Reading) -> Iterator[Finding]:
    level = reading.soc_pct if isinstance(reading, BatteryReading) else None
    if level is not None and not 0 <= level <= 100:
        yield Finding("level", where, f"{level:g} % charged", _SCALE)


def _goes_one_way(reading: Reading) -> bool:
    """Whether no phase is known to give while another takes, as beside solar it does."""
    if not isinstance(reading, MeterReading):
        return True
    used = [p for p in _PHASES if getattr(reading, f"current_{p}_a")]
    parts_w = [getattr(reading, f"power_{p}_w") for p in used]
    if len(used) == 1:
        return True
    return None not in parts_w and (min(parts_w, default=0) >= 0 or max(parts_w) <= 0)


def _power(reading: Reading) -> float | None:
    if isinstance(reading, InverterReading):
        # Volts and amperes are those of its mains side, battery included.
        return reading.power_w if reading.ac_power_w is None else reading.ac_power_w
    return reading.power_w if isinstance(reading, MeterReading | ChargerReading) else None


def _apparent_va(reading: Reading) -> float | None:
    """Volts times amperes of all phases; None unless both are known of the same ones."""
    products = []
    for phase in _PHASES:
        volts = getattr(reading, f"voltage_{phase}_v", None)
        amperes = getattr(reading, f"current_{phase}_a", None)
        if volts is not None and amperes is not None:
            products.append(abs(volts * amperes))
        elif amperes:
            return None
    return sum(products) if products else None
