"""A database in memory, for a start at which the disk takes nothing any more.

The home is known by what was stored last, and its loads are only lowered; what happens meanwhile is
forgotten at the next start.
"""

import errno
import logging
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

from gatewayd.errors import StorageError
from gatewayd.state.engine.backup import copy_lean
from gatewayd.state.engine.connect import connect_alone

log = logging.getLogger(__name__)

_ERRNOS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG}
_CODES = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY}
# The journal, its index, and a few pages.
_ROOM_TO_OPEN = 1024 * 1024
_PREFIX = "gatewayd-refuge-"


def has_room(path: Path) -> bool:
    """Whether the disk has room to open the database at `path`."""
    disk = os.statvfs(path.parent)
    return disk.f_bavail * disk.f_frsize >= _ROOM_TO_OPEN


def require_room(path: Path) -> None:
    """Raise StorageError on a full disk, where opening may succeed and every write would fail."""
    if not has_room(path):
        raise StorageError(f"{path}: the disk is full") from OSError(errno.ENOSPC, "no room")


def is_needed(error: BaseException, path: Path) -> bool:
    """Whether the disk is why the database cannot be opened, and not another program or schema."""
    causes = list(_causes(error))
    if any(isinstance(cause, OSError) and cause.errno in _ERRNOS for cause in causes):
        return True
    codes = {getattr(cause, "sqlite_errorcode", 0) & 0xFF for cause in causes}
    # On a full disk SQLite also says that it cannot open the file beside the database.
    return bool(codes & _CODES) or (sqlite3.SQLITE_CANTOPEN in codes and not has_room(path))


def flee(stack: ExitStack, path: Path) -> Path:
    """Where the copy in memory is until the stack ends; empty when `path` cannot be read."""
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=_memory()))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    copy = folder / path.name
    copy.touch(mode=0o600)
    try:
        with closing(connect_alone(path)) as connection:
            copy_lean(connection, copy)
    except sqlite3.Error as error:
        copy.write_bytes(b"")
        log.critical("%s: cannot be read either: starting empty: %s", path, error)
    return copy


def sweep() -> None:
    """Remove the copies of processes that were killed: they take memory."""
    for folder in Path(_memory()).glob(f"{_PREFIX}*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if not Path("/proc", pid).exists():
            shutil.rmtree(folder, ignore_errors=True)


def _memory() -> str:
    """A folder that is in memory: systemd's for us, or the system's."""
    return os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0] or "/dev/shm"  # noqa: S108


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def told(error: StorageError, path: Path) -> None:
    """Say what has happened and what to do."""
    log.critical(
        "%s: working in memory, nothing is kept beyond the next start: %s: free space on the disk,"
        " then restart gatewayd",
        path,
        error,
    )
