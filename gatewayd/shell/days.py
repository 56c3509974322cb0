"""The days that a person may ask for."""

from datetime import date, datetime, tzinfo

from gatewayd.errors import InvalidError
from gatewayd.plan.local_time import at_local

_FIRST_YEAR, _LAST_YEAR = 1970, 2999


def begin_of(day: date, zone: tzinfo) -> datetime:
    """A local day's first instant. InvalidError for days too far away."""
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise InvalidError(f"{day}: give a day from {_FIRST_YEAR} to {_LAST_YEAR}")
    return at_local(day, 0, zone)
