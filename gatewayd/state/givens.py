"""What decisions were made from, for as long as somebody may ask for them to be made again."""

import sqlite3
import zlib
from dataclasses import dataclass, field
from hashlib import blake2b

from gatewayd.errors import StorageError

_INSERT = "INSERT INTO givens (seq, standing, packed) VALUES (?, ?, ?)"
_INSERT_STANDING = "INSERT INTO standing (digest, packed, sample) VALUES (?, ?, ?)"
_SELECT = """
    SELECT standing.packed, sample, givens.packed
    FROM givens LEFT JOIN standing ON number = standing WHERE seq = ?
"""
_DIGEST_BYTES = 16
_LEVEL = 9


@dataclass(frozen=True, slots=True)
class Given:
    """As text: what changes with each decision, and what seldom does.

    Those of one `shape` look alike.
    """

    now: str
    standing: str
    shape: str = field(default="", compare=False)


def put(c: sqlite3.Connection, seq: int, given: Given) -> None:
    """Keep what a decision on record was made from, by its id; it goes with the decision."""
    alike = (given.shape + given.standing).encode()
    digest = blake2b(alike, digest_size=_DIGEST_BYTES).digest()
    row = c.execute("SELECT number, sample FROM standing WHERE digest = ?", (digest,)).fetchone()
    if row is None:
        sample = _packed(given.now)
        stands = c.execute(_INSERT_STANDING, (digest, _packed(given.standing), sample))
        row = stands.lastrowid, sample
    number, sample = row
    try:
        known = _unpacked(sample)
    except zlib.error:
        # The disk has damaged it. A decision that cannot be made again is better than none.
        return
    # Two looks at one home are much alike: what is new is a quarter of it.
    c.execute(_INSERT, (seq, number, _packed(given.now, known)))


def get(c: sqlite3.Connection, seq: int) -> Given | None:
    """What a decision was made from; None where nothing was kept. StorageError: it is damaged."""
    row = c.execute(_SELECT, (seq,)).fetchone()
    if row is None:
        return None
    standing, sample, packed = row
    try:
        now = _unpacked(packed, _unpacked(sample))
        return Given(now.decode(), _unpacked(standing).decode())
    except (zlib.error, TypeError, UnicodeDecodeError) as error:
        raise StorageError(f"it is damaged: {error}") from error


def purge(c: sqlite3.Connection) -> None:
    """Delete what stands for nothing any more."""
    c.execute("DELETE FROM standing WHERE number NOT IN (SELECT standing FROM givens)")


def erase(c: sqlite3.Connection) -> None:
    """Delete all: whatever one asset was decided from tells of all the others too."""
    c.execute("DELETE FROM givens")
    c.execute("DELETE FROM standing")


def _packed(text: str, alike: bytes = b"") -> bytes:
    compressor = zlib.compressobj(_LEVEL, zdict=alike)
    return compressor.compress(text.encode()) + compressor.flush()


def _unpacked(packed: bytes, alike: bytes = b"") -> bytes:
    reading = zlib.decompressobj(zdict=alike)
    text = reading.decompress(packed)
    if not reading.eof:
        raise zlib.error("its end is missing")
    return text
