"""What shadow would have saved: its decisions and the minutes measured since, from the disk."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from sqlite3 import Connection

from gatewayd.control.energy import prices_at, zone_of
from gatewayd.model.asset import Asset, AssetKind, MeterUsage
from gatewayd.model.decision import SHADOW, Decision
from gatewayd.model.power import SetSgReady
from gatewayd.model.reading import BatteryReading, ChargerReading, SgReady
from gatewayd.model.tariff import PriceSlot
from gatewayd.plan.grid.export import FeedIn
from gatewayd.plan.heat.levels import level_of
from gatewayd.plan.price_history import slots
from gatewayd.plan.shadow.account import Account, Decided, in_shadow
from gatewayd.plan.shadow.ledger import ledger
from gatewayd.plan.shadow.words import Minute, Would
from gatewayd.state import assets, decisions, history
from gatewayd.state.db import Database
from gatewayd.state.minute import RoleMinute

ASSUMPTIONS = (
    "each asset is taken alone, beside the rest of the home as it was measured",
    "a decision holds until the next one on record, also while the gateway was not running",
    "a charger's setpoint is its amperes times 230 V on the phases that the car draws on",
    "a car takes what was put off as soon as it may, and nothing earlier than in truth; what it"
    " did not get before it left is no saving",
    "a battery that holds more or less than in truth evens that out from import or export while it"
    " is left to itself; what remains has no price, and nothing is lost on the way",
    "a blocked heat pump draws nothing, and a boosted one as much as it was measured to draw on"
    " average while it ran; left alone it makes up for the one and draws less for the other; heat"
    " that was not used within a day is lost",
    "an inverter produces what it did, but for what is beyond its limit, which is lost",
    "energy costs what the location's tariff said at its time, whatever it says now; where it says"
    " nothing there is no price; and feeding in pays what grid.feed_in says now",
)
_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)
_USED_A = 1.0

# Who asks heat pumps for levels; what people set them to is carried out in truth.
_OF_LEVELS = frozenset({f"heating{SHADOW}", f"grid{SHADOW}"})
_LEFT_ALONE = SetSgReady(SgReady.NORMAL)

# From and to of each part of a time.
Days = Sequence[tuple[datetime, datetime]]


@dataclass(frozen=True, slots=True)
class Shadow:
    """One asset's, from its first decision in shadow; `would` None where `why` says that."""

    asset: Asset
    since: datetime
    would: Would | None
    why: str | None = None


async def shadows(
    db: Database, wanted: Iterable[Asset], feed_in: FeedIn, since: datetime, until: datetime
) -> list[Shadow]:
    """Of all that were in shadow in that time; read day by day, to let others read between."""
    stored = await db.read(assets.load)
    meters = [one for one in stored if one.kind is AssetKind.METER and one.usage is MeterUsage.GRID]
    home, found = _Home(db, meters, feed_in), []
    for asset in wanted:
        decided = await db.read(partial(_decided, asset=asset, since=since, until=until))
        if decided:
            begin = _full_minute(max(since, decided[0].at))
            # The minute under way is not on the disk yet.
            days = [*_days(begin, until.replace(second=0, microsecond=0))]
            found.append(await _shadow(home, asset, decided, begin, days))
    return found


@dataclass(frozen=True, slots=True)
class _Home:
    """`meters` are those of the grid."""

    db: Database
    meters: Sequence[Asset]
    feed_in: FeedIn


async def _shadow(
    home: _Home, asset: Asset, decided: Sequence[Decided], begin: datetime, days: Days
) -> Shadow:
    db, own = home.db, ledger(asset.kind)
    if own is None:
        return Shadow(
            asset, begin, None, f"what an asset of kind {asset.kind} would have done cannot be told"
        )
    book = Account(await db.read(partial(zone_of, asset=asset)), decided, own)
    for start, end in days:
        read = partial(_minutes, asset=asset, meters=home.meters, since=start, until=end)
        book.feed(_paid(await db.read(read), home.feed_in), start, end)
    would = book.would()
    if would.left_out and not would.total.minutes and not await _is_measured(db, asset, days):
        return Shadow(asset, begin, None, "its power is not measured")
    return Shadow(asset, begin, would)


async def _is_measured(db: Database, asset: Asset, days: Days) -> bool:
    for start, end in days:
        said = await db.read(partial(_said, asset=asset, since=start, until=end))
        if any(_mean(minute, "power_w") is not None for minute in said.values()):
            return True
    return False


def _decided(c: Connection, asset: Asset, since: datetime, until: datetime) -> list[Decided]:
    """From the one that holds at `since`; empty where nothing is decided in shadow."""
    known = decisions.outlines(c, asset.id, until)
    told = ((_leveled(decision, asset), is_action) for decision, is_action in known)
    found = in_shadow(told, _LEFT_ALONE if asset.kind is AssetKind.HVAC else None)
    before = sum(1 for one in found if one.at <= since)
    found = found[max(0, before - 1) :]
    return found if any(one.command not in (None, _LEFT_ALONE) for one in found) else []


def _leveled(decision: Decision, asset: Asset) -> Decision:
    """With the level that a heat pump was to be told."""
    if asset.kind is not AssetKind.HVAC or not decision.is_shadow or decision.command is None:
        return decision
    is_level = decision.owner in _OF_LEVELS
    level = level_of(decision.command, asset) if is_level else SgReady.NORMAL
    return replace(decision, command=SetSgReady(level))


def _days(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    while since < until:
        yield since, min(since + _DAY, until)
        since += _DAY


def _minutes(
    c: Connection, asset: Asset, meters: Sequence[Asset], since: datetime, until: datetime
) -> list[Minute]:
    """Those of which both the asset's power and the grid's are known, with the price of energy."""
    prices = prices_at(c, [asset.location_id]).get(asset.location_id)
    held = slots(prices, since, until) if prices else ()
    grids = [_said(c, meter, since, until) for meter in meters]
    found = []
    for start, minute in _said(c, asset, since, until).items():
        powers = [_mean(grid.get(start), "power_w") for grid in grids]
        known = [power_w for power_w in powers if power_w is not None]
        power_w = _mean(minute, "power_w")
        if power_w is not None and known and len(known) == len(powers):
            measured = Minute(start, power_w, sum(known), _price(held, start))
            found.append(_seen(minute, measured))
    return found


def _said(
    c: Connection, asset: Asset, since: datetime, until: datetime
) -> Mapping[datetime, RoleMinute]:
    rows = history.load(c, asset.device_id, since, until)
    own = ((at, roles.get(asset.role)) for at, roles in rows)
    # With no reading of its own, a minute only repeats what was said before.
    return {at: minute for at, minute in own if minute is not None and minute.count}


def _seen(said: RoleMinute, minute: Minute) -> Minute:
    """With what only this kind of asset tells."""
    reading = said.reading()
    match reading:
        case ChargerReading():
            means = (_mean(said, f"current_{phase}_a") for phase in "abc")
            used = sum(1 for current_a in means if current_a is not None and current_a > _USED_A)
            return replace(minute, is_plugged=reading.is_plugged_in, phases=used or None)
        case BatteryReading(soc_pct=float() as soc_pct, capacity_wh=float() as capacity_wh):
            return replace(
                minute,
                content_wh=soc_pct / 100.0 * capacity_wh,
                capacity_wh=capacity_wh,
                charge_w=reading.max_charge_w,
                discharge_w=reading.max_discharge_w,
            )
    return minute


def _mean(minute: RoleMinute | None, name: str) -> float | None:
    span = minute.spans.get(name) if minute else None
    return span.mean if span else None


def _price(held: Sequence[PriceSlot], at: datetime) -> Decimal | None:
    position = bisect_right(held, at, key=lambda slot: slot.start) - 1
    return held[position].price if position >= 0 else None


def _paid(known: Iterable[Minute], feed_in: FeedIn) -> Iterator[Minute]:
    return (replace(minute, feed_in=feed_in.price(minute.price)) for minute in known)


def _full_minute(at: datetime) -> datetime:
    """The next, unless it is one."""
    whole = at.replace(second=0, microsecond=0)
    return whole if whole == at else whole + _MINUTE
