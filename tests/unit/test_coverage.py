"""What protects a home is covered, each line and each branch, by tests of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = (
    "gatewayd/plan/guard",
    "gatewayd/plan/arbiter",
    "gatewayd/plan/lease.py",
    "gatewayd/plan/holds.py",
    "gatewayd/devices/journal.py",
    "gatewayd/state/actions.py",
)
ITS_TESTS = (
    "tests/unit/plan/guard",
    "tests/unit/plan/arbiter",
    "tests/unit/plan/test_lease.py",
    "tests/unit/plan/test_holds.py",
    "tests/unit/plan/test_settable.py",
    "tests/unit/devices/test_journal.py",
    "tests/unit/state/test_actions.py",
)
PYTEST = ["-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider"]
# What is made up at random takes long, and what it comes past is luck.
FAST = "not nightly and not hypothesis"


def _files(place: str) -> list[str]:
    found = [place] if place.endswith(".py") else (ROOT / place).rglob("*.py")
    return sorted((ROOT / file).relative_to(ROOT).as_posix() for file in found)


def _coverage(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """By itself, also where this test is measured or told how to run by the environment."""
    others = ("COV", "PYTEST_ADDOPTS")
    env = {name: text for name, text in os.environ.items() if not name.startswith(others)}
    env["COVERAGE_FILE"] = str(folder / "coverage")
    command = [sys.executable, "-m", "coverage", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("place", CORE)
def test_nothing_of_the_safety_core_is_kept_from_being_measured(place: str) -> None:
    files = _files(place)

    assert files != []
    assert [file for file in files if "pragma: no" in (ROOT / file).read_text()] == []


# Ten seconds where nothing else runs.
@pytest.mark.timeout(900)
def test_the_safety_core_is_covered_by_its_own_tests(tmp_path: Path) -> None:
    place = f"--basetemp={tmp_path / 'tests'}"
    tested = _coverage(tmp_path, "run", "--branch", *PYTEST, place, "-m", FAST, *ITS_TESTS)
    assert tested.returncode == 0, tested.stdout + tested.stderr

    files = ",".join(file for place in CORE for file in _files(place))
    strict = ("--show-missing", "--skip-covered", "--fail-under=100")
    report = _coverage(tmp_path, "report", *strict, f"--include={files}")
    assert report.returncode == 0, (
        f"these lines and branches have no test of their own:\n{report.stdout}"
    )
