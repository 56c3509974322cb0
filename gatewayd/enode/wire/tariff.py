"""Tariffs on the wire."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, RootModel
from pydantic_core import PydanticCustomError

from gatewayd.enode.wire.base import EnodeModel, Payload
from gatewayd.errors import InvalidError
from gatewayd.model.hour_minute import parse_hour_minute
from gatewayd.model.tariff import parse_cost

_NAME_MAX = 255


def _number(value: object) -> object:
    # JSON's true equals 1.
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "must be a number")
    return value


def _name(text: str) -> str:
    if len(text) > _NAME_MAX:
        raise PydanticCustomError("string_too_long", "must be at most 255 characters")
    return text


def _cost(text: str) -> str:
    try:
        parse_cost(text)
    except InvalidError as error:
        raise PydanticCustomError("cost", "must be a decimal number such as 0.2495") from error
    return text


def _hour_minute(text: str) -> str:
    try:
        parse_hour_minute(text, may_end_day=True)
    except InvalidError as error:
        raise PydanticCustomError("hour_minute", "must be a time of day such as 07:30") from error
    return text


Weekday = Annotated[Literal[0, 1, 2, 3, 4, 5, 6], BeforeValidator(_number)]
RateName = Annotated[str, AfterValidator(_name)]
HourMinute = Annotated[str, AfterValidator(_hour_minute)]
Cost = Annotated[
    str,
    Field(pattern=r"^[+-]?(\d{1,9}([.]\d{0,9})?|[.]\d{1,9})$"),
    AfterValidator(_cost),
]


class TariffRate(Payload):
    """A price per kWh, in the currency of the account."""

    name: RateName
    cost: Cost


class Tariff(RootModel[list[TariffRate]]):
    """The rates of a tariff; their names differ."""


class TariffRateInterval(Payload):
    """When a rate holds in local time, `to` being out; without `weekdays` on every day."""

    name: RateName
    weekdays: list[Weekday] = Field(default_factory=list)
    from_: HourMinute = Field(validation_alias="from", serialization_alias="from")
    to: HourMinute


class LocationTariffInterval(Payload):
    """The tariff of a location and its whole week."""

    tariff_id: str
    tariff_intervals: list[TariffRateInterval]


class LocationTariffEntry(EnodeModel):
    """A rate on one weekday (0 is Monday), in local time."""

    weekday: Weekday
    from_hour_minute: str
    to_hour_minute: str
    tariff_id: str
    tariff_name: str
