"""The numbered steps that bring a database to this program's schema: forward only."""

import logging
import re
import sqlite3
from collections.abc import Callable, Mapping
from importlib.resources import files

from gatewayd.errors import StorageError

log = logging.getLogger(__name__)

_NAME = re.compile(r"(\d{4})_\w+\.sql")


def shipped() -> dict[int, str]:
    """This program's migrations: SQL by number, 1 upwards without a gap."""
    found: dict[int, str] = {}
    for file in files("gatewayd.state").joinpath("migrations").iterdir():
        if match := _NAME.fullmatch(file.name):
            found[int(match[1])] = file.read_text(encoding="utf-8")
    return dict(sorted(found.items()))


def migrate(
    connection: sqlite3.Connection,
    migrations: Mapping[int, str],
    copy_first: Callable[[], object],
) -> None:
    """Apply what is missing, each migration in one transaction together with its number.

    `copy_first` is called before an existing database is changed. Raises StorageError when the
    database is newer than this program.
    """
    version = check(connection, migrations)
    missing = [number for number in sorted(migrations) if number > version]
    if missing and version:
        log.warning("database: migrating from schema %d to %d", version, missing[-1])
        copy_first()
    for number in missing:
        _apply(connection, number, migrations[number])


def check(connection: sqlite3.Connection, migrations: Mapping[int, str]) -> int:
    """The database's schema version. Raises StorageError when it is newer than this program."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    newest = max(migrations)
    if version > newest:
        raise StorageError(
            f"database: has schema {version}, this program knows {newest}: install the newer"
            " gatewayd again, or put a copy from the folder backups in its place"
        )
    return version


def _apply(connection: sqlite3.Connection, number: int, sql: str) -> None:
    script = f"BEGIN IMMEDIATE;\n{sql}\nPRAGMA user_version = {number};\nCOMMIT;"
    try:
        connection.executescript(script)
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
