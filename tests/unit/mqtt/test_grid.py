"""What a grid operator tells by MQTT, and what he cannot."""

import pytest

from gatewayd.control.governor.operator import GridOperators
from gatewayd.errors import InvalidError, RequestError
from gatewayd.mqtt.grid import document, hear
from gatewayd.plan.grid.operator import OperatorSettings
from tests.fakes.clock import FakeClock

FREE = {"grid_limit_w": None, "grid_operator": "free"}
INIT = {"grid_limit_w": 4200.0, "grid_operator": "init"}


def limited(limit_w: float) -> dict[str, object]:
    return {"grid_limit_w": limit_w, "grid_operator": "limited"}


async def test_a_limit_holds_until_it_ends_or_nobody_is_heard_of() -> None:
    clock = FakeClock()
    operator = GridOperators.of(OperatorSettings(4200.0), None, clock)

    assert document(operator) == INIT
    assert hear("{}", operator) == INIT
    assert hear("6900", operator) == limited(6900.0)
    await clock.advance(100)
    assert hear("{}", operator) == limited(6900.0)
    assert hear('{"limit_w": 0, "duration_s": 60}', operator) == limited(0.0)
    await clock.advance(61)
    assert document(operator) == FREE
    assert hear("none", operator) == hear('{"limit_w": null}', operator) == FREE
    await clock.advance(121)
    assert document(operator) == {"grid_limit_w": 4200.0, "grid_operator": "failsafe"}


@pytest.mark.parametrize(
    "text",
    ["", "much", "-1", "true", "NaN", "1e400", "[1]", '"4200"', '{"limit_w": "1"}', '{"w": 1}',
     '{"duration_s": null}', '{"duration_s": 60}', "[" * 5000],
)  # fmt: skip
def test_what_is_no_limit_is_no_sign_of_life_either(text: str) -> None:
    operator = GridOperators.of(OperatorSettings(4200.0), None, FakeClock())
    operator.taken.limit(None, None)
    before = document(operator)

    with pytest.raises(InvalidError):
        hear(text, operator)

    assert document(operator) == before == FREE


def test_where_no_operator_is_expected_or_he_has_a_relay_nobody_is_heard() -> None:
    for settings in (None, OperatorSettings(4200.0, is_wired=True)):
        with pytest.raises(RequestError):
            hear("6900", GridOperators.of(settings, settings, FakeClock()))
    assert document(None) == document(GridOperators.of(None, None, FakeClock())) == {}


def test_what_is_fed_in_has_a_limit_of_its_own_and_the_same_signs_of_life() -> None:
    settings = OperatorSettings(4200.0), OperatorSettings(0.0)
    operators = GridOperators.of(*settings, FakeClock())
    fed = {"export_limit_w": 3000.0, "export_operator": "limited"}

    assert document(operators) == {**INIT, "export_limit_w": 0.0, "export_operator": "init"}
    assert hear('{"export_limit_w": 3000}', operators) == {**INIT, **fed}
    assert hear("6900", operators) == {**limited(6900.0), **fed}
    with pytest.raises(RequestError):
        hear(
            '{"limit_w": 1, "export_limit_w": 1}',
            GridOperators.of(None, *settings[1:], FakeClock()),
        )
