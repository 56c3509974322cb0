"""Backups of the database file, and what happens to a broken one."""

import logging
import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from gatewayd.errors import StorageError
from gatewayd.state.engine.connect import (
    connect,
    connect_copy,
    explaining,
    is_damage,
)

log = logging.getLogger(__name__)

_KEPT = 3

# How each table and index is made, and how a table's rows are copied: all of them, but of the
# samples (key = minute * 10000 + device) the newest day.
_LEAN = """
    SELECT sql, iif(type = 'index', '',
        printf('INSERT INTO copy."%w" SELECT * FROM main."%w"', name, name)
        || iif(name = 'samples',
            ' WHERE key >= (SELECT max(key) FROM main.samples) - 24 * 60 * 10000', ''))
    FROM main.sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type DESC
"""
_CREATE = re.compile("CREATE (TABLE|INDEX|UNIQUE INDEX) ")
_SUFFIXES = ("", "-wal", "-shm")


def back_up(path: Path, now: datetime) -> Path:
    """Write a checked copy into the folder `backups`, keeping the newest three.

    Of the samples only the newest day is copied: writing weeks of them every night would wear an
    SD card more than all else together. The database may be in use. Raises StorageError.
    """
    return _checked_copy(path, now, copy_lean)


def copy_whole(path: Path, now: datetime) -> Path:
    """As `back_up`, with everything in it: for before a migration."""
    return _checked_copy(path, now, _copy_whole)


def rescue(path: Path, now: datetime, *, is_suspect: bool) -> None:
    """Make sure that what is at `path` can be used.

    A broken file is set aside with its time in the name and the newest good backup takes its
    place; without one a new database is started. `is_suspect` has the whole file checked.
    """
    if path.exists():
        if _is_sound(path, is_suspect=is_suspect):
            return
    elif not is_suspect:
        return
    _set_aside(path, now)
    for backup in reversed(_backups(path)):
        if _is_sound_copy(backup):
            _put_in_place(backup, path)
            log.critical("%s: was broken, backup %s is restored", path, backup.name)
            return
    log.critical("%s: was broken and there is no good backup: starting empty", path)


def _is_sound(path: Path, *, is_suspect: bool) -> bool:
    with explaining():
        try:
            with closing(connect(path)) as connection:
                connection.execute("SELECT count(*) FROM sqlite_schema")
                return not is_suspect or _has_no_fault(connection)
        except sqlite3.Error as error:
            if is_damage(error):
                return False
            raise


def _is_sound_copy(backup: Path) -> bool:
    try:
        with closing(connect_copy(backup)) as connection:
            return _has_no_fault(connection)
    except sqlite3.Error as error:
        log.warning("%s: cannot be used: %s", backup, error)
        return False


def _has_no_fault(connection: sqlite3.Connection) -> bool:
    faults = [str(fault) for (fault,) in connection.execute("PRAGMA quick_check(3)")]
    if faults != ["ok"]:
        log.error("database: %s", "; ".join(faults))
    return faults == ["ok"]


def _set_aside(path: Path, now: datetime) -> None:
    """Rename the file with its journal: a journal left behind would be played into the next."""
    for suffix in _SUFFIXES:
        part = path.with_name(f"{path.name}{suffix}")
        if part.exists():
            part.rename(path.with_name(f"{path.name}.broken.{_stamp(now)}{suffix}"))
    broken = sorted(path.parent.glob(f"{path.name}.broken.*Z"))
    _forget_oldest(broken)


def _put_in_place(backup: Path, path: Path) -> None:
    part = path.with_name(f"{path.name}.part")
    shutil.copyfile(backup, part)
    part.chmod(0o600)
    _settle(part, path)


def _checked_copy(
    path: Path, now: datetime, fill: Callable[[sqlite3.Connection, Path], None]
) -> Path:
    copy = _folder(path) / f"{path.name}.{_stamp(now)}"
    part = copy.with_name(f"{path.name}.part")
    try:
        copy.parent.mkdir(mode=0o700, exist_ok=True)
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
        with closing(connect(path)) as connection:
            fill(connection, part)
        with closing(connect_copy(part)) as connection:
            if not _has_no_fault(connection):
                raise sqlite3.DatabaseError("the copy is broken")
        _settle(part, copy)
    except (sqlite3.Error, OSError) as error:
        with suppress(OSError):
            part.unlink()
        raise StorageError(f"{path}: no backup: {error}: check disk and free space") from error
    _forget_oldest(_backups(path))
    return copy


def _copy_whole(connection: sqlite3.Connection, part: Path) -> None:
    connection.execute("VACUUM INTO ?", (str(part),))


def copy_lean(connection: sqlite3.Connection, part: Path) -> None:
    """Copy all into an empty file but the samples, of which the newest day is copied."""
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("ATTACH ? AS copy", (str(part),))
    # The copy is flushed once, when it is whole.
    connection.execute("PRAGMA copy.journal_mode = OFF")
    connection.execute("PRAGMA copy.synchronous = OFF")
    connection.execute("BEGIN")
    for create, fill in connection.execute(_LEAN).fetchall():
        connection.execute(_CREATE.sub(r"\g<0>copy.", create, count=1))
        connection.execute(fill)
    connection.execute("DELETE FROM copy.sqlite_sequence")
    connection.execute("INSERT INTO copy.sqlite_sequence SELECT * FROM main.sqlite_sequence")
    version = connection.execute("PRAGMA main.user_version").fetchone()[0]
    connection.execute(f"PRAGMA copy.user_version = {version}")
    connection.execute("COMMIT")


def _settle(part: Path, final: Path) -> None:
    """Give a finished file its name, so that after a power cut it is whole or not there."""
    _sync(part)
    part.rename(final)
    _sync(final.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _backups(path: Path) -> list[Path]:
    return sorted(_folder(path).glob(f"{path.name}.*Z"))


def _forget_oldest(files: Iterable[Path]) -> None:
    for file in sorted(files)[:-_KEPT]:
        for suffix in _SUFFIXES:
            file.with_name(f"{file.name}{suffix}").unlink(missing_ok=True)


def _folder(path: Path) -> Path:
    return path.parent / "backups"


def _stamp(now: datetime) -> str:
    return f"{now:%Y%m%dT%H%M%S.%f}Z"
