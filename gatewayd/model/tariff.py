"""Tariffs: named prices per kWh, and when each holds at a location."""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from gatewayd.errors import InvalidError

# What tariffs are in that say no currency.
CURRENCY = "EUR"

_COST = re.compile(r"[+-]?([0-9]{1,9}([.][0-9]{0,9})?|[.][0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class TariffRate:
    """A price per kWh in the account's currency; below zero the customer is paid."""

    name: str
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Tariff:
    """Rates by unique names."""

    id: str
    rates: tuple[TariffRate, ...]


@dataclass(frozen=True, slots=True)
class TariffInterval:
    """When a rate holds, in minutes of the local day: `to_minute` is out, at most 1440.

    `weekdays` (0 = Monday) None is the whole week.
    """

    name: str
    from_minute: int
    to_minute: int
    weekdays: frozenset[int] | None = None

    @property
    def days(self) -> tuple[int, ...]:
        return tuple(range(7)) if self.weekdays is None else tuple(sorted(self.weekdays))


@dataclass(frozen=True, slots=True)
class LocationTariff:
    """The tariff of a location and its weekly intervals; what they leave out has market prices."""

    tariff_id: str
    intervals: tuple[TariffInterval, ...]


@dataclass(frozen=True, slots=True)
class TariffEntry:
    """One weekday's interval, as Enode lists a location's tariff."""

    weekday: int
    from_minute: int
    to_minute: int
    tariff_id: str
    tariff_name: str


@dataclass(frozen=True, slots=True)
class PriceSlot:
    """The price per kWh from `start` to before `end`; None where it is not known."""

    start: datetime
    end: datetime
    price: Decimal | None


def parse_cost(text: str) -> Decimal:
    """A cost as Enode writes it, up to 9 digits before and after the point; else InvalidError."""
    if not _COST.fullmatch(text):
        raise InvalidError(f"{text[:30]!r} is not a cost; write a decimal number such as 0.2495")
    return Decimal(text)


def format_cost(cost: Decimal) -> str:
    """The reverse, never with an exponent."""
    return format(cost, "f")
