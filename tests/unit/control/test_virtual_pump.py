"""The virtual home's heat pump by its register map: boosted by the sun, blocked for the fuse."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from gatewayd.control.governor.terms import ChargerTerms, HeatTerms, Terms
from gatewayd.devices.registers import RegisterDriver
from gatewayd.errors import RefusedError
from gatewayd.model.asset import AssetKind, Identity, MeterUsage, Role
from gatewayd.model.command import Command
from gatewayd.model.reading import HvacReading, MeterReading, Reading, SgReady
from gatewayd.plan.heat.boost import BoostSettings
from gatewayd.plan.heat.compressor import HeatSettings
from gatewayd.sdk.maps.layout import Layout
from gatewayd.sdk.registers import load_map
from gatewayd.virtual.devices.device import Refusal, Table
from gatewayd.virtual.devices.heat_pump import IsgWpm
from gatewayd.virtual.physics.house import House
from gatewayd.virtual.physics.settings import BatterySpec, HomeSettings
from tests.fakes.clock import FakeClock
from tests.fakes.driver import ScriptedBox, ScriptedDriver, meter_box
from tests.fakes.gateway import gateway
from tests.unit.control.governed import MAIN

NOON = datetime(2026, 6, 21, 12, 0, tzinfo=ZoneInfo("Europe/Vienna"))
MAP = Path("drivers/modbus/stiebel_isg.yaml")
TERMS = Terms(
    {"main": MAIN},
    chargers={"pump": ChargerTerms("main", (0, 1, 2), max_a=5.0)},
    heaters={"pump": HeatTerms(HeatSettings(least_off_s=0.0), BoostSettings(for_s=60.0))},
)


@dataclass
class Unit:
    """The device's Modbus unit, without a wire."""

    device: IsgWpm
    writes: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)

    async def read_holding(self, address: int, count: int) -> tuple[int, ...]:
        return self._read(Table.HOLDING, address, count)

    async def read_input(self, address: int, count: int) -> tuple[int, ...]:
        return self._read(Table.INPUT, address, count)

    async def read_coils(self, address: int, count: int) -> tuple[bool, ...]:
        raise NotImplementedError

    async def read_discrete(self, address: int, count: int) -> tuple[bool, ...]:
        raise NotImplementedError

    async def write_register(self, address: int, value: int) -> None:
        await self.write_registers(address, (value,))

    async def write_registers(self, address: int, values: tuple[int, ...]) -> None:
        self.writes.append((address, values))
        assert self.device.write(Table.HOLDING, address, values) is None

    async def write_coil(self, address: int, *, value: bool) -> None:
        raise NotImplementedError

    def _read(self, table: Table, address: int, count: int) -> tuple[int, ...]:
        found: Sequence[int] | Refusal = self.device.read(table, address, count)
        if isinstance(found, Refusal):
            raise RefusedError(f"there is no {table} {address}+{count}")
        return tuple(found)


class PumpDriver(ScriptedDriver):
    """The real driver, with the steps of a scripted one."""

    def __init__(self, box: ScriptedBox, real: RegisterDriver) -> None:
        super().__init__(box)
        self._real = real

    async def identify(self) -> Identity:
        await self._do("identify")
        return await self._real.identify()

    async def read(self) -> Mapping[str, Reading]:
        await self._do("read")
        return await self._real.read()

    async def apply(self, role: str, command: Command) -> None:
        await self._real.apply(role, command)


@dataclass(eq=False)
class Pump(ScriptedBox):
    """The heat pump in its house."""

    unit: Unit | None = None

    def driver(self) -> ScriptedDriver:
        assert self.unit is not None
        return PumpDriver(self, RegisterDriver({None: self.unit}, Layout(load_map(MAP))))


class Home:
    """The house, its heat pump, and the meter that shows all of it."""

    def __init__(self, clock: FakeClock) -> None:
        # A battery that is full leaves the sun to others.
        full = HomeSettings(battery=replace(BatterySpec(), start_soc=1.0))
        self.clock, self.house, self.device = clock, House(full, NOON), IsgWpm(clock)
        self.house.cloud_factor, self._at_s = 0.8, clock.monotonic()
        identity = Identity("Stiebel", "ISG", {"hvac": Role(AssetKind.HVAC)})
        self.pump = Pump(identity, {}, unit=Unit(self.device))
        self.meter = meter_box()
        self.pump.step = self.meter.step = self._live
        self.house.step(1.0)
        self.device.show(self.house)

    async def _live(self, step: str) -> None:
        if step not in ("read", "identify"):
            return
        passed_s, self._at_s = self.clock.monotonic() - self._at_s, self.clock.monotonic()
        self.device.steer(self.house)
        if passed_s > 0:
            self.house.step(passed_s)
        self.device.show(self.house)
        a, b, c = (watts / 230.0 for watts in self.house.grid_w)
        power_w, counted_wh = sum(self.house.grid_w), self._at_s
        self.meter.readings["meter"] = MeterReading(
            power_w, counted_wh, current_a_a=a, current_b_a=b, current_c_a=c
        )


async def test_the_sun_boosts_it_a_fuse_blocks_it_and_it_is_left_as_it_was(tmp_path: Path) -> None:
    clock = FakeClock()
    home = Home(clock)
    boxes = {"pump": home.pump, "meter": home.meter}
    before = dict(home.device.words)
    async with gateway(tmp_path / "gatewayd.db", clock, boxes, terms=TERMS) as running:
        running.store.adopt([replace(running.asset("meter"), usage=MeterUsage.GRID)])
        await running.pass_time(90, step_s=1.0)
        sample = running.state("pump").sample
        assert sample is not None
        assert isinstance(sample.reading, HvacReading)
        assert (sample.reading.sg_ready, sample.reading.is_active) == (SgReady.RECOMMENDED, True)
        assert home.house.warmth.power_w > 1000.0

        home.house.extra_w[1], home.house.cloud_factor = 5500.0, 0.0
        await running.pass_time(12, step_s=1.0)
        assert home.device.level == SgReady.BLOCKED
        assert home.house.warmth.power_w == 0.0

        home.house.extra_w[1] = 0.0
        await running.pass_time(680, step_s=4.0)

    assert home.device.words == before
    assert home.pump.unit is not None
    assert home.pump.unit.writes == [(4001, (1, 0)), (4001, (0, 1)), (4001, (0, 0))]
