"""A few commands cut at any step, which show in seconds whether their path is whole."""

import asyncio
import logging
import tempfile
from pathlib import Path

from tests.soak.commands import cut, memory

# Of an action at every step, of setpoints of a battery and of chargers here and there.
_CUTS = {0: 99, 1: 8, 2: 8, 3: 8}


def test_a_command_has_its_one_effect_wherever_it_is_cut() -> None:
    logging.disable(logging.CRITICAL)
    try:
        with tempfile.TemporaryDirectory(prefix="gatewayd-cut-", dir=memory()) as folder:
            for seed, cuts in _CUTS.items():
                found = asyncio.run(cut(Path(folder), seed, cuts))
                assert (found.doubles, found.wrong, found.unrestored) == ([], [], [])
    finally:
        logging.disable(logging.NOTSET)
