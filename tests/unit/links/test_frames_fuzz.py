"""Mutated frames for every parser of a protocol: see `tests.fuzz.frames`."""

import pytest

from tests.fuzz.frames import PARSERS, fuzz

FEW, MANY = 10_000, 1_000_000


@pytest.mark.parametrize("parser", PARSERS)
async def test_mutated_frames_give_no_wrong_value_and_no_crash(parser: str) -> None:
    found = await fuzz(parser, FEW, seed=1)

    assert found.frames == FEW
    # The mutations reach past the first check: some leave a frame whole.
    assert found.accepted > 10
    assert found.collisions < 5


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("parser", PARSERS)
async def test_a_million_mutated_frames_give_no_wrong_value_and_no_crash(parser: str) -> None:
    assert (await fuzz(parser, MANY, seed=2)).frames == MANY
