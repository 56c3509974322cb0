"""The grid operator's limit narrows the house connection, and its loss too."""

from dataclasses import replace
from pathlib import Path

import pytest

from gatewayd.control.governor.operator import GridOperator
from gatewayd.control.governor.terms import GridTerms, Terms
from gatewayd.errors import NotFoundError
from gatewayd.plan.ev.words import ChargeMode, ChargeSettings
from gatewayd.plan.grid.capacity import CapacitySettings
from gatewayd.plan.grid.operator import OperatorSettings
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import Gateway
from tests.unit.control.governed import house, terms

SETTINGS = OperatorSettings(failsafe_w=6900.0)
NOW = ChargeSettings(mode=ChargeMode.NOW, max_a=16.0)


def limited(capacity: CapacitySettings | None = None) -> Terms:
    return replace(terms(NOW), grid=GridTerms(capacity=capacity, operator=SETTINGS))


def operator(home: Gateway) -> GridOperator:
    assert home.governor is not None
    return home.governor.operator


def binding(home: Gateway) -> str | None:
    decision = home.state("charger").decision
    return decision.binding if decision else None


async def test_the_charger_keeps_to_the_operator_s_limit_and_to_the_failsafe_without_him(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    async with house(tmp_path / "gatewayd.db", clock, limited()) as (home, one):
        operator(home).limit(None, None)
        await home.pass_time(60, step_s=1)
        free_a = one.drawn_a
        operator(home).limit(9660.0, None)
        await home.pass_time(10, step_s=1)
        limited_a, by = one.drawn_a, binding(home)
        await home.pass_time(125, step_s=1)
        lost_a, lost_by = one.drawn_a, binding(home)

    assert free_a == 16.0
    # 9600 W in whole hundreds are 13.9 A per phase, 2 A of which the rest of the house draws.
    assert (limited_a, by) == (11.0, "main: the grid operator")
    assert (lost_a, lost_by) == (8.0, "main: the grid operator's failsafe")
    assert caplog.text.count("not heard of any more, so 6900 W hold") == 1


async def test_the_narrower_of_operator_and_tariff_holds(tmp_path: Path) -> None:
    clock = FakeClock()
    capacity = CapacitySettings(billed_w=8500.0, margin_w=100.0)
    async with house(tmp_path / "gatewayd.db", clock, limited(capacity)) as (home, one):
        operator(home).limit(20_000.0, None)
        await home.pass_time(60, step_s=1)

        assert one.drawn_a == 10.0
        assert binding(home) == "main: all phases together"


def test_where_no_operator_is_expected_nothing_holds() -> None:
    operator = GridOperator(None, FakeClock())
    with pytest.raises(NotFoundError):
        operator.limit(0.0, None)

    assert operator.standing() is None
