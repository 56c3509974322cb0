"""Where all claims are settled, and the commander is told: the only one that steers.

The guard brings grants and the governor claims, each at its own pace; what neither renews runs
out by itself.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

from gatewayd import __version__
from gatewayd.clock import Clock
from gatewayd.control.governor import said
from gatewayd.control.governor.answers import Patience
from gatewayd.control.governor.answers import answer as how_it_fares
from gatewayd.control.governor.given import ClaimsGiven, GuardGiven, Noted, RulingGiven
from gatewayd.control.governor.grants import ALL_ASSETS, NO_GRANTS, Grants
from gatewayd.control.governor.limit import NO_LIMIT, limited
from gatewayd.control.governor.notes import Book
from gatewayd.control.governor.steered import Steer, Steered
from gatewayd.control.governor.terms import Terms
from gatewayd.control.governor.withholding import why_not
from gatewayd.model.circuit import Circuit
from gatewayd.model.command import Command
from gatewayd.model.decision import Decision, Input
from gatewayd.model.site import AssetState, Site
from gatewayd.plan.arbiter.claims import LEASE_MAX_S, Claim, Wish
from gatewayd.plan.arbiter.ruling import Ruling, settle
from gatewayd.plan.governed import Answer
from gatewayd.plan.guard.words import Grant
from gatewayd.plan.heat.levels import is_apart

# The guard gives nothing new before it has seen the room for it this long.
_WARM_S = 40.0


class Picture(Protocol):
    """The store, as the bench sees it."""

    @property
    def site(self) -> Site: ...


class Bench:
    """Holds claims and grants; `rulings` is what they come to now, by asset id.

    `limit` is what the whole home may take from the grid now.
    """

    def __init__(self, terms: Terms, store: Picture, clock: Clock) -> None:
        self.terms = terms
        self.rulings: dict[str, Ruling] = {}
        self.limit = NO_LIMIT
        self._store = store
        self._clock = clock
        self._at, self._now_s = clock.now(), clock.monotonic()
        self._claims: tuple[Claim, ...] = ()
        self._claims_given: ClaimsGiven | None = None
        self._grants = NO_GRANTS
        # When the guard looked for the first time.
        self._guarded_s: float | None = None
        self._steered = Steered()
        self._book = Book()
        self._patience = Patience()

    def begin(self, steer: Steer) -> None:
        """Have rulings carried out from now on."""
        self._steered.begin(steer)

    def recall(self, asset_ids: Iterable[str]) -> None:
        """Of which an earlier run has left something on record that may have ended since."""
        self._book.unended = set(asset_ids)

    def end(self) -> None:
        """Have nothing carried out any more, and that on record."""
        self._steered.end()
        self.settle()
        for asset_id, ruling in self.rulings.items():
            state = self._store.site.assets.get(asset_id)
            if state is not None and self.terms.writes(state.asset):
                self._book.stop(self._given(state, is_stopping=True), ruling)

    def claim(self, claims: Iterable[Claim], given: ClaimsGiven | None = None) -> None:
        """What everybody but the guard wants, instead of what they wanted before.

        `given` is what that was made from, for the record.
        """
        self._end_lapsed()
        self._claims, self._claims_given = tuple(claims), given
        self.settle()
        for state in self._store.site.assets.values():
            if self._is_ready(state) or not self.terms.governs(state.asset):
                ruling = self.rulings.get(state.asset.id)
                self._book.end_old(self._given(state), ruling, self._claims)

    def grant(
        self,
        grants: Mapping[str, Grant],
        inputs: tuple[Input, ...],
        given: GuardGiven | None = None,
        paused: frozenset[str] = frozenset(),
        assets: Mapping[str, str] = ALL_ASSETS,
    ) -> None:
        """What the guard allows, instead of what it allowed before; see `Grants`."""
        self._end_lapsed()
        if self._guarded_s is None:
            self._guarded_s = self._clock.monotonic()
        self._grants = Grants(grants, inputs, given, paused, assets)
        self.settle()

    def circuits(self) -> Mapping[str, Circuit]:
        """The circuits, the house connection with what it may carry now."""
        return limited(self.terms.circuits, self.limit)

    def wish(self, asset_id: str, now_s: float) -> Wish | None:
        """What is wanted of a load where the guard has no say."""
        ruling = settle((c for c in self._claims if c.asset_id == asset_id), now_s).get(asset_id)
        return ruling.wish if ruling else None

    def renews(self, asset_id: str) -> bool:
        """Whether the device's own watchdog may be fed."""
        state = self._store.site.assets.get(asset_id)
        if state is None or not self._is_guarded(state):
            return True
        return self._grants.renews(state.asset, self._clock.monotonic())

    def settle(self) -> None:
        """Make the rulings of what is claimed now, and have them kept."""
        # Read once: what is made again later has one moment only.
        self._at, self._now_s = self._clock.now(), self._clock.monotonic()
        now_s = self._now_s
        states = [s for s in self._store.site.assets.values() if self._is_ready(s)]
        safety = [self._safety(s, now_s) for s in states if self._is_guarded(s)]
        found = settle([*self._claims, *filter(None, safety)], now_s)
        for state in states:
            self._rule(state, found.get(state.asset.id))
        for asset_id in [*self.rulings]:
            # Of what is not there any more nothing is left to give back.
            left = self._store.site.assets.get(asset_id)
            if left is None:
                del self.rulings[asset_id]
            elif not self.terms.governs(left.asset):
                self._rule(left, None)

    def decision(self, state: AssetState, *, is_stopping: bool = False) -> Decision:
        """What is settled of an asset, and why; `is_stopping`: and nothing any more after that."""
        given = self._given(state, is_stopping=is_stopping)
        return said.decision(given, self.rulings.get(state.asset.id), self._claims)

    def say(self, state: AssetState) -> Decision | None:
        """Who has the say over it now; None where nobody has, or it is left to another writer."""
        ruling = self.rulings.get(state.asset.id)
        return said.say(self._given(state), ruling) if ruling is not None else None

    def take_decisions(self) -> list[Noted]:
        """The changes of setpoint since the last call."""
        return self._book.take()

    def answer(self, asset_id: str, command: Command) -> Answer | None:
        """See `Governance`."""
        state = self._store.site.assets.get(asset_id)
        if state is None or not self.terms.writes(state.asset) or is_apart(command, state.asset):
            return None
        ruling, withheld = self.rulings.get(asset_id), why_not(self.terms, state, command)
        if ruling is None:
            return Answer()
        now_s = self._clock.monotonic()
        is_warm = self._guarded_s is None or now_s - self._guarded_s >= _WARM_S
        is_late = self._patience.is_over(asset_id, command, now_s) and is_warm
        if withheld is not None:
            return Answer(binding=withheld if is_late else None)
        return how_it_fares(ruling, command, is_late=is_late)

    def safe_a(self, asset_id: str) -> float | None:
        """See `Governance`."""
        state = self._store.site.assets.get(asset_id)
        if state is None or not self._is_guarded(state):
            return None
        term, now_s = self.terms.wired(state.asset.device_id), self._clock.monotonic()
        return self._grants.safe_a(state, term, now_s)

    def _is_guarded(self, state: AssetState) -> bool:
        return self.terms.guards(state.asset)

    def _is_ready(self, state: AssetState) -> bool:
        """Whether it is governed; a guarded one not before the guard has looked."""
        if self._is_guarded(state) and self._guarded_s is None:
            return False
        return self.terms.governs(state.asset)

    def _safety(self, state: AssetState, now_s: float) -> Claim | None:
        term, wanted = self.terms.wired(state.asset.device_id), self.wish(state.asset.id, now_s)
        return self._grants.claim(state, term, wanted, now_s)

    def _rule(self, state: AssetState, ruling: Ruling | None) -> None:
        asset_id = state.asset.id
        self._book.look(self._given(state), ruling, self._claims)
        if ruling is not None:
            self.rulings[asset_id] = ruling
            self._keep(state, ruling)
        elif self.rulings.pop(asset_id, None) is not None:
            self._steered.free(asset_id)

    def _keep(self, state: AssetState, ruling: Ruling) -> None:
        if self.terms.writes(state.asset):
            grant = self._grants.of(state.asset) if self._is_guarded(state) else None
            self._steered.keep(self.terms, state, ruling, grant.amps if grant else None)
        else:
            self._steered.leave(state.asset.id)

    def _end_lapsed(self) -> None:
        """What ran out while nobody looked, and was given back by then."""
        if self.rulings and self._clock.monotonic() - self._now_s >= LEASE_MAX_S:
            self.settle()

    def _given(self, state: AssetState, *, is_stopping: bool = False) -> RulingGiven:
        return RulingGiven(
            __version__,
            self._claims_given,
            self._grants.given if self._is_guarded(state) else None,
            self.terms,
            state,
            self._at,
            self._now_s,
            is_stopping,
        )
