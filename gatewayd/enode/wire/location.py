"""Locations on the wire."""

import re
import zoneinfo
from functools import cache
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from gatewayd.enode.wire.base import EnodeModel, Payload, Uuid
from gatewayd.enode.wire.sparse import ABSENT

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NAME_MAX = 255


@cache
def _zones() -> frozenset[str]:
    # A set, not ZoneInfo(name): that opens whatever file the name leads to.
    return frozenset(zoneinfo.available_timezones())


def _zone(name: str) -> str:
    if name not in _zones():
        raise PydanticCustomError("timezone", "must be an IANA time zone such as Europe/Oslo")
    return name


def _name(text: str) -> str:
    if len(text) > _NAME_MAX:
        raise PydanticCustomError("string_too_long", "must be at most 255 characters")
    if _CONTROL.search(text):
        raise PydanticCustomError("string_control", "must not contain control characters")
    return text


def _latitude(degrees: float) -> float:
    return _within(degrees, 90)


def _longitude(degrees: float) -> float:
    return _within(degrees, 180)


def _within(degrees: float, most: int) -> float:
    if not -most <= degrees <= most:
        raise PydanticCustomError(
            "degrees_range", "must be between -{most} and {most}", {"most": most}
        )
    return degrees


# Bounds that the contract's schema does not state are validators, so that the schemas stay equal.
Name = Annotated[str, AfterValidator(_name)]
Latitude = Annotated[float, AfterValidator(_latitude)]
Longitude = Annotated[float, AfterValidator(_longitude)]
Timezone = Annotated[str, AfterValidator(_zone)]


class LocationPayload(Payload):
    """A new location."""

    name: Name
    latitude: Latitude
    longitude: Longitude
    timezone_name: Timezone = "UTC"


class PartialLocation(Payload):
    """A change of a location: only the keys that were sent count."""

    name: Name = ABSENT
    latitude: Latitude = ABSENT
    longitude: Longitude = ABSENT
    timezone_name: Timezone = ABSENT


class LocationResponse(EnodeModel):
    """A location."""

    name: str
    latitude: float
    longitude: float
    timezone_name: str = Field(default="UTC")
    id: Uuid
    user_id: str
