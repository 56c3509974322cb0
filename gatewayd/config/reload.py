"""Changes of the config while the daemon runs.

A bad edit or a deleted file changes nothing: the last good config stays in force.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from watchfiles import awatch

from gatewayd.config.load import Config
from gatewayd.config.surroundings import stamp
from gatewayd.errors import ConfigError

log = logging.getLogger(__name__)

# An editor writes in several steps: what follows within this time belongs to one edit.
_SETTLE_MS = 100
# Beside the devices.
_LIVE = frozenset({"log", "circuits", "grid"})


@dataclass(frozen=True)
class Difference:
    """What another config means: device ids, and names of the sections that read otherwise."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()

    @property
    def needs_restart(self) -> tuple[str, ...]:
        """The sections that are read only at the start; the others are taken over live."""
        return tuple(name for name in self.sections if name not in _LIVE)


def difference(old: Config, new: Config) -> Difference:
    """What has to be done to get from one config to the other."""
    both = old.devices.keys() & new.devices.keys()
    sections = [f.name for f in fields(Config) if f.compare and f.name != "devices"]
    return Difference(
        added=tuple(sorted(new.devices.keys() - both)),
        removed=tuple(sorted(old.devices.keys() - both)),
        changed=tuple(sorted(id for id in both if old.devices[id] != new.devices[id])),
        sections=tuple(name for name in sections if getattr(old, name) != getattr(new, name)),
    )


async def changes(
    path: Path, load: Callable[[Path], Config], current: Config, *, look_s: float = 5.0
) -> AsyncGenerator[Config, None]:
    """Every good config that reads otherwise than the one before it; never ends.

    `load` runs in a thread and raises ConfigError.
    """
    seen = dict(current.files)
    told: list[str] = []
    async for is_touched in _wakes({path, *current.files}, look_s):
        stamps = {file: stamp(file) for file in seen}
        # While the config is bad, what mends it may be a file that no good config has named.
        if stamps == seen and not (told and is_touched):
            continue
        try:
            config = await asyncio.to_thread(load, path)
        except ConfigError as error:
            seen, told = stamps, _tell(error.problems, told)
            continue
        seen, told = dict(config.files), []
        if config != current:
            yield config
        current = config


async def _wakes(files: Iterable[Path], look_s: float) -> AsyncIterator[bool]:
    """True when something in the files' folders was touched; False every `look_s` besides.

    Folders are watched because editors replace the file. Looking as well finds edits on file
    systems that do not tell, and goes on alone where the kernel has no watch left to give.
    """
    folders = sorted({folder for file in files for folder in _folders(file)})
    try:
        async for touched in awatch(
            *folders,
            watch_filter=None,
            recursive=False,
            step=_SETTLE_MS,
            rust_timeout=int(look_s * 1000),
            yield_on_timeout=True,
        ):
            yield bool(touched)
    except OSError as error:
        log.warning("cannot watch the config for edits (%s); looking every %g s", error, look_s)
    while True:
        await asyncio.sleep(look_s)
        yield False


def _tell(problems: list[str], told: list[str]) -> list[str]:
    """Log problems that are not the ones told last, and give them back as told."""
    if problems != told:
        log.error("the config has changed but is not used:\n%s", "\n".join(problems))
    return problems


def _folders(file: Path) -> Iterable[Path]:
    """Where an edit shows: beside the file, and beside what it links to."""
    return {file.parent.absolute(), file.resolve().parent}
