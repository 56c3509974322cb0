"""What the installer had set in registers that no reading shows is back after a hold."""

from collections.abc import Collection
from pathlib import Path

import pytest

from gatewayd.devices.registers import RegisterDriver
from gatewayd.devices.registers_before import RegistersBefore
from gatewayd.errors import BadReadingError, UnreachableError
from gatewayd.model.climate import HvacMode, PermanentHold
from gatewayd.model.command import Command
from gatewayd.model.power import Hold, HoldCharge, SetBatteryPower
from gatewayd.model.reading import BatteryReading, OperationMode
from gatewayd.plan.keeping import Kept
from gatewayd.sdk.driver import Held
from gatewayd.state import setpoints
from tests.drivers.images import Fixture, Tables
from tests.drivers.test_map_contract import FIXTURES, layout_of, units_of
from tests.drivers.test_restoring import Unit
from tests.fakes.clock import FakeClock
from tests.fakes.driver import ScriptedBox, ScriptedDriver, battery_box
from tests.fakes.gateway import Gateway, gateway

DISCHARGE_A, SLOT_W, TIMER = 109, 154, 146
CHARGE_MODE, DECIDES_ITSELF = 40236, 2424
COMFORT = 1501
RELEASE_S = 40.0


class MapBox(ScriptedBox):
    """The device of a fixture in memory, with the driver that its map makes."""

    def __init__(self, stem: str) -> None:
        super().__init__(battery_box().identity, {})
        (self.fixture,) = (one for one in FIXTURES if one.path.stem == stem)
        self.layout = layout_of(self.fixture.driver)
        self.units = units_of(self.layout, self.fixture)

    @property
    def holding(self) -> dict[int, int]:
        return self.units[None][3]

    def driver(self) -> RegisterDriver:  # type: ignore[override]
        given = {name: one.default for name, one in self.layout.map.options.items()}
        return Opened({None: Noted(self.units[None], self.fixture, self)}, self.layout, given)


class Opened(RegisterDriver):
    """One that may be opened as scripted ones are."""

    async def _do(self, _name: str) -> None:
        pass


class Noted(Unit):
    """Tells of each write."""

    def __init__(self, tables: Tables, fixture: Fixture, box: MapBox) -> None:
        super().__init__(tables, fixture)
        object.__setattr__(self, "box", box)

    async def write_registers(self, address: int, values: tuple[int, ...]) -> None:
        await self.box.step("write")  # type: ignore[attr-defined]
        await super().write_registers(address, values)


@pytest.fixture
def deye() -> MapBox:
    return MapBox("deye_3p")


def told(home: Gateway, wish: Command, lease_s: float = 1e6, role: str = "battery") -> str:
    roles = {one.asset.role: one.asset.id for one in home.store.site.assets.values()}
    asset_id = roles[role]
    until_s = home.clock.monotonic() + lease_s
    home.commander.steer(asset_id, Kept(wish, "plan", until_s))
    return asset_id


async def test_each_register_is_in_the_journal_before_it_is_written(
    db: Path, clock: FakeClock, deye: MapBox
) -> None:
    rows: list[setpoints.SetpointRow | None] = []
    async with gateway(db, clock, {"keba": deye}) as home:
        await home.pass_time(1)

        async def note(_: str) -> None:
            rows.append(await home.db.read(lambda c: setpoints.get(c, asset_id)))

        deye.step = note
        asset_id = told(home, Hold())
        await home.pass_time(10)
        after_hold = len(rows)
        told(home, SetBatteryPower(-2000.0))
        await home.pass_time(10)

    held = [row.held or {} for row in rows if row]
    assert len(held) == len(rows)
    assert all(str(DISCHARGE_A) in words for words in held)
    assert not any(str(SLOT_W) in words for words in held[:after_hold])
    assert all(str(SLOT_W) in words for words in held[after_hold:])


@pytest.mark.parametrize("is_killed", [False, True])
async def test_what_no_reading_shows_is_as_it_was_after_a_hold(
    db: Path, clock: FakeClock, deye: MapBox, *, is_killed: bool
) -> None:
    before = dict(deye.holding)
    async with gateway(db, clock, {"keba": deye}) as home:
        await home.pass_time(1)
        for wish in (Hold(), SetBatteryPower(-2000.0)):
            told(home, wish, 20)
            await home.pass_time(10)
        forced = dict(deye.holding)
        await home.pass_time(0 if is_killed else RELEASE_S)
    if is_killed:
        async with gateway(db, clock, {"keba": deye}) as home:
            await home.pass_time(RELEASE_S)

    assert forced != before
    assert deye.holding == before


async def test_a_heater_has_its_own_comfort_again_after_it_was_held_low(
    db: Path, clock: FakeClock
) -> None:
    stiebel = MapBox("stiebel_isg")
    before = dict(stiebel.holding)
    async with gateway(db, clock, {"keba": stiebel}) as home:
        await home.pass_time(1)
        told(home, PermanentHold(HvacMode.HEAT, 5.0), 20, "hvac")
        await home.pass_time(10)
        held_c = stiebel.holding[COMFORT]
        await home.pass_time(10 + RELEASE_S)

        assert await home.db.read(setpoints.touched) == []
    assert held_c == 50
    assert stiebel.holding == before


async def test_what_another_writer_has_set_since_is_his(
    db: Path, clock: FakeClock, deye: MapBox
) -> None:
    before = dict(deye.holding)
    async with gateway(db, clock, {"keba": deye}) as home:
        await home.pass_time(1)
        told(home, SetBatteryPower(-2000.0), 30)
        for _ in range(2):
            await home.pass_time(10)
            deye.holding.update({SLOT_W: 1500, DISCHARGE_A: 90})
        await home.pass_time(30 + RELEASE_S)

    changed = {at: word for at, word in deye.holding.items() if before[at] != word}
    assert changed == {SLOT_W: 1500, DISCHARGE_A: 90}


async def test_a_battery_in_no_known_mode_is_as_it_was_and_forgotten(
    db: Path, clock: FakeClock, deye: MapBox
) -> None:
    deye.holding[DISCHARGE_A] = 0
    deye.holding[TIMER] = 0
    before = dict(deye.holding)
    async with gateway(db, clock, {"keba": deye}) as home:
        await home.pass_time(1)
        told(home, SetBatteryPower(-2000.0), 20)
        await home.pass_time(20 + RELEASE_S)

        assert await home.db.read(setpoints.touched) == []
    assert deye.holding == before


async def test_of_a_row_without_registers_the_map_knows_what_is_normal(
    db: Path, clock: FakeClock, deye: MapBox
) -> None:
    async with gateway(db, clock, {"keba": deye}) as home:
        await home.pass_time(1)
        told(home, Hold(), 1e6)
        await home.pass_time(10)
        await home.db.write(lambda c: c.execute("UPDATE setpoints SET held = NULL") and None)
    async with gateway(db, clock, {"keba": deye}) as home:
        await home.pass_time(RELEASE_S)

        assert await home.db.read(setpoints.touched) == []
    assert deye.holding[DISCHARGE_A] > 1


async def test_a_mode_that_was_only_guessed_from_what_flows_is_not_forced(
    db: Path, clock: FakeClock
) -> None:
    sma = MapBox("sma-storage")
    assert (await read_mode(sma)) is OperationMode.IMPORT_FOCUS
    async with gateway(db, clock, {"keba": sma}) as home:
        await home.pass_time(1)
        told(home, HoldCharge(), 10)
        await home.pass_time(10 + RELEASE_S)

    assert sma.holding[CHARGE_MODE + 1] == DECIDES_ITSELF


async def read_mode(box: MapBox) -> OperationMode | None:
    """What its battery seems to be at."""
    driver = box.driver()
    await driver.identify()
    battery = (await driver.read())["battery"]
    assert isinstance(battery, BatteryReading)
    return battery.operation_mode


class Deaf(ScriptedDriver):
    """One whose device does not keep what is written back."""

    async def held(self, _role: str, _command: Command, _known: Collection[str]) -> Held:
        await self._do("held")
        return {}

    async def revised(self, _role: str, held: Held) -> Held:
        await self._do("revised")
        return held

    async def restore(self, _role: str, _command: Command | None, _held: Held) -> bool:
        await self._do("restore")
        return False


class DeafBox(ScriptedBox):
    def driver(self) -> Deaf:
        return Deaf(self)


async def test_registers_that_cannot_be_read_or_do_not_keep_what_they_held_are_left(
    db: Path, clock: FakeClock
) -> None:
    box = DeafBox(battery_box().identity, battery_box().readings)
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        asset, found = home.asset("keba"), RegistersBefore(home.poller, call_s=10.0)
        box.faults = {"held": UnreachableError("no answer"), "restore": BadReadingError("odd")}
        assert await found.look(asset, Hold(), may_skip=True) is None
        box.faults["held"] = BadReadingError("odd")
        assert await found.look(asset, Hold(), may_skip=False) is None
        assert found.words == {}
        # What takes away goes on without.
        assert await found.look(asset, Hold(), may_skip=True) is True
        assert found.words is None

        found.recall({"1": 2})
        assert [await found.are_back(asset) for _ in range(2)] == [False, False]
        box.faults = {"revised": BadReadingError("odd")}
        assert await found.are_back(asset)
        await found.revise(asset)
        assert found.words is None
