"""The commander with all that settles what it keeps: bench, guard's loop and governor."""

from collections.abc import Callable, Coroutine
from typing import Any

from gatewayd.clock import Clock
from gatewayd.control.governor import exporting
from gatewayd.control.governor.bench import Bench
from gatewayd.control.governor.governor import Governor
from gatewayd.control.governor.guard_loop import GuardLoop
from gatewayd.control.governor.overview import Governed, Overview, say, trusts
from gatewayd.control.governor.relay import Relay
from gatewayd.control.governor.terms import Terms
from gatewayd.control.governor.week import LastWeek
from gatewayd.devices.commander import Commander
from gatewayd.devices.poller import Poller
from gatewayd.plan.prices import Prices
from gatewayd.state.db import Database
from gatewayd.state.store import Store

# Ten seconds are promised, and the rest of the daemon stops afterwards.
_STOP_S = 7.0


class Government:
    """All of it over one bench, which the commander asks and the governor fills."""

    def __init__(
        self, terms: Terms, *, db: Database, store: Store, poller: Poller, clock: Clock
    ) -> None:
        self.bench = Bench(terms, store, clock)
        self.commander = Commander(
            db=db, store=store, poller=poller, clock=clock, governance=self.bench
        )
        self.governor = Governor(
            bench=self.bench, store=store, db=db, commander=self.commander, clock=clock
        )
        self._store, self._poller = store, poller
        self._last_week = LastWeek(db, store, clock, self.terms)
        operators, bench = self.governor.operators, self.bench
        self._relay = Relay(lambda: bench.terms.grid.relay, operators.taken, poller.latest, clock)
        self._export_relay = Relay(
            lambda: bench.terms.grid.export_relay, operators.fed, poller.latest, clock
        )
        self._guard = GuardLoop(bench=self.bench, store=store, devices=poller, clock=clock)

    def problems(self) -> tuple[str, ...]:
        """What a person should mend: wiring, fallbacks, export, and what is left forced."""
        found = (f"{one.where}: {one.what}; {one.do}" for one in self.governor.auditor.findings)
        every_s = {device.id: device.every_s for device in self._poller.devices()}
        fed = exporting.problems(self._store.site, self.bench.terms, every_s)
        return (*self._guard.commissioning.problems, *found, *fed, *self.commander.stranded())

    def terms(self) -> Terms:
        """By what assets are governed now."""
        return self.bench.terms

    def overview(self) -> Overview:
        """What there is to know of the home now."""
        governor, bench, site = self.governor, self.bench, self._store.site
        modes, plans = governor.choices.modes(), governor.choices.plans()
        shadows, (told, fed) = self._last_week.found, governor.operators.standing()
        found = trusts(site.assets.values(), bench, governor.auditor.withheld)
        assets = {
            id_: Governed(
                trust,
                modes.get(id_),
                plans.get(id_, {}),
                *say(site.assets[id_], bench),
                None if bench.terms.writes(site.assets[id_].asset) else shadows.get(id_),
            )
            for id_, trust in found.items()
        }
        is_limited = told is not None and told.limit_w is not None
        return Overview(
            bench.terms.zone,
            assets,
            self._guard.circuits(),
            told if is_limited else None,
            governor.operator.until() if is_limited else None,
            self.problems(),
            fed if fed and fed.limit_w is not None else None,
        )

    async def end(self) -> None:
        """Steer no more, and leave no battery or inverter in what it was forced to."""
        self.bench.end()
        await self.commander.give_back(_STOP_S)
        await self.governor.end()

    def services(self, prices: Callable[[], Prices | None]) -> dict[str, Coroutine[Any, Any, None]]:
        """What runs for ever, by the name its task gets; `prices` are those of the home."""
        self.governor.prices = prices
        return {
            "commander": self.commander.run(),
            "fuse guard": self._guard.run(),
            "governor": self.governor.run(),
            "grid relay": self._relay.run(),
            "export relay": self._export_relay.run(),
            "shadow": self._last_week.run(),
        }
