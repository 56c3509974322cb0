"""Serial ports: which there are, and, only when asked for, who is on them."""

from collections.abc import Mapping
from pathlib import Path

from gatewayd.devices.discovery.found import Found
from gatewayd.devices.discovery.modbus import ModbusSurvey

_BY_ID = Path("/dev/serial/by-id")


def ports(folder: Path = _BY_ID) -> list[str]:
    """The serial ports, by names that stay when they are plugged in anew."""
    return sorted(str(path) for path in folder.iterdir()) if folder.is_dir() else []


async def on(survey: ModbusSurvey, path: str) -> list[Found]:
    """Who is on a line: each way in which devices usually talk is tried, until one is answered."""
    for settings in _settings(survey):
        found = await survey.at({"serial": path, **settings})
        if found:
            return found
    return []


def _settings(survey: ModbusSurvey) -> list[Mapping[str, object]]:
    """Baud rate and the like of all drivers, the commonest first."""
    told = [(one.baudrate, one.parity, one.stopbits) for one in survey.probes.values()]
    return [
        {"baudrate": baudrate, "parity": parity, "stopbits": stopbits}
        for baudrate, parity, stopbits in sorted(set(told), key=lambda one: (-told.count(one), one))
    ]
