"""What the API says of what smart charging saved."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from sqlite3 import Connection

import pytest

from gatewayd.control.statistics import StatisticsRecorder
from gatewayd.model.asset import AssetKind
from tests.enode.home import USER, home
from tests.enode.test_smart_charging import charging_car, cheap_from, planned, polled
from tests.fakes.measured import put_minute

# The clock shows 12:00 in Oslo; energy is cheap from 13:00.
CHEAP = datetime(2026, 6, 21, 11, 0, tzinfo=UTC)
PERIOD = {"type": "vehicle", "startDate": "2026-06-21T00:00:00Z"}


async def test_a_car_that_waited_for_cheap_energy_shows_what_that_saved(tmp_path: Path) -> None:
    async with home(tmp_path, {"car": charging_car()}) as made:
        await cheap_from(made, "13:00")
        await planned(made)
        made.clock.jump_wall(timedelta(hours=1))
        await polled(made, 5)
        car = made.asset(AssetKind.VEHICLE)

        def charge(c: Connection) -> None:
            for minute in range(30):
                put_minute(c, car, CHEAP + timedelta(minutes=minute), power_w=11_000.0)

        await made.db.write(charge)
        made.clock.jump_wall(timedelta(hours=1))
        await StatisticsRecorder(made.store, made.db, made.clock).count()
        path = f"/users/{USER}/statistics/charging"
        days = (await made.http.get(path, params=PERIOD)).json()
        sessions = (await made.http.get(f"{path}/sessions", params=PERIOD)).json()

    for (entry,) in (days, sessions):
        assert entry["price"]["mean"] == 0.1
        assert entry["nonSmartPrice"] == {"min": 0.4, "max": 0.4, "mean": 0.4}
        saved = entry["kwhSum"] * 0.4 - entry["costSum"]
        assert entry["estimatedSavings"] == pytest.approx(saved)
        assert entry["estimatedSavings"] > 1
