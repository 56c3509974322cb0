"""The paths of setpoints and actions are cut at steps they await; box and database live on."""

from pathlib import Path

import pytest

from tests.soak.commands import cut
from tests.soak.stories import Found

_STORIES = 24
_CUTS = 4
_PARTS = 6


@pytest.mark.parametrize("part", range(_PARTS))
async def test_a_command_has_one_effect_wherever_the_daemon_is_killed(
    tmp_path: Path, part: int
) -> None:
    total = Found()
    for seed in range(part, _STORIES, _PARTS):
        total.add(await cut(tmp_path, seed, _CUTS))

    assert total.points >= _STORIES // _PARTS * _CUTS
    assert (total.doubles, total.wrong, total.unrestored) == ([], [], [])
