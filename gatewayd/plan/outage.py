"""When a device counts as lost, and how long to wait before asking it again."""

from collections.abc import Iterable

from gatewayd.model.reading import InverterReading, Reading

FAILURES_UNTIL_LOST = 3
SILENCE_MIN_S = 6.0
# Between two reads of a device, however slow it is and however often somebody asks.
REST_MIN_S = 0.2
_CAP_S = 5.0
_LATE_CAP_S = 30.0
_LATE_S = 600.0
_JITTER = 0.1
# A busy device is alive, but one that never gives a reading is of no more use than a dead one.
_BUSY_MIN_S = 60.0
# An inverter that goes out with the sun has long made less than this.
_DUSK_W = 50.0


def pause_s(every_s: float, failures: int, outage_s: float, jitter: float) -> float:
    """How long to wait after the `failures`-th failure in a row (counted from 1).

    `jitter` is 0 to 1 and shortens the pause by up to a tenth, so that the devices that a power
    cut took together do not all return together.
    """
    cap_s = _CAP_S if outage_s < _LATE_S else _LATE_CAP_S
    # A device can be away for weeks: two to the power of some thousands is no float any more.
    doublings = min(max(failures - FAILURES_UNTIL_LOST, 0), 16)
    return min(every_s * 2.0**doublings, cap_s) * (1.0 - _JITTER * jitter)


def busy_pause_s(every_s: float, refusals: int) -> float:
    """How long to leave a device alone that asked for patience `refusals` times in a row."""
    return max(every_s, min(every_s * 2.0 ** min(refusals, 16), _LATE_CAP_S))


def rest_s(every_s: float, took_s: float) -> float:
    """The pause after a good read, so that reads start every `every_s` where the device can."""
    return max(every_s - took_s, REST_MIN_S)


def is_silent(silent_s: float, every_s: float, latency_s: float, *, is_busy: bool) -> bool:
    """Whether a device that gave no reading for `silent_s` counts as lost.

    `latency_s` is how long its reads take: a slow device is not a lost one.
    """
    usual_s = max(every_s, latency_s)
    limit_s = max(10 * usual_s, _BUSY_MIN_S) if is_busy else max(3 * usual_s, SILENCE_MIN_S)
    return silent_s > limit_s


def is_dark(readings: Iterable[Reading]) -> bool:
    """Whether a device's inverters make next to nothing; false where none says so."""
    made = [r for r in readings if isinstance(r, InverterReading)]
    return bool(made) and all(r.is_asleep or _is_small(r.power_w) for r in made)


def _is_small(power_w: float | None) -> bool:
    return power_w is not None and power_w < _DUSK_W
