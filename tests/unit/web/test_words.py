import math

import pytest

from gatewayd.web.words import age, figure, kwh, watt


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "–"),  # noqa: RUF001
        (0.0, "0 W"),
        (-350.4, "350 W"),
        (999.4, "999 W"),
        (999.6, "1.0 kW"),
        (-3449.0, "3.4 kW"),
    ],
)
def test_power_is_said_by_its_size(value: float | None, said: str) -> None:
    assert watt(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "–"), (0.0, "0.0 kWh"), (4200.0, "4.2 kWh"), (9_876_543.0, "9,877 kWh")],  # noqa: RUF001
)
def test_energy_is_said_in_kilowatt_hours(value: float | None, said: str) -> None:
    assert kwh(value) == said


def test_other_figures_carry_their_unit() -> None:
    assert figure(50.012, "Hz", 2) == "50.01 Hz"
    assert figure(None, "Hz") == "–"  # noqa: RUF001


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-3.0, "just now"),
        (4.9, "just now"),
        (59.9, "59 s ago"),
        (60.0, "1 min ago"),
        (7199.0, "1 h ago"),
        (86400.0, "24 h ago"),
        (172800.0, "2 days ago"),
        (math.inf, "before the restart"),
    ],
)
def test_ages_are_said_roughly(seconds: float, said: str) -> None:
    assert age(seconds) == said
