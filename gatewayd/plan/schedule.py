"""What a schedule wants now, when that changes, and which of several schedules controls."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice
from typing import TypeVar

from gatewayd.model.asset import AssetKind
from gatewayd.model.location import Location
from gatewayd.model.schedule import HourMinute, Rule, Schedule, Timetable, Transition
from gatewayd.plan.local_time import Stretch, stretches

T = TypeVar("T")

_WEEK = timedelta(days=7)
# What repeats weekly shows all its values within a week, save one that a jump of the clock hid.
_QUIET_WEEKS = 2
_END_OF_TIME = datetime(9000, 1, 1, tzinfo=UTC)


def value_at(timetable: Timetable[T], instant: datetime, zone: tzinfo) -> T:
    """The value a timetable gives at an instant, by the local clock of a zone."""
    return _value(timetable, instant, instant.astimezone(zone).replace(tzinfo=None))


def upcoming_transitions(
    timetable: Timetable[T], now: datetime, zone: tzinfo, count: int = 2
) -> tuple[Transition[T], ...]:
    """The next changes of the value (not each edge of a rule), in order and after `now`."""
    return tuple(islice(transitions(timetable, now, zone), count))


def transitions(timetable: Timetable[T], now: datetime, zone: tzinfo) -> Iterator[Transition[T]]:
    """All changes of the value after `now`; without end where a rule repeats."""
    value = value_at(timetable, now, zone)
    for start, end in _eras(timetable, now):
        within = _within(timetable, start)
        begin, quiet = start, 0
        while begin < end and quiet < _QUIET_WEEKS:
            quiet += 1
            until = min(begin + _WEEK, end)
            for at, local in _edges(within.rules, begin, until, zone):
                new = _value(within, at, local)
                if new != value:
                    yield Transition(at, new)
                    value, quiet = new, 0
            if not within.rules:
                break
            begin = until


def is_applicable(schedule: Schedule, location_id: str | None) -> bool:
    """Whether a schedule governs its target where that is now.

    A vehicle's schedule without a location holds at every location of the user but nowhere else,
    so that it leaves public charging alone; a charger's holds wherever the charger is.
    """
    if schedule.target_kind is AssetKind.VEHICLE and schedule.location_id is None:
        return location_id is not None
    return schedule.location_id is None or schedule.location_id == location_id


def controlling(
    schedules: Iterable[Schedule], target_id: str, location_id: str | None
) -> Schedule | None:
    """Of a target's schedules the one that controls it: the newest enabled applicable one."""
    candidates = [
        schedule
        for schedule in schedules
        if schedule.target_id == target_id
        and schedule.is_enabled
        and is_applicable(schedule, location_id)
    ]
    return max(candidates, key=lambda schedule: (schedule.created_at, schedule.id), default=None)


def without_smart_charging(schedules: Iterable[Schedule], vehicle_id: str) -> tuple[Schedule, ...]:
    """The schedules to store when smart charging is enabled on a vehicle: its own, disabled."""
    return tuple(
        replace(schedule, is_enabled=False)
        for schedule in schedules
        if schedule.target_id == vehicle_id and schedule.is_enabled
    )


def timezone_of(
    schedule: Schedule, location_id: str | None, locations: Mapping[str, Location]
) -> str:
    """The zone a schedule runs in: of its own location, else of its target's, else UTC."""
    location = locations.get(schedule.location_id or location_id or "")
    return location.timezone if location else "UTC"


def _value(timetable: Timetable[T], instant: datetime, local: datetime) -> T:
    for rule in reversed(timetable.rules):
        if _matches(rule, instant, local):
            return rule.value
    return timetable.default


def _matches(rule: Rule[T], instant: datetime, local: datetime) -> bool:
    if not _covers(rule, instant):
        return False
    weekday = _weekday(rule.hour_minute, local)
    return weekday is not None and (rule.weekdays is None or weekday in rule.weekdays)


def _weekday(interval: HourMinute | None, local: datetime) -> int | None:
    """The weekday on which the interval around a local time began; None when outside it."""
    if interval is None:
        return local.weekday()
    minute = local.hour * 60 + local.minute
    crosses_midnight = interval.to_minute <= interval.from_minute
    if minute >= interval.from_minute and (crosses_midnight or minute < interval.to_minute):
        return local.weekday()
    if crosses_midnight and minute < interval.to_minute:
        return (local.weekday() - 1) % 7
    return None


def _eras(timetable: Timetable[T], now: datetime) -> list[tuple[datetime, datetime]]:
    """The time from now on, cut at the rules' timestamps; within an era all repeats weekly."""
    cuts = {at for rule in timetable.rules for at in (rule.from_at, rule.to_at) if at is not None}
    starts = [now, *sorted(at for at in cuts if now < at < _END_OF_TIME)]
    return list(zip(starts, [*starts[1:], _END_OF_TIME], strict=True))


def _within(timetable: Timetable[T], start: datetime) -> Timetable[T]:
    """The same within the era that begins at `start`, with no rule that has no say in it.

    A caller may send hundreds of rules, of which few count at any time.
    """
    rules: list[Rule[T]] = []
    default = timetable.default
    for rule in timetable.rules:
        if not _covers(rule, start) or rule.weekdays == frozenset():
            continue
        if rule.hour_minute is None and rule.weekdays is None:
            rules.clear()
            default = rule.value
        elif rules or rule.value != default:
            rules.append(rule)
    return Timetable(default, tuple(rules))


def _covers(rule: Rule[T], instant: datetime) -> bool:
    has_begun = rule.from_at is None or rule.from_at <= instant
    return has_begun and (rule.to_at is None or instant < rule.to_at)


def _edges(
    rules: Iterable[Rule[T]], start: datetime, end: datetime, zone: tzinfo
) -> Iterator[tuple[datetime, datetime]]:
    """Where the value may change from `start` to before `end`, as instant and local time."""
    minutes = sorted(_edge_minutes(rules))
    for stretch in stretches(start, end, zone):
        yield stretch.start, _local(stretch, stretch.start)
        for day in stretch.days():
            for minute in minutes:
                at = stretch.at(day, minute)
                if stretch.start < at < stretch.end:
                    yield at, _local(stretch, at)


def _local(stretch: Stretch, at: datetime) -> datetime:
    return at.replace(tzinfo=None) + stretch.offset


def _edge_minutes(rules: Iterable[Rule[T]]) -> set[int]:
    minutes: set[int] = set()
    for rule in rules:
        if rule.hour_minute is not None:
            minutes |= {rule.hour_minute.from_minute, rule.hour_minute.to_minute}
        elif rule.weekdays is not None:
            minutes.add(0)
    return minutes
