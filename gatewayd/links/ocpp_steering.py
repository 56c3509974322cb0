"""Telling one connector of a charge point when and how fast to charge, so that it can lose us.

A charging profile outlives whoever sent it. So before the first limit a low one for all sessions is
laid under it (the safe default), and each limit itself holds only for minutes and has to be
renewed. What is in force is what the charge point says afterwards, not that it accepted.
"""

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gatewayd.errors import BadReadingError, RefusedError, UnsupportedError
from gatewayd.links.ocpp_connector import Connector
from gatewayd.links.ocpp_dialect import Profile, Purpose
from gatewayd.links.ocpp_profiles import InForce, Lease, Scale, in_force, leased
from gatewayd.links.ocpp_quirks import Quirks
from gatewayd.links.ocpp_setup import Abilities, remind
from gatewayd.links.ocpp_station import Station
from gatewayd.state.ocpp import SteeringRow

# A start that was accepted is not asked for again while the charge point still works on it.
_START_S = 60.0
# How long after an order it is asked at every read which limit is in force, and how often else.
_LOOK_S, _LOOK_EVERY_S = 60.0, 60.0
# The schedule is asked for longer than a limit holds, to see what follows.
_BEYOND_S = 60
# The charge point's clock may be a little behind ours.
_EARLY = timedelta(seconds=5)
_NEAR_A = 0.5


@dataclass(frozen=True, slots=True)
class Bounds:
    """Per phase: the most that the wiring bears, and what may flow when nobody steers."""

    max_current_a: float
    safe_current_a: float
    phases: int


class Steering:
    """One connector. `abilities` are found out anew after each arrival of the charge point."""

    def __init__(
        self, station: Station, number: int, quirks: Quirks, bounds: Bounds, abilities: Abilities
    ) -> None:
        self.quirks = quirks
        self.abilities = abilities
        self._station = station
        self._number = number
        self._bounds = bounds
        self._in_force: InForce | None = None
        self._ordered_s = self._looked_s = -math.inf
        self._started_s = self._recalled_s()
        self._seen: int | str | None = None
        self._steered: int | str | None = None
        self._is_reminded = True
        self._is_mute = not (quirks.has_composite and abilities.can_steer)
        self._is_secured = False

    @property
    def watchdog_s(self) -> float | None:
        """How long a limit holds; None while nothing of ours is in force."""
        if not (self._row.has_safe and self.abilities.can_steer and self._connector.is_live):
            return None
        return float(self.quirks.profile_s)

    @property
    def limit_a(self) -> float | None:
        """The limit that it said it keeps, per phase.

        While it is stopped, or no car charges, the limit it will go on with: what is in force then
        is nought or the safe default, and must not be more.
        """
        told = self._told_a
        row = self._row
        is_waiting = row.is_stopped or not self._connector.is_live
        if told is not None and is_waiting and row.has_safe and row.limit_a is not None:
            return row.limit_a if told <= row.limit_a + _NEAR_A else told
        return told

    @property
    def phases(self) -> int | None:
        """How many phases it said it charges with."""
        return self._in_force.phases if self._in_force else None

    @property
    def fallback_a(self) -> float | None:
        """What it said would be in force without us, once it has our safe default."""
        return self._in_force.later_a if self._in_force and self._row.has_safe else None

    @property
    def is_starting(self) -> bool:
        """Whether a start of ours is still on its way, perhaps one of an earlier run."""
        return self._now_s - self._started_s < _START_S

    @property
    def is_stopped(self) -> bool:
        return self._row.is_stopped

    async def start(self) -> None:
        """Let the car charge: begin a session, or raise the limit of the one there is."""
        is_due = not (self._connector.is_live or self.is_starting)
        started_at = self._station.clock.now() if is_due else self._row.started_at
        await self._remember(replace(self._row, is_stopped=False, started_at=started_at))
        if self._connector.is_live:
            if self._row.has_safe:
                await self._steer()
            return
        if is_due:
            # Its answer may be lost; it must still not be started twice.
            self._started_s = self._now_s
            self._order()
            tag = self.abilities.id_tag
            answer = await self._station.call(self._station.dialect.start(self._number, tag))
            if answer.get("status") != "Accepted":
                await self._forget_start()
                raise RefusedError(f"charge point {self._station.id} refuses to start charging")

    async def stop(self) -> None:
        """Stop the car charging, by a limit of nought or by ending the session."""
        self._started_s = -math.inf
        if self.quirks.stop_by == "profile" and self.abilities.can_steer:
            await self._remember(replace(self._row, is_stopped=True, started_at=None))
            if self._connector.is_live:
                await self._steer()
            return
        transaction = self._connector.transaction
        if transaction is None:
            raise RefusedError(f"charge point {self._station.id} told of no session to end")
        self._order()
        answer = await self._station.call(self._station.dialect.stop(transaction.id))
        if answer.get("status") != "Accepted":
            raise RefusedError(f"charge point {self._station.id} refuses to end the session")
        await self._forget_start()

    async def limit(self, current_a: float) -> None:
        """Limit the current per phase, now or from the next session on."""
        if not 0.0 < current_a <= self._bounds.max_current_a:
            raise RefusedError(f"{current_a:g} A is not within the configured maximum")
        await self._remember(replace(self._row, limit_a=current_a))
        await self._apply()

    async def use_phases(self, phases: int) -> None:
        """Charge with so many phases, 1 or 3."""
        if not self.abilities.switches_phases or phases not in (1, 3):
            raise UnsupportedError(f"charge point {self._station.id} cannot switch its phases")
        await self._remember(replace(self._row, phases=phases))
        await self._apply()

    async def renew(self) -> None:
        """Let the limit hold for another while."""
        if self.watchdog_s is not None:
            await self._steer(is_renewal=self._session == self._steered)

    async def unplugged(self) -> None:
        """A stop is for the car that was there."""
        if self._row.is_stopped:
            await self._remember(replace(self._row, is_stopped=False))

    async def look(self) -> None:
        """Have it say which limit is in force, when that is worth asking."""
        since_order_s = self._now_s - self._ordered_s
        if not self._is_reminded:
            self._is_reminded = True
            if self.quirks.has_trigger:
                await remind(self._station, self._number)
        is_quiet = self._seen == self._session and since_order_s >= _LOOK_S
        if self._is_mute or (is_quiet and self._now_s - self._looked_s < _LOOK_EVERY_S):
            return
        self._looked_s, self._seen = self._now_s, self._session
        seconds, unit = self.quirks.profile_s + _BEYOND_S, self.abilities.unit
        dialect = self._station.dialect
        try:
            answer = await self._station.call(dialect.ask_schedule(self._number, seconds, unit))
        except UnsupportedError:
            self._is_mute = True
        except (RefusedError, BadReadingError):
            self._in_force = None
        else:
            self._in_force = in_force(dialect.schedule(answer), self._scale)

    async def _apply(self) -> None:
        if not self.abilities.can_steer:
            raise UnsupportedError(f"charge point {self._station.id} takes no charging profiles")
        if self._connector.is_live:
            await self._steer()
        else:
            self._order()
            await self._secure()

    async def _steer(self, *, is_renewal: bool = False) -> None:
        """Send the profile that says what is wanted now."""
        if not is_renewal:
            self._order()
        await self._secure()
        row = self._row
        wanted_a = 0.0 if row.is_stopped else row.limit_a or self._bounds.max_current_a
        await self._send(self._profile(min(wanted_a, self._bounds.max_current_a)))
        self._steered = self._session

    async def _secure(self) -> None:
        """The safe default first: without it no limit of ours is sent."""
        if self._is_secured:
            return
        blank, safe = self._blank(Purpose.DEFAULT), self._scale.rate(self._bounds.safe_current_a)
        await self._send(replace(blank, periods=((0, safe),), begins_at=self._begins_at))
        await self._remember(replace(self._row, has_safe=True))
        self._is_secured = True

    async def _send(self, profile: Profile) -> None:
        answer = await self._station.call(self._station.dialect.set_profile(profile))
        if answer.get("status") != "Accepted":
            told = f"charge point {self._station.id} refuses the {profile.purpose.value}"
            raise RefusedError(f"{told}; name its maker in `quirks`")

    def _profile(self, current_a: float) -> Profile:
        transaction, scale = self._connector.transaction, self._scale
        purpose = Purpose.DEFAULT if transaction is None else self.quirks.purpose
        blank = self._blank(purpose)
        if purpose is Purpose.TRANSACTION and transaction is not None:
            blank = replace(blank, transaction=transaction.id)
        lease = Lease(self._begins_at, self.quirks.profile_s, self._charged_s)
        safe = scale.rate(self._bounds.safe_current_a)
        return leased(blank, scale.rate(current_a), safe, lease)

    def _blank(self, purpose: Purpose) -> Profile:
        return Profile(
            connector=self._number,
            # One id for each purpose: a profile of ours replaces the one before.
            id=2 * self._number + (purpose is Purpose.TRANSACTION),
            purpose=purpose,
            stack_level=self.abilities.stack_level,
            unit=self.abilities.unit,
            periods=(),
            phases=self._row.phases,
        )

    def _order(self) -> None:
        """From now on only what is said later counts."""
        self._ordered_s = self._now_s
        self._in_force = None
        self._is_reminded = False

    async def _forget_start(self) -> None:
        self._started_s = -math.inf
        await self._remember(replace(self._row, started_at=None))

    def _recalled_s(self) -> float:
        at = self._row.started_at
        if at is None:
            return -math.inf
        # A clock that was set back since makes it no longer than a new one.
        return self._now_s - max(0.0, (self._station.clock.now() - at).total_seconds())

    async def _remember(self, row: SteeringRow) -> None:
        await self._station.steer(self._number, row)

    @property
    def _told_a(self) -> float | None:
        if self._in_force is not None:
            return self._in_force.limit_a
        # What a charger offers to nobody is no limit.
        is_live = self._connector.is_live
        return self._connector.offered_since(self._ordered_s) if is_live else None

    @property
    def _charged_s(self) -> int:
        """For how long the session has been going on, as well as can be known."""
        transaction = self._connector.transaction
        if transaction is None or transaction.began_at is None:
            return 0
        age = self._station.clock.now() - transaction.began_at
        return max(0, int(age.total_seconds()))

    @property
    def _scale(self) -> Scale:
        phases = self._row.phases or self._bounds.phases
        return Scale(self.abilities.unit, phases, self.quirks.min_current_a)

    @property
    def _begins_at(self) -> datetime | None:
        is_relative = self.quirks.kind == "relative"
        return None if is_relative else self._station.clock.now() - _EARLY

    @property
    def _session(self) -> int | str | None:
        transaction = self._connector.transaction
        return None if transaction is None else transaction.id

    @property
    def _row(self) -> SteeringRow:
        return self._station.steering(self._number)

    @property
    def _connector(self) -> Connector:
        return self._station.connector(self._number)

    @property
    def _now_s(self) -> float:
        return self._station.clock.monotonic()
