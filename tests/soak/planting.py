"""Plants a mutant and runs the checks of its suite on it, in this process.

The checks are the unit tests of the guard and of leases, then a few houses that a wrong guard
does not survive. They are imported anew beside the patched module, and everything is put back.
"""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import itertools
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import CodeType, ModuleType
from typing import NamedTuple

from tests.soak.mutants import Mutant

_TESTS = (
    "tests.unit.plan.guard.test_guard",
    "tests.unit.plan.guard.test_parts",
    "tests.unit.plan.guard.test_commission",
    "tests.unit.plan.guard.test_loads",
    "tests.unit.plan.heat.test_boost",
    "tests.unit.plan.test_lease",
)
_HOUSES = "tests.soak.safety"
_FRESH = (
    "gatewayd.plan.guard",
    "gatewayd.plan.heat",
    "gatewayd.plan.lease",
    "gatewayd.model.circuit",
    "tests.unit.plan",
    "tests.soak.policy",
    "tests.soak.house",
    "tests.soak.faults",
    "tests.soak.control",
    _HOUSES,
)


class Suite(NamedTuple):
    """The modules with the checks, in this order, and what is imported anew for them."""

    checks: tuple[str, ...]
    fresh: tuple[str, ...]


_PARTS = ("operator", "capacity", "export", "curtail")
_GRID = tuple(f"tests.unit.plan.grid.test_{part}" for part in _PARTS)
_KEEPING = (
    "gatewayd.plan.keeping",
    "gatewayd.plan.in_force",
    "tests.unit.plan.test_keeping",
    "tests.unit.plan.test_in_force",
)
# By the beginning of the mutant's module.
SUITES = {
    "gatewayd.plan.arbiter.": Suite(
        ("tests.unit.plan.arbiter.test_ruling",),
        ("gatewayd.plan.arbiter", "tests.unit.plan.arbiter"),
    ),
    "gatewayd.plan.grid.": Suite(_GRID, ("gatewayd.plan.grid", "tests.unit.plan.grid")),
    "gatewayd.plan.audit.": Suite(
        ("tests.unit.plan.audit.test_steps", "tests.unit.plan.audit.test_doubts"),
        ("gatewayd.plan.audit", "tests.unit.plan.audit"),
    ),
    "gatewayd.plan.keeping": Suite(
        ("tests.unit.plan.test_keeping", "tests.unit.plan.test_in_force"), _KEEPING
    ),
    "gatewayd.plan.in_force": Suite(("tests.unit.plan.test_in_force",), _KEEPING),
    "gatewayd.plan.steer": Suite(
        ("tests.unit.plan.test_steer",), ("gatewayd.plan.steer", "tests.unit.plan.test_steer")
    ),
    "gatewayd.devices.": Suite(
        ("tests.soak.holds", "tests.soak.cuts"),
        (
            "gatewayd.devices",
            "gatewayd.control",
            "tests.fakes",
            "tests.soak.commands",
            "tests.soak.stories",
            "tests.soak.cuts",
            "tests.soak.holds",
            "tests.unit.devices.test_holding",
            "tests.unit.devices.test_leaving",
        ),
    ),
    "": Suite((*_TESTS, _HOUSES), _FRESH),
}


def patched(mutant: Mutant) -> str:
    """The source with the mistake in it; ValueError if it does not fit there exactly once."""
    spec = importlib.util.find_spec(mutant.module)
    assert spec is not None
    assert spec.origin is not None
    with open(spec.origin, encoding="utf-8") as file:
        source = file.read()
    if source.count(mutant.old) != 1:
        raise ValueError(f"{mutant.name}: stands {source.count(mutant.old)} times")
    return source.replace(mutant.old, mutant.new)


def caught_by(mutant: Mutant) -> str | None:
    """The first check that fails with this mistake; None when all pass."""
    suite = next(suite for of, suite in SUITES.items() if mutant.module.startswith(of))
    return _failing(suite, _Finder(mutant))


def false_alarm(of: str) -> str | None:
    """The first check of a suite that fails without any mistake: it would show nothing."""
    return _failing(SUITES[of])


def _failing(suite: Suite, *finders: "_Finder") -> str | None:
    with _planted(suite.fresh, finders):
        for name in suite.checks:
            for check, call in _checks(importlib.import_module(name)):
                try:
                    call()
                # Any way to fail will do: a mutant may break whatever it touches.
                except BaseException as error:
                    if isinstance(error, KeyboardInterrupt):
                        raise
                    return check
    return None


class _Patched(importlib.machinery.SourceFileLoader):
    def __init__(self, mutant: Mutant, path: str, source: str) -> None:
        super().__init__(mutant.module, path)
        self._source = source

    def get_code(self, fullname: str) -> CodeType | None:
        return compile(self._source, self.path, "exec")


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, mutant: Mutant) -> None:
        spec = importlib.util.find_spec(mutant.module)
        assert spec is not None
        assert spec.origin is not None
        self._name = mutant.module
        self._loader = _Patched(mutant, spec.origin, patched(mutant))

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._name:
            return None
        return importlib.util.spec_from_loader(fullname, self._loader)


@contextmanager
def _planted(fresh: tuple[str, ...], finders: Sequence[_Finder]) -> Iterator[None]:
    kept = _taken_out(fresh)
    sys.meta_path[:0] = finders
    try:
        yield
    finally:
        for finder in finders:
            sys.meta_path.remove(finder)
        _taken_out(fresh)
        sys.modules.update(kept)
        for name, module in kept.items():
            parent, _, child = name.rpartition(".")
            setattr(sys.modules[parent], child, module)


def _taken_out(fresh: tuple[str, ...]) -> dict[str, ModuleType]:
    found = {name: module for name, module in sys.modules.items() if name.startswith(fresh)}
    for name in found:
        parent, _, child = name.rpartition(".")
        # Else `from parent import child` finds it all the same.
        vars(sys.modules[parent]).pop(child, None)
    for name in found:
        del sys.modules[name]
    return found


def _checks(module: ModuleType) -> Iterator[tuple[str, Callable[[], object]]]:
    for name, test in inspect.getmembers(module, inspect.isfunction):
        # What is looked for by chance is not found each time.
        by_chance = getattr(test, "is_hypothesis_test", False)
        if not name.startswith("test_") or test.__module__ != module.__name__ or by_chance:
            continue
        for arguments in _arguments(test):
            yield name, partial(test, **arguments)


def _arguments(test: Callable[..., object]) -> Iterator[dict[str, object]]:
    """What `pytest.mark.parametrize` would hand over, in all combinations."""
    marks = [mark for mark in getattr(test, "pytestmark", []) if mark.name == "parametrize"]
    tables = []
    for mark in marks:
        names, rows = mark.args[:2]
        if isinstance(names, str):
            tables.append([{names: row} for row in rows])
        else:
            tables.append([dict(zip(names, row, strict=True)) for row in rows])
    for combination in itertools.product(*tables):
        yield {name: value for row in combination for name, value in row.items()}
