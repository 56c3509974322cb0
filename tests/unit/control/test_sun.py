"""Homes whose chargers follow the sun, for an hour: each look as the governor makes it."""

from dataclasses import dataclass, field, replace
from types import MappingProxyType

import pytest

from gatewayd.control.governor.claims import claims
from gatewayd.control.governor.look import Look, Memory
from gatewayd.control.governor.terms import ChargerTerms, Terms
from gatewayd.model.asset import AssetKind, MeterUsage
from gatewayd.model.command import SetMaxCurrent, StartCharging, StopCharging
from gatewayd.model.reading import (
    BatteryReading,
    ChargerReading,
    MeterReading,
    PowerDelivery,
    Reading,
    Sample,
)
from gatewayd.model.site import AssetState, Site
from gatewayd.plan.arbiter.ruling import settle
from gatewayd.plan.ev.words import ChargeMode, ChargeSettings
from gatewayd.plan.steer import next_command
from tests.fakes.home import SINCE, asset

SOLAR = ChargeSettings(mode=ChargeMode.SOLAR)
LOOK_S = 10


@dataclass
class Box:
    """A charger and its car, which takes `takes_a` at most on each of its phases."""

    phases: int = 3
    takes_a: float = 16.0
    priority: int = 0
    every_s: int = LOOK_S
    is_on: bool = False
    limit_a: float = 6.0
    starts: int = 0
    changes: int = 0
    energy_wh: float = 0.0
    state: AssetState | None = None

    @property
    def power_w(self) -> float:
        return self.is_on * self.phases * min(self.limit_a, self.takes_a) * 230.0

    def reading(self) -> ChargerReading:
        state = PowerDelivery.CHARGING if self.power_w else PowerDelivery.INITIALIZING
        state = state if self.is_on else PowerDelivery.STOPPED
        used_a = self.power_w / self.phases / 230.0
        lines = (used_a, *(used_a if self.phases == 3 else 0.0 for _ in "bc"))
        return ChargerReading(
            state,
            power_w=self.power_w,
            max_current_a=self.limit_a,
            current_a_a=lines[0],
            current_b_a=lines[1],
            current_c_a=lines[2],
        )

    def obey(self, command: object) -> None:
        if isinstance(command, SetMaxCurrent):
            self.limit_a, self.changes = command.current_a, self.changes + 1
        if isinstance(command, StartCharging):
            self.is_on, self.starts = True, self.starts + 1
        if isinstance(command, StopCharging):
            self.is_on = False


@dataclass
class Home:
    """`battery_w` is what a battery charges with all the time, read once a minute."""

    sun_w: float
    boxes: list[Box]
    battery_w: float | None = None
    imported_wh: float = 0.0
    memory: Memory = field(default_factory=Memory)

    def hour(self) -> None:
        setting = {
            str(n): ChargerTerms(
                priority=box.priority, charging=replace(SOLAR, phases=(3,), priority=box.priority)
            )
            for n, box in enumerate(self.boxes)
        }
        battery: AssetState | None = None
        for now_s in range(0, 3600, LOOK_S):
            grid_w = (self.battery_w or 0.0) - self.sun_w + sum(b.power_w for b in self.boxes)
            self.imported_wh += max(0.0, grid_w) * LOOK_S / 3600
            states = [read("meter", AssetKind.METER, MeterReading(grid_w), now_s)]
            if self.battery_w is not None and now_s % 60 == 0:
                said = BatteryReading(power_w=self.battery_w, soc_pct=50.0)
                battery = read("battery", AssetKind.BATTERY, said, now_s)
            states += [battery] if battery else []
            for n, box in enumerate(self.boxes):
                box.energy_wh += box.power_w * LOOK_S / 3600
                if now_s % box.every_s == 0 or box.state is None:
                    box.state = read(str(n), AssetKind.CHARGER, box.reading(), now_s)
                states.append(box.state)
            self.steer(Site(MappingProxyType({s.asset.id: s for s in states})), setting, now_s)

    def steer(self, site: Site, setting: dict[str, ChargerTerms], now_s: float) -> None:
        look = Look(site, Terms(chargers=setting), now_s)
        rulings = settle(claims(look, self.memory), now_s)
        for box in self.boxes:
            sample = box.state and box.state.sample
            if box.state and sample and sample.at_monotonic == now_s:
                wish = rulings[box.state.asset.id].wish
                box.obey(next_command(wish, box.reading(), box.state.asset))


def read(device_id: str, kind: AssetKind, reading: Reading, now_s: float) -> AssetState:
    usage = MeterUsage.GRID if kind is AssetKind.METER else None
    one = asset(kind, id=device_id, device_id=device_id, usage=usage)
    return AssetState(one, Sample(reading, SINCE, now_s), is_reachable=True)


@pytest.mark.parametrize("every_s", [10, 60])
def test_two_equals_do_not_take_the_same_sun(every_s: int) -> None:
    home = Home(5000.0, [Box(every_s=every_s), Box(every_s=every_s)])

    home.hour()

    assert [box.starts for box in home.boxes] == [1, 0]
    assert home.imported_wh == 0.0
    assert home.boxes[0].energy_wh > 4200.0


@pytest.mark.parametrize(("high", "kept_wh"), [(Box(takes_a=0.0), 6500), (Box(phases=1), 4500)])
def test_what_the_first_one_s_car_does_not_take_is_for_the_next(high: Box, kept_wh: float) -> None:
    high.priority = 1
    home = Home(9000.0, [high, Box()])

    home.hour()

    assert home.boxes[1].energy_wh > kept_wh
    assert [box.starts for box in home.boxes] == [1, 1]


def test_a_battery_that_is_read_once_a_minute_does_not_make_a_car_flap() -> None:
    home = Home(9000.0, [Box()], battery_w=1000.0)

    home.hour()

    assert (home.boxes[0].starts, home.boxes[0].limit_a) == (1, 13.0)
    assert home.boxes[0].changes <= 3
