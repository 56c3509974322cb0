"""The grid operator's limit: his command topic, and what holds in the home's document."""

import json
from typing import Protocol

from gatewayd.control.governor.operator import Standing
from gatewayd.errors import InvalidError
from gatewayd.mqtt.snapshot import Document
from gatewayd.mqtt.topics import HOME, Place, Target

TARGET = Target(Place("site", HOME), "grid_limit")

_END = ("none", "null")
_MOST = 1e9


class Operator(Protocol):
    """Who is told."""

    def limit(self, limit_w: float | None, duration_s: float | None) -> None:
        """A limit, or with None the end of one. Raises RequestError."""

    def beat(self) -> None:
        """A sign of life. Raises RequestError."""

    def standing(self) -> Standing | None:
        """What holds."""


def hear(text: str, operator: Operator) -> Document:
    """Hand on what is told; what holds then. Raises RequestError.

    A number of watts, `none` for the end of a limit, or an object with `limit_w` and `duration_s`,
    which without `limit_w` is a sign of life and no more.
    """
    told = _told(text)
    if "limit_w" in told:
        operator.limit(told["limit_w"], told.get("duration_s"))
    else:
        operator.beat()
    return document(operator)


def document(operator: Operator | None) -> Document:
    """What holds, for the home's document; nothing where no operator is expected."""
    told = operator.standing() if operator else None
    return {"grid_limit_w": told.limit_w, "grid_operator": told.state.value} if told else {}


def _told(text: str) -> dict[str, float | None]:
    if text.lower() in _END:
        return {"limit_w": None}
    try:
        found = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise InvalidError("send a number of watts, none, or a JSON object") from error
    found = found if isinstance(found, dict) else {"limit_w": found}
    if not found.keys() <= {"limit_w", "duration_s"}:
        raise InvalidError("send limit_w and duration_s, and nothing else")
    for key, value in found.items():
        _check(key, value)
    return found


def _check(key: str, value: object) -> None:
    if value is None and key == "limit_w":
        return
    # A bool is an int to Python.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MOST:
        raise InvalidError(f"{key} is a number from 0")


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is not a number")
