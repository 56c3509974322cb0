"""Turns what an asset says, minute by minute, into energy.

A counter tells how much, and power tells when: it stands in where there is no counter, where the
counter is not to be believed, and between the steps of a coarse one. Whatever power told too much
is taken off what the counter tells next, so that the sum stays the counter's.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gatewayd.model.statistics import CounterValue, EnergyMark, EnergySample, MeteredMinute

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)

# Power is taken to have run straight between two readings no farther apart than this ...
_STRAIGHT = timedelta(minutes=10)
# ... and what a counter gained while nobody looked to have come evenly; of longer silences nothing
# is known but the sum, which no day can be given.
LONGEST_SILENCE = timedelta(hours=24)

# What no home's asset takes or gives, on top of the step of the coarsest counter.
_MOST_W = 100_000.0
_COARSEST_WH = 1000.0
# Steps that a counter may have, the coarsest first.
_STEPS_WH = (_COARSEST_WH, 100.0)

# Devices show zero, or garbage, for one reading; after a reset or an exchange the new value stays.
_CONFIRMATIONS = 3


@dataclass(frozen=True, slots=True)
class _Known:
    """Energy from `since` to the minute's end."""

    since: datetime
    wh: float


def count(
    mark: EnergyMark,
    minutes: Sequence[MeteredMinute],
    through: datetime,
    place: Callable[[datetime], str | None],
) -> tuple[EnergyMark, list[EnergySample]]:
    """The energy of the minutes before `through` that are not in the mark yet, oldest first.

    `place` tells where the asset was at an instant. A sample may begin long before `mark.through`:
    it then covers a silence that has just ended.
    """
    step_wh = _step_wh(minutes)
    samples: list[EnergySample] = []
    for minute in minutes:
        end = minute.start + _MINUTE
        if end > through or minute.start < max(mark.through, mark.counted_at or mark.through):
            continue
        mark, known = _counted(mark, minute, step_wh)
        if known is not None:
            samples.extend(_samples(minute, known, place(minute.start)))
    return replace(mark, through=max(mark.through, through)), samples


def _counted(
    mark: EnergyMark, minute: MeteredMinute, step_wh: float
) -> tuple[EnergyMark, _Known | None]:
    """The mark after a minute, and the minute's energy."""
    end = minute.start + _MINUTE
    given = _by_power(mark, minute)
    if minute.counter_wh is None:
        known, after = given, _ahead(mark, given)
    else:
        after, known = _by_counter(mark, CounterValue(end, minute.counter_wh), given, step_wh)
    is_anchored = known is not None or after.counter != mark.counter
    counted_at = end if is_anchored else mark.counted_at
    power_w = mark.power_w if minute.mean_w is None and known is None else minute.mean_w
    return replace(after, counted_at=counted_at, power_w=power_w), known


def _by_power(mark: EnergyMark, minute: MeteredMinute) -> _Known | None:
    """The minute's energy by its power, and that of a short silence before it."""
    if minute.mean_w is None:
        return None
    power_w = max(0.0, minute.mean_w)
    own_wh = power_w * (_MINUTE / _HOUR)
    if mark.counted_at is None or minute.start - mark.counted_at > _STRAIGHT:
        return _Known(minute.start, own_wh)
    before_w = power_w if mark.power_w is None else max(0.0, mark.power_w)
    silence_wh = (before_w + power_w) / 2 * ((minute.start - mark.counted_at) / _HOUR)
    return _Known(mark.counted_at, silence_wh + own_wh)


def _by_counter(
    mark: EnergyMark, value: CounterValue, given: _Known | None, step_wh: float
) -> tuple[EnergyMark, _Known | None]:
    base = mark.counter
    if base is None or value.at - base.at > LONGEST_SILENCE:
        return _based(mark, value), given
    if not _fits(base, value):
        return _suspected(mark, value, given)
    gained_wh = value.wh - base.wh
    since = _silence_start(mark, base, value.at)
    wanted_wh = gained_wh - mark.ahead_wh
    told_wh = wanted_wh
    if given is not None and given.since == since:
        told_wh = min(max(given.wh, wanted_wh), wanted_wh + step_wh)
    told_wh = max(0.0, told_wh)
    after = replace(_based(mark, value), ahead_wh=mark.ahead_wh + told_wh - gained_wh)
    return after, _Known(since, told_wh)


def _suspected(
    mark: EnergyMark, value: CounterValue, given: _Known | None
) -> tuple[EnergyMark, _Known | None]:
    """A value that does not fit: believed when enough of them fit each other."""
    suspects = mark.suspects
    if suspects and not _fits(suspects[-1], value):
        suspects = ()
    suspects = (*suspects, value)
    if len(suspects) < _CONFIRMATIONS:
        return replace(_ahead(mark, given), suspects=suspects), given
    if given is None:
        since = mark.counted_at or suspects[0].at
        given = _Known(max(since, suspects[0].at), value.wh - suspects[0].wh)
    return _based(mark, value), given


def _silence_start(mark: EnergyMark, base: CounterValue, at: datetime) -> datetime:
    since = mark.counted_at or base.at
    return since if at - since <= LONGEST_SILENCE else base.at


def _based(mark: EnergyMark, value: CounterValue) -> EnergyMark:
    return replace(mark, counter=value, suspects=(), ahead_wh=0.0)


def _ahead(mark: EnergyMark, given: _Known | None) -> EnergyMark:
    """What is counted without the counter will be in its next value."""
    if given is None or mark.counter is None:
        return mark
    return replace(mark, ahead_wh=mark.ahead_wh + given.wh)


def _fits(earlier: CounterValue, later: CounterValue) -> bool:
    """Whether a counter can have gone from one value to the other."""
    most_wh = _COARSEST_WH + _MOST_W * ((later.at - earlier.at) / _HOUR)
    return 0 <= later.wh - earlier.wh <= most_wh


def _step_wh(minutes: Iterable[MeteredMinute]) -> float:
    """The step in which a counter counts, where it is so coarse that power tells more."""
    values = [minute.counter_wh for minute in minutes if minute.counter_wh is not None]
    for step in _STEPS_WH:
        if all(value % step == 0 for value in values):
            return step
    return 0.0


def _samples(
    minute: MeteredMinute, known: _Known, location_id: str | None
) -> Iterator[EnergySample]:
    """The minute's energy; after a silence that is too long for power, the silence's apart."""
    start, end = minute.start, minute.start + _MINUTE
    if minute.mean_w is None:
        yield _even(known.since, end, known.wh, location_id)
        return
    mean_w = max(0.0, minute.mean_w)
    own_wh = known.wh
    if start - known.since > _STRAIGHT:
        own_wh = min(known.wh, mean_w * (_MINUTE / _HOUR))
        yield _even(known.since, start, known.wh - own_wh, location_id)
    else:
        start = known.since
    low_w = min(mean_w, max(0.0, minute.min_w or 0.0))
    high_w = max(mean_w, minute.max_w or 0.0)
    yield EnergySample(start, end, own_wh, low_w, high_w, mean_w, location_id)


def _even(start: datetime, end: datetime, wh: float, location_id: str | None) -> EnergySample:
    mean_w = wh / ((end - start) / _HOUR)
    return EnergySample(start, end, wh, mean_w, mean_w, mean_w, location_id)
