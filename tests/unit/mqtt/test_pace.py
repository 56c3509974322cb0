from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gatewayd.mqtt.pace import Pace


def pace() -> Pace:
    return Pace(interval_s=1.0, heartbeat_s=60.0)


def test_the_first_document_goes_out_at_once() -> None:
    assert pace().take("t", {"power_w": 1}, 0.0)


def test_numbers_wait_for_their_interval() -> None:
    paced = pace()
    paced.take("t", {"power_w": 1}, 0.0)

    assert not paced.take("t", {"power_w": 2}, 0.5)
    assert not paced.is_quiet("t", 0.5)
    assert paced.take("t", {"power_w": 2}, 1.0)
    assert paced.is_quiet("t", 1.0)


def test_a_word_does_not_wait() -> None:
    paced = pace()
    paced.take("t", {"power_w": 1, "state": "STOPPED"}, 0.0)

    assert paced.take("t", {"power_w": 1, "state": "CHARGING"}, 0.1)


def test_a_number_that_becomes_unknown_does_not_wait() -> None:
    paced = pace()
    paced.take("t", {"power_w": 1}, 0.0)

    assert paced.take("t", {"power_w": None}, 0.1)


def test_what_does_not_change_is_repeated_as_a_heartbeat() -> None:
    paced = pace()
    paced.take("t", {"power_w": 1}, 0.0)

    assert not paced.take("t", {"power_w": 1}, 59.0)
    assert not paced.is_quiet("t", 60.0)
    assert paced.take("t", {"power_w": 1}, 60.0)


def test_a_number_that_returns_to_what_was_sent_is_no_longer_behind() -> None:
    paced = pace()
    paced.take("t", {"power_w": 1}, 0.0)
    paced.take("t", {"power_w": 2}, 0.3)
    paced.take("t", {"power_w": 1}, 0.6)

    assert paced.is_quiet("t", 0.6)


def test_after_a_repeat_everything_is_due() -> None:
    paced = pace()
    paced.take("t", {"power_w": 1}, 0.0)
    paced.repeat()

    assert not paced.is_quiet("t", 0.1)
    assert paced.take("t", {"power_w": 1}, 0.1)


@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 0.125, 0.5, 0.875, 2.0]), st.integers(0, 3)), min_size=1
    )
)
def test_the_last_value_always_arrives_and_never_two_within_the_interval(
    values: list[tuple[float, int]],
) -> None:
    paced, now = pace(), 0.0
    sent: list[tuple[float, int]] = []
    for pause, value in values:
        now += pause
        if paced.take("t", {"power_w": value}, now):
            sent.append((now, value))
    last = values[-1][1]
    if not paced.is_quiet("t", now):
        assert paced.take("t", {"power_w": last}, now + 1.0)
        sent.append((now + 1.0, last))

    assert sent[-1][1] == last
    assert all(b[0] - a[0] >= 1.0 for a, b in pairwise(sent))
