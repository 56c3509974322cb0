"""The 109 behaviours that no schema shows, each with a test named `test_NNN_...` somewhere."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
NUMBERS = range(1, 110)
# Those without a test. May only shrink.
MISSING = {
    31,
    44,
    45,
    46,
    47,
    48,
    49,
    52,
    54,
    55,
    56,
    60,
    61,
    62,
    63,
    64,
    66,
    68,
    71,
    106,
    107,
    108,
    109,
}


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
