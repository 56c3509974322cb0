"""Where all claims are settled, and the commander is told: the only one that steers.

The guard brings grants and the governor claims, each at its own pace; what neither renews runs
out by itself.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Protocol

from gatewayd import __version__
from gatewayd.clock import Clock
from gatewayd.control.governor import gather, said
from gatewayd.control.governor.answers import Patience
from gatewayd.control.governor.answers import answer as how_it_fares
from gatewayd.control.governor.given import ClaimsGiven, GuardGiven, Noted, RulingGiven
from gatewayd.control.governor.limit import NO_LIMIT, limited
from gatewayd.control.governor.notes import Notes
from gatewayd.control.governor.safety import GUARD, Granted
from gatewayd.control.governor.safety import claim as safety_claim
from gatewayd.control.governor.terms import Terms
from gatewayd.control.governor.withholding import only_lowers, why_not
from gatewayd.model.asset import AssetKind
from gatewayd.model.circuit import Circuit
from gatewayd.model.command import Command
from gatewayd.model.decision import Decision, Grounds, Input
from gatewayd.model.site import AssetState, Site
from gatewayd.plan.arbiter.claims import LEASE_MAX_S, Claim, Rank, Setpoint, Wish
from gatewayd.plan.arbiter.ruling import Ruling, settle
from gatewayd.plan.governed import Answer
from gatewayd.plan.guard.words import Footing, Grant
from gatewayd.plan.heat.levels import is_apart
from gatewayd.plan.keeping import Kept

# The guard gives nothing new before it has seen the room for it this long.
_WARM_S = 40.0
# Where nobody has said which assets are the loads, each of a load's device is.
_ALL_ASSETS: Mapping[str, str] = MappingProxyType({})

Steer = Callable[[str, Kept | None], None]


class Picture(Protocol):
    """The store, as the bench sees it."""

    @property
    def site(self) -> Site: ...


class Bench:
    """Holds claims and grants; `rulings` is what they come to now, by asset id.

    `limit` is what the whole home may take from the grid now.
    `steer` keeps an asset at something, None gives it back. `decisions` are the changes since they
    were last taken.
    """

    def __init__(self, terms: Terms, store: Picture, clock: Clock) -> None:
        self.terms = terms
        self.rulings: dict[str, Ruling] = {}
        self.limit = NO_LIMIT
        self._store = store
        self._clock = clock
        self._at, self._now_s = clock.now(), clock.monotonic()
        self._steer: Steer = _nowhere
        self._claims: tuple[Claim, ...] = ()
        self._guarded_s = -math.inf
        self._grants: Mapping[str, Grant] | None = None
        self._grant_inputs: tuple[Input, ...] = ()
        self._paused: frozenset[str] = frozenset()
        self._assets = _ALL_ASSETS
        self._decisions: list[Noted] = []
        self._claims_given: ClaimsGiven | None = None
        self._guard_given: GuardGiven | None = None
        self._notes = Notes()
        self._steered: set[str] = set()
        self._unended: set[str] = set()
        self._patience = Patience()

    def begin(self, steer: Steer) -> None:
        """Have rulings carried out from now on."""
        self._steer = steer

    def recall(self, asset_ids: Iterable[str]) -> None:
        """Of which an earlier run has left something on record that may have ended since."""
        self._unended = set(asset_ids)

    def end(self) -> None:
        """Have nothing carried out any more, and that on record."""
        self._steer = _nowhere
        self.settle()
        for asset_id in self.rulings:
            state = self._store.site.assets.get(asset_id)
            if state is not None and self.terms.writes(state.asset):
                self._note(state, is_stopping=True)

    def claim(self, claims: Iterable[Claim], given: ClaimsGiven | None = None) -> None:
        """What everybody but the guard wants, instead of what they wanted before.

        `given` is what that was made from, for the record.
        """
        self._end_lapsed()
        self._claims, self._claims_given = tuple(claims), given
        self.settle()
        self._end_old()

    def grant(
        self,
        grants: Mapping[str, Grant],
        inputs: tuple[Input, ...],
        given: GuardGiven | None = None,
        paused: frozenset[str] = frozenset(),
        assets: Mapping[str, str] = _ALL_ASSETS,
    ) -> None:
        """What the guard allows each load, by device, and what it knew; `given` as in `claim`.

        `paused` are the devices whose batteries are left to themselves and must not charge now.
        `assets` are the loads' assets, by device: another one of that device is granted nothing.
        """
        self._end_lapsed()
        self._guard_given, self._paused, self._assets = given, paused, assets
        if self._grants is None:
            self._guarded_s = self._clock.monotonic()
        self._grants, self._grant_inputs = grants, inputs
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
        grant = (self._grants or {}).get(state.asset.device_id)
        return grant is None or (grant.renews and self._clock.monotonic() < grant.valid_until_s)

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
            if state.asset.id not in self.rulings:
                self._unruled(state)
        for asset_id in [*self.rulings]:
            # Of what is not there any more nothing is left to give back.
            left = self._store.site.assets.get(asset_id)
            if left is None:
                del self.rulings[asset_id]
            elif not self.terms.governs(left.asset):
                self._free(asset_id)
                self._unruled(left)

    def decision(self, state: AssetState, *, is_stopping: bool = False) -> Decision:
        """What is settled of an asset, and why; `is_stopping`: and nothing any more after that."""
        ruling = self.rulings.get(state.asset.id)
        if ruling is None:
            is_governed = self.terms.governs(state.asset)
            return self._refused(state) or said.ended(state, self._at, is_governed=is_governed)
        found = self._ruled(state, ruling)
        return said.stopped(found, state) if is_stopping else found

    def say(self, state: AssetState) -> Decision | None:
        """Who has the say over it now; None where nobody has, or it is left to another writer."""
        ruling = self.rulings.get(state.asset.id)
        if ruling is None or (state.asset.is_yielded and not _is_bound(ruling)):
            return None
        return self._ruled(state, ruling)

    def take_decisions(self) -> list[Noted]:
        """The changes of setpoint since the last call."""
        taken, self._decisions = self._decisions, []
        return taken

    def answer(self, asset_id: str, command: Command) -> Answer | None:
        """See `Governance`."""
        state = self._store.site.assets.get(asset_id)
        if state is None or not self.terms.writes(state.asset) or is_apart(command, state.asset):
            return None
        ruling, withheld = self.rulings.get(asset_id), why_not(self.terms, state, command)
        if ruling is None:
            return Answer()
        now_s = self._clock.monotonic()
        is_warm = now_s - self._guarded_s >= _WARM_S
        is_late = self._patience.is_over(asset_id, command, now_s) and is_warm
        if withheld is not None:
            return Answer(binding=withheld if is_late else None)
        return how_it_fares(ruling, command, is_late=is_late)

    def safe_a(self, asset_id: str) -> float | None:
        """See `Governance`."""
        state = self._store.site.assets.get(asset_id)
        if state is None or not self._is_guarded(state):
            return None
        safe_a = gather.safe_a(state, self.terms.wired(state.asset.device_id))
        grant = self._granted(state)
        is_live = grant is not None and self._clock.monotonic() < grant.valid_until_s
        return min(safe_a, grant.amps) if grant is not None and is_live else safe_a

    def _granted(self, state: AssetState) -> Grant | None:
        device_id = state.asset.device_id
        grant = (self._grants or {}).get(device_id)
        if grant is None or self._is_load(state):
            return grant
        return replace(
            grant, amps=0.0, binding=f"{device_id}: its circuit is for one of its assets"
        )

    def _is_load(self, state: AssetState) -> bool:
        return self._assets.get(state.asset.device_id, state.asset.id) == state.asset.id

    def _is_guarded(self, state: AssetState) -> bool:
        return self.terms.guards(state.asset)

    def _is_ready(self, state: AssetState) -> bool:
        """Whether it is governed; a guarded one not before the guard has looked."""
        if self._is_guarded(state) and self._grants is None:
            return False
        return self.terms.governs(state.asset)

    def _safety(self, state: AssetState, now_s: float) -> Claim | None:
        grant, device_id = self._granted(state), state.asset.device_id
        if grant is None or now_s >= grant.valid_until_s:
            if state.asset.kind is AssetKind.HVAC:
                return None
            safe_a, until_s = self.safe_a(state.asset.id) or 0.0, now_s + LEASE_MAX_S
            silent = "the guard has not looked of late"
            grant = Grant(safe_a, until_s, Footing.NOTHING, renews=False, binding=silent)
        grounds = Grounds(
            f"the fuse guard allows {grant.amps:g} A",
            self._grant_inputs,
            binding=grant.binding or "the fuse guard",
        )
        is_paused, wanted = device_id in self._paused, self.wish(state.asset.id, now_s)
        granted = Granted(grant, grounds, wanted, is_paused=is_paused)
        claim = safety_claim(state, self.terms.wired(device_id), granted)
        if claim is None or state.asset.kind is not AssetKind.CHARGER or self._is_load(state):
            return claim
        # Nobody else claims anything of it.
        return replace(claim, wish=Setpoint(0.0))

    def _rule(self, state: AssetState, ruling: Ruling | None) -> None:
        asset_id, before = state.asset.id, self.rulings.get(state.asset.id)
        if ruling is None:
            if before is not None:
                self._free(asset_id)
            return
        self.rulings[asset_id] = ruling
        found, told = self.say(state), (ruling.wish, ruling.bound_by)
        if found is None:
            # It is left to somebody else: what comes next is news.
            self._notes.forget(asset_id)
        elif self._notes.is_news(asset_id, told, found, self._now_s):
            self._note(state)
        if self.terms.writes(state.asset):
            kept = self._kept(state, ruling)
            # What is not armed must not stay in what it was forced to.
            is_lowered = state.asset.kind in (AssetKind.CHARGER, AssetKind.INVERTER)
            self._steer(asset_id, kept if is_lowered or not kept.only_lowers else None)
            self._steered.add(asset_id)
        elif asset_id in self._steered:
            self._steered.discard(asset_id)
            self._steer(asset_id, None)

    def _unruled(self, state: AssetState) -> None:
        """What is wanted and cannot be is on record too, and the end of all that was."""
        asset_id, refused = state.asset.id, self._refused(state)
        if refused is None:
            if self._notes.forget(asset_id):
                self._note(state)
        elif self._notes.is_news(asset_id, None, refused, self._now_s):
            self._note(state)

    def _refused(self, state: AssetState) -> Decision | None:
        claim = said.silent(self._claims, state.asset.id, self._now_s)
        is_governed = claim is not None and self.terms.governs(state.asset)
        return said.refused(claim, self._at) if claim is not None and is_governed else None

    def _end_lapsed(self) -> None:
        """What ran out while nobody looked, and was given back by then."""
        if self.rulings and self._clock.monotonic() - self._now_s >= LEASE_MAX_S:
            self.settle()

    def _end_old(self) -> None:
        """What an earlier run has ruled, and this one does not."""
        for state in self._store.site.assets.values():
            asset_id, is_governed = state.asset.id, self.terms.governs(state.asset)
            if asset_id in self._unended and (not is_governed or self._is_ready(state)):
                self._unended.discard(asset_id)
                if asset_id not in self.rulings and self._refused(state) is None:
                    self._note(state)

    def _free(self, asset_id: str) -> None:
        """Nothing is ruled of it any more."""
        del self.rulings[asset_id]
        self._steered.discard(asset_id)
        self._steer(asset_id, None)

    def _kept(self, state: AssetState, ruling: Ruling) -> Kept:
        grant = self._granted(state)
        return Kept(
            ruling.wish,
            ruling.owner,
            ruling.valid_until_s,
            may_yield=not _is_bound(ruling),
            most_a=grant.amps if grant and self._is_guarded(state) else None,
            only_lowers=only_lowers(self.terms, state, ruling),
        )

    def _note(self, state: AssetState, *, is_stopping: bool = False) -> None:
        given = RulingGiven(
            __version__,
            self._claims_given,
            self._guard_given if self._is_guarded(state) else None,
            self.terms,
            state,
            self._at,
            self._now_s,
            is_stopping,
        )
        found = self.decision(state, is_stopping=is_stopping)
        self._decisions.append(Noted(found, given))

    def _ruled(self, state: AssetState, ruling: Ruling) -> Decision:
        look = self._claims_given.look if self._claims_given else None
        return said.ruled(self.terms, state, ruling, self._at, self._now_s, look)


def _is_bound(ruling: Ruling) -> bool:
    """Whether it is not for another writer to decide."""
    return ruling.bound_by == GUARD or ruling.rank <= Rank.GRID


def _nowhere(_asset_id: str, _kept: Kept | None) -> None:
    """Before anybody steers."""
