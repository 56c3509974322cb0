"""Tariffs, between the model and the wire."""

from gatewayd.enode.wire import tariff as wire
from gatewayd.model.hour_minute import format_hour_minute, parse_hour_minute
from gatewayd.model.tariff import (
    LocationTariff,
    Tariff,
    TariffInterval,
    TariffRate,
    format_cost,
    parse_cost,
)
from gatewayd.plan.tariff import entries


def tariff(known: Tariff) -> wire.Tariff:
    """A tariff as Enode shows it."""
    rates = [wire.TariffRate(name=rate.name, cost=format_cost(rate.cost)) for rate in known.rates]
    return wire.Tariff(rates)


def tariff_of(tariff_id: str, told: wire.Tariff) -> Tariff:
    """A tariff as a client tells it."""
    rates = (TariffRate(rate.name, parse_cost(rate.cost)) for rate in told.root)
    return Tariff(tariff_id, tuple(rates))


def schedule(link: LocationTariff | None) -> list[wire.LocationTariffEntry]:
    """A location's tariff as Enode lists it: by weekday; nothing where there is none."""
    return [
        wire.LocationTariffEntry.model_construct(
            weekday=entry.weekday,
            from_hour_minute=format_hour_minute(entry.from_minute),
            to_hour_minute=format_hour_minute(entry.to_minute),
            tariff_id=entry.tariff_id,
            tariff_name=entry.tariff_name,
        )
        for entry in (entries(link) if link else ())
    ]


def link_of(told: wire.LocationTariffInterval) -> LocationTariff:
    """A location's tariff as a client tells it."""
    return LocationTariff(told.tariff_id, tuple(map(_interval, told.tariff_intervals)))


def _interval(told: wire.TariffRateInterval) -> TariffInterval:
    has_days = "weekdays" in told.model_fields_set
    return TariffInterval(
        told.name,
        parse_hour_minute(told.from_, may_end_day=True),
        parse_hour_minute(told.to, may_end_day=True),
        frozenset(told.weekdays) if has_days else None,
    )
