"""How what was forced is left, for the mutants: tests of holding that need no fixtures."""

import asyncio
import logging
import tempfile
from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from tests.soak.commands import memory
from tests.unit.devices import test_leaving

_TESTS = (
    "test_a_battery_left_to_somebody_else_is_not_fed",
    "test_before_a_stop_a_battery_is_given_back_without_waiting_for_a_reading",
    "test_nothing_is_forced_of_which_only_memory_knows",
    "test_what_a_battery_was_told_is_kept_going_only_while_it_is_wanted",
    "test_what_is_found_forced_as_it_is_wanted_is_given_back_to_itself",
)


@pytest.mark.parametrize("name", _TESTS)
def test_what_was_forced_is_left_as_it_was(name: str) -> None:
    logging.disable(logging.CRITICAL)
    try:
        with tempfile.TemporaryDirectory(prefix="gatewayd-hold-", dir=memory()) as folder:
            asyncio.run(getattr(test_leaving, name)(Path(folder) / "home.db", FakeClock()))
    finally:
        logging.disable(logging.NOTSET)
