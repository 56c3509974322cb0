"""Statistics, from the model to the wire."""

from decimal import Decimal
from typing import TypedDict

from gatewayd.enode.views.base import kilo
from gatewayd.enode.wire import statistics as wire
from gatewayd.model import statistics as model
from gatewayd.plan.statistics.inverter import ProductionQuery

_UWH_PER_KWH = 1_000_000_000
_NO_PRICE = wire.Aggregates(min=0.0, max=0.0, mean=0.0)


class _Consumed(TypedDict):
    kw: wire.Aggregates
    kwh_sum: float
    price: wire.Aggregates
    cost_sum: float
    non_smart_price: wire.NullableAggregates
    estimated_savings: float | None


def charging(bucket: model.ChargingBucket) -> wire.ChargingStatistics:
    """One entry of a time series."""
    return wire.ChargingStatistics(date=bucket.date, **_consumption(bucket.consumption))


def session(known: model.ChargingSession) -> wire.SessionStatistics:
    """One session."""
    return wire.SessionStatistics(
        id=known.asset_id,
        location_id=known.location_id,
        from_=known.from_at,
        to=known.to_at,
        **_consumption(known.consumption),
    )


def production(
    known: model.InverterStatistics,
) -> wire.InverterStatistics | wire.UnfinishedInverterStatistics:
    """An inverter's day or month; one that may still change says when to ask again."""
    resolutions = _resolutions(known)
    if known.retry_after is None:
        return wire.InverterStatistics(timezone=known.timezone, resolutions=resolutions)
    return wire.UnfinishedInverterStatistics(
        timezone=known.timezone, resolutions=resolutions, retry_after=known.retry_after
    )


def changed_production(
    inverter_id: str, query: ProductionQuery, known: model.InverterStatistics
) -> wire.ChangedInverterStatistics:
    """The same for an event."""
    return wire.ChangedInverterStatistics(
        inverter_id=inverter_id,
        year=query.year,
        month=query.month,
        day=query.day,
        timezone=known.timezone,
        resolutions=_resolutions(known),
    )


def _resolutions(known: model.InverterStatistics) -> wire.Resolutions:
    data = [
        wire.ProductionEntry(date=entry.date, value=_kwh(entry.energy_wh)) for entry in known.data
    ]
    entry = wire.ResolutionEntry(unit="kWh", data=data)
    if known.resolution is model.Resolution.DAY:
        return wire.Resolutions(day=entry)
    return wire.Resolutions(quarter_hour=entry)


def _consumption(used: model.Consumption) -> _Consumed:
    price, before = used.price, used.non_smart_price
    return _Consumed(
        kw=_kw(used.power),
        kwh_sum=used.energy_uwh / _UWH_PER_KWH,
        # The contract knows no unknown price: without a tariff, what was used cost nothing.
        price=wire.Aggregates(**_range(price)) if price else _NO_PRICE,
        cost_sum=float(used.cost or 0),
        non_smart_price=wire.NullableAggregates(**_range(before))
        if before
        else wire.NullableAggregates(min=None, max=None, mean=None),
        estimated_savings=_number(used.estimated_savings),
    )


def _range(price: model.PriceRange) -> dict[str, float]:
    return {"min": float(price.min), "max": float(price.max), "mean": float(price.mean)}


def _kw(power: model.PowerRange) -> wire.Aggregates:
    low, high, mean = (kilo(watts) or 0.0 for watts in (power.min_w, power.max_w, power.mean_w))
    return wire.Aggregates(min=low, max=high, mean=mean)


def _kwh(energy_wh: float | None) -> float | None:
    return None if energy_wh is None else round(energy_wh / 1000, 9)


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
