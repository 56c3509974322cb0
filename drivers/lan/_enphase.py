"""What Enphase's gateways say of themselves to everybody, and what their micro inverters report."""

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from gatewayd.errors import BadReadingError
from gatewayd.links.http_device import DeviceHttp
from gatewayd.model.reading import InverterReading
from gatewayd.sdk.finding import Likeness

INFO = "/info"
# From this firmware on there is nothing without a token of the owner.
FIRST_WITH_TOKENS = 7
# From here on one with meters that are not in use no longer adds up the reports (pyenphase #274).
_FIRST_STALLED = (8, 2, 4264)
# A phase that is not connected shows a few volts.
LEAST_V = 50.0
# A path and names of its own.
_BITS = 38.0

Amount = Annotated[float, Field(ge=0)]


@dataclass(frozen=True, slots=True)
class About:
    """The device, and the first number of its firmware's version; 0 where it says none."""

    serial: str
    firmware: str | None
    major: int
    is_metered: bool = False

    @property
    def is_stalled(self) -> bool:
        """Whether it cannot be believed what it has added up, unless its meters are in use."""
        numbers = [int(one) for one in re.findall(r"\d{1,6}", self.firmware or "")]
        return self.is_metered and tuple(numbers) >= _FIRST_STALLED


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, frozen=True)


class _Sum(_Part):
    wattsNow: float | None  # noqa: N815 - Enphase's names
    wattHoursLifetime: Amount | None = None  # noqa: N815


class _Source(_Part):
    type: str = ""
    wNow: float | None = None  # noqa: N815
    whLifetime: Amount | None = None  # noqa: N815


class _Sources(_Part):
    production: list[_Source] = []


async def reported(link: DeviceHttp, told: About | None) -> InverterReading:
    """The micro inverters' own reports, every few minutes, added up.

    A gateway that does not add them up, or no longer, has a sum of its own elsewhere.
    """
    known = await link.get("/api/v1/production", _Sum)
    if not known.wattHoursLifetime or (told is not None and told.is_stalled):
        home = await link.find("/production.json?details=1", _Sources) or _Sources()
        for one in home.production:
            if one.type == "inverters":
                return InverterReading(power_w=one.wNow, energy_wh=one.whLifetime)
    return InverterReading(power_w=known.wattsNow, energy_wh=known.wattHoursLifetime)


def about(text: str) -> About:
    """What /info says; BadReadingError for what is no gateway."""
    serial, firmware = _tag(text, "sn"), _tag(text, "software")
    if serial is None:
        raise BadReadingError("/info: no serial number; this is no IQ Gateway")
    number = re.search(r"\d{1,3}", firmware or "")
    is_metered = _tag(text, "imeter") == "true"
    return About(serial, firmware, int(number[0]) if number else 0, is_metered)


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
