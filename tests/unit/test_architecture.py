"""The rules of the house that no linter knows."""

import ast
import functools
import re
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

FILE_LINES = 350
TEST_FILE_LINES = 600
FUNCTION_LINES = 40
MEDIAN_FUNCTION_LINES = 10
BANNED_WORDS = {"manager", "helper", "helpers", "util", "utils", "common"}

# A driver is somebody else's code: its bug must not take the other devices down.
BROAD_EXCEPT = ["gatewayd/devices/poller.py"]
# The composition root and the demo own processes and tasks; all others open a TaskGroup.
TASK_OWNERS = {"gatewayd/daemon.py", "gatewayd/demo.py"}
LOOSE_TASKS = {"create_task", "ensure_future", "gather"}

# What several rooms may import: the language of models, of HTTP and of the command line.
SHARED_LIBRARIES = {
    "click",
    "fastapi",
    "jinja2",
    "pydantic",
    "pydantic_core",
    "starlette",
    "uvicorn",
}
# The config and the register maps are both YAML, and neither room may know the other.
YAML_READERS = {
    "gatewayd/config/source.py",
    "gatewayd/sdk/maps/mapfile.py",
    "gatewayd/sdk/yaml_text.py",
}
# The simulated devices stand alone, with servers of their own.
ALONE = "gatewayd/virtual/"

VENDORS = re.compile(
    r"(?<![a-z])(ABB|Alfen|Carlo Gavazzi|Daikin|Deye|Easee|Eastron|Enphase|Fox ?ESS|Fronius|"
    r"GivEnergy|go-?e|GoodWe|Growatt|Heidelberg|Huawei|Keba|KOSTAL|Mennekes|Phoenix Contact|Shelly|"
    r"Siemens|SMA|Sofar|SolarEdge|Solax|Solis|sonnen|Sungrow|Sunsynk|Tesla|Victron|Wallbox)(?![a-z])",
    re.IGNORECASE,
)
# Enode's own lists of vendors are words of its API; the simulated devices imitate real ones.
VENDOR_ROOMS = ("gatewayd/virtual/", "gatewayd/enode/wire/", "gatewayd/enode/views/")


def _files(*folders: str) -> list[Path]:
    return [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]


SOURCES = _files("gatewayd", "drivers")
TESTS = _files("tests")


def _name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


@functools.cache
def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(), str(file))


def _functions(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(_tree(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _imports(file: Path) -> Iterator[str]:
    """The modules a file imports, by full name."""
    for node in ast.walk(_tree(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize(
    ("files", "most"), [(SOURCES, FILE_LINES), (TESTS, TEST_FILE_LINES)], ids=["sources", "tests"]
)
def test_a_file_is_one_concept_long(files: list[Path], most: int) -> None:
    lengths = {_name(file): file.read_text().count("\n") for file in files}

    assert {name: length for name, length in lengths.items() if length > most} == {}


def test_a_function_fits_on_a_screen() -> None:
    too_long = {
        f"{_name(file)}:{node.lineno} {node.name}": _lines(node)
        for file in SOURCES
        for node in _functions(file)
        if _lines(node) > FUNCTION_LINES
    }

    assert too_long == {}


def test_most_functions_are_short() -> None:
    lengths = [_lines(node) for file in SOURCES for node in _functions(file)]

    assert statistics.median(lengths) < MEDIAN_FUNCTION_LINES


def test_nothing_has_a_name_that_says_nothing() -> None:
    named = [(_name(file), word) for file in SOURCES + TESTS for word in _words(file.stem)]
    for file in SOURCES:
        for node in ast.walk(_tree(file)):
            if isinstance(node, ast.ClassDef):
                named += [(f"{_name(file)}:{node.lineno}", word) for word in _words(node.name)]

    assert [where for where, word in named if word in BANNED_WORDS] == []


def _words(name: str) -> list[str]:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().split("_")


def test_every_module_says_what_it_is_for() -> None:
    silent = [_name(file) for file in SOURCES if _tree(file).body and not _docstring(file)]

    assert silent == []


def _docstring(file: Path) -> str | None:
    return ast.get_docstring(_tree(file))


def test_only_the_poller_catches_everything() -> None:
    broad = [
        _name(file)
        for file in SOURCES
        for node in ast.walk(_tree(file))
        if isinstance(node, ast.ExceptHandler) and _is_broad(node)
    ]

    assert broad == BROAD_EXCEPT


def _is_broad(handler: ast.ExceptHandler) -> bool:
    """Catching everything to tidy up and raise it again is no catching."""
    last = handler.body[-1]
    if isinstance(last, ast.Raise) and last.exc is None:
        return False
    if handler.type is None:
        return True
    names = {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)}
    return bool(names & {"Exception", "BaseException"})


def test_no_task_is_left_loose() -> None:
    loose = [
        f"{_name(file)}:{node.lineno}"
        for file in SOURCES
        if _name(file) not in TASK_OWNERS
        for node in ast.walk(_tree(file))
        if isinstance(node, ast.Call) and _starts_a_loose_task(node.func)
    ]

    assert loose == []


def _starts_a_loose_task(function: ast.expr) -> bool:
    """`asyncio.gather`, `loop.create_task` and the like; a TaskGroup's `create_task` is not."""
    if isinstance(function, ast.Name):
        return function.id in LOOSE_TASKS
    if not isinstance(function, ast.Attribute) or function.attr not in LOOSE_TASKS:
        return False
    owner = ast.unparse(function.value)
    return owner == "asyncio" or "loop" in owner


def test_nobody_mocks() -> None:
    mocking = [_name(f) for f in TESTS if any(i.startswith("unittest.mock") for i in _imports(f))]

    assert mocking == []


def test_a_vendor_is_known_to_its_driver_alone() -> None:
    told = [
        f"{_name(file)}: {found[0]}"
        for file in _files("gatewayd")
        if not _name(file).startswith(VENDOR_ROOMS)
        for found in VENDORS.finditer(_code(file))
    ]

    assert told == []


def _code(file: Path) -> str:
    """A file without comments and docstrings, where a vendor may be the source of a fact."""
    tree = ast.parse(file.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value = ast.Constant(None)
    return ast.unparse(tree)


@pytest.mark.parametrize("is_alone", [False, True], ids=["the daemon", "the virtual home"])
def test_a_library_s_break_costs_one_file(*, is_alone: bool) -> None:
    importing: dict[str, set[str]] = {}
    for file in SOURCES:
        if _name(file).startswith(ALONE) == is_alone:
            for module in _imports(file):
                importing.setdefault(module.split(".")[0], set()).add(_name(file))
    ours = {"gatewayd", "drivers"} | SHARED_LIBRARIES | sys.stdlib_module_names

    scattered = {
        library: sorted(files)
        for library, files in importing.items()
        if library not in ours and len(files - YAML_READERS) + bool(files & YAML_READERS) > 1
    }

    assert scattered == {}


def test_nothing_is_left_for_later() -> None:
    words = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
    left = [
        f"{_name(file)}:{number}"
        for file in SOURCES + TESTS
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if words.search(line)
    ]

    assert left == []
