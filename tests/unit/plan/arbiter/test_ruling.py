"""Who has the say, and how far."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.model.command import SetMaxCurrent, SetOperationMode, StartCharging, StopCharging
from gatewayd.model.decision import Grounds
from gatewayd.model.power import Hold, HoldCharge, SetBatteryPower, SetReserve, SetSgReady
from gatewayd.model.reading import OperationMode, SgReady
from gatewayd.plan.arbiter.claims import Bounds, Claim, Rank, Setpoint, Wish
from gatewayd.plan.arbiter.narrow import is_off, narrowed
from gatewayd.plan.arbiter.ruling import Ruling, settle


def claim(
    rank: Rank,
    wish: Wish | None = None,
    bounds: Bounds | None = None,
    *,
    until_s: float = 60.0,
    owner: str | None = None,
) -> Claim:
    name = owner or rank.name.lower()
    return Claim("x", rank, name, Grounds(f"because of {name}"), until_s, wish, bounds)


def ruled(*claims: Claim, now_s: float = 0.0) -> Ruling:
    return settle(claims, now_s)["x"]


def amps(current_a: float) -> Setpoint:
    return Setpoint(current_a)


def test_the_strongest_wish_holds() -> None:
    ruling = ruled(claim(Rank.PLAN, amps(16)), claim(Rank.USER, amps(10)), claim(Rank.DEFAULT))

    assert (ruling.wish, ruling.owner, ruling.bound_by) == (amps(10), "user", None)
    assert ruling.grounds.reason == "because of user"
    assert ruling.grounds.candidates[0] == "plan: because of plan"


def test_of_equals_the_last_holds() -> None:
    first, last = (
        claim(Rank.PLAN, amps(8), owner="solar"),
        claim(Rank.PLAN, amps(9), owner="tariff"),
    )

    assert ruled(first, last).owner == "tariff"


def test_the_stronger_narrow_and_say_why() -> None:
    fuse = claim(Rank.SAFETY, bounds=Bounds(most=9.0))
    ruling = ruled(claim(Rank.USER, amps(16)), fuse, claim(Rank.GRID, bounds=Bounds(most=12.0)))

    assert (ruling.wish, ruling.bound_by) == (amps(9), "safety")
    assert ruling.grounds.reason == "because of safety"
    assert ruling.grounds.binding == "safety"


def test_the_weaker_do_not_narrow() -> None:
    ruling = ruled(claim(Rank.USER, amps(16)), claim(Rank.PLAN, bounds=Bounds(most=6.0)))

    assert (ruling.wish, ruling.bound_by) == (amps(16), None)


def test_local_off_is_off_whatever_others_want() -> None:
    assert is_off(ruled(claim(Rank.USER, amps(16)), claim(Rank.LOCAL_OFF, amps(0))).wish)


def test_what_has_run_out_does_not_count() -> None:
    old = claim(Rank.USER, amps(16), until_s=10.0)

    assert ruled(old, claim(Rank.PLAN, amps(7)), now_s=9.9).owner == "user"
    assert ruled(old, claim(Rank.PLAN, amps(7)), now_s=10.0).owner == "plan"


def test_a_ruling_lasts_no_longer_than_what_it_rests_on() -> None:
    fuse = claim(Rank.SAFETY, bounds=Bounds(most=9.0), until_s=20.0)

    assert ruled(claim(Rank.USER, amps(16), until_s=50.0), fuse).valid_until_s == 20.0


def test_bounds_alone_are_nothing_to_do() -> None:
    assert settle([claim(Rank.SAFETY, bounds=Bounds(most=9.0))], 0.0) == {}


def test_two_bounds_that_only_together_come_to_what_is_done() -> None:
    up = claim(Rank.SAFETY, bounds=Bounds(least=0.0))
    down = claim(Rank.GRID, bounds=Bounds(most=0.0))
    mode = SetOperationMode(OperationMode.SELF_RELIANCE)

    ruling = ruled(claim(Rank.PLAN, mode), up, down)

    assert (ruling.wish, ruling.bound_by) == (SetBatteryPower(0.0), "safety")


SELF = SetOperationMode(OperationMode.SELF_RELIANCE)
IMPORT = SetOperationMode(OperationMode.IMPORT_FOCUS)
EXPORT = SetOperationMode(OperationMode.EXPORT_FOCUS)


@pytest.mark.parametrize(
    ("wish", "bounds", "done"),
    [
        (Setpoint(16, 3), Bounds(most=10), Setpoint(10, 3)),
        (Setpoint(16), Bounds(most=5.9), Setpoint(0)),
        (StartCharging(), Bounds(), StartCharging()),
        (StartCharging(), Bounds(most=8), Setpoint(8)),
        (StartCharging(), Bounds(most=3), Setpoint(0)),
        (SetMaxCurrent(8), Bounds(most=8), SetMaxCurrent(8)),
        (SetMaxCurrent(8), Bounds(most=7), SetMaxCurrent(7)),
        (SetMaxCurrent(8), Bounds(most=5), Setpoint(0)),
        (StopCharging(), Bounds(most=0), StopCharging()),
        (SetBatteryPower(3000), Bounds(most=1000), SetBatteryPower(1000)),
        (SetBatteryPower(-3000), Bounds(least=-500), SetBatteryPower(-500)),
        (SELF, Bounds(), SELF),
        (SELF, Bounds(least=0), Hold()),
        (SELF, Bounds(most=0), HoldCharge()),
        (SELF, Bounds(0, 0), SetBatteryPower(0)),
        (SELF, Bounds(-500, 500), SELF),
        (IMPORT, Bounds(most=2000), SetBatteryPower(2000)),
        (IMPORT, Bounds(least=0), IMPORT),
        (EXPORT, Bounds(least=-2000), SetBatteryPower(-2000)),
        (EXPORT, Bounds(most=0), EXPORT),
        (Hold(), Bounds(most=0), SetBatteryPower(0)),
        (SetSgReady(SgReady.FORCED), Bounds(most=SgReady.NORMAL), SetSgReady(SgReady.NORMAL)),
        (SetSgReady(SgReady.FORCED), Bounds(most=0), SetSgReady(SgReady.BLOCKED)),
        (SetSgReady(SgReady.NORMAL), Bounds(most=3), SetSgReady(SgReady.NORMAL)),
        (Hold(), Bounds(most=1), Hold()),
        (HoldCharge(), Bounds(least=0), SetBatteryPower(0)),
        (HoldCharge(), Bounds(), HoldCharge()),
        (HoldCharge(), Bounds(0, instead=Hold()), Hold()),
        (HoldCharge(), Bounds(instead=Hold()), HoldCharge()),
        (SELF, Bounds(0, instead=HoldCharge()), HoldCharge()),
        (EXPORT, Bounds(0, instead=SELF), SELF),
        (IMPORT, Bounds(0, 500, HoldCharge()), SetBatteryPower(500)),
        (Hold(), Bounds(0, instead=HoldCharge()), Hold()),
        (SetReserve(20), Bounds(0, instead=Hold()), SetReserve(20)),
        (SetBatteryPower(900), Bounds(0, 500, Hold()), SetBatteryPower(500)),
        (SetBatteryPower(-9), Bounds(0, 500, SetBatteryPower(700)), SetBatteryPower(500)),
        (SetReserve(20), Bounds(0, 0), SetReserve(20)),
    ],
)
def test_a_wish_is_narrowed_to_the_nearest_that_may_be_done(
    wish: Wish, bounds: Bounds, done: Wish
) -> None:
    assert narrowed(wish, bounds) == done


def test_off() -> None:
    assert is_off(StopCharging())
    assert is_off(Setpoint(5.0))
    assert not is_off(Setpoint(6.0))
    assert not is_off(StartCharging())


def test_bounds_are_numbers() -> None:
    with pytest.raises(ValueError, match="numbers"):
        Bounds(math.nan)
    with pytest.raises(ValueError, match="numbers"):
        Bounds(most=math.nan)


@given(
    st.lists(
        st.builds(
            claim,
            st.sampled_from(Rank),
            st.none() | st.builds(Setpoint, st.floats(0, 40)),
            st.none() | st.builds(Bounds, most=st.floats(0, 40)),
        )
    )
)
def test_no_one_gets_more_than_the_stronger_allow(claims: list[Claim]) -> None:
    for ruling in settle(claims, 0.0).values():
        assert isinstance(ruling.wish, Setpoint)
        for each in claims:
            if each.rank <= ruling.rank and each.bounds is not None:
                assert ruling.wish.current_a <= each.bounds.most
            assert each.wish is None or each.rank >= ruling.rank
