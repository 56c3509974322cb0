"""What the contacts of a grid operator's relay stand for."""

import pytest

from gatewayd.plan.grid.relay import Contacts, RelaySettings, told

FREE = Contacts(None, opened=frozenset({1, 2}))
SOME = Contacts(4200.0, closed=frozenset({1}), opened=frozenset({2}))
NONE = Contacts(0.0, closed=frozenset({2}))
SETTINGS = RelaySettings("box", (FREE, SOME, NONE))


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        ((False, False), FREE),
        ((True, False), SOME),
        ((False, True), NONE),
        ((True, True), NONE),
        ((None, True), NONE),
        ((None, False), None),
        ((True, None), None),
        ((True,), None),
        ((), None),
        ((False, False, True), FREE),
    ],
)
def test_the_first_state_that_fits_holds_and_what_is_not_known_fits_none(
    seen: tuple[bool | None, ...], state: Contacts | None
) -> None:
    assert told(SETTINGS, seen) == state
