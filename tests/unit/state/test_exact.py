"""What is written comes back to the bit, and what cannot never passes for something else."""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

import pytest

from gatewayd.errors import StorageError
from gatewayd.state.exact import Exact

T = TypeVar("T")


class Rank(IntEnum):
    FIRST = 0


class Colour(Enum):
    RED = "red"


@dataclass(frozen=True)
class Leaf(Generic[T]):
    value: T
    other: Colour | None = None


@dataclass(frozen=True, slots=True)
class Part:
    name: str


@dataclass
class Tree:
    leaf: Leaf[float]
    held: object = None
    parts: Mapping[str, Part] = field(default_factory=dict)
    ranks: dict[Rank, tuple[bool, str]] = field(default_factory=dict)


@dataclass
class Odd:
    tree: Tree | None
    place: Path


EXACT = Exact((Tree,), standing=(Part,), left_out=((Leaf, "other"),))
LEAF = Leaf(0.1 + 0.2)


def again(value: object) -> object:
    return EXACT.value(*EXACT.texts(value))


@pytest.mark.parametrize(
    "held",
    [
        0.1 + 0.2,
        -0.0,
        -math.inf,
        6,
        6.0,
        True,
        None,
        "ä",
        "\ud800",
        (1.0, (2, "b")),
        [1, 2],
        deque([(1.0, 2.0)]),
        {3},
        frozenset({Colour.RED}),
        {"b": 1, "a": 2},
        {"~": 1},
        {1: "one"},
        Decimal("0.10"),
        datetime(2026, 11, 22, 1, 2, 3, 4, tzinfo=UTC),
        date(2026, 11, 22),
        time(6, 30),
        timedelta(days=-1, microseconds=1),
        ZoneInfo("Europe/Berlin"),
        Part("p"),
        Rank.FIRST,
    ],
    ids=repr,
)
def test_a_value_comes_back_as_it_was(held: object) -> None:
    found = again(Tree(LEAF, held))

    assert isinstance(found, Tree)
    assert repr(found) == repr(Tree(LEAF, held))
    assert type(found.held) is type(held)


def test_the_order_of_a_mapping_is_kept() -> None:
    found = again(Tree(LEAF, {"b": 1, "a": 2}, ranks={Rank.FIRST: (True, "x")}))

    assert isinstance(found, Tree)
    assert list(found.held) == ["b", "a"]  # type: ignore[call-overload]
    assert found.ranks == {Rank.FIRST: (True, "x")}


def test_what_stands_is_written_apart_and_once() -> None:
    tree = Tree(LEAF, Part("roof"), {"a": Part("roof"), "b": Part("wall")})

    now, standing = EXACT.texts(tree)

    assert "roof" not in now
    assert standing.count("roof") == 1
    assert EXACT.value(now, standing) == tree


def test_a_field_that_is_left_out_has_its_default() -> None:
    assert again(Tree(Leaf(1.0, Colour.RED))) == Tree(Leaf(1.0))


def test_a_field_that_cannot_be_written_is_named() -> None:
    assert EXACT.unknown == frozenset()
    assert Exact((Odd,)).unknown == {Path}


def test_what_is_not_known_is_written_and_never_read() -> None:
    now, standing = EXACT.texts(Tree(LEAF, object()))

    with pytest.raises(StorageError):
        EXACT.value(now, standing)


@pytest.mark.parametrize(
    ("now", "standing"),
    [
        ("", "[]"),
        ("{", "[]"),
        ('{"~":"gone.Type","v":1}', "[]"),
        ('{"~":"test_exact.Part"}', "[]"),
        ('{"~":"state.test_exact.Part","other":1}', "[]"),
        ('{"~":"state.test_exact.Colour","v":"blue"}', "[]"),
        ('{"~":"Decimal","v":"many"}', "[]"),
        ('{"~@":3}', "[]"),
    ],
)
def test_what_cannot_be_read_is_an_error(now: str, standing: str) -> None:
    with pytest.raises(StorageError):
        EXACT.value(now, standing)
