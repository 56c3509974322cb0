"""Times as people say them where they are."""

from datetime import datetime, tzinfo


def local(at: datetime, zone: tzinfo) -> str:
    """A time of the coming or past days: `Mon 06:00`."""
    return f"{at.astimezone(zone):%a %H:%M}"
