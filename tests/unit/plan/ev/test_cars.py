"""Cars are known by what chargers write in many ways, and bring their own limits."""

import pytest

from gatewayd.plan.ev.cars import CarTerms, by_identity, plain
from gatewayd.plan.ev.words import ChargeSettings

CARS = (
    CarTerms("zoe", frozenset({plain("00:01:C1:0A:2B:3D")})),
    CarTerms("leaf", frozenset({plain("04 a2 b3 c4"), plain("DE-8AA-CA2B3C4D5-6")})),
)


@pytest.mark.parametrize(
    ("told", "car"),
    [
        (["VID:0001c10a2b3d"], "zoe"),
        (["0001C10A2B3D"], "zoe"),
        (["04A2B3C4"], "leaf"),
        (["DE8AACA2B3C4D56"], "leaf"),
        (["nobody's", "04:A2:B3:C4"], "leaf"),
        (["04A2B3C"], None),
        ([], None),
    ],
)
def test_an_identity_is_known_however_it_is_written(told: list[str], car: str | None) -> None:
    found = by_identity(CARS, told)

    assert (found and found.id) == car


def test_a_car_s_limits_go_before_the_charger_s_but_never_above_its_current() -> None:
    at_charger = ChargeSettings(max_a=16.0, min_a=8.0, limit_soc_pct=90.0, min_soc_pct=10.0)

    small = CarTerms("zoe", max_a=6.0, limit_soc_pct=80.0).of(at_charger)
    large = CarTerms("leaf", max_a=32.0, min_soc_pct=0.0).of(at_charger)

    assert (small.max_a, small.min_a) == (6.0, 6.0)
    assert (small.limit_soc_pct, small.min_soc_pct) == (80.0, 10.0)
    assert (large.max_a, large.min_soc_pct, large.limit_soc_pct) == (16.0, 0.0, 90.0)
