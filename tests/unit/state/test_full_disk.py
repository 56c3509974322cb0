"""A start on a disk that takes nothing: control never stops for storage."""

import asyncio
import errno
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from gatewayd.errors import StorageError
from gatewayd.state import users
from gatewayd.state.db import Database
from gatewayd.state.engine import refuge
from tests.unit.state.conftest import adding

_NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"]
_MAY_MOUNT = (
    shutil.which("unshare") is not None
    and subprocess.run(
        [*_NAMESPACE, "mount", "-t", "tmpfs", "none", "/mnt"], check=False, capture_output=True
    ).returncode
    == 0
)


@pytest.mark.skipif(not _MAY_MOUNT, reason="only where a user may mount a small disk")
@pytest.mark.parametrize("stop", ["clean", "killed", "new"])
def test_on_a_full_disk_the_last_state_is_used_and_can_be_changed(
    tmp_path: Path, stop: str
) -> None:
    mount = (
        'mount -t tmpfs -o size=2m none "$1" && exec "$2" -m tests.unit.state.test_full_disk "$@"'
    )

    run = subprocess.run(
        [*_NAMESPACE, "sh", "-c", mount, "sh", str(tmp_path), sys.executable, stop],
        check=False,
        capture_output=True,
        text=True,
        timeout=50,
    )

    assert run.returncode == 0, run.stderr
    found = {"clean": ["ada", "bob"], "killed": ["ada", "bob"], "new": ["bob"]}[stop]
    assert run.stdout.split() == ["in-memory", *found]
    assert "working in memory" in run.stderr


def _failed(cause: BaseException) -> StorageError:
    error = StorageError("cannot")
    error.__cause__ = cause
    return error


def _sqlite(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("cannot")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("cause", "is_needed"),
    [
        (OSError(errno.ENOSPC, "full"), True),
        (OSError(errno.EROFS, "read-only"), True),
        (OSError(errno.EACCES, "forbidden"), False),
        (_sqlite(sqlite3.SQLITE_FULL), True),
        (_sqlite(sqlite3.SQLITE_IOERR | 3 << 8), True),
        (_sqlite(sqlite3.SQLITE_CANTOPEN), False),
        (_sqlite(sqlite3.SQLITE_BUSY), False),
    ],
)
def test_only_the_disk_s_own_fault_is_worked_around(
    tmp_path: Path, cause: BaseException, *, is_needed: bool
) -> None:
    assert refuge.is_needed(_failed(cause), tmp_path / "gateway.db") is is_needed
    assert not refuge.is_needed(StorageError("in use by another gatewayd"), tmp_path / "x.db")


async def test_the_copy_of_a_process_that_was_killed_is_gone_with_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    # Beyond the largest that Linux gives.
    nobody = 2**22 + 1
    for name in (f"refuge-{nobody}-a", f"refuge-{os.getpid()}-b", f"else-{nobody}-c"):
        (tmp_path / f"gatewayd-{name}").mkdir()
        (tmp_path / f"gatewayd-{name}" / "gateway.db").touch()

    async with Database.open(tmp_path / "gateway.db", ballast_bytes=0):
        left = {folder.name[-1] for folder in tmp_path.glob("gatewayd-*")}

    assert left == {"b", "c"}


async def _seed(path: Path, *, is_killed: bool) -> None:
    async with Database.open(path) as db:
        await db.write(adding("ada"))
        await db.write(adding("bob"))
        if is_killed:
            os._exit(0)


async def _use(path: Path) -> None:
    async with Database.open(path, ballast_bytes=16 * 1024 * 1024) as db:
        await db.write(adding("bob"))
        assert not db.is_lasting
        with pytest.raises(StorageError, match="free space"):
            await db.backup()
        known = [user.id for user in await db.read(users.load) if user.id]
    print("in-memory", *sorted(known))  # noqa: T201


def _scene(path: Path, stop: str) -> None:
    """What the test's process does on its own small disk."""
    if stop != "new" and os.fork() == 0:
        asyncio.run(_seed(path, is_killed=stop == "killed"))
        os._exit(0)
    if stop != "new":
        os.wait()
    with path.with_name("filler").open("wb", buffering=0) as filler:
        while filler.write(bytes(4096)) == 4096:
            pass


if __name__ == "__main__":
    _path = Path(sys.argv[1]) / "gateway.db"
    try:
        _scene(_path, sys.argv[3])
    except OSError as full:
        assert full.errno == errno.ENOSPC  # noqa: PT017
    asyncio.run(_use(_path))
