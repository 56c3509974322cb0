"""What assets consumed and produced, and what it cost: kept quarters, and the minutes since."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from sqlite3 import Connection
from zoneinfo import ZoneInfo

from gatewayd.model.asset import Asset, AssetKind
from gatewayd.model.statistics import (
    EnergyMark,
    EnergySample,
    InverterStatistics,
    StatisticsRefusal,
)
from gatewayd.plan.price_history import PriceHistory, price_history
from gatewayd.plan.statistics.counting import LONGEST_SILENCE, count
from gatewayd.plan.statistics.inverter import (
    SETTLE,
    ProductionQuery,
    inverter_statistics,
    window,
)
from gatewayd.plan.statistics.quarters import consumed, produced, quarter_start
from gatewayd.plan.statistics.savings import put_off
from gatewayd.state import locations, smart_charging, statistics, tariffs

# At most so much is counted at a time, so that neither memory nor the disk is taken for long.
PORTION = timedelta(days=1)
# As far as the minutes of the history reach back.
_OLDEST = timedelta(days=31)
# A clock that ran ahead left its marks there; set back by less, it will soon be there again.
_AHEAD = timedelta(hours=1)


def energy(
    c: Connection, asset: Asset, since: datetime, until: datetime, now: datetime
) -> list[EnergySample]:
    """What an asset consumed or produced in a time, up to the last minute on the disk."""
    kept = statistics.load(c, asset.id, since, until)
    mark = mark_of(c, asset, quarter_start(now))
    if until <= mark.through:
        return kept
    if now - mark.through > PORTION:
        # Nothing is counted yet, or not for days: that is on its way.
        mark = replace(mark, through=quarter_start(now - PORTION))
    _, live = counted(c, asset, mark, now)
    return kept + [one for one in live if one.end > since and one.start < until]


def consumption(
    c: Connection, asset: Asset, since: datetime, until: datetime, now: datetime
) -> list[EnergySample]:
    """As `energy`, and of a vehicle what its plans put off and to when."""
    if asset.kind is not AssetKind.VEHICLE:
        return energy(c, asset, since, until, now)
    plans = smart_charging.plans(c, asset.id, since, until)
    # Where in a plan's energy a sample lies is known from the plan's first one.
    first = min([since, *(plan.stop_at for plan in plans)])
    samples = put_off(energy(c, asset, first, until, now), plans)
    return [sample for sample in samples if sample.end > since]


def mark_of(c: Connection, asset: Asset, settled: datetime) -> EnergyMark:
    """From where to count on, up to what is settled."""
    first = EnergyMark(quarter_start(settled - _OLDEST), location_id=asset.location_id)
    mark = statistics.mark(c, asset.id) or first
    if mark.through > settled + _AHEAD:
        return replace(first, through=settled)
    return replace(mark, through=max(mark.through, first.through))


def counted(
    c: Connection, asset: Asset, mark: EnergyMark, until: datetime
) -> tuple[EnergyMark, list[EnergySample]]:
    """The mark at `until`, and the quarters since the mark before."""
    moved_at = asset.location_updated_at

    def place(at: datetime) -> str | None:
        return mark.location_id if moved_at and at < moved_at else asset.location_id

    said = statistics.minutes(c, asset, mark.through, until)
    after, samples = count(mark, said, until, place)
    add_up = produced if asset.kind is AssetKind.INVERTER else consumed
    return replace(after, location_id=place(until)), add_up(samples)


def production(
    c: Connection, asset: Asset, query: ProductionQuery, now: datetime
) -> InverterStatistics | StatisticsRefusal:
    """An inverter's local day or month, as far as it is known by now."""
    zone = zone_of(c, asset)
    wanted = window(query, zone)
    samples, is_unfinished = [], False
    if wanted is not None:
        samples = energy(c, asset, *wanted, now)
        is_unfinished = may_change(c, asset, wanted[1], now)
    installed_at = asset.installed_at or asset.created_at
    return inverter_statistics(
        samples, query, zone, installed_at, now, is_backfilling=is_unfinished
    )


def may_change(c: Connection, asset: Asset, until: datetime, now: datetime) -> bool:
    """Whether energy from before `until` is still to be counted, or a silence may yet end."""
    settled = quarter_start(now - SETTLE)
    mark = mark_of(c, asset, settled)
    if mark.through < min(until, settled):
        return True
    heard_at = mark.counted_at
    return heard_at is not None and heard_at < until and now - heard_at <= LONGEST_SILENCE


def prices_at(c: Connection, location_ids: Iterable[str | None]) -> dict[str | None, PriceHistory]:
    """What energy cost, by location; those that are gone have no prices."""
    found: dict[str | None, PriceHistory] = {}
    for location_id in location_ids:
        place = locations.get(c, location_id) if location_id else None
        if place is not None:
            links = tariffs.links(c, place.id)
            known = {link.tariff_id: tariffs.history(c, link.tariff_id) for _, link in links}
            found[place.id] = price_history(ZoneInfo(place.timezone), links, known)
    return found


def zone_of(c: Connection, asset: Asset) -> ZoneInfo:
    """The time zone an asset lives in: its location's, else UTC."""
    place = locations.get(c, asset.location_id) if asset.location_id else None
    return ZoneInfo(place.timezone if place else "UTC")
