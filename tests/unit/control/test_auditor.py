"""Nothing is raised on wiring that the audit has something against; what is safe goes on."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from gatewayd.control.governor.bench import Bench
from gatewayd.control.governor.terms import BatteryTerms, ChargerTerms, Terms
from gatewayd.model.asset import AssetKind, Capability
from gatewayd.model.command import (
    ActionState,
    FailureReason,
    SetOperationMode,
    StartCharging,
    StopCharging,
)
from gatewayd.model.decision import Grounds
from gatewayd.model.power import SetBatteryPower
from gatewayd.model.reading import BatteryReading, MeterReading, OperationMode
from gatewayd.plan.arbiter.claims import Claim, Rank
from gatewayd.plan.battery.modes import BatteryMode, BatterySettings
from gatewayd.plan.ev.words import ChargeMode, ChargeSettings
from gatewayd.plan.guard.words import Footing, Grant
from gatewayd.plan.keeping import Kept
from gatewayd.state import audits
from gatewayd.state.store import Store
from tests.fakes.clock import FakeClock
from tests.fakes.driver import battery_box, charger_box
from tests.fakes.gateway import Gateway, gateway
from tests.fakes.home import asset
from tests.unit.control.governed import House, house, terms

NOW = ChargeSettings(mode=ChargeMode.NOW, max_a=16.0)


@dataclass
class Wired(House):
    """Its meter tells volts, and `scale` times the true power; a car on one phase is on `phase`."""

    scale: float = 1.0
    phase: int | None = None

    async def _charge(self, step: str) -> None:
        await super()._charge(step)
        if step == "read" and self.phase is not None:
            self.charger.set_charger(current_b_a=0.0, current_c_a=0.0)

    async def _measure(self, step: str) -> None:
        await super()._measure(step)
        said = self.meter.readings["meter"]
        assert isinstance(said, MeterReading)
        volts = dict.fromkeys(("voltage_a_v", "voltage_b_v", "voltage_c_v"), 230.0)
        amps = dict(zip(("current_a_a", "current_b_a", "current_c_a"), self._amps(), strict=True))
        power_w = 230.0 * sum(amps.values()) * self.scale
        said = replace(said, power_w=power_w, **volts, **amps)
        self.meter.readings["meter"] = said

    def _amps(self) -> list[float]:
        drawn = [self.drawn_a] * 3 if self.phase is None else [0.0] * 3
        if self.phase is not None:
            drawn[self.phase] = self.drawn_a
        return [base_a + drawn_a for base_a, drawn_a in zip(self.base_a, drawn, strict=True)]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "gatewayd.db"


def withheld(home: Gateway) -> dict[str, str]:
    assert home.governor is not None
    return dict(home.governor.auditor.withheld)


async def test_a_sound_home_is_armed_at_once_and_stays_so_over_a_restart(
    db: Path, clock: FakeClock
) -> None:
    one = Wired()
    async with house(db, clock, terms(NOW), one) as (home, _):
        await home.pass_time(3, step_s=0.5)
        assert withheld(home) == {}
        [stored] = (await home.db.read(audits.load)).values()
    one.meter.faults["read"] = TimeoutError()
    async with house(db, clock, terms(NOW), one) as (home, _):
        await home.pass_time(2, step_s=0.5)
        assert withheld(home) == {}
    async with house(db, clock, terms(NOW, lines=(2, 1, 0)), one) as (home, _):
        await home.pass_time(2, step_s=0.5)
        assert withheld(home) == {"charger": "nothing is known yet of meter"}

    assert stored.findings == ()


async def test_a_meter_that_cannot_be_right_lets_nothing_be_raised_until_it_is(
    db: Path, clock: FakeClock
) -> None:
    one = Wired(scale=2.0)
    one.plug(is_charging=False)
    async with house(db, clock, terms(), one) as (home, _):
        await home.pass_time(50, step_s=0.5)
        action = await home.commander.submit(home.asset("charger").id, StartCharging(), "api")
        await home.pass_time(30, step_s=0.5)
        ended, told = await home.action(action.id), home.state("charger").decision
        assert one.drawn_a == 0.0
        one.scale = 1.0
        await home.pass_time(60, step_s=0.5)
        assert withheld(home) == {}

    assert (ended.state, ended.failure_reason) == (
        ActionState.FAILED,
        FailureReason.FAILED_PRECONDITION,
    )
    assert "it is not armed, for meter:" in ended.failure_detail
    assert told is not None
    assert told.binding is not None
    assert "it is not armed, for meter:" in told.binding
    # What was asked for in vain goes on counting.
    assert one.drawn_a >= 6.0


async def test_what_overloads_the_fuse_is_lowered_and_stopped_all_the_same(
    db: Path, clock: FakeClock
) -> None:
    one = Wired(scale=2.0)
    async with house(db, clock, terms(NOW), one) as (home, _):
        await home.pass_time(50, step_s=0.5)
        untouched = list(one.charger.writes)
        one.base_a[1] = 15.0
        await home.pass_time(6, step_s=0.5)
        lowered_a = one.drawn_a
        one.base_a[1] = 2.0
        await home.pass_time(120, step_s=0.5)
        still_a = one.drawn_a
        one.base_a[1] = 24.0
        await home.pass_time(20, step_s=0.5)

    assert untouched == []
    assert 6.0 <= lowered_a <= 8.75
    assert still_a == lowered_a
    assert one.drawn_a == 0.0


async def test_what_a_person_has_checked_is_armed(db: Path, clock: FakeClock) -> None:
    one = Wired(scale=2.0)
    one.plug(is_charging=False)
    checked = replace(terms(NOW), audited=frozenset({"meter"}))
    async with house(db, clock, checked, one) as (home, _):
        await home.pass_time(60, step_s=0.5)

        assert withheld(home) == {}
        assert one.drawn_a >= 6.0


async def switch(home: Gateway, times: int) -> None:
    """A user starts and stops the charger."""
    for turn in range(2 * times):
        command = StopCharging() if turn % 2 else StartCharging()
        await home.commander.submit(home.asset("charger").id, command, "api")
        await home.pass_time(90, step_s=2)


async def test_steps_on_another_phase_than_configured_disarm_until_the_wiring_is_corrected(
    db: Path, clock: FakeClock
) -> None:
    one = Wired(phase=2)
    one.plug(is_charging=False)
    wired: dict[str, Any] = {"lines": (0, 1, 2)}
    async with house(db, clock, terms(**wired), one) as (home, _):
        await home.pass_time(30, step_s=1)
        assert withheld(home) == {}
        await switch(home, 2)
        found = withheld(home)
    async with house(db, clock, terms(**wired), one) as (home, _):
        await home.pass_time(5, step_s=1)
        assert withheld(home) == found
        assert home.governor is not None
        home.governor.adopt(replace(terms(**wired), audited=frozenset({"charger"})))
        await home.pass_time(2, step_s=1)
        home.governor.adopt(terms(**wired))
        await home.pass_time(2, step_s=1)
        # Whoever says that it is mended is believed until steps say so again.
        assert withheld(home) == {}

    assert found == {"charger": "charger: phase 1 of it is on phase c of the house"}


@pytest.mark.parametrize(("rule", "where"), [("step wiring", "charger"), ("power", "meter")])
async def test_what_was_found_outlives_a_restart_and_another_wiring_is_audited_anew(
    db: Path, clock: FakeClock, rule: str, where: str
) -> None:
    one, texts = Wired(), (rule, where, "it cannot be", "mend it")
    async with house(db, clock, terms(), one) as (home, _):
        await home.pass_time(3, step_s=0.5)
        asset_id = home.asset("charger").id
        [passed] = (await home.db.read(audits.load)).values()
        held = replace(passed, findings=(texts,))
        await home.db.write(lambda c: audits.put(c, asset_id, held, clock.now()))
    async with house(db, clock, terms(), one) as (home, _):
        await home.pass_time(3, step_s=0.5)
        assert withheld(home)["charger"] == f"{where}: it cannot be"
    async with house(db, clock, terms(lines=(2, 0, 1)), one) as (home, _):
        await home.pass_time(3, step_s=0.5)
        assert withheld(home) == {}


async def test_what_one_charger_shows_of_a_meter_holds_for_all_behind_it(
    db: Path, clock: FakeClock
) -> None:
    one, other = Wired(), charger_box("C2")
    boxes = {"charger": one.charger, "meter": one.meter, "other": other}
    fuse, own = terms(), ChargerTerms("main", (0, 1, 2))
    both = replace(fuse, chargers={**fuse.chargers, "other": own})
    texts = ("step sign", "meter", "it shows less on phase a when charger draws more", "turn it")
    async with gateway(db, clock, boxes, terms=both) as home:
        await home.pass_time(3, step_s=0.5)
        assert withheld(home) == {}
        asset_id = home.asset("charger").id
        passed = (await home.db.read(audits.load))[asset_id]
        held = replace(passed, findings=(texts,))
        await home.db.write(lambda c: audits.put(c, asset_id, held, clock.now()))
    async with gateway(db, clock, boxes, terms=both) as home:
        await home.pass_time(3, step_s=0.5)

        assert withheld(home).keys() == {"charger", "meter", "other"}
        assert withheld(home)["other"] == f"meter: {texts[2]}"


@pytest.mark.parametrize(("why", "is_given_back"), [(None, False), ("its sign is wrong", True)])
def test_a_forced_battery_on_a_circuit_is_given_back_when_it_is_disarmed(
    why: str | None, is_given_back: bool
) -> None:
    clock, steered = FakeClock(), list[Kept | None]()
    role = replace(asset(AssetKind.BATTERY).spec, capabilities=frozenset(Capability))
    cell = asset(AssetKind.BATTERY, spec=role)
    own = BatteryTerms(BatterySettings(BatteryMode.IMPORT_FOCUS))
    wired = {cell.device_id: ChargerTerms("main")}
    fuse = replace(terms(), chargers=wired, batteries={cell.device_id: own})
    held = {cell.device_id: why} if why else {}
    store = Store(clock, [cell])
    store.put(cell.device_id, {cell.role: BatteryReading(power_w=3000.0)})
    bench = Bench(replace(fuse, withheld=held), store, clock)
    bench.begin(lambda _, kept: steered.append(kept))
    forced = Claim(
        cell.id, Rank.PLAN, "mode", Grounds("it is cheap"), 1e6, wish=SetBatteryPower(3000.0)
    )
    bench.claim([forced])
    bench.grant({cell.device_id: Grant(32.0, 1e6, Footing.FRESH, renews=True)}, ())

    assert [kept is None for kept in steered] == [is_given_back]


async def test_a_battery_whose_sign_is_wrong_is_only_decided_about(
    db: Path, clock: FakeClock
) -> None:
    box, soc_pct = battery_box(), [50.0]

    async def drain(step: str) -> None:
        if step == "read":
            soc_pct[0] -= 0.05
            mode = OperationMode.SELF_RELIANCE
            box.readings["battery"] = BatteryReading(
                power_w=2000.0, soc_pct=soc_pct[0], operation_mode=mode
            )

    box.step = drain
    forced = BatterySettings(mode=BatteryMode.IMPORT_FOCUS)
    held = Terms(batteries={"cell": BatteryTerms(forced)})
    async with gateway(db, clock, {"cell": box}, terms=held) as home:
        await home.pass_time(5, step_s=1)
        assert box.writes == [SetOperationMode(OperationMode.IMPORT_FOCUS)]
        await home.pass_time(900, step_s=10)
        decision = home.state("cell").decision

    assert "battery" not in withheld(home)
    assert "its level changes by" in withheld(home)["cell"]
    assert decision is not None
