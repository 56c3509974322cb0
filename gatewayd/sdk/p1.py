"""Telegrams of a meter's P1 port: DSMR 4 and 5, and the countries that follow it.

A telegram begins with `/`, holds a line for each OBIS code and ends with `!` and the CRC-16/ARC of
all from the one to the other (DSMR P1 companion standard 5.0.2, section 6.2).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gatewayd.errors import BadReadingError
from gatewayd.sdk import crc

# The largest in the field have about 2 KB.
_SIZE_MAX = 8 * 1024
_END = re.compile(rb"\r\n!([0-9A-F]{4})\r\n")
_LINE = re.compile(r"([0-9]{1,3}-[0-9]{1,3}:[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3})((?:\([^()]*\))+)")
_NUMBER = re.compile(r"(-?[0-9]{1,12}(?:\.[0-9]{1,6})?)\*([A-Za-z0-9]+)")

# What a unit is in ours, and how much of it.
_UNITS = {
    "kWh": ("Wh", 1000.0),
    "Wh": ("Wh", 1.0),
    "kW": ("W", 1000.0),
    "W": ("W", 1.0),
    "V": ("V", 1.0),
    "A": ("A", 1.0),
    "Hz": ("Hz", 1.0),
    "m3": ("m3", 1.0),
}


@dataclass(frozen=True, slots=True)
class Telegram:
    """What a meter said: the meter's own name, and the values in brackets by OBIS code."""

    meter: str
    values: Mapping[str, tuple[str, ...]]

    def text(self, code: str) -> str | None:
        """The last value of a code such as `0-0:96.1.1`; None where the meter has none."""
        found = self.values.get(code)
        return found[-1] if found else None

    def number(self, code: str, unit: str) -> float | None:
        """The last value of a code in Wh, W, V, A, Hz or m3; None where the meter has none.

        BadReadingError when it is no number of that unit.
        """
        text = self.text(code)
        if not text:
            return None
        match = _NUMBER.fullmatch(text)
        name, factor = _UNITS.get(match[2], ("", 0.0)) if match else ("", 0.0)
        if match is None or name != unit:
            raise BadReadingError(f"p1: {code} should be a number of {unit}, not {text!r}")
        return float(match[1]) * factor


def cut(received: bytes) -> tuple[list[bytes], bytes]:
    """The whole telegrams in a stream, and what is left over of it."""
    telegrams = []
    begin = received.find(b"/")
    while begin >= 0 and (end := _END.search(received, begin)):
        # One that began anew, after bytes were lost, begins with the last slash of a line.
        begin = max(begin, received.rfind(b"\n/", begin, end.start()) + 1)
        telegrams.append(received[begin : end.end()])
        begin = received.find(b"/", end.end())
    rest = received[begin:] if begin >= 0 else b""
    return telegrams, rest if len(rest) <= _SIZE_MAX else b""


def parse(frame: bytes) -> Telegram:
    """One telegram as `cut` gives it. BadReadingError when it is damaged or no telegram."""
    end = _END.search(frame)
    if not frame.startswith(b"/") or end is None or end.end() != len(frame):
        raise BadReadingError("p1: no telegram")
    if crc.arc(frame[: end.start() + 3]) != int(end[1], 16):
        raise BadReadingError("p1: the telegram is damaged")
    meter, *lines = frame[: end.start()].decode("latin-1").split("\r\n")
    values: dict[str, tuple[str, ...]] = {}
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is None:
            continue
        if match[1] in values:
            raise BadReadingError(f"p1: {match[1]} is there twice")
        values[match[1]] = tuple(match[2][1:-1].split(")("))
    return Telegram(meter[1:], values)
