"""An oracle for local time: every zone's clock minute by minute, by no means but counting."""

import re
import zoneinfo
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from gatewayd.model.schedule import Rule

DAY = 1440
WEEK = 7 * DAY
# 1970 began on a Thursday.
_EPOCH_WEEKDAY = 3


@dataclass(frozen=True)
class Clock:
    """A zone's offsets in minutes; each holds from its minute since 1970 on."""

    names: tuple[str, ...]
    begins: tuple[int, ...]
    offsets: tuple[int, ...]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.names[0])

    @property
    def jumps(self) -> tuple[int, ...]:
        return self.begins[1:]


def minute_of(at: datetime) -> int:
    return int(at.timestamp()) // 60


def instant(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)


START = minute_of(datetime(2020, 1, 1, tzinfo=UTC))
END = minute_of(datetime(2036, 1, 1, tzinfo=UTC))


@cache
def clocks() -> tuple[Clock, ...]:
    """All IANA zones from 2020 to 2035, those that agree throughout as one."""
    files: dict[bytes, list[str]] = {}
    for name in sorted(zoneinfo.available_timezones()):
        files.setdefault(_content(name), []).append(name)
    groups: dict[tuple[tuple[int, ...], tuple[int, ...]], list[str]] = {}
    for names in files.values():
        groups.setdefault(_offsets(ZoneInfo(names[0])), []).extend(names)
    return tuple(Clock(tuple(names), *offsets) for offsets, names in groups.items())


def table(default: int, rules: Sequence[Rule[int]]) -> bytes:
    """A week of local minutes from Monday on, painted rule by rule."""
    week = bytearray([default]) * WEEK
    for rule in rules:
        for weekday in range(7) if rule.weekdays is None else rule.weekdays:
            begin, end = 0, DAY
            if rule.hour_minute is not None:
                begin, end = rule.hour_minute.from_minute, rule.hour_minute.to_minute
                end += DAY if end <= begin else 0
            for minute in range(begin, end):
                week[(weekday * DAY + minute) % WEEK] = rule.value
    return bytes(week)


def series(clock: Clock, week: bytes, start: int, end: int) -> bytes:
    """The week's values for every minute from `start` to before `end`."""
    parts = []
    for begin, until, offset in zip(
        clock.begins, [*clock.begins[1:], END], clock.offsets, strict=True
    ):
        low, high = max(begin, start), min(until, end)
        if low < high:
            first = (low + offset + _EPOCH_WEEKDAY * DAY) % WEEK
            count = high - low
            parts.append((week * (count // WEEK + 2))[first : first + count])
    return b"".join(parts)


def changes(values: bytes, start: int) -> list[tuple[datetime, int]]:
    """Where a value differs from the one a minute before."""
    runs = re.finditer(rb"\x00+|\x01+|\x02+", values)
    return [(instant(start + run.start()), values[run.start()]) for run in runs][1:]


def _content(name: str) -> bytes:
    """The zone's file: most names are links to others'."""
    paths = [Path(root, name) for root in zoneinfo.TZPATH]
    return next((path.read_bytes() for path in paths if path.is_file()), name.encode())


def _offsets(zone: ZoneInfo) -> tuple[tuple[int, ...], tuple[int, ...]]:
    begins = [START]
    offsets = [_offset(START, zone)]
    # Daylight saving lasts for weeks at least, even where it pauses for Ramadan.
    for minute in _jumps(START, END, (WEEK, DAY, 60, 1), zone):
        begins.append(minute)
        offsets.append(_offset(minute, zone))
    return tuple(begins), tuple(offsets)


def _jumps(start: int, end: int, steps: tuple[int, ...], zone: ZoneInfo) -> Iterator[int]:
    step, *finer = steps
    for minute in range(start, end, step):
        until = min(minute + step, end)
        if _offset(minute, zone) != _offset(until, zone):
            if finer:
                yield from _jumps(minute, until, tuple(finer), zone)
            else:
                yield until


def _offset(minute: int, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(minute * 60, zone).utcoffset()
    assert offset is not None
    seconds = offset.total_seconds()
    assert seconds % 60 == 0
    return int(seconds // 60)
