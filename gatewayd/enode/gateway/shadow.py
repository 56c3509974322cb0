"""`/gateway/shadow`: what decisions that were only put on record would have saved."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated

from fastapi import Query, Response
from pydantic import AfterValidator

from gatewayd.control.shadow import ASSUMPTIONS, Shadow, shadows
from gatewayd.enode.answers import ok
from gatewayd.enode.api import Ask
from gatewayd.enode.gateway import home
from gatewayd.enode.routes.statistics import Instant
from gatewayd.enode.routing import client_router
from gatewayd.enode.wire.base import EnodeModel, Timestamp
from gatewayd.enode.wire.clock import limited
from gatewayd.errors import InvalidError
from gatewayd.model.asset import AssetKind
from gatewayd.model.tariff import CURRENCY
from gatewayd.plan.shadow.words import Tally

router = client_router()

# Further back there are neither decisions nor minutes.
_FARTHEST = timedelta(days=31)
_USUAL = timedelta(days=7)
_CENT = Decimal("0.0001")

_Instant = Annotated[Instant, AfterValidator(limited)]


class Tallied(EnodeModel):
    """What would have been otherwise in the `known` minutes of a time, in kWh.

    `less` would not have been drawn when it was, `more` would have been when it was not. `saved`
    is in the currency, negative for a loss, of all but the `unpriced` kWh; null where nothing has
    a price. Of `untold` minutes nobody can say what the decision would have made the asset draw.
    """

    known_minutes: int
    untold_minutes: int
    less_kwh: float
    more_kwh: float
    unpriced_kwh: float
    saved: str | None


class ShadowDay(Tallied):
    """A day of the asset's location."""

    date: date


class ShadowOfAsset(EnodeModel):
    """From the first decision in shadow on; `total` is null for those that `why` says it of.

    `left_out_minutes` are those of which the asset's power or the grid's is not known. What is
    `pending` would still have to be made up for (of a battery: it would hold so much more; of a
    heat pump below 0: it has drawn it ahead). With what is `lost` too little cars would have left,
    or it is heat that was made ahead and not used.
    """

    asset_id: str
    slug: str
    kind: AssetKind
    since: Timestamp
    left_out_minutes: int
    pending_kwh: float
    lost_kwh: float
    total: Tallied | None
    why: str | None
    days: list[ShadowDay]


class ShadowReport(EnodeModel):
    """What was assumed, and what comes of it."""

    since: Timestamp
    until: Timestamp
    currency: str
    assumptions: list[str]
    data: list[ShadowOfAsset]


@router.get("/gateway/shadow", responses={200: {"model": ShadowReport}})
async def get_gateway_shadow(
    ask: Ask,
    since: Annotated[_Instant | None, Query(alias="from")] = None,
    until: Annotated[_Instant | None, Query(alias="to")] = None,
) -> Response:
    """What assets in shadow would have saved: the last seven days, or up to 31 that are named."""
    services = ask.api.services
    end = min(until or services.clock.now(), services.clock.now())
    begin = since or end - _USUAL
    if not timedelta(0) <= end - begin <= _FARTHEST:
        raise InvalidError("from must not be after to, nor more than 31 days before")
    grid = services.terms().grid
    found = await shadows(services.db, home.assets(ask.api), grid.feed_in, begin, end)
    return ok(report(found, begin, end))


def report(found: list[Shadow], since: datetime, until: datetime) -> ShadowReport:
    """As it is told."""
    return ShadowReport(
        since=since,
        until=until,
        currency=CURRENCY,
        assumptions=list(ASSUMPTIONS),
        data=[_of_asset(one) for one in found],
    )


def _of_asset(one: Shadow) -> ShadowOfAsset:
    asset, would = one.asset, one.would
    days = would.days.items() if would else ()
    return ShadowOfAsset(
        asset_id=asset.id,
        slug=asset.slug,
        kind=asset.kind,
        since=one.since,
        left_out_minutes=would.left_out if would else 0,
        pending_kwh=_kwh(would.pending_wh) if would else 0.0,
        lost_kwh=_kwh(would.lost_wh) if would else 0.0,
        total=_tallied(would.total) if would else None,
        why=one.why,
        days=[ShadowDay(date=day, **dict(_tallied(tally))) for day, tally in days],
    )


def _tallied(tally: Tally) -> Tallied:
    saved = tally.saved
    return Tallied(
        known_minutes=tally.minutes,
        untold_minutes=tally.untold,
        less_kwh=_kwh(tally.less_wh),
        more_kwh=_kwh(tally.more_wh),
        unpriced_kwh=_kwh(tally.unpriced_wh),
        saved=None if saved is None else format(saved.quantize(_CENT), "f"),
    )


def _kwh(energy_wh: float) -> float:
    return round(energy_wh / 1000.0, 3)
