"""A charger, its database and a clock that moves only when told."""

from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.driver import ScriptedBox, charger_box


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def box() -> ScriptedBox:
    return charger_box()


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "gatewayd.db"
