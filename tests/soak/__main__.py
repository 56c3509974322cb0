"""`./run soak control [--json]`: houses with faults, guards with flaws, commands cut short."""

import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

import click

from tests.soak.commands import crash
from tests.soak.control import Outcome, soak
from tests.soak.faults import CLASSES, TELLING, TWO
from tests.soak.mutants import MUTANTS
from tests.soak.planting import SUITES, caught_by, false_alarm
from tests.soak.policy import Guarded, Reference
from tests.soak.safety import OVERSHOOT_OF_TWO_S_MAX, OVERSHOOT_S_MAX
from tests.soak.stories import Found

# The reference is cheap, and some faults make it trip but once in many hours; then it does.
REFERENCE_HOURS_LEAST, REFERENCE_HOURS_MOST = 60.0, 1000.0

Figures = dict[str, Any]


@click.group()
def main() -> None:
    """What nobody can wait for, many times faster than it happens."""


@main.command()
@click.option("--hours", default=10.0, show_default=True, help="House-hours per class of faults.")
@click.option("--seed", default=0, show_default=True, help="The first house.")
@click.option("--points", default=1000, show_default=True, help="Crashes of the command path.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines.")
def control(*, hours: float, seed: int, points: int, as_json: bool) -> None:
    """The fuse guard and a reference policy in the same houses; mutants of the guard; crashes.

    Fails if the guard lets a breaker trip or suffer for long, if the reference does not trip, if a
    mutant lives, or if a command had more than its one effect.
    """
    say = (lambda _: None) if as_json else click.echo
    faults: Figures = {}
    core_s = 0.0
    with ProcessPoolExecutor() as pool:
        one_class = partial(_one_class, hours=hours, seed=seed)
        for name, (found, took_s) in zip(CLASSES, pool.map(one_class, CLASSES), strict=True):
            faults[name] = found
            core_s += took_s
            say(_line(name, found))
        caught = pool.map(_is_caught, range(len(MUTANTS)), chunksize=4)
        missed = [mutant.name for mutant, by in zip(MUTANTS, caught, strict=True) if not by]
        alarms = [check for check in pool.map(false_alarm, SUITES) if check]
    figures = {
        "faults": faults,
        **_cut(crash(points, seed)),
        "mutants": len(MUTANTS),
        "mutants_caught": len(MUTANTS) - len(missed),
        "times_real_time": round(_total(faults, "house_hours") * 3600.0 / core_s),
        "cores": os.cpu_count() or 1,
    }
    if as_json:
        click.echo(json.dumps(figures))
    else:
        for name, figure in figures.items():
            if name != "faults":
                click.echo(f"{name:32} {figure:>10}")
    sys.exit(_complain([*failures(figures, missed), *(f"without a mutant: {a}" for a in alarms)]))


def failures(figures: Figures, missed: list[str]) -> list[str]:
    """What is not as it must be."""
    found = [f"the mutant lives: {name}" for name in missed]
    cut = {name: figures[name] for name in ("double_effects", "wrong_ends", "not_restored")}
    found += [f"{n} {name.replace('_', ' ')} after crashes" for name, n in cut.items() if n]
    for name, of in figures["faults"].items():
        if of["trips"]:
            found.append(f"{name}: {of['trips']} trips")
        if of["overshoot_s_max"] > (OVERSHOOT_OF_TWO_S_MAX if name == TWO else OVERSHOOT_S_MAX):
            found.append(f"{name}: overloaded for {of['overshoot_s_max']:g} s")
        if name in TELLING and not of["reference_trips"]:
            found.append(f"{name}: the reference does not trip either, so nothing is shown")
    return found


def _one_class(name: str, hours: float, seed: int) -> tuple[Figures, float]:
    """The figures, and what the guarded houses took of a core."""
    began_s = time.process_time()
    guarded = soak(name, hours, Guarded, seed)
    took_s = time.process_time() - began_s
    reference_h = min(max(hours, REFERENCE_HOURS_LEAST), REFERENCE_HOURS_MOST)
    reference = soak(name, reference_h, Reference, seed)
    return {**_of(guarded), **{f"reference_{k}": v for k, v in _of(reference).items()}}, took_s


def _cut(found: Found) -> Figures:
    return {
        "crash_points": found.points,
        "double_effects": len(found.doubles),
        "wrong_ends": len(found.wrong),
        "not_restored": len(found.unrestored),
    }


def _is_caught(number: int) -> bool:
    return caught_by(MUTANTS[number]) is not None


def _of(outcome: Outcome) -> Figures:
    return {
        "house_hours": round(outcome.house_hours, 2),
        "trips": outcome.trips,
        "overshoot_s_max": outcome.overshoot_s_max,
        "charged_kwh": round(outcome.charged_kwh, 1),
    }


def _line(name: str, of: Figures) -> str:
    return (
        f"{name:20} {of['house_hours']:8.0f} h  trips {of['trips']} "
        f"(reference {of['reference_trips']} in {of['reference_house_hours']:.0f} h)  "
        f"overshoot {of['overshoot_s_max']:g} s  {of['charged_kwh']:.0f} kWh "
        f"(reference {of['reference_charged_kwh']:.0f})"
    )


def _total(faults: Figures, figure: str) -> float:
    return float(sum(of[figure] for of in faults.values()))


def _complain(texts: list[str]) -> int:
    for text in texts:
        click.echo(text, err=True)
    return 1 if texts else 0


if __name__ == "__main__":
    main()
