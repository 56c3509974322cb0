"""What a quarter of an hour has taken, and a month's peak, whatever the counter's steps."""

import math
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest

from gatewayd.control.governor.quarter import QuarterMeter
from gatewayd.model.asset import AssetKind
from gatewayd.model.reading import MeterReading
from gatewayd.model.site import Site
from gatewayd.plan.grid.capacity import Quarter
from tests.fakes.home import asset, state

LAST_HOUR = datetime(2026, 6, 30, 23, tzinfo=UTC)
METER = asset(AssetKind.METER)


class Home:
    """One that takes a steady power, read every five seconds by a counter with steps."""

    def __init__(self, step_wh: float = 1.0, counter_wh: float = 90.0) -> None:
        self.meter = QuarterMeter()
        self.at = LAST_HOUR - timedelta(minutes=1)
        self.step_wh = step_wh
        self.counter_wh = counter_wh

    def takes(self, power_w: float, until: datetime) -> Quarter:
        while self.at < until:
            self.at += timedelta(seconds=5)
            self.counter_wh += power_w * 5 / 3600
            shown_wh = math.floor(self.counter_wh / self.step_wh) * self.step_wh
            said = MeterReading(power_w=power_w, import_wh=shown_wh)
            site = Site(MappingProxyType({METER.id: state(AssetKind.METER, said, asset=METER)}))
            found = self.meter.now(site, self.at)
        return found


def test_the_last_quarter_of_a_month_is_none_of_the_next() -> None:
    home = Home()

    old = home.takes(9_000.0, LAST_HOUR + timedelta(minutes=59))
    new = home.takes(1_000.0, LAST_HOUR + timedelta(minutes=75))

    assert old.month_peak_w == pytest.approx(9_000.0, rel=0.01)
    assert new.month_peak_w == pytest.approx(1_000.0, rel=0.01)


@pytest.mark.parametrize("step_wh", [1.0, 10.0, 100.0])
@pytest.mark.parametrize("counter_wh", [0.0, 40.0, 90.0])
def test_a_coarse_counter_shifts_neither_the_quarter_nor_the_peak(
    step_wh: float, counter_wh: float
) -> None:
    home = Home(step_wh, counter_wh)

    home.takes(2_250.0, LAST_HOUR + timedelta(minutes=15))
    later = home.takes(2_250.0, LAST_HOUR + timedelta(minutes=39))

    assert later.month_peak_w == pytest.approx(2_250.0, rel=0.01)
    assert later.imported_wh == pytest.approx(2_250.0 * 9 / 60, abs=3.0)


def test_a_peak_that_coarse_counters_were_read_for_is_not_taken_for_higher_than_it_was() -> None:
    quarter, meter = int(LAST_HOUR.timestamp() // 900), QuarterMeter()
    # 2250 W are 562.5 Wh a quarter.
    shown_wh = (0.0, 500.0, 1_100.0, 1_600.0, 2_200.0, 2_800.0)
    meter.restore({quarter - 5 + n: wh for n, wh in enumerate(shown_wh)}, LAST_HOUR)

    assert meter.now(Site(), LAST_HOUR).month_peak_w == 2_000.0
