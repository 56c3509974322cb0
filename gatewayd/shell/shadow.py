"""`gatewayd shadow`: what assets in shadow would have saved."""

from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from gatewayd.clock import SystemClock
from gatewayd.config import load
from gatewayd.console import database_path
from gatewayd.control.shadow import shadows
from gatewayd.devices.registry import Registry
from gatewayd.enode.gateway.shadow import ShadowOfAsset, ShadowReport, Tallied, report
from gatewayd.errors import NotFoundError
from gatewayd.shell.days import begin_of
from gatewayd.state import assets
from gatewayd.state.db import Database

# Decisions are kept no longer.
_USUAL = timedelta(days=30)


async def shadow(path: Path, since: date | None) -> ShadowReport:
    """From a day of the home's clock on, or of the last 30.

    Raises NotFoundError where there is none, InvalidError for a day too far away.
    """
    config = load(path, Registry.load())
    where, now = database_path(config), SystemClock().now()
    if not where.exists():
        raise NotFoundError(f"{where}: there is no database yet: start gatewayd first")
    begin = begin_of(since, ZoneInfo(config.home.timezone)) if since else now - _USUAL
    async with Database.visit(where) as database:
        stored = await database.read(assets.load)
        feed_in = config.terms.grid.feed_in
        found = await shadows(database, stored, feed_in, begin, now)
    if not found:
        raise NotFoundError("nothing was decided in shadow: give a device `control: shadow`")
    return report(found, begin, now)


def shown(report: ShadowReport) -> str:
    """For people."""
    lines = [line for one in report.data for line in _lines(one, report.currency)]
    return "\n".join([*lines, "", "Assumed:", *(f"- {text}" for text in report.assumptions)])


def _lines(one: ShadowOfAsset, currency: str) -> list[str]:
    if one.total is None:
        return [f"{one.slug}: {one.why}"]
    return [
        f"{one.slug} since {one.since:%Y-%m-%d %H:%M} UTC: {_text(one.total, currency)};"
        f" {one.pending_kwh:g} kWh pending, {one.lost_kwh:g} kWh never made up for,"
        f" {one.left_out_minutes} minutes left out, {one.total.untold_minutes} not told",
        *(f"  {day.date}  {_text(day, currency)}" for day in one.days),
    ]


def _text(told: Tallied, currency: str) -> str:
    saved = "no prices known" if told.saved is None else f"{told.saved} {currency} saved"
    rest = f" and {told.unpriced_kwh:g} kWh without a price" if told.unpriced_kwh else ""
    return f"{saved}{rest}, {told.less_kwh:g} kWh less and {told.more_kwh:g} kWh more drawn"
