"""How figures are said to people. Unknown is an en dash, never a zero. Pure."""

import math

UNKNOWN = "\N{EN DASH}"

_MOMENT_S = 5.0
_MINUTE_S = 60.0
_HOUR_S = 3600.0
_DAY_S = 86400.0


def watt(value: float | None) -> str:
    """The size of a power: `350 W`, `3.4 kW`. Which way it flows is said in words beside it."""
    if value is None:
        return UNKNOWN
    size = abs(value)
    # What rounds to 1000 W is shown as 1.0 kW.
    return f"{size:.0f} W" if size < 999.5 else f"{size / 1000:.1f} kW"


def kwh(value_wh: float | None) -> str:
    """Energy, from watt-hours."""
    if value_wh is None:
        return UNKNOWN
    size = value_wh / 1000
    return f"{size:,.0f} kWh" if size >= 1000 else f"{size:.1f} kWh"


def figure(value: float | None, unit: str, digits: int = 0) -> str:
    """Any other figure with its unit."""
    return UNKNOWN if value is None else f"{value:.{digits}f} {unit}"


def sentence(text: str) -> str:
    """With a capital at its beginning; the rest stays as it is."""
    return text[:1].upper() + text[1:]


def age(seconds: float) -> str:
    """How long ago something was."""
    if not math.isfinite(seconds):
        return "before the restart"
    if seconds < _MOMENT_S:
        return "just now"
    if seconds < _MINUTE_S:
        return f"{seconds // 1:.0f} s ago"
    if seconds < _HOUR_S:
        return f"{seconds // _MINUTE_S:.0f} min ago"
    if seconds < 2 * _DAY_S:
        return f"{seconds // _HOUR_S:.0f} h ago"
    return f"{seconds // _DAY_S:.0f} days ago"
