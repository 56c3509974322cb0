"""The path of setpoints is cut at any step it awaits; the box and the database live on."""

from pathlib import Path

import pytest

from tests.soak.commands import Story, crash_once

POINTS = 120
_PARTS = 6


@pytest.mark.parametrize("part", range(_PARTS))
async def test_a_setpoint_has_one_effect_wherever_the_daemon_is_killed(
    tmp_path: Path, part: int
) -> None:
    wrong = {}
    for seed in range(part, POINTS, _PARTS):
        found = await crash_once(tmp_path / f"{seed}.db", Story.told(seed))
        if found:
            wrong[seed] = found

    assert wrong == {}
