"""One daemon per database, and whether the last one stopped cleanly."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from gatewayd.errors import StorageError

# A visitor holds the guard only while it opens the file.
_PATIENCE_S = 1.0
_RETRY_S = 0.05


class Guard:
    """The lock file while held. It is empty exactly when the last owner stopped cleanly."""

    def __init__(self, lock: FileIO) -> None:
        self._lock = lock
        lock.seek(0)
        self.was_unclean = bool(lock.read())

    def begin(self) -> None:
        """Note, so that it survives a power cut, that the database is in use."""
        try:
            self._lock.truncate(0)
            self._lock.write(f"in use by process {os.getpid()}\n".encode())
            os.fsync(self._lock.fileno())
        except OSError as error:
            raise _unusable(self._lock.name, error) from error

    def end(self) -> None:
        """Note that the owner stopped cleanly."""
        self._lock.truncate(0)


@contextmanager
def guard(path: Path) -> Iterator[Guard]:
    """Hold the database at `path`; the lock falls with the process, however it ends.

    Raises StorageError when another process holds it.
    """
    with _open(path) as lock:
        until = time.monotonic() + _PATIENCE_S
        while not _try_lock(lock):
            if time.monotonic() > until:
                raise StorageError(f"{path}: in use by another gatewayd: stop that one first")
            time.sleep(_RETRY_S)
        yield Guard(lock)


@contextmanager
def guard_if_free(path: Path) -> Iterator[Guard | None]:
    """Hold the database at `path` unless another process does."""
    with _open(path) as lock:
        yield Guard(lock) if _try_lock(lock) else None


def _open(path: Path) -> FileIO:
    lock = path.with_name(f"{path.name}.lock")
    try:
        # Unbuffered, so that a full disk is told of here and not when the file is closed.
        return lock.open("a+b", buffering=0)
    except OSError as error:
        raise _unusable(lock, error) from error


def _unusable(lock: object, error: OSError) -> StorageError:
    return StorageError(f"{lock}: {error}: check the folder, its permissions and free space")


def _try_lock(lock: FileIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
