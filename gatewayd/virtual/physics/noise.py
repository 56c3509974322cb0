"""Randomness that is a function: the same key gives the same number, in any order, on any machine.

Nothing here keeps state, so a run depends on its seed and its times alone and not on how many
steps lie between them.
"""

import hashlib
import math
from functools import lru_cache


@lru_cache(maxsize=4096, typed=True)
def noise(*key: object) -> float:
    """A number from 0 up to 1, decided by the key. Keys are ints and strings."""
    digest = hashlib.blake2b(repr(key).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def between(low: float, high: float, *key: object) -> float:
    """A number from `low` up to `high`, decided by the key."""
    return low + (high - low) * noise(*key)


def drift(x: float, *key: object) -> float:
    """A smooth curve from 0 to 1 along `x` that takes a new random height at every whole number."""
    left = math.floor(x)
    t = x - left
    start, end = noise(*key, left), noise(*key, left + 1)
    return start + (end - start) * t * t * (3.0 - 2.0 * t)
