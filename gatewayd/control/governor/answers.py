"""What whoever asked for something is told of the ruling that it came to."""

from gatewayd.model.command import Command, SetMaxCurrent, StartCharging, StopCharging
from gatewayd.plan.arbiter.claims import Rank, Setpoint, Wish
from gatewayd.plan.arbiter.narrow import is_off
from gatewayd.plan.arbiter.ruling import Ruling
from gatewayd.plan.governed import Answer

# How long a claim may take to come true before its action is told that it does not.
_PATIENCE_S = 15.0
_FORGOTTEN_S = 5.0


class Patience:
    """How long each asset has been asked for each command without a break."""

    def __init__(self) -> None:
        self._asked: dict[tuple[str, Command], tuple[float, float]] = {}

    def is_over(self, asset_id: str, command: Command, now_s: float) -> bool:
        """Whether it is asked for once more, and what is ruled is all there will be."""
        self._asked = {
            key: (first_s, last_s)
            for key, (first_s, last_s) in self._asked.items()
            if now_s - last_s <= _FORGOTTEN_S
        }
        first_s, _ = self._asked.get((asset_id, command), (now_s, now_s))
        self._asked[asset_id, command] = first_s, now_s
        return now_s - first_s >= _PATIENCE_S


def answer(ruling: Ruling, command: Command, *, is_late: bool) -> Answer:
    """How a command fares under what is ruled; `is_late`: it has waited long enough."""
    binding = (ruling.grounds.binding or ruling.grounds.reason) if is_late else None
    match command:
        case StartCharging():
            return Answer(binding=binding) if is_off(ruling.wish) else Answer(command)
        case StopCharging():
            return Answer(command) if is_off(ruling.wish) else Answer(binding=binding)
        case SetMaxCurrent(current_a=asked_a):
            is_idle = ruling.rank is Rank.DEFAULT and isinstance(ruling.wish, SetMaxCurrent)
            if is_idle or is_off(ruling.wish):
                # It holds from the next start on.
                return Answer(is_settled=True)
            given_a = _current_a(ruling.wish)
            is_all = given_a >= asked_a or ruling.bound_by is not None or is_late
            return Answer(SetMaxCurrent(min(asked_a, given_a))) if is_all else Answer()
    if ruling.wish == command:
        return Answer(command)
    is_narrowed = ruling.rank is Rank.USER and ruling.bound_by is not None
    if is_narrowed and not isinstance(ruling.wish, Setpoint):
        return Answer(ruling.wish)
    return Answer(binding=binding)


def _current_a(wish: Wish) -> float:
    match wish:
        case Setpoint(current_a=current_a) | SetMaxCurrent(current_a=current_a):
            return current_a
    return 0.0
