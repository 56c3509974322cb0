"""One Modbus endpoint's line: whose turn it is, when to speak, and when to hang up.

All units behind an endpoint share its one connection, one question at a time. The connection is
dropped after every timeout, fault and cancellation, because what is still on its way would
otherwise be taken for the answer to the next question.
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from gatewayd.links.modbus_wire import Question, Wire

_MAX_TID = 0xFFFF


@dataclass(frozen=True, slots=True)
class Pace:
    """How one unit wants to be asked: patience, silence between questions and after connecting.

    A guest's questions wait until nobody of ours has any.
    """

    timeout_s: float = 2.0
    min_gap_s: float = 0.0
    connect_delay_s: float = 0.0
    is_guest: bool = False


class Rank(IntEnum):
    """Who goes first."""

    WRITER = 0
    READER = 1
    GUEST = 2


class Turns:
    """A lock: those of a higher rank first, each rank in the order of their coming."""

    def __init__(self) -> None:
        self._is_taken = False
        self._waiting = tuple(deque[asyncio.Future[None]]() for _ in Rank)

    async def take(self, rank: Rank) -> None:
        """Wait for one's turn; whoever took it must `release` it."""
        if not self._is_taken:
            self._is_taken = True
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting[rank].append(turn)
        is_ours = False
        try:
            await turn
            is_ours = True
        finally:
            # Cancelled in the moment the turn came, it has to go to the next one.
            if not is_ours and turn.done() and not turn.cancelled():
                self.release()

    def release(self) -> None:
        """Pass the turn on."""
        for queue in self._waiting:
            while queue:
                turn = queue.popleft()
                if not turn.done():
                    turn.set_result(None)
                    return
        self._is_taken = False


class Line:
    """The connection to one endpoint, opened when needed.

    `has_tid` is false for RTU framing. `make_wire` gets what decides over transaction ids.
    """

    def __init__(self, *, has_tid: bool, make_wire: Callable[["Line"], Wire]) -> None:
        self._has_tid = has_tid
        self._make_wire = make_wire
        self._turns = Turns()
        self._wire: Wire | None = None
        self._tid = 0
        self._echoes_tid = False
        self._spoke_at = -math.inf
        self._quiet_until: dict[int, float] = {}

    def accepts_tid(self, sent: int, got: int) -> bool:
        """Whether an answer with this transaction id can be ours.

        Some gateways and chargers answer 0 always. That is taken only from an endpoint that has
        never yet returned our id: one that can is held to it for good.
        """
        if got == sent:
            self._echoes_tid = True
        return got == sent or (got == 0 and not self._echoes_tid)

    async def ask(self, question: Question, unit: int, pace: Pace) -> bytes:
        """One question, one answer PDU, with the errors of `Wire.open` and `Wire.exchange`."""
        rank = _rank(question, pace)
        await self._turns.take(rank)
        while self._quiet_until and (pause_s := self._quiet_until.get(unit, 0.0) - self._now()) > 0:
            self._turns.release()
            await asyncio.sleep(pause_s)
            await self._turns.take(rank)
        try:
            return await self._exchange(question, unit, pace)
        finally:
            self._turns.release()

    def close(self) -> None:
        """Hang up; the next question connects anew."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    async def _exchange(self, question: Question, unit: int, pace: Pace) -> bytes:
        if pace.min_gap_s and (pause_s := self._spoke_at + pace.min_gap_s - self._now()) > 0:
            await asyncio.sleep(pause_s)
        # The wire is out of our hands while in use: only a clean answer puts it back.
        wire = self._wire
        if wire is None or self._is_stale(wire):
            wire = await self._connect(pace)
        self._wire = None
        try:
            answer = await wire.exchange(question, unit, self._next_tid(), pace.timeout_s)
            self._wire = wire
            return answer
        finally:
            self._spoke_at = wire.loop.time()
            if self._wire is None:
                wire.close()
                self._hush(unit, pace)

    def _hush(self, unit: int, pace: Pace) -> None:
        """Leave an RTU unit in peace until its late answer, if any, must have come.

        Its frames carry no transaction id, and a shared bus or a gateway delivers them on a new
        connection too. Other units may speak: an answer of the wrong unit is recognised.
        """
        if not self._has_tid:
            self._quiet_until[unit] = self._now() + pace.timeout_s

    async def _connect(self, pace: Pace) -> Wire:
        self.close()
        wire = self._make_wire(self)
        await wire.open()
        self._wire = wire
        if pace.connect_delay_s:
            await asyncio.sleep(pace.connect_delay_s)
        return wire

    def _is_stale(self, wire: Wire) -> bool:
        """Whether the connection is gone, or holds bytes that no answer check would catch."""
        return not wire.is_open() or (not self._echoes_tid and wire.has_waiting())

    def _next_tid(self) -> int:
        """Ids go on across connections: a gateway may bring an old answer to a new one."""
        self._tid = self._tid % _MAX_TID + 1
        return self._tid

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def _rank(question: Question, pace: Pace) -> Rank:
    if pace.is_guest:
        return Rank.GUEST
    return Rank.WRITER if question.is_write else Rank.READER
