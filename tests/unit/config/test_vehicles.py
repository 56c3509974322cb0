"""Plans of chargers and the home's cars in the config."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gatewayd.config import Config, load
from gatewayd.devices.registry import Registry
from gatewayd.errors import ConfigError
from gatewayd.model.ready_by import ReadyBy
from gatewayd.plan.ev.cars import CarTerms
from tests.unit.config.catalogue import write

GOOD = """\
version: 1
home: {timezone: Europe/Berlin, latitude: 0, longitude: 0}
devices:
  zoe_cloud: {driver: car_json, host: 192.0.2.7}
  charger:
    driver: keba_p30
    host: 192.0.2.1
    charging:
      mode: plan
      plans:
        work: {weekdays: [mon, fri], time: "07:30", soc_pct: 80}
        trip: {at: 2026-12-24T06:00:00+01:00, energy_wh: 30000, continuous: true}
vehicles:
  zoe: {identities: ["04:a2:b3:c4", "VID:0001c10a2b3d"], device: zoe_cloud, phases: 1}
  guest: {limit_soc_pct: 60, identities: [ff]}
"""


def read(folder: Path, text: str) -> Config:
    return load(write(folder, text), Registry.load(), {})


def test_plans_and_cars_reach_the_governor(tmp_path: Path) -> None:
    terms = read(tmp_path, GOOD).terms

    charging = terms.chargers["charger"].charging
    assert charging is not None
    assert charging.plans == {
        "work": ReadyBy(weekdays=frozenset({0, 4}), minute=450, soc_pct=80),
        "trip": ReadyBy(
            at=datetime(2026, 12, 24, 5, tzinfo=UTC), energy_wh=30000, is_continuous=True
        ),
    }
    zoe = CarTerms("zoe", frozenset({"04A2B3C4", "0001C10A2B3D"}), "zoe_cloud", phases=1)
    assert terms.cars == (zoe, CarTerms("guest", frozenset({"FF"}), limit_soc_pct=60))
    assert terms.zone == ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("soc_pct: 80", "soc_pct: 80, energy_wh: 5", "needs either soc_pct or energy_wh"),
        (", soc_pct: 80", "", "needs either soc_pct or energy_wh"),
        ("weekdays: [mon, fri], ", "", "one of weekdays and time"),
        ('weekdays: [mon, fri], time: "07:30", ', "", "needs either the instant"),
        ("[mon, fri]", "[monday]", "weekdays"),
        ("07:30", "7:30", "HH:MM"),
        ("+01:00", "", "timezone"),
        ("2026-12", "9999-12", "from 2000 to 2999"),
        ("device: zoe_cloud", "device: zoe", "there is no device 'zoe'"),
        ("[ff]", '["04A2B3C4"]', "is zoe's too"),
        ("phases: 1", "phases: 2", "phases"),
    ],
)
def test_what_cannot_be_is_told(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as raised:
        read(tmp_path, GOOD.replace(old, new, 1))

    assert any(told in problem for problem in raised.value.problems), raised.value.problems
