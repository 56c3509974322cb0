"""The words of the interventions: one file per language, `en` where there is none."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_DEFAULT = "en"
_LANGUAGE = re.compile(r"([a-z]{2})(-[A-Za-z]{2})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Words:
    """`description` is Markdown."""

    title: str
    description: str


def words(name: str, tag: str | None) -> Words:
    """An intervention's words in the language of a BCP 47 tag such as `nb-NO`."""
    return _words(_language(tag))[name]


@cache
def languages() -> frozenset[str]:
    """The languages there are words in."""
    folder = files("gatewayd.enode.interventions").joinpath("languages")
    return frozenset(file.name.removesuffix(".toml") for file in folder.iterdir())


def _language(tag: str | None) -> str:
    found = _LANGUAGE.fullmatch(tag or "")
    return found[1] if found and found[1] in languages() else _DEFAULT


@cache
def _words(language: str) -> Mapping[str, Words]:
    folder = files("gatewayd.enode.interventions").joinpath("languages")
    body = tomllib.loads(folder.joinpath(f"{language}.toml").read_text(encoding="utf-8"))
    return {name: Words(**entry) for name, entry in body.items()}
