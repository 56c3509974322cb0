"""What was decided is decided again from what was known then, to the byte, or it is told."""

import asyncio
import json
import math
import re
import shutil
import sqlite3
import sys
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gatewayd import cli
from gatewayd.control.replay.record import EXACT
from gatewayd.errors import InvalidError, NotFoundError, RequestError
from gatewayd.plan.ev import sun
from gatewayd.plan.guard import share
from gatewayd.shell.replay import replay
from gatewayd.shell.shadow import shadow
from gatewayd.state import givens
from gatewayd.state.db import Database
from gatewayd.state.engine.connect import connect
from tests.unit.control.replayed import live

DAY = "2026-06-21"


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hours in which the sun comes, and the guard lets a charger up step by step."""
    path = tmp_path_factory.mktemp("morning") / "gatewayd.db"
    asyncio.run(live(path, 9.0, 11.0))
    return path


@pytest.fixture
def folder(tmp_path: Path, morning: Path) -> Path:
    shutil.copy(morning, tmp_path)
    configured(tmp_path)
    return tmp_path


def configured(folder: Path) -> None:
    home = {"timezone": "Europe/Vienna", "latitude": 48.2, "longitude": 16.4}
    storage = {"directory": str(folder)}
    lines = ["version: 1", f"home: {json.dumps(home)}", f"storage: {json.dumps(storage)}"]
    (folder / "gatewayd.yaml").write_text("\n".join([*lines, "devices: {}"]) + "\n")


Run = Any


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command on a folder's database: its exit status, what it printed, what it complained."""

    def ran(folder: Path, *words: str) -> tuple[int, str, str]:
        argv = ["gatewayd", "replay", "-c", str(folder / "gatewayd.yaml"), *words]
        monkeypatch.setattr(sys, "argv", argv)
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return (ended.value.code, *capsys.readouterr())  # type: ignore[return-value]

    return ran


def changed(folder: Path, sql: str) -> None:
    connection = sqlite3.connect(folder / "gatewayd.db")
    connection.execute(sql)
    connection.commit()
    connection.close()


def test_a_whole_day_comes_out_as_it_was(tmp_path: Path, run: Run) -> None:
    asyncio.run(live(tmp_path / "gatewayd.db"))
    configured(tmp_path)

    status, out, _ = run(tmp_path, DAY, "--json")

    told = json.loads(out)
    assert status == 0
    assert (told["day"], told["timezone"]) == (DAY, "Europe/Vienna")
    assert {one["result"] for one in told["decisions"]} == {"same"}
    assert all(one["differing"] == [] for one in told["decisions"])
    assert {one["owner"] for one in told["decisions"]} >= {
        "guard",
        "mode solar",
        "mode import_focus",
        "battery rules",
        "heating",
        "governor",
    }
    assert len(told["decisions"]) > 50


def test_the_hours_are_those_of_the_home(folder: Path, run: Run) -> None:
    status, out, _ = run(folder, DAY, "--asset", "charger")

    assert status == 0
    assert "T09:0" in out.splitlines()[0]
    assert "+02:00  charger  " in out.splitlines()[0]
    assert "same" in out.splitlines()[-1]


@pytest.mark.parametrize("room", [sun, share])
def test_another_way_of_deciding_is_told(
    room: Any, folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "math", SimpleNamespace(floor=math.ceil, inf=math.inf))

    status, out, _ = run(folder, DAY)

    assert status == 1
    assert "  DIFFERENT" in out
    [recorded, *_] = [line for line in out.splitlines() if line.startswith("  recorded: ")]
    [replayed, *_] = [line for line in out.splitlines() if line.startswith("  replayed: ")]
    assert recorded.partition("{")[2] != replayed.partition("{")[2]
    assert re.search(r"^2026-06-21T09:.*  charger  .*  DIFFERENT in .*reason", out, re.M)


def test_another_version_is_told(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatewayd.shell.replay.__version__", "99.0")

    _, out, _ = run(folder, DAY)

    assert "made again by 99.0" in out
    assert "decided by gatewayd 0." in out


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE givens SET packed = x'00' WHERE seq = 3",
        "UPDATE standing SET packed = x'00'",
        "DELETE FROM standing",
    ],
)
def test_damage_is_told_with_the_decision(sql: str, folder: Path, run: Run) -> None:
    changed(folder, sql)

    status, out, _ = run(folder, DAY)

    assert status == 1
    assert "decision 3: what it was made from cannot be read" in out


def test_what_this_version_cannot_decide_is_told(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(sun, "decide")

    status, out, _ = run(folder, DAY, "--asset", "charger")

    assert status == 1
    assert "it cannot be made again: AttributeError" in out


def test_what_was_not_kept_is_not_claimed(folder: Path, run: Run) -> None:
    changed(folder, "DELETE FROM givens WHERE seq = 2")

    status, out, _ = run(folder, DAY, "--json")

    told = json.loads(out)["decisions"]
    assert status == 0
    assert [one["result"] for one in told if one["id"] == "2"] == ["not replayed"]
    assert "nothing is kept" in told[1]["why"]


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("2026-06-22",), 1, "nothing was decided on 2026-06-22"),
        ((DAY, "--asset", "garage"), 1, "no asset 'garage'; known: "),
        (("yesterday",), 2, "does not match the format"),
        (("0001-01-01",), 1, "give a day from 1970 to 2999"),
        (("9999-12-31",), 1, "give a day from 1970 to 2999"),
        (("2999-12-31",), 1, "nothing was decided on 2999-12-31"),
    ],
)
def test_a_wrong_question_is_answered_in_a_line(
    words: tuple[str, ...], status: int, said: str, folder: Path, run: Run
) -> None:
    code, out, err = run(folder, *words)

    assert (code, out) == (status, "")
    assert said in err


@pytest.mark.parametrize(
    ("day", "error"),
    [("0001-01-01", InvalidError), ("9999-12-31", InvalidError), ("1970-01-01", NotFoundError),
     ("2999-12-31", NotFoundError)],
)  # fmt: skip
async def test_what_was_in_shadow_is_asked_since_a_day_that_was(
    day: str, error: type[RequestError], folder: Path
) -> None:
    changed(folder, "DELETE FROM decisions")

    with pytest.raises(error):
        await shadow(folder / "gatewayd.yaml", date.fromisoformat(day))


async def test_it_reads_beside_a_running_gateway(folder: Path) -> None:
    async with Database.open(folder / "gatewayd.db") as running:
        await running.write(lambda c: c.execute("DELETE FROM givens WHERE seq = 2"))
        found = await replay(folder / "gatewayd.yaml", date.fromisoformat(DAY), "charger")

    assert found.is_well
    assert len(found.verdicts) > 5


def test_a_database_of_a_newer_version_is_told(folder: Path, run: Run) -> None:
    changed(folder, "PRAGMA user_version = 999")

    status, _, err = run(folder, DAY)

    assert status == 1
    assert "install the newer gatewayd" in err


def test_without_a_database_there_is_nothing(tmp_path: Path, run: Run) -> None:
    configured(tmp_path)

    status, _, err = run(tmp_path, DAY)

    assert status == 1
    assert "there is no database yet" in err


def test_nothing_is_decided_from_what_cannot_be_written() -> None:
    assert EXACT.unknown == frozenset()


def test_what_a_decision_is_made_from_is_written_whole_and_small(morning: Path) -> None:
    connection = connect(morning)
    rows = connection.execute("SELECT seq, length(packed) FROM givens").fetchall()
    sizes = sorted(size for _, size in rows)
    found = [givens.get(connection, seq) for seq, _ in rows]
    connection.close()

    assert len(found) > 5
    assert not any(one is None or '"~":"?"' in one.now + one.standing for one in found)
    assert sizes[len(sizes) // 2] < 1200
