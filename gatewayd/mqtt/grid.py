"""The grid operator's limits: his command topic, and what holds in the home's document."""

import json
from collections.abc import Mapping
from typing import Protocol

from gatewayd.control.governor.operator import Standing
from gatewayd.errors import InvalidError
from gatewayd.mqtt.snapshot import Document
from gatewayd.mqtt.topics import HOME, Place, Target

TARGET = Target(Place("site", HOME), "grid_limit")

_END = ("none", "null")
_LIMITS = ("limit_w", "export_limit_w")
_MOST = 1e9


class Operators(Protocol):
    """Who is told."""

    def tell(self, told: Mapping[str, float | None]) -> None:
        """Limits, or with None the end of one; else a sign of life. Raises RequestError."""

    def standing(self) -> tuple[Standing | None, Standing | None]:
        """What holds of what is taken, and of what is fed in."""


def hear(text: str, operators: Operators) -> Document:
    """Hand on what is told; what holds then. Raises RequestError.

    A number of watts, `none` for the end of a limit, or an object with `limit_w`, `export_limit_w`
    and `duration_s`, which is a sign of life of what it leaves out.
    """
    operators.tell(_told(text))
    return document(operators)


def document(operators: Operators | None) -> Document:
    """What holds, for the home's document; nothing where no operator is expected."""
    taken, fed = operators.standing() if operators else (None, None)
    found: Document = {}
    if taken is not None:
        found = {"grid_limit_w": taken.limit_w, "grid_operator": taken.state.value}
    if fed is not None:
        found = {**found, "export_limit_w": fed.limit_w, "export_operator": fed.state.value}
    return found


def _told(text: str) -> dict[str, float | None]:
    if text.lower() in _END:
        return {"limit_w": None}
    try:
        found = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise InvalidError("send a number of watts, none, or a JSON object") from error
    found = found if isinstance(found, dict) else {"limit_w": found}
    if not found.keys() <= {*_LIMITS, "duration_s"}:
        raise InvalidError("send limit_w, export_limit_w and duration_s, and nothing else")
    for key, value in found.items():
        _check(key, value)
    return found


def _check(key: str, value: object) -> None:
    if value is None and key in _LIMITS:
        return
    # A bool is an int to Python.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MOST:
        raise InvalidError(f"{key} is a number from 0")


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is not a number")
