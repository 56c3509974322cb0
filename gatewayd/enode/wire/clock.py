"""Times on the wire that a caller gives: times of day, weekdays, instants."""

import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, PlainSerializer, Strict
from pydantic_core import PydanticCustomError

from gatewayd.enode.wire.base import iso_ms
from gatewayd.errors import InvalidError
from gatewayd.model.hour_minute import parse_hour_minute

# Far enough from where the calendar ends that every time zone and every sum stays inside.
_FIRST_YEAR, _LAST_YEAR = 1970, 2999
_DAY = re.compile(r"\d{4}-\d\d-\d\d[Tt ]", re.ASCII)


def limited(at: datetime) -> datetime:
    """An instant in UTC; one too far away is wrong."""
    # Where the calendar ends there may be none.
    with suppress(OverflowError):
        at = at.astimezone(UTC)
    if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        raise PydanticCustomError("instant_range", "must be from 1970 to 2999")
    return at


def _time_of_day(text: str) -> str:
    try:
        parse_hour_minute(text)
    except InvalidError as error:
        raise PydanticCustomError("hour_minute", "must be a time of day such as 07:30") from error
    return text


def _number(value: object) -> object:
    # JSON's true equals 1.
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "must be a number")
    return value


def _dated(value: object) -> object:
    # Digits alone would be seconds since 1970, or milliseconds.
    if isinstance(value, datetime) or (isinstance(value, str) and _DAY.match(value)):
        return value
    raise PydanticCustomError("date_time", "must be a date-time such as 2026-06-21T10:00:00Z")


Instant = Annotated[
    AwareDatetime,
    # After a function a text is no longer JSON's, and a strict model would refuse it.
    Strict(strict=False),
    BeforeValidator(_dated),
    AfterValidator(limited),
    PlainSerializer(iso_ms, return_type=str),
]
TimeOfDay = Annotated[str, AfterValidator(_time_of_day)]
Weekday = Annotated[Literal[0, 1, 2, 3, 4, 5, 6], BeforeValidator(_number)]
