"""A file that is only there to be deleted.

On a full disk SQLite can neither delete rows nor checkpoint, so space must come from elsewhere
before anything can be freed: measured on a full tmpfs.
"""

import logging
import os
from pathlib import Path

from gatewayd.state.engine.refuge import has_room

log = logging.getLogger(__name__)


def lay(path: Path, size: int) -> None:
    """Make the ballast of the database at `path`, `size` bytes of real disk space."""
    ballast = _of(path)
    if size == 0 or (ballast.exists() and ballast.stat().st_size == size):
        return
    try:
        with ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, size)
    except OSError as error:
        ballast.unlink(missing_ok=True)
        log.warning("%s: no room for the ballast of %d bytes: %s", path, size, error)


def drop(path: Path) -> bool:
    """Free the ballast; False when there was none."""
    ballast = _of(path)
    if not ballast.exists():
        return False
    ballast.unlink()
    log.error("%s: the disk is full: the ballast is freed, free more space now", path)
    return True


def drop_if_full(path: Path) -> None:
    """Free the ballast when there is no room even to open the database."""
    if not has_room(path):
        drop(path)


def _of(path: Path) -> Path:
    return path.with_name(f"{path.name}.ballast")
