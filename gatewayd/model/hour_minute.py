"""Times of day as Enode writes them: `HH:MM`, kept as minutes since local midnight."""

import re

from gatewayd.errors import InvalidError

DAY_MINUTES = 24 * 60

_HOUR_MINUTE = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_DAY_END = "24:00"


def parse_hour_minute(text: str, *, may_end_day: bool = False) -> int:
    """Minutes since midnight. Only where a day may end is `24:00` a time; else InvalidError."""
    if may_end_day and text == _DAY_END:
        return DAY_MINUTES
    found = _HOUR_MINUTE.fullmatch(text)
    if not found:
        raise InvalidError(f"{text[:20]!r} is not a time of day; write it as HH:MM, such as 07:30")
    return int(found[1]) * 60 + int(found[2])


def format_hour_minute(minute: int) -> str:
    """The reverse: 1440 is `24:00`."""
    return f"{minute // 60:02}:{minute % 60:02}"
