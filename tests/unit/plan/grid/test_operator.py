"""The grid operator's limits, and the failsafe that holds without a sign of life."""

from gatewayd.plan.grid.operator import (
    OperatorMemory,
    OperatorSettings,
    OperatorState,
    Signal,
    decide,
)

SETTINGS = OperatorSettings(failsafe_w=4200.0)


class Line:
    """Looks every second at a signal that says it is alive each minute, while it does."""

    def __init__(self) -> None:
        self.memory = OperatorMemory()
        self.now_s = 1000.0
        self.signal: Signal | None = None
        self.is_alive = True

    def limit(self, limit_w: float | None, duration_s: float | None = None) -> None:
        number = self.signal.number + 1 if self.signal else 1
        self.signal = Signal(self.now_s, limit_w, number, self.now_s, duration_s)

    def beat(self) -> None:
        old = self.signal or Signal(self.now_s)
        self.signal = Signal(self.now_s, old.limit_w, old.number, old.limited_at_s, old.duration_s)

    def after(self, seconds: float) -> float | None:
        ends_s, found = self.now_s + seconds, None
        while self.now_s < ends_s:
            self.now_s += 1.0
            if self.is_alive and self.now_s % 60 == 0:
                self.beat()
            found = decide(SETTINGS, self.signal, self.memory, self.now_s)
        return found


def test_before_the_first_sign_of_life_the_failsafe_holds() -> None:
    line = Line()
    line.is_alive = False

    assert line.after(100_000) == 4200.0


def test_a_first_limit_holds_at_once() -> None:
    line = Line()
    line.limit(6000.0)

    assert line.after(1) == 6000.0


def test_signs_of_life_without_a_limit_free_the_connection_after_two_minutes() -> None:
    line = Line()
    line.beat()

    assert line.after(119) == 4200.0
    assert line.after(5) is None


def test_a_limit_is_taken_back() -> None:
    line = Line()
    line.limit(6000.0)
    line.after(100)
    line.limit(None)

    assert line.after(1) is None


def test_a_limit_runs_out() -> None:
    line = Line()
    line.limit(6000.0, duration_s=90.0)

    assert line.after(89) == 6000.0
    assert line.after(2) is None


def test_silence_is_failsafe_after_two_minutes() -> None:
    line = Line()
    line.limit(None)
    line.after(1)
    line.is_alive = False

    assert line.after(119) is None
    assert line.after(2) == 4200.0
    assert line.memory.state is OperatorState.FAILSAFE


def failed(line: Line) -> None:
    line.limit(9000.0)
    line.after(1)
    line.is_alive = False
    line.after(300)
    line.is_alive = True


def test_signs_of_life_alone_do_not_end_the_failsafe_before_its_time() -> None:
    line = Line()
    failed(line)

    assert line.after(6900) == 4200.0
    assert line.after(400) == 9000.0


def test_a_new_limit_ends_the_failsafe_at_once() -> None:
    line = Line()
    failed(line)
    line.limit(5000.0)

    assert line.after(1) == 5000.0


def test_a_sign_of_life_at_the_end_of_the_failsafe_is_not_enough() -> None:
    line = Line()
    failed(line)
    line.is_alive = False
    line.after(10_000)
    line.is_alive = True
    line.beat()

    assert line.after(119) == 4200.0
    assert line.after(2) == 9000.0


def test_a_heartbeat_of_the_future_is_none() -> None:
    line = Line()
    line.limit(9000.0)
    line.signal = Signal(line.now_s + 50_000, 9000.0, 5)
    line.is_alive = False

    assert line.after(10) == 4200.0
