"""Values of pure rooms as text, read back to the very bit.

The text names types and fields, and keeps the order of mappings, which may matter to who decides.
What is not known here is written too, as words that nobody can read back: to put something on
record must never fail, to take it for something else must.
"""

import json
import math
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from enum import Enum
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

from gatewayd.errors import GatewayError, StorageError

# By type: how it is written, and how it is read.
_WORDS: Mapping[type, tuple[Callable[[Any], object], Callable[[Any], object]]] = {
    float: (repr, float),
    Decimal: (str, Decimal),
    datetime: (datetime.isoformat, datetime.fromisoformat),
    date: (date.isoformat, date.fromisoformat),
    time: (time.isoformat, time.fromisoformat),
    timedelta: (lambda one: [one.days, one.seconds, one.microseconds], lambda v: timedelta(*v)),
    ZoneInfo: (lambda zone: zone.key, ZoneInfo),
}
_BY_NAME = {kind.__name__: read for kind, (_, read) in _WORDS.items()}
_MANY: Mapping[str, Callable[[Iterable[object]], object]] = {
    "list": list,
    "deque": deque,
    "set": set,
    "frozenset": frozenset,
}

# What fields may be of. What `object` stands for is of one of the others.
_WRITTEN = {
    *(bool, int, str, tuple, dict, Mapping, Sequence, object, tzinfo, type(None), UnionType),
    *(*_WORDS, list, deque, set, frozenset),
}


class Exact:
    """Knows the dataclasses and enums that `roots` are made of.

    Values of the `standing` types are written apart: they seldom change, and many texts share
    them. `left_out` are fields, as (type, name), that are not written; they need a default.
    `unknown` are types of fields that cannot be written.
    """

    def __init__(
        self,
        roots: Collection[type],
        *,
        standing: tuple[type, ...] = (),
        left_out: Collection[tuple[type, str]] = (),
    ) -> None:
        self._standing = standing
        self._left_out = frozenset(left_out)
        self._types: dict[str, type] = {}
        self.unknown: frozenset[type] = frozenset()
        for root in roots:
            self._learn(root)

    def texts(self, value: object) -> tuple[str, str]:
        """What changes, and what stands, as JSON."""
        writing = _Writing(self._types, self._standing, self._left_out)
        now = writing.plain(value)
        return _json(now), _json([json.loads(one) for one in writing.standing])

    def value(self, now: str, standing: str) -> object:
        """What `texts` wrote. Raises StorageError for what this program cannot read."""
        try:
            stands: list[object] = []
            for one in json.loads(standing):
                stands.append(self._read(one, stands))
            return self._read(json.loads(now), stands)
        except (GatewayError, LookupError, TypeError, ValueError, ArithmeticError) as error:
            raise StorageError(f"it is damaged, or of another version: {error}") from error

    def _learn(self, hint: object) -> None:
        for part in filter(None, (get_origin(hint), *get_args(hint))):
            self._learn(part)
        if not isinstance(hint, type):
            return
        if not (issubclass(hint, Enum) or is_dataclass(hint)):
            self.unknown |= {hint} - _WRITTEN
            return
        known = self._types.setdefault(_name(hint), hint)
        if known is not hint:
            raise TypeError(f"two types are called {_name(hint)}")
        if is_dataclass(hint):
            for part in get_type_hints(hint).values():
                if not (isinstance(part, type) and self._types.get(_name(part)) is part):
                    self._learn(part)

    def _read(self, plain: object, stands: Sequence[object]) -> object:
        match plain:
            case list():
                return tuple(self._read(one, stands) for one in plain)
            case {"~@": int() as number}:
                return stands[number]
            case {"~": str() as name, **rest}:
                return self._typed(name, rest, stands)
            case dict():
                return {key: self._read(one, stands) for key, one in plain.items()}
        return plain

    def _typed(self, name: str, rest: Mapping[Any, Any], stands: Sequence[object]) -> object:
        kind = self._types.get(name)
        if kind is not None and is_dataclass(kind):
            return kind(**{key: self._read(one, stands) for key, one in rest.items()})
        value = rest["v"]
        if kind is not None:
            return kind(value)
        if name in _BY_NAME:
            return _BY_NAME[name](value)
        if name in _MANY:
            return _MANY[name](self._read(one, stands) for one in value)
        if name != "dict":
            raise ValueError(f"nothing here is called {name}")
        return {self._read(key, stands): self._read(one, stands) for key, one in value}


class _Writing:
    """One text on its way; `standing` are what stands, as JSON, in the order of being met."""

    def __init__(
        self,
        types: Mapping[str, type],
        standing: tuple[type, ...],
        left_out: frozenset[tuple[type, str]],
    ) -> None:
        self.standing: dict[str, int] = {}
        self._types = types
        self._stands = standing
        self._left_out = left_out

    def plain(self, value: object) -> object:
        kind = type(value)
        if value is None or kind in (bool, int, str):
            return value
        if isinstance(value, float) and math.isfinite(value):
            return value
        if isinstance(value, Enum | tuple | Mapping) or is_dataclass(kind):
            return self._made_up(value)
        if isinstance(value, list | deque | set | frozenset):
            found = [self.plain(one) for one in value]
            if isinstance(value, set | frozenset):
                # They have no order: the same set is the same text.
                found.sort(key=_json)
            return {"~": kind.__name__, "v": found}
        if kind in _WORDS:
            return {"~": kind.__name__, "v": _WORDS[kind][0](value)}
        return _unknown(value)

    def _made_up(self, value: object) -> object:
        if type(value) is tuple:
            return [self.plain(one) for one in value]
        if isinstance(value, Mapping):
            return self._mapping(value)
        kind = type(value)
        if self._types.get(_name(kind)) is not kind:
            return _unknown(value)
        if isinstance(value, Enum):
            return {"~": _name(kind), "v": value.value}
        body = {"~": _name(kind)} | {name: self.plain(one) for name, one in self._told(value)}
        if kind not in self._stands:
            return body
        return {"~@": self.standing.setdefault(_json(body), len(self.standing))}

    def _told(self, value: object) -> Iterator[tuple[str, object]]:
        for field in fields(value):  # type: ignore[arg-type]
            known = getattr(value, field.name)
            is_default = known is None and field.default is None
            if field.init and not is_default and (type(value), field.name) not in self._left_out:
                yield field.name, known

    def _mapping(self, value: Mapping[Any, Any]) -> object:
        if all(type(key) is str for key in value) and not {"~", "~@"} & value.keys():
            return {key: self.plain(one) for key, one in value.items()}
        pairs = [[self.plain(key), self.plain(one)] for key, one in value.items()]
        return {"~": "dict", "v": pairs}


def _unknown(value: object) -> object:
    return {"~": "?", "v": repr(value)}


def _name(kind: type) -> str:
    """Short, and different for types that are called the same in two rooms."""
    return ".".join([*kind.__module__.split(".")[-2:], kind.__name__])


def _json(plain: object) -> str:
    # In ASCII, so that no text of a device is too odd to be written.
    return json.dumps(plain, separators=(",", ":"), allow_nan=False)
