"""`gatewayd replay`: a day's decisions made again, and held against those on record."""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from sqlite3 import Connection
from zoneinfo import ZoneInfo

from gatewayd import __version__
from gatewayd.config import load
from gatewayd.console import database_path
from gatewayd.control.replay.verdict import Result, Verdict, judged
from gatewayd.devices.registry import Registry
from gatewayd.errors import NotFoundError
from gatewayd.model.asset import Asset
from gatewayd.plan.local_time import at_local
from gatewayd.shell.days import begin_of
from gatewayd.state import assets, decisions
from gatewayd.state.db import Database


@dataclass(frozen=True)
class Replay:
    """The decisions of a local day, oldest first; `slugs` are the assets' by id."""

    day: date
    zone: ZoneInfo
    verdicts: list[Verdict]
    slugs: dict[str, str]

    @property
    def is_well(self) -> bool:
        """Whether all came out as they were, as far as they can be made again."""
        return all(verdict.result.is_well for verdict in self.verdicts)


async def replay(path: Path, day: date, asset: str | None) -> Replay:
    """A day by the home's clock; of one asset, by its id or slug, or of all.

    Nothing is written and nobody is asked. Raises NotFoundError for a day without any,
    InvalidError for one too far away.
    """
    config = load(path, Registry.load())
    where, zone = database_path(config), ZoneInfo(config.home.timezone)
    if not where.exists():
        raise NotFoundError(f"{where}: there is no database yet: start gatewayd first")
    begin, end = begin_of(day, zone), at_local(day + timedelta(days=1), 0, zone)
    async with Database.visit(where) as database:
        chosen = _chosen(await database.read(assets.load), asset)
        verdicts = await database.read(lambda c: _judged(c, list(chosen), begin, end))
    if not verdicts:
        raise NotFoundError(f"nothing was decided on {day} in {zone}; decisions are kept 30 days")
    return Replay(day, zone, verdicts, chosen)


def shown(replay: Replay) -> str:
    """For people."""
    lines = [line for verdict in replay.verdicts for line in _lines(verdict, replay)]
    counts = Counter(verdict.result for verdict in replay.verdicts)
    total = ", ".join(f"{counts[result]} {result}" for result in Result if counts[result])
    others = {v.software for v in replay.verdicts if v.software not in (None, __version__)}
    by = f"; decided by gatewayd {', '.join(sorted(map(str, others)))}" if others else ""
    return "\n".join(
        [*lines, f"{replay.day} in {replay.zone}: {total}{by}, made again by {__version__}"]
    )


def to_json(replay: Replay) -> dict[str, object]:
    """For `--json`."""
    return {
        "day": replay.day.isoformat(),
        "timezone": replay.zone.key,
        "software": __version__,
        "decisions": [_json(verdict, replay) for verdict in replay.verdicts],
    }


def _chosen(stored: list[Asset], wanted: str | None) -> dict[str, str]:
    found = {one.id: one.slug for one in stored if wanted in (None, one.id, one.slug)}
    if not found and wanted is not None:
        known = ", ".join(one.slug for one in stored) or "none"
        raise NotFoundError(f"no asset {wanted!r}; known: {known}")
    return found


def _judged(c: Connection, ids: list[str], begin: datetime, end: datetime) -> list[Verdict]:
    numbers = sorted(number for number, _ in decisions.times(c, ids, begin, end))
    found = decisions.by_id(c, numbers)
    return [judged(c, found[number]) for number in numbers]


def _lines(verdict: Verdict, replay: Replay) -> list[str]:
    decision = verdict.decided.decision
    at = decision.at.astimezone(replay.zone).isoformat(timespec="milliseconds")
    name = replay.slugs[decision.asset_id]
    why = f" ({verdict.why})" if verdict.why else ""
    if verdict.result is Result.DIFFERENT:
        why = f" in {', '.join(_differing(verdict))}"
    line = f"{at}  {name}  {decision.owner}: {decision.reason}  {verdict.result}{why}"
    if verdict.result is not Result.DIFFERENT:
        return [line]
    return [
        line,
        f"  recorded: {_text(verdict.recorded)}",
        f"  replayed: {_text(verdict.replayed)}",
    ]


def _differing(verdict: Verdict) -> list[str]:
    """The names of what did not come out as it was."""
    recorded, replayed = (_flat(one) for one in (verdict.recorded, verdict.replayed))
    names = dict.fromkeys([*recorded, *replayed])
    return [name for name in names if recorded.get(name) != replayed.get(name)]


def _flat(outcome: dict[str, str | None] | None) -> dict[str, object]:
    found = _opened(outcome) or {}
    grounds = found.pop("grounds", None)
    return found | grounds if isinstance(grounds, dict) else found


def _text(outcome: dict[str, str | None] | None) -> str:
    return json.dumps(_opened(outcome), ensure_ascii=False)


def _opened(outcome: dict[str, str | None] | None) -> dict[str, object] | None:
    """With what is JSON in it as such."""
    if outcome is None:
        return None
    told = {
        name: json.loads(text) if text else None
        for name, text in outcome.items()
        if name != "owner"
    }
    return {"owner": outcome["owner"], **told}


def _json(verdict: Verdict, replay: Replay) -> dict[str, object]:
    decision = verdict.decided.decision
    return {
        "id": str(verdict.decided.id),
        "at": decision.at.astimezone(UTC).isoformat(),
        "assetId": decision.asset_id,
        "asset": replay.slugs[decision.asset_id],
        "owner": decision.owner,
        "reason": decision.reason,
        "result": verdict.result.lower(),
        "why": verdict.why,
        "differing": _differing(verdict),
        "software": verdict.software,
        "recorded": _opened(verdict.recorded),
        "replayed": _opened(verdict.replayed),
    }
