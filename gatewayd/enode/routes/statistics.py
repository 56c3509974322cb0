"""Statistics of consumption and production, from the gateway's own history."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from sqlite3 import Connection
from typing import Annotated, Literal

from fastapi import Depends, Query, Response
from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from gatewayd.control.energy import consumption, prices_at, production
from gatewayd.enode.answers import listed, ok
from gatewayd.enode.api import Api, Ask
from gatewayd.enode.routes.parameters import InverterId, UserId
from gatewayd.enode.routing import client_router
from gatewayd.enode.views import statistics as view
from gatewayd.enode.wire.base import Uuid
from gatewayd.errors import InvalidError, NotFoundError
from gatewayd.model.asset import Asset, AssetKind
from gatewayd.model.statistics import ChargingSession, EnergySample, Resolution, StatisticsRefusal
from gatewayd.plan.price_history import PriceHistory
from gatewayd.plan.statistics.buckets import offset_of
from gatewayd.plan.statistics.inverter import ProductionQuery
from gatewayd.plan.statistics.series import charging_series
from gatewayd.plan.statistics.sessions import PAUSE, charging_sessions

router = client_router()

_FIRST = datetime.min.replace(tzinfo=UTC)

# In a query a plus that was not escaped arrives as a blank.
_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(?:([Zz])|([+\- ])(\d\d:\d\d))", re.ASCII
)


def _instant(text: object) -> datetime:
    match = _INSTANT.fullmatch(str(text))
    try:
        if match:
            day, time, zulu, sign, offset = match.groups()
            zone = "+00:00" if zulu else f"{sign.replace(' ', '+')}{offset}"
            return datetime.fromisoformat(f"{day}T{time}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise PydanticCustomError("date_time", "must be a date-time such as 2026-06-21T10:00:00Z")


Instant = Annotated[datetime, BeforeValidator(_instant)]
ConsumerKind = Literal[AssetKind.CHARGER, AssetKind.VEHICLE, AssetKind.HVAC]


@dataclass(frozen=True, slots=True)
class Period:
    """Whose consumption, from when to before when; `location_id` None is everywhere."""

    assets: Sequence[Asset]
    start: datetime
    end: datetime
    location_id: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """Samples by asset, and the prices where they were."""

    samples: Mapping[str, list[EnergySample]]
    prices: Mapping[str | None, PriceHistory]


async def _asked(
    ask: Ask,
    user_id: UserId,
    kind: Annotated[ConsumerKind, Query(alias="type")],
    start: Annotated[Instant, Query(alias="startDate")],
    end: Annotated[Instant | None, Query(alias="endDate")] = None,
    asset_id: Annotated[str | None, Query(alias="id")] = None,
    location_id: Annotated[Uuid | None, Query(alias="locationId")] = None,
) -> Period:
    end = end or ask.api.services.clock.now()
    if start > end:
        raise InvalidError("startDate must not be after endDate")
    return Period(_assets(ask.api, user_id, AssetKind(kind), asset_id), start, end, location_id)


Asked = Annotated[Period, Depends(_asked)]


@router.get("/users/{userId}/statistics/charging", responses={404: {}})
async def get_charging_statistics(
    ask: Ask,
    asked: Asked,
    resolution: Resolution = Resolution.DAY,
    utc_offset: Annotated[float | None, Query(alias="utcOffset")] = None,
) -> Response:
    """Consumption over time; buckets in which nothing was consumed are left out."""
    offset = offset_of(utc_offset)
    found = await find(ask.api, asked, asked.start, asked.end)

    def answer() -> Response:
        samples = chain.from_iterable(found.samples.values())
        series = charging_series(samples, asked.start, asked.end, resolution, found.prices, offset)
        return listed([view.charging(bucket) for bucket in series])

    # A year of quarters of an hour takes longer than others should wait.
    return await asyncio.to_thread(answer)


@router.get("/users/{userId}/statistics/charging/sessions", responses={404: {}})
async def get_charging_sessions_statistics(ask: Ask, asked: Asked) -> Response:
    """Consumption by session, oldest first; a session is listed once it is over."""
    now = ask.api.services.clock.now()
    found = await find(ask.api, asked, _earlier(asked.start, 2 * PAUSE), now)

    def answer() -> Response:
        sessions = [
            session
            for asset_id, samples in found.samples.items()
            for session in charging_sessions(
                asset_id, samples, asked.start, asked.end, now, found.prices
            )
        ]
        return listed([view.session(one) for one in sorted(sessions, key=_begin)])

    return await asyncio.to_thread(answer)


@router.get("/inverters/{inverterId}/statistics")
async def get_inverter_statistics(
    ask: Ask,
    inverter_id: InverterId,
    year: Annotated[int, Query(ge=1969, le=2999)],
    month: Annotated[int, Query(ge=1, le=12)],
    day: Annotated[int | None, Query(ge=1, le=31)] = None,
) -> Response:
    """A local day by quarters of an hour, or a month by days; 202 while some may change."""
    asset = _inverter(ask.api, inverter_id)
    query, now = ProductionQuery(year, month, day), ask.api.services.clock.now()
    known = await ask.api.services.db.read(lambda c: production(c, asset, query, now))
    if isinstance(known, StatisticsRefusal):
        raise InvalidError(known.detail)
    return ok(view.production(known), 200 if known.retry_after is None else 202)


async def find(api: Api, asked: Period, since: datetime, until: datetime) -> Found:
    """Energy of the assets from `since` to `until`, whatever the period says, and its prices."""
    now = api.services.clock.now()
    until = max(since, min(until, now))

    def read(c: Connection) -> Found:
        samples = {
            asset.id: [
                one
                for one in consumption(c, asset, since, until, now)
                if asked.location_id in (None, one.location_id)
            ]
            for asset in asked.assets
        }
        places = {one.location_id for those in samples.values() for one in those}
        return Found(samples, prices_at(c, places))

    return await api.services.db.read(read)


def _assets(api: Api, user_id: str, kind: AssetKind, asset_id: str | None) -> list[Asset]:
    theirs = [state.asset for state in api.assets(kind, user_id)]
    if asset_id is None:
        return theirs
    found = [asset for asset in theirs if asset.id == asset_id]
    if not found:
        raise NotFoundError(f"{user_id[:50]} has no {kind.value} with ID {asset_id[:50]}")
    return found


def _inverter(api: Api, inverter_id: str) -> Asset:
    for state in api.assets(AssetKind.INVERTER):
        if state.asset.id == inverter_id:
            return state.asset
    raise NotFoundError("Asset not found")


def _earlier(at: datetime, by: timedelta) -> datetime:
    """Before an instant, as far as there are dates."""
    return max(at, _FIRST + by) - by


def _begin(session: ChargingSession) -> datetime:
    return session.from_at
