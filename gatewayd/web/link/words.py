"""The page's words: one file per language, English where there is none."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

_DEFAULT = "en"
_TAG = re.compile(r"([A-Za-z]{2})(?:-[A-Za-z]{2,4})?(?:\s*;.*)?", re.ASCII)


def language(asked: str, accepted: str) -> str:
    """The language to show: the one asked for, or the browser's first that there is."""
    tags = accepted.split(",") if asked == "browser" else [asked]
    found = (match[1].lower() for tag in tags if (match := _TAG.fullmatch(tag.strip())))
    return next((name for name in found if name in languages()), _DEFAULT)


@cache
def languages() -> frozenset[str]:
    """The languages there are words in."""
    return frozenset(f.name.removesuffix(".toml") for f in _folder().iterdir())


@cache
def words(name: str) -> Mapping[str, str]:
    """All words of a language."""
    found: Mapping[str, str] = tomllib.loads(
        _folder().joinpath(f"{name}.toml").read_text(encoding="utf-8")
    )
    return found


def _folder() -> Traversable:
    return files("gatewayd.web.link").joinpath("languages")
