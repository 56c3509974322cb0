"""A few commands cut at any step, which show in seconds whether their path is whole."""

import asyncio
import logging
import tempfile
from pathlib import Path

from tests.soak.commands import cut, memory

_STORIES = 6
_CUTS = 6


def test_a_command_has_its_one_effect_wherever_it_is_cut() -> None:
    logging.disable(logging.CRITICAL)
    try:
        with tempfile.TemporaryDirectory(prefix="gatewayd-cut-", dir=memory()) as folder:
            for seed in range(_STORIES):
                found = asyncio.run(cut(Path(folder), seed, _CUTS))
                assert (found.doubles, found.wrong, found.unrestored) == ([], [], [])
    finally:
        logging.disable(logging.NOTSET)
