"""The 109 behaviours that no schema shows, each with a test named `test_NNN_...` somewhere."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
NUMBERS = range(1, 110)
# Those without a test. May only shrink.
MISSING: set[int] = set()


def numbered() -> set[int]:
    """The numbers in the names of all test functions."""
    named = re.compile(r"def test_((?:\d{3}_)+)")
    return {
        int(number)
        for file in TESTS.rglob("test_*.py")
        for names in named.findall(file.read_text())
        for number in names.split("_")
        if number
    }


def test_every_behaviour_has_a_test() -> None:
    assert set(NUMBERS) - numbered() <= MISSING


def test_no_test_has_a_number_that_means_nothing() -> None:
    assert numbered() <= set(NUMBERS)
