"""What Enphase's gateways say of themselves to everybody, whatever their firmware."""

import re
from dataclasses import dataclass

from gatewayd.errors import BadReadingError
from gatewayd.sdk.finding import Likeness

INFO = "/info"
# From this firmware on there is nothing without a token of the owner.
FIRST_WITH_TOKENS = 7
# A path and names of its own.
_BITS = 38.0


@dataclass(frozen=True, slots=True)
class About:
    """The device, and the first number of its firmware's version; 0 where it says none."""

    serial: str
    firmware: str | None
    major: int


def about(text: str) -> About:
    """What /info says; BadReadingError for what is no gateway."""
    serial, firmware = _tag(text, "sn"), _tag(text, "software")
    if serial is None:
        raise BadReadingError("/info: no serial number; this is no IQ Gateway")
    number = re.search(r"\d{1,3}", firmware or "")
    return About(serial, firmware, int(number[0]) if number else 0)


def likeness(text: str, model: str, *, has_tokens: bool) -> Likeness | None:
    """A gateway with such a firmware."""
    if "<envoy_info>" not in text or _tag(text, "sn") is None:
        return None
    told = about(text)
    if (told.major >= FIRST_WITH_TOKENS) is not has_tokens:
        return None
    return Likeness(_BITS, "Enphase", model, told.serial, told.firmware)


def _tag(text: str, name: str) -> str | None:
    found = re.search(rf"<{name}>([^<>]{{1,64}})</{name}>", text)
    return found[1].strip() if found else None
