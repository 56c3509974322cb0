"""The sun that is left over warms the house, at a pace that a compressor bears."""

import pytest

from gatewayd.model.asset import Asset, AssetKind, Capability, Role
from gatewayd.model.climate import Bounds, FollowSchedule, HvacMode, PermanentHold, Thermostat
from gatewayd.model.command import Command
from gatewayd.model.power import SetSgReady
from gatewayd.model.reading import HvacReading, SgReady
from gatewayd.plan.heat.boost import BoostMemory, BoostSettings, HeatSeen, decide
from gatewayd.plan.heat.compressor import HeatSettings
from gatewayd.plan.heat.levels import can_be_blocked, is_apart, level_of, told
from tests.fakes.home import asset

SETTINGS, BOOST = HeatSettings(), BoostSettings()
WARM = PermanentHold(HvacMode.HEAT, 21.0)


def level(memory: BoostMemory, now_s: float, **seen: object) -> SgReady | None:
    found = decide(SETTINGS, BOOST, HeatSeen(**seen), memory, now_s)  # type: ignore[arg-type]
    return found.level if found else None


def test_a_surplus_has_to_last_and_then_does_not_end_at_a_cloud() -> None:
    memory = BoostMemory()

    assert level(memory, 0.0, surplus_w=2000.0) is None
    assert level(memory, 200.0, surplus_w=1000.0) is None
    assert level(memory, 300.0, surplus_w=2000.0) is None
    assert level(memory, 599.0, surplus_w=2000.0) is None
    assert level(memory, 600.0, surplus_w=2000.0) is SgReady.RECOMMENDED
    assert level(memory, 1300.0, surplus_w=100.0) is SgReady.RECOMMENDED
    assert level(memory, 1400.0, surplus_w=-100.0) is SgReady.RECOMMENDED
    assert level(memory, 1500.0, surplus_w=100.0) is SgReady.RECOMMENDED
    assert level(memory, 1600.0, surplus_w=None) is SgReady.RECOMMENDED
    assert level(memory, 1900.0, surplus_w=None) is None


def test_the_operator_blocks_as_soon_as_the_compressor_bears_it() -> None:
    memory = BoostMemory()
    decide(SETTINGS, None, HeatSeen(is_on=False), memory, 0.0)

    early = decide(SETTINGS, None, HeatSeen(is_on=True, is_limited=True), memory, 10.0)
    late = decide(SETTINGS, None, HeatSeen(is_on=True, is_limited=True), memory, 1000.0)

    assert early is not None
    assert (early.level, early.is_operators) == (SgReady.NORMAL, True)
    assert early.grounds.binding == "the compressor has only just started"
    assert late is not None
    assert (late.level, late.is_operators) == (SgReady.BLOCKED, True)


def test_a_block_for_the_fuse_is_not_asked_what_it_bears_and_lasts_ten_minutes() -> None:
    memory = BoostMemory()
    decide(SETTINGS, BOOST, HeatSeen(is_on=True), memory, 0.0)

    found = decide(SETTINGS, BOOST, HeatSeen(is_on=True, is_blocked=True), memory, 5.0)

    assert found is not None
    assert (found.level, found.is_operators) == (SgReady.BLOCKED, False)
    assert found.grounds.binding == "it was changed just now"
    assert level(memory, 604.0, is_on=False) is SgReady.BLOCKED
    assert level(memory, 605.0, is_on=False) is None


def pump(*can: Capability, thermostat: Thermostat | None = None) -> Asset:
    return asset(AssetKind.HVAC, spec=Role(AssetKind.HVAC, frozenset(can), thermostat=thermostat))


HOLD = Capability.SET_PERMANENT_HOLD
BY_LEVEL = pump(Capability.SET_SG_READY, HOLD)
BOTH = pump(HOLD, thermostat=Thermostat(heat_c=Bounds(15.0, 23.0), cool_c=Bounds(18.0, 30.0)))
OPEN = pump(HOLD, thermostat=Thermostat())


@pytest.mark.parametrize(
    ("asset", "level", "mode", "command"),
    [
        (BY_LEVEL, SgReady.FORCED, "HEAT", SetSgReady(SgReady.FORCED)),
        (BY_LEVEL, SgReady.BLOCKED, None, SetSgReady(SgReady.BLOCKED)),
        (BOTH, SgReady.BLOCKED, "HEAT", PermanentHold(HvacMode.HEAT, 15.0)),
        (BOTH, SgReady.BLOCKED, "COOL", PermanentHold(HvacMode.COOL, None, 30.0)),
        (BOTH, SgReady.BLOCKED, "AUTO", PermanentHold(HvacMode.AUTO, 15.0, 30.0)),
        (BOTH, SgReady.BLOCKED, "OFF", None),
        (BOTH, SgReady.BLOCKED, "UNKNOWN", None),
        (BOTH, SgReady.FORCED, "HEAT", PermanentHold(HvacMode.HEAT, 22.5)),
        (BOTH, SgReady.FORCED, "COOL", None),
        (OPEN, SgReady.FORCED, "HEAT", PermanentHold(HvacMode.HEAT, 22.5)),
        (OPEN, SgReady.BLOCKED, "HEAT", None),
        (OPEN, SgReady.BLOCKED, "COOL", None),
        (pump(HOLD), SgReady.BLOCKED, "HEAT", None),
        (pump(), SgReady.FORCED, "HEAT", None),
    ],
)
def test_a_level_in_the_words_of_the_device(
    asset: Asset, level: SgReady, mode: str | None, command: Command | None
) -> None:
    assert told(level, asset, HvacReading(mode=mode), 22.5) == command


def test_no_setpoint_beyond_the_device_s_own_and_none_without_one_to_begin_with() -> None:
    reading = HvacReading(mode="HEAT")

    assert told(SgReady.FORCED, BOTH, reading, 26.0) == PermanentHold(HvacMode.HEAT, 23.0)
    assert told(SgReady.FORCED, BOTH, reading) is None


def test_setpoints_are_nothing_to_a_device_with_levels() -> None:
    assert is_apart(WARM, BY_LEVEL)
    assert is_apart(FollowSchedule(), BY_LEVEL)
    assert not is_apart(SetSgReady(SgReady.NORMAL), BY_LEVEL)
    assert not is_apart(WARM, BOTH)
    assert [can_be_blocked(one) for one in (BY_LEVEL, BOTH, OPEN, pump())] == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("of", [pump(Capability.SET_SG_READY), BOTH])
def test_a_level_is_known_again_from_what_tells_it(of: Asset) -> None:
    heats = HvacReading(mode=HvacMode.HEAT)
    for wanted in (SgReady.BLOCKED, SgReady.RECOMMENDED):
        command = told(wanted, of, heats, 22.0)
        assert command is not None
        assert level_of(command, of) is wanted

    assert level_of(FollowSchedule(), of) is SgReady.NORMAL
