"""The page's words."""

import re

import pytest

from gatewayd.model.asset import AssetKind
from gatewayd.web.link.words import language, languages, words


@pytest.mark.parametrize("name", sorted(languages()))
def test_every_language_says_everything_and_keeps_the_gaps(name: str) -> None:
    english, theirs = words("en"), words(name)

    assert theirs.keys() == english.keys()
    gaps = {key: re.findall(r"{\w+}", text) for key, text in english.items()}
    assert {key: re.findall(r"{\w+}", text) for key, text in theirs.items()} == gaps
    assert all(text.strip() for text in theirs.values())
    assert set(AssetKind) <= theirs.keys()


@pytest.mark.parametrize(
    ("asked", "accepted", "shown"),
    [
        ("de-DE", "fr", "de"),
        ("ro-RO", "de", "en"),
        ("browser", "fr-CH, en;q=0.9", "fr"),
        ("browser", "zz, yy-XX", "en"),
        ("browser", "", "en"),
        ("browser", "*;q=0.5, \x00, nb-NO", "nb"),
        ("browser", "../../en", "en"),
    ],
)
def test_the_first_language_that_there_is_wins(asked: str, accepted: str, shown: str) -> None:
    assert language(asked, accepted) == shown
