"""Adds the samples of minutes up to what is kept for years: quarters of an hour."""

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

from gatewayd.model.statistics import EnergySample
from gatewayd.plan.statistics.consumption import share_uwh
from gatewayd.plan.statistics.sessions import CONSUMING_W

QUARTER = timedelta(minutes=15)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def quarter_start(at: datetime) -> datetime:
    """The start of the quarter of an hour around an instant; of every time zone in use."""
    return at - (at - _EPOCH) % QUARTER


def produced(samples: Iterable[EnergySample]) -> list[EnergySample]:
    """One sample per quarter and place."""
    return [_sum(group) for group in _quarters(samples)]


def consumed(samples: Iterable[EnergySample]) -> list[EnergySample]:
    """Up to three samples per quarter and place: what flowed before, during and after the use.

    Apart from the use, what an asset draws for itself would hide where sessions begin and end.
    Quarters without energy are left out.
    """
    parts = (part for group in _quarters(samples) for part in _parts(group))
    return [total for part in parts if part and (total := _sum(part)).energy_uwh > 0]


def _quarters(samples: Iterable[EnergySample]) -> Iterator[list[EnergySample]]:
    cut = sorted((one for sample in samples for one in _cut(sample)), key=lambda one: one.start)
    for _, group in groupby(cut, key=lambda one: (quarter_start(one.start), one.location_id)):
        yield list(group)


def _cut(sample: EnergySample) -> Iterator[EnergySample]:
    """A sample's parts by quarter."""
    begin = sample.start
    while begin < sample.end:
        until = min(quarter_start(begin) + QUARTER, sample.end)
        energy_wh = share_uwh(sample, begin, until) / 1e6
        yield EnergySample(
            begin,
            until,
            energy_wh,
            sample.min_w,
            sample.max_w,
            sample.mean_w,
            sample.location_id,
        )
        begin = until


def _parts(group: list[EnergySample]) -> Iterator[list[EnergySample]]:
    used = [n for n, one in enumerate(group) if one.energy_wh > 0 and one.mean_w >= CONSUMING_W]
    first, last = (used[0], used[-1] + 1) if used else (len(group), len(group))
    yield group[:first]
    yield group[first:last]
    yield group[last:]


def _sum(group: Sequence[EnergySample]) -> EnergySample:
    seconds = math.fsum((one.end - one.start).total_seconds() for one in group)
    watt_seconds = math.fsum(one.mean_w * (one.end - one.start).total_seconds() for one in group)
    return EnergySample(
        group[0].start,
        group[-1].end,
        sum(one.energy_uwh for one in group) / 1e6,
        min(one.min_w for one in group),
        max(one.max_w for one in group),
        watt_seconds / seconds,
        group[0].location_id,
        len(group),
    )
