"""Chargers by OCPP, both versions: what they tell, are told, and do when they lose us."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from drivers.lan.ocpp import DRIVER, Options
from gatewayd.errors import DeviceError, RefusedError, UnreachableError, UnsupportedError
from gatewayd.links.ocpp import ChargePoints
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Capability
from gatewayd.model.command import Command, SetMaxCurrent, StartCharging, StopCharging, is_confirmed
from gatewayd.model.power import SetPhases
from gatewayd.model.reading import ChargerReading, PowerDelivery, VehicleReading
from gatewayd.sdk.driver import Driver
from gatewayd.state.db import Database
from gatewayd.virtual.devices.ocpp_calling import Speech
from gatewayd.virtual.devices.ocpp_charger import OcppCharger
from tests.fakes.charge_point import Wire, connected
from tests.fakes.clock import FakeClock, settle

both = pytest.mark.parametrize("version", ["1.6", "2.0.1"])


@dataclass
class Home:
    """A gateway with one driver open, and the charger that has called it."""

    clock: FakeClock
    points: ChargePoints
    driver: Driver
    box: OcppCharger
    wire: Wire
    speech: Speech
    links: Links

    @property
    def status(self) -> str | None:
        """What the gateway has been told."""
        return self.points.station(self.box.id).connector(1).status

    async def read(self) -> ChargerReading:
        await settle(60)
        reading = (await self.driver.read())["charger"]
        await settle(60)
        assert isinstance(reading, ChargerReading)
        return reading

    async def tell(self, command: Command) -> ChargerReading:
        """Tell it, and read until what it told is there."""
        await self.driver.apply("charger", command)
        await self.clock.advance(1)
        await self.read()
        await self.clock.advance(5)
        return await self.read()

    async def charge(self, tag: str = "04A2B3C4") -> None:
        await self.speech.plug_in()
        await self.speech.begin(tag)

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for what the database's own thread takes part in."""
        while not is_so():
            await asyncio.sleep(0.001)

    async def renew(self) -> None:
        await self.driver.renew("charger")
        await settle(60)


@asynccontextmanager
async def home(
    path: Path, version: str = "1.6", box: OcppCharger | None = None, **options: object
) -> AsyncIterator[Home]:
    clock = FakeClock() if box is None else box.clock
    assert isinstance(clock, FakeClock)
    box = box or OcppCharger("CP1", clock)
    async with AsyncExitStack() as stack:
        db = await stack.enter_async_context(Database.open(path / "gatewayd.db"))
        points = ChargePoints(db, clock, is_served=True)
        told = Options.model_validate({"charge_point": box.id, **options})
        links = Links(ocpp=points)
        driver = await stack.enter_async_context(DRIVER.open(told, links))
        wire, speech = await stack.enter_async_context(connected(points, box, version))
        await speech.boot()
        await speech.tell_status()
        await driver.identify()
        await settle(60)
        yield Home(clock, points, driver, box, wire, speech, links)


@both
async def test_a_session_is_told_from_plug_to_plug(tmp_path: Path, version: str) -> None:
    async with home(tmp_path, version) as at:
        assert (await at.read()).power_delivery is PowerDelivery.UNPLUGGED
        await at.charge()
        await at.clock.advance(3600)
        await at.speech.tell_meter()
        charging = await at.read()
        await at.speech.unplug()
        after = await at.read()

    assert charging.power_delivery is PowerDelivery.CHARGING
    assert charging.power_w == pytest.approx(11_040)
    assert charging.current_b_a == 16.0
    assert charging.voltage_c_v == 230.0
    assert charging.session_wh == pytest.approx(11_040)
    assert charging.energy_wh == pytest.approx(131_040)
    assert charging.rfid == "04A2B3C4"
    assert (after.power_delivery, after.power_w) == (PowerDelivery.UNPLUGGED, 0.0)
    assert after.session_wh == pytest.approx(11_040)
    assert after.rfid is None


@both
async def test_a_car_that_shows_its_own_address_says_which_one_it_is(
    tmp_path: Path, version: str
) -> None:
    async with home(tmp_path, version) as at:
        await at.charge()
        by_card = await at.read()
        await at.speech.unplug()
        await at.charge("VID:0001C10A2B3D")
        by_itself = await at.read()

    assert (by_card.rfid, by_card.vehicle_id) == ("04A2B3C4", None)
    assert by_itself.vehicle_id == "VID:0001C10A2B3D"


@both
async def test_it_is_set_up_to_tell_what_is_needed(tmp_path: Path, version: str) -> None:
    async with home(tmp_path, version) as at:
        settings = dict(at.box.settings)
        before = len(at.wire.orders)
        await at.speech.boot()
        await at.read()
        again = [action for action, _ in at.wire.orders[before:]]

    assert settings["MeterValueSampleInterval"] == "10"
    assert settings["WebSocketPingInterval"] == "30"
    assert settings["AuthorizeRemoteTxRequests"] == "false"
    assert "Power.Active.Import" in settings["MeterValuesSampledData"]
    assert "ChangeConfiguration" not in again
    assert "SetVariables" not in again


@both
async def test_the_safe_default_comes_before_any_limit(tmp_path: Path, version: str) -> None:
    async with home(tmp_path, version) as at:
        await at.charge()
        reading = await at.tell(SetMaxCurrent(10.0))
        purposes = [one.purpose for one in at.box.profiles]
        offered_a = at.box.offered_a
        await at.clock.advance(301)
        lost_a = at.box.offered_a

    assert purposes == ["TxDefaultProfile", "TxProfile"]
    assert is_confirmed(SetMaxCurrent(10.0), reading)
    assert offered_a == 10.0
    assert lost_a == 6.0
    assert (reading.failsafe_current_a, reading.failsafe_timeout_s) == (6.0, 300.0)


@both
async def test_renewed_a_limit_holds(tmp_path: Path, version: str) -> None:
    async with home(tmp_path, version) as at:
        await at.charge()
        await at.tell(SetMaxCurrent(10.0))
        watchdog_s = at.driver.watchdog_s("charger")
        for _ in range(6):
            await at.clock.advance(80)
            await at.renew()
        offered_a = at.box.offered_a

    assert watchdog_s == 300.0
    assert offered_a == 10.0


@both
async def test_a_limit_is_not_believed_because_it_was_accepted(
    tmp_path: Path, version: str
) -> None:
    async with home(tmp_path, version) as at:
        await at.charge()
        at.box.obeys = False
        reading = await at.tell(SetMaxCurrent(10.0))

    assert reading.max_current_a == 32.0


@both
async def test_a_stop_is_a_limit_of_nought_and_a_start_takes_it_back(
    tmp_path: Path, version: str
) -> None:
    async with home(tmp_path, version) as at:
        await at.charge()
        stopped = await at.tell(StopCharging())
        stopped_a = at.box.offered_a
        started = await at.tell(StartCharging())
        started_a = at.box.offered_a

    assert stopped_a == 0.0
    assert is_confirmed(StopCharging(), stopped)
    assert (started_a, started.max_current_a) == (16.0, 16.0)
    assert is_confirmed(StartCharging(), started)


@both
async def test_a_limit_for_a_stopped_car_does_not_start_it(tmp_path: Path, version: str) -> None:
    async with home(tmp_path, version) as at:
        await at.charge()
        await at.tell(StopCharging())
        reading = await at.tell(SetMaxCurrent(12.0))
        while_stopped_a = at.box.offered_a
        await at.tell(StartCharging())
        started_a = at.box.offered_a

    assert (while_stopped_a, started_a) == (0.0, 12.0)
    assert is_confirmed(SetMaxCurrent(12.0), reading)


@both
async def test_a_start_of_an_earlier_run_is_waited_for_and_then_told_again(
    tmp_path: Path, version: str
) -> None:
    action = "RemoteStartTransaction" if version == "1.6" else "RequestStartTransaction"
    box = OcppCharger("CP1", FakeClock())
    box.obeys = False
    async with home(tmp_path, version, box=box) as at:
        await at.speech.plug_in()
        await at.driver.apply("charger", StartCharging())
        assert len(at.wire.asked(action)) == 1
    async with home(tmp_path, version, box=box) as at:
        await at.clock.advance(7)
        await at.driver.apply("charger", StartCharging())
        soon = len(at.wire.asked(action))
        await at.clock.advance(53)
        await at.driver.apply("charger", StartCharging())
        later = len(at.wire.asked(action))

    assert (soon, later) == (0, 1)


@both
async def test_a_plugged_car_is_started_once(tmp_path: Path, version: str) -> None:
    async with home(tmp_path, version) as at:
        await at.speech.plug_in()
        waiting = await at.read()
        at.box.obeys = False
        await at.driver.apply("charger", StartCharging())
        starting = await at.read()
        await at.driver.apply("charger", StartCharging())
        action = "RemoteStartTransaction" if version == "1.6" else "RequestStartTransaction"
        asked = at.wire.asked(action)
        at.box.obeys = True
        await at.clock.advance(60)
        await at.driver.apply("charger", StartCharging())
        await at.until(lambda: at.status == "Charging")
        started = await at.read()

    assert waiting.power_delivery is PowerDelivery.STOPPED
    assert starting.power_delivery is PowerDelivery.INITIALIZING
    assert len(asked) == 1
    assert started.is_charging
    # A session that we began ourselves is nobody's card.
    assert started.rfid is None


@both
async def test_a_limit_for_the_next_car_is_kept_for_it(tmp_path: Path, version: str) -> None:
    async with home(tmp_path, version) as at:
        reading = await at.tell(SetMaxCurrent(12.0))
        idle_a = at.box.offered_a
        await at.charge()
        begun_a = at.box.offered_a
        await at.renew()
        renewed_a = at.box.offered_a
        charging = await at.read()

    assert is_confirmed(SetMaxCurrent(12.0), reading)
    assert (idle_a, begun_a, renewed_a) == (6.0, 6.0, 12.0)
    assert charging.max_current_a == 12.0


async def test_after_a_restart_it_knows_what_it_told(tmp_path: Path) -> None:
    clock = FakeClock()
    box = OcppCharger("CP1", clock)
    async with home(tmp_path, box=box) as at:
        await at.charge()
        await at.tell(SetMaxCurrent(12.0))
        await at.tell(StopCharging())
        transaction = box.transaction
    async with home(tmp_path, box=box) as at:
        stopped = await at.read()
        await at.renew()
        renewed_a = box.offered_a
        started = await at.tell(StartCharging())
        profile = next(one for one in box.profiles if one.purpose == "TxProfile")

    assert stopped.power_delivery is PowerDelivery.STOPPED
    assert renewed_a == 0.0
    assert started.max_current_a == 12.0
    assert profile.transaction == transaction


async def test_silence_is_an_outage_and_so_is_a_closed_line(tmp_path: Path) -> None:
    async with home(tmp_path) as at:
        await at.clock.advance(91)
        with pytest.raises(UnreachableError, match="silent"):
            await at.driver.read()
        await at.speech.heartbeat()
        assert await at.read()
        at.points.station("CP1").left(at.wire)
        with pytest.raises(UnreachableError, match="not connected"):
            await at.driver.read()


async def test_power_is_not_what_flowed_long_ago(tmp_path: Path) -> None:
    async with home(tmp_path) as at:
        await at.charge()
        fresh = await at.read()
        await at.clock.advance(61)
        await at.speech.heartbeat()
        stale = await at.read()
        at.box.is_full = True
        await at.speech.tell_status()
        full = await at.read()

    assert fresh.power_w == pytest.approx(11_040)
    assert (stale.power_w, stale.current_a_a) == (None, None)
    assert full.power_delivery is PowerDelivery.NO_POWER


@pytest.mark.parametrize(
    ("error", "code"), [("GroundFailure", 3), ("WeakSignal", 15), ("OtherError", 7)]
)
async def test_a_fault_is_told_by_its_number(tmp_path: Path, error: str, code: int) -> None:
    async with home(tmp_path) as at:
        at.box.error = error
        await at.speech.tell_status()
        reading = await at.read()

    assert (reading.power_delivery, reading.error_code) == (PowerDelivery.FAULT, code)


async def test_read_only_nothing_is_written(tmp_path: Path) -> None:
    async with home(tmp_path, read_only=True) as at:
        await at.charge()
        await at.read()
        for command in (StartCharging(), StopCharging(), SetMaxCurrent(10.0)):
            with pytest.raises(UnsupportedError):
                await at.driver.apply("charger", command)
        await at.driver.renew("charger")
        asked = {action for action, _ in at.wire.orders}

    assert asked <= {"GetConfiguration", "TriggerMessage", "GetCompositeSchedule"}


async def test_the_wiring_s_maximum_is_never_exceeded(tmp_path: Path) -> None:
    async with home(tmp_path, max_current_a=10.0) as at:
        await at.charge()
        with pytest.raises(RefusedError):
            await at.driver.apply("charger", SetMaxCurrent(10.1))
        await at.tell(StopCharging())
        await at.tell(StartCharging())

        assert at.box.offered_a == 10.0


async def test_a_charger_that_wants_watts_gets_watts(tmp_path: Path) -> None:
    box = OcppCharger("CP1", FakeClock())
    box.settings["ChargingScheduleAllowedChargingRateUnit"] = "Power"
    async with home(tmp_path, box=box) as at:
        await at.charge()
        reading = await at.tell(SetMaxCurrent(10.0))
        (profile,) = [one for one in box.profiles if one.purpose == "TxProfile"]

    assert (profile.unit, profile.periods) == ("W", ((0, 6900.0),))
    assert reading.max_current_a == pytest.approx(10.0, abs=0.05)


async def test_a_charger_without_smart_charging_is_stopped_by_ending_the_session(
    tmp_path: Path,
) -> None:
    box = OcppCharger("CP1", FakeClock())
    box.settings["SupportedFeatureProfiles"] = "Core"
    async with home(tmp_path, box=box) as at:
        role = (await at.driver.identify()).roles["charger"]
        await at.charge()
        await at.driver.apply("charger", StopCharging())
        await at.until(lambda: at.status == "Preparing")
        stopped = await at.read()
        with pytest.raises(UnsupportedError):
            await at.driver.apply("charger", SetMaxCurrent(10.0))

    assert Capability.SET_MAX_CURRENT not in role.capabilities
    assert stopped.is_charging is False
    assert box.transaction is None


async def test_phases_are_switched_where_it_can(tmp_path: Path) -> None:
    box = OcppCharger("CP1", FakeClock())
    box.settings["ConnectorSwitch3to1PhaseSupported"] = "true"
    async with home(tmp_path, box=box) as at:
        role = (await at.driver.identify()).roles["charger"]
        await at.charge()
        await at.driver.apply("charger", SetPhases(1))
        told = at.wire.asked("SetChargingProfile")[-1]["csChargingProfiles"]

    assert Capability.SET_PHASES in role.capabilities
    assert told["chargingSchedule"]["chargingSchedulePeriod"][0]["numberPhases"] == 1


@pytest.mark.parametrize(
    ("id_tags", "is_charging"), [("any", True), ("none", False), (("04A2B3C4",), True), ((), False)]
)
@both
async def test_only_listed_cards_charge(
    tmp_path: Path, version: str, id_tags: object, *, is_charging: bool
) -> None:
    async with home(tmp_path, version, id_tags=id_tags) as at:
        station = at.points.station("CP1")

        assert station.accepts("04A2B3C4") is is_charging
        assert station.accepts("gatewayd")


async def test_it_says_who_it_is_although_it_does_not_start_up_for_us(tmp_path: Path) -> None:
    clock = FakeClock()
    box = OcppCharger("CP1", clock, vendor="Alfen BV", model="NG910")
    async with home(tmp_path, box=box) as at:
        at.points.station("CP1").boot = None
        at.points.station("CP1").introduced.clear()
        await at.speech.heartbeat()
        async with DRIVER.open(Options(charge_point="CP1"), at.links) as driver:
            identity = await driver.identify()

    assert (identity.vendor, identity.model, identity.serial) == ("Alfen", "NG910", "V-1")
    assert identity.roles["charger"].kind is AssetKind.CHARGER


async def test_each_plug_of_a_charge_point_is_a_device(tmp_path: Path) -> None:
    async with home(tmp_path) as at:
        other = Options(charge_point="CP1", connector=2)
        async with DRIVER.open(other, at.links) as driver:
            serials = [(await one.identify()).serial for one in (at.driver, driver)]

    assert serials == ["V-1", "V-1-2"]


async def test_the_car_is_told_of_where_the_charger_knows_it(tmp_path: Path) -> None:
    async with home(tmp_path, tells_car=True) as at:
        identity = await at.driver.identify()
        station = at.points.station("CP1")
        await at.charge()
        sample = {"value": "63", "measurand": "SoC", "unit": "Percent", "location": "EV"}
        station.metered(1, [sample], at.clock.now())
        car = (await at.driver.read())["vehicle"]

    assert identity.roles["vehicle"].kind is AssetKind.VEHICLE
    assert isinstance(car, VehicleReading)
    assert (car.soc_pct, car.power_delivery) == (63.0, PowerDelivery.CHARGING)


async def test_without_a_section_there_is_nobody_to_call() -> None:
    with pytest.raises(DeviceError, match="section `ocpp`"):
        async with DRIVER.open(Options(charge_point="CP1"), Links()):
            pass
