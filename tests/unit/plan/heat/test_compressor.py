"""A compressor is spared."""

from gatewayd.model.reading import SgReady
from gatewayd.plan.heat.compressor import HeatMemory, HeatSettings, level, note

SETTINGS = HeatSettings()


def told(
    wanted: SgReady, memory: HeatMemory, now_s: float, settings: HeatSettings = SETTINGS
) -> SgReady:
    return level(settings, wanted, memory, now_s)[0]


def test_a_level_is_told_at_once_and_then_kept_for_a_while() -> None:
    memory = HeatMemory()

    assert told(SgReady.RECOMMENDED, memory, 0.0) is SgReady.RECOMMENDED
    assert told(SgReady.NORMAL, memory, 599.0) is SgReady.RECOMMENDED
    assert level(SETTINGS, SgReady.NORMAL, memory, 599.0)[1] == "it was changed just now"
    assert told(SgReady.NORMAL, memory, 600.0) is SgReady.NORMAL


def test_a_compressor_that_has_just_started_is_not_blocked() -> None:
    memory = HeatMemory()
    note(memory, 0.0, is_on=False)
    note(memory, 1000.0, is_on=True)

    assert told(SgReady.BLOCKED, memory, 1899.0) is SgReady.NORMAL
    assert told(SgReady.BLOCKED, memory, 1900.0) is SgReady.BLOCKED


def test_a_compressor_that_has_just_stopped_is_not_started() -> None:
    memory = HeatMemory()
    note(memory, 0.0, is_on=True)
    note(memory, 1000.0, is_on=False)
    note(memory, 1500.0, is_on=None)

    assert told(SgReady.FORCED, memory, 1899.0) is SgReady.NORMAL
    assert told(SgReady.FORCED, memory, 1900.0) is SgReady.FORCED


def test_so_many_starts_an_hour() -> None:
    memory = HeatMemory()
    for start_s in (0.0, 600.0, 1200.0):
        note(memory, start_s, is_on=False)
        note(memory, start_s + 100.0, is_on=True)
    note(memory, 1800.0, is_on=False)

    assert told(SgReady.FORCED, memory, 3000.0) is SgReady.NORMAL
    note(memory, 3701.0, is_on=False)
    assert told(SgReady.FORCED, memory, 3701.0) is SgReady.FORCED


def test_nobody_is_blocked_for_longer_than_two_hours() -> None:
    memory = HeatMemory()
    told(SgReady.BLOCKED, memory, 0.0)

    assert told(SgReady.BLOCKED, memory, 7199.0) is SgReady.BLOCKED
    assert told(SgReady.BLOCKED, memory, 7200.0) is SgReady.NORMAL
    assert told(SgReady.BLOCKED, memory, 8000.0) is SgReady.NORMAL
    assert told(SgReady.BLOCKED, memory, 8101.0) is SgReady.BLOCKED


def test_prices_that_swing_start_no_compressor_more_often() -> None:
    memory, is_on, starts = HeatMemory(), False, 0
    for second in range(0, 6 * 3600, 10):
        wanted = SgReady.FORCED if second // 120 % 2 else SgReady.BLOCKED
        now_on = told(wanted, memory, float(second)) is SgReady.FORCED
        starts, is_on = starts + (now_on and not is_on), now_on
        note(memory, float(second), is_on=is_on)

    assert starts <= 6 * SETTINGS.starts_per_hour
