"""Production by price, as statistics had it before inverters had their own."""

import asyncio
from itertools import chain
from typing import Annotated

from fastapi import Query, Response

from gatewayd.enode.answers import listed
from gatewayd.enode.api import Ask
from gatewayd.enode.routes.parameters import UserId
from gatewayd.enode.routes.statistics import Instant, Period, find
from gatewayd.enode.versions.legacy import legacy_router
from gatewayd.enode.views import statistics as view
from gatewayd.enode.wire.base import Uuid
from gatewayd.enode.wire.legacy import ProductionStatistics
from gatewayd.errors import InvalidError, NotFoundError
from gatewayd.model.asset import AssetKind
from gatewayd.model.statistics import ChargingBucket, Resolution
from gatewayd.plan.statistics.buckets import offset_of
from gatewayd.plan.statistics.series import charging_series

# Deprecated in 2024-10-01, and in no version since.
router = legacy_router(until="2025-10-01")


@router.get("/users/{userId}/statistics/production")
async def get_production_statistics(
    ask: Ask,
    user_id: UserId,
    start: Annotated[Instant, Query(alias="startDate")],
    end: Annotated[Instant | None, Query(alias="endDate")] = None,
    inverter_id: Annotated[str | None, Query(alias="id")] = None,
    location_id: Annotated[Uuid | None, Query(alias="locationId")] = None,
    resolution: Resolution = Resolution.DAY,
    utc_offset: Annotated[float | None, Query(alias="utcOffset")] = None,
) -> Response:
    """What a user's inverters produced over time, at the prices of consumption."""
    end, offset = end or ask.api.services.clock.now(), offset_of(utc_offset)
    if start > end:
        raise InvalidError("startDate must not be after endDate")
    assets = [state.asset for state in ask.api.assets(AssetKind.INVERTER, user_id)]
    if inverter_id is not None:
        assets = [asset for asset in assets if asset.id == inverter_id]
        if not assets:
            raise NotFoundError("Asset not found")
    found = await find(ask.api, Period(assets, start, end, location_id), start, end)

    def answer() -> Response:
        samples = chain.from_iterable(found.samples.values())
        series = charging_series(samples, start, end, resolution, found.prices, offset)
        return listed([_produced(bucket) for bucket in series])

    return await asyncio.to_thread(answer)


def _produced(bucket: ChargingBucket) -> ProductionStatistics:
    known = view.charging(bucket)
    return ProductionStatistics(
        kw=known.kw,
        kwh_sum=known.kwh_sum,
        price=known.price,
        earnings_sum=known.cost_sum,
        date=known.date,
    )
