"""What is written for people agrees with what is there."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from pydantic import BaseModel

from gatewayd.config import sections
from gatewayd.sdk.options import DeviceOptions

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*/README.md")])
IDS = [page.relative_to(ROOT).as_posix() for page in PAGES]
EVERYTHING = "\n".join(page.read_text() for page in PAGES)
EXAMPLE = (ROOT / "config/gateway.example.yaml").read_text()


def _keys(model: type[BaseModel], path: str = "") -> Iterator[str]:
    """Every key of the config by its path, sections and what stands in them."""
    for name, field in model.model_fields.items():
        yield f"{path}{field.alias or name}"
        kinds = [field.annotation, *getattr(field.annotation, "__args__", ())]
        for kind in kinds:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from _keys(kind, f"{path}{name}.")


CONFIG_KEYS = [
    *_keys(sections.File),
    *_keys(sections.Device, "devices.*."),
    *_keys(DeviceOptions, "devices.*."),
]


@pytest.mark.parametrize("key", CONFIG_KEYS)
def test_every_key_of_the_config_is_in_the_example(key: str) -> None:
    name = key.rpartition(".")[2]

    assert re.search(rf"^[ #]*{name}:", EXAMPLE, re.MULTILINE), f"the example does not show {key}"


def _verbs() -> set[str]:
    done = subprocess.run([ROOT / "run"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    return set(re.findall(r"^  (\w+) ", done.stderr, re.MULTILINE))


def test_the_script_s_usage_names_its_verbs() -> None:
    cases = re.findall(r"^  (\w+)\)$", (ROOT / "run").read_text(), re.MULTILINE)

    assert _verbs() == set(cases)


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_verb_a_page_names_exists(page: Path) -> None:
    named = set(re.findall(r"\./run (\w+)", page.read_text()))

    assert named <= _verbs()


def test_the_readme_opens_with_the_two_commands() -> None:
    head = (ROOT / "README.md").read_text().splitlines()[:8]

    assert [line.split("  ")[0] for line in head if line.startswith("./run")] == [
        "./run demo",
        "./run test",
    ]


def _commands(group: click.Group, path: str = "gatewayd") -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}"


def test_every_command_is_explained_and_no_other() -> None:
    from gatewayd.cli import cli

    page = (ROOT / "docs/commands.md").read_text()
    told = {found.strip() for found in re.findall(r"^\| `(gatewayd [a-z ]+)", page, re.MULTILINE)}

    assert told == set(_commands(cli))


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    decisions = ROOT / "docs/decisions"
    pages = [page for page in (ROOT / "docs").rglob("*.md") if page.parent != decisions]
    readme = (ROOT / "README.md").read_text()

    unreached = [p.name for p in pages if p.relative_to(ROOT).as_posix() not in readme]

    assert unreached == []


def test_places_that_contributing_names_exist() -> None:
    named = re.findall(r"`((?:gatewayd|drivers|config|tests|systemd)/[\w./]*)`", EVERYTHING)

    assert [place for place in named if not (ROOT / place).exists()] == []


def test_contributing_stays_short() -> None:
    assert len((ROOT / "CONTRIBUTING.md").read_text().splitlines()) <= 100


def test_the_changelog_has_a_place_for_the_next_change() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()

    assert "\n## [Unreleased]\n" in changelog
    assert set(re.findall(r"^### (.+)$", changelog, re.MULTILINE)) <= {
        "Breaking",
        "Added",
        "Changed",
        "Deprecated",
        "Removed",
        "Fixed",
        "Security",
    }


def test_a_decision_says_why_what_and_what_follows() -> None:
    for page in (ROOT / "docs/decisions").glob("[0-9]*.md"):
        assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", page.name)
        for word in ("Context:", "Choice:", "Consequence:"):
            assert word in page.read_text(), f"{page.name} lacks {word}"
