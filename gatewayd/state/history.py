"""What the assets said, one packed row per device and minute."""

import sqlite3
from collections.abc import Mapping
from datetime import datetime

from gatewayd.model.reading import Reading

# By role: when it was said, and what.
LastReadings = Mapping[str, tuple[datetime, Reading]]


def last(c: sqlite3.Connection) -> dict[str, LastReadings]:
    """The last known readings of each device, for the picture after a restart."""
    raise NotImplementedError
