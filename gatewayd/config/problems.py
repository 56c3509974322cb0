"""How a fault in the config is told: where, what, and what to do about it."""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Key = str | int
Path = tuple[Key, ...]

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SHOWN_MAX = 60
_LISTED_MAX = 12


@dataclass(frozen=True, order=True)
class Problem:
    """One fault. `line` and `column` count from 1; `text` is `what; what to do`."""

    line: int
    column: int
    path: str
    text: str

    def told(self, file: str) -> str:
        """The line the operator reads, in the form that editors jump to."""
        where = f"{file}:{self.line}:{self.column}: "
        return where + (f"{self.path}: {self.text}" if self.path else self.text)


def dotted(path: Path) -> str:
    """`devices.inverter.port`, `mqtt.discovery.exclude[0]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + (part if _PLAIN_KEY.fullmatch(part) else shown(part))
    return text


def shown(value: object) -> str:
    """A value as it may stand in a message: one line, printable, short."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    text = repr(value)
    return text if len(text) <= _SHOWN_MAX else text[: _SHOWN_MAX - 3] + "..."


def misspelt(wrong: str, known: Sequence[str]) -> list[str]:
    """The one known word that was surely meant, if there is one."""
    return difflib.get_close_matches(wrong, known, n=1, cutoff=0.85)


def suggestion(wrong: str, known: Iterable[str]) -> str:
    """The nearest of the known words, or all of them when none is near; ends the sentence."""
    words = sorted(known)
    near = misspelt(wrong, words) or difflib.get_close_matches(wrong, words, n=3, cutoff=0.6)
    if near:
        return f"did you mean {' or '.join(near)}?"
    if not words:
        return "remove it"
    more = ", ..." if len(words) > _LISTED_MAX else ""
    return f"use one of {', '.join(words[:_LISTED_MAX])}{more}"
