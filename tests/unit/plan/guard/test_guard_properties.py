"""What holds in every house, whatever it is told."""

import math
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.model.circuit import Circuit, Load, at_most
from gatewayd.plan.guard import guard, look
from gatewayd.plan.guard.wiring import Wiring
from gatewayd.plan.guard.words import LoadNow, Memory, MeterNow

LINES = st.sampled_from([None, (0,), (2,), (0, 1, 2), (2, 0, 1), (1, 2)])
ODD = st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -1.0, 1e9, 1e-9])


@st.composite
def wirings(draw: st.DrawFn) -> Wiring:
    main = Circuit(
        "main",
        draw(st.sampled_from([10.0, 25.0, 63.0])),
        limit_w=draw(st.sampled_from([None, 4000.0, 11000.0])),
        meter_id="grid",
        assumed_base_a=draw(st.sampled_from([0.0, 5.0, 20.0])),
        unbalance_a=draw(st.sampled_from([None, 20.0])),
        uses_thermal_headroom=draw(st.booleans()),
    )
    garage = Circuit("garage", 20.0, parent="main", meter_id=draw(st.sampled_from([None, "box"])))
    loads = [
        Load(
            f"load{i}",
            draw(st.sampled_from(["main", "garage"])),
            draw(st.sampled_from([10.0, 16.0, 32.0])),
            lines=draw(LINES),
            min_a=draw(st.sampled_from([0.0, 6.0, 10.0])),
            step_a=draw(st.sampled_from([0.1, 1.0, 6.0])),
            priority=draw(st.integers(0, 2)),
        )
        for i in range(draw(st.integers(1, 4)))
    ]
    return Wiring({"main": main, "garage": garage}, {load.id: load for load in loads})


def amps(least: float, most: float) -> st.SearchStrategy[float]:
    return st.one_of(st.floats(least, most), st.floats(least, most), ODD)


@st.composite
def meters(draw: st.DrawFn, now_s: float) -> dict[str, MeterNow]:
    return {
        circuit: MeterNow(
            (draw(amps(-30, 60)), draw(amps(-30, 60)), draw(amps(-30, 60))),
            now_s - draw(st.sampled_from([0.0, 0.0, 0.0, 4.0, 12.0, 90.0, -9.0, math.nan])),
            power_w=draw(st.one_of(st.none(), amps(-9000, 9000))),
            raw=draw(st.one_of(st.none(), st.integers(0, 3))),
        )
        for circuit in draw(st.sets(st.sampled_from(["main", "garage"])))
    }


@st.composite
def readings(draw: st.DrawFn, wiring: Wiring, now_s: float) -> dict[str, LoadNow]:
    return {
        load.id: LoadNow(
            draw(amps(0, 40)),
            draw(st.one_of(st.none(), amps(0, 32))),
            draw(st.one_of(st.none(), st.lists(amps(-10, 35), max_size=3).map(tuple))),
            now_s - draw(st.sampled_from([0.0, 0.0, 1.0, 20.0, math.nan])),
        )
        for load in wiring.loads.values()
        if draw(st.integers(0, 9))
    }


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_grants_are_numbers_within_nameplate_wish_and_room(data: st.DataObject) -> None:
    wiring = data.draw(wirings())
    memory, now_s, before = Memory(), 1000.0, dict[str, float]()

    for _ in range(data.draw(st.integers(1, 6))):
        now_s += data.draw(st.sampled_from([2.0, 2.0, 5.0, 40.0]))
        heard = data.draw(readings(wiring, now_s))
        seen_meters = data.draw(meters(now_s))
        grants = guard.decide(wiring, now_s, seen_meters, heard, memory)

        assert grants.keys() == wiring.loads.keys()
        for load in wiring.loads.values():
            _is_allowed(load, grants[load.id].amps, heard.get(load.id), before.get(load.id))
        before = {id_: grant.amps for id_, grant in grants.items()}
        # A second look at the same moment sees the same rooms.
        rooms = look.look(wiring, now_s, seen_meters, heard, memory).rooms
        _fit(wiring, rooms, before, memory)


def _is_allowed(load: Load, granted: float, now: LoadNow | None, before: float | None) -> None:
    assert math.isfinite(granted)
    wish_a = 0.0 if now is None or not now.wish_a > 0 else now.wish_a
    assert granted <= min(load.max_a, wish_a) + 1e-6
    assert granted == 0 or granted >= load.min_a
    if before is not None:
        step_a = guard.RAISE_STEP_A if before else max(guard.RAISE_STEP_A, load.min_a)
        assert granted <= before + step_a


def _fit(
    wiring: Wiring,
    rooms: dict[str, tuple[float, float, float, float]],
    granted: dict[str, float],
    memory: Memory,
) -> None:
    for circuit in wiring.circuits.values():
        sums = [0.0] * 3
        for load in wiring.below[circuit.id]:
            active = memory.loads[load.id].active
            lines = load.lines or (0, 1, 2)
            used = [lines[i] for i in active] if active else lines
            for line in used:
                sums[line] += granted[load.id]
        room = rooms[circuit.id]
        for line, total_a in enumerate(sums):
            assert total_a <= max(0.0, room[line]) + 1e-3
        assert sum(sums) <= max(0.0, room[3]) + 1e-3


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_what_meets_an_honest_meter_never_passes_the_breaker(data: st.DataObject) -> None:
    """Loads that obey by the next look, and a rest that stands still: nothing passes the limit."""
    wiring = data.draw(wirings())
    wiring = Wiring(
        {id_: replace(c, uses_thermal_headroom=False) for id_, c in wiring.circuits.items()},
        wiring.loads,
    )
    base_a = [data.draw(st.floats(-10.0, 0.9 * wiring.circuits["main"].usable_a)) for _ in "abc"]
    limits = dict.fromkeys(wiring.loads, 0.0)
    memory, now_s = Memory(), 1000.0

    for _ in range(40):
        now_s += 2.0
        sums = list(base_a)
        heard = {}
        for load in wiring.loads.values():
            drawn = (limits[load.id],) * len(load.lines or (0, 1, 2))
            heard[load.id] = LoadNow(load.max_a, limits[load.id], drawn, now_s)
            for line, current_a in enumerate(at_most(load, drawn)):
                sums[line] += current_a
        a, b, c = sums
        assert max(sums) <= wiring.circuits["main"].usable_a + 1e-3
        box = [total - own for total, own in zip(sums, base_a, strict=True)]
        told = {
            "main": MeterNow((a, b, c), now_s, raw=now_s),
            "garage": MeterNow((box[0], box[1], box[2]), now_s, raw=now_s),
        }
        grants = guard.decide(wiring, now_s, told, heard, memory)
        limits = {id_: grant.amps for id_, grant in grants.items()}
