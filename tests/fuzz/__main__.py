"""`./run fuzz [--minutes N] [--seed S] [--json]`: everything at random, for as long as you like."""

import itertools
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import click

from tests.fuzz import older
from tests.fuzz.cases import described, operations
from tests.fuzz.documents import documents
from tests.fuzz.drive import Drive
from tests.fuzz.world import World

Work = Callable[[], None]
_REQUESTS = 12
_CHAINS, _STEPS = 8, 12
_OLDER = 3


def _round(drive: Drive, start: int, *, is_first: bool) -> Iterator[Work]:
    """Every operation of every description, chains of them, and every older version."""
    for told in documents().values():
        schema = described(told)
        for operation in operations(schema):
            if is_first:
                yield partial(drive.systematic, operation)
                yield partial(drive.forged, operation, start)
            yield partial(drive.random, operation, _REQUESTS, start)
        yield partial(drive.chains, schema, _CHAINS, _STEPS, start)
    for version in older.OLDER:
        yield partial(older.send_all, version, drive.world, drive.report, _OLDER, start)
        for operation in operations(described(documents()["contract"])):
            yield partial(drive.older, operation, version, _OLDER, start)


def _rounds(drive: Drive, start: int) -> Iterator[Work]:
    for number in itertools.count():
        yield from _round(drive, start + number, is_first=number == 0)


@click.command()
@click.option("--minutes", default=10.0, show_default=True, help="How long.")
@click.option("--seed", type=int, help="For the same requests again; else another one each time.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
def main(minutes: float, seed: int | None, *, as_json: bool) -> None:
    """Send the API what its descriptions allow, and what they do not."""
    start = random.randrange(2**32) if seed is None else seed
    until = time.monotonic() + minutes * 60
    with tempfile.TemporaryDirectory() as folder, World(Path(folder)) as world:
        drive = Drive(world)
        for work in _rounds(drive, start):
            work()
            if time.monotonic() > until:
                break
    report = drive.report
    if report.findings:
        click.echo(report.text() + "\n", err=True)
    figures = {"seed": start, **report.figures()}
    if as_json:
        click.echo(json.dumps(figures))
    else:
        click.echo("\n".join(f"{name:12} {value:>12}" for name, value in figures.items()))
    sys.exit(1 if report.findings else 0)


if __name__ == "__main__":
    main()
