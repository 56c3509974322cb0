"""What a quarter of an hour has left is used, and starts nothing that ends with it."""

import pytest

from gatewayd.control.governor.limit import LimitGiven, lasting_w, limited
from gatewayd.model.circuit import Circuit, Load
from gatewayd.plan.grid.capacity import CapacitySettings, Quarter
from gatewayd.plan.guard.guard import decide
from gatewayd.plan.guard.wiring import Wiring
from gatewayd.plan.guard.words import LoadNow, Memory, MeterNow

MAIN = Circuit("main", limit_a=25.0, meter_id="meter", assumed_base_a=2.0)
BASE_W = 300.0


def hour(billed_w: float) -> tuple[int, float]:
    """How often a charger of three phases starts, and the most that a quarter takes on average."""
    load, memory = Load("car", "main", 16.0, (0, 1, 2)), Memory()
    amps, starts, taken_wh, peak_w = 0.0, 0, 0.0, 0.0
    for now_s in range(0, 3600, 2):
        if now_s % 900 == 0:
            peak_w, taken_wh = max(peak_w, 4 * taken_wh), 0.0
        quarter = Quarter(now_s % 900, taken_wh, peak_w)
        given = LimitGiven((CapacitySettings(billed_w), quarter))
        wiring = Wiring(limited({"main": MAIN}, given), {"car": load})
        # No meter says twice quite the same.
        total_w = BASE_W + 690.0 * amps + now_s % 7
        meters = {"main": MeterNow((total_w / 690.0,) * 3, now_s, 2.0, total_w, object())}
        loads = {"car": LoadNow(16.0, amps, (amps,) * 3, now_s)}
        granted_a = decide(wiring, now_s, meters, loads, memory)["car"].amps
        starts += granted_a >= 6.0 > amps
        amps = granted_a if granted_a >= 6.0 else 0.0
        taken_wh += total_w * 2 / 3600
    return starts, peak_w


@pytest.mark.parametrize(("billed_w", "starts", "least_w"), [(2_500, 0, 250), (6_000, 1, 5_000)])
def test_nothing_is_started_that_only_what_a_quarter_has_left_bears(
    billed_w: float, starts: int, least_w: float
) -> None:
    found, peak_w = hour(billed_w)

    assert found == starts
    assert least_w < peak_w < billed_w - 100.0


def test_what_lasts_is_the_goal_and_not_what_is_left() -> None:
    given = LimitGiven((CapacitySettings(2_500.0), Quarter(450.0, 40.0)))

    circuit = limited({"main": MAIN}, given)["main"]

    # 600 Wh less 40 in half a quarter.
    assert (circuit.limit_w, circuit.raised_w) == (4_500.0, 2_400.0)
    assert lasting_w(given) == 2_400.0


@pytest.mark.parametrize(
    ("drawn_w", "limits_w"),
    [
        # Three quarters of what is left are the larger's.
        ({"main": 1_000.0, "heat": 2_000.0}, (1_700.0, 2_200.0)),
        # An export at one is none of the other's.
        ({"main": -5_000.0, "heat": 2_000.0}, (1_500.0, 2_500.0)),
        ({"main": 6_000.0, "heat": 2_000.0}, (3_000.0, 1_000.0)),
        ({"main": 6_000.0}, (3_000.0, 1_000.0)),
    ],
)
def test_several_connections_share_one_limit(
    drawn_w: dict[str, float], limits_w: tuple[float, float]
) -> None:
    circuits = {"main": Circuit("main", 30.0), "heat": Circuit("heat", 10.0)}
    given = LimitGiven((CapacitySettings(4_000.0, 0.0), Quarter(0.0, None)), None, drawn_w)

    found = limited(circuits, given)

    assert (found["main"].limit_w, found["heat"].limit_w) == limits_w
