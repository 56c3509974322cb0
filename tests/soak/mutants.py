"""Mistakes that must not be, first of a fuse guard: each is planted, and a check must see it.

A mutant is a name, a file, what stands there once, and what is put in its place.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.soak import flaws

_GUARD = "gatewayd.plan.guard."
_CIRCUIT = "gatewayd.model.circuit"
_LEASE = "gatewayd.plan.lease"
_POLICY = "tests.soak.policy"


@dataclass(frozen=True)
class Mutant:
    """`module` is a dotted name; `old` stands in its source exactly once."""

    name: str
    module: str
    old: str
    new: str


_ROOM = {
    "stale counts as zero": ("higher(known, assumed)", "NOTHING_A"),
    "assumption instead of the worse": ("higher(known, assumed)", "assumed"),
    "unmetered circuit ignored": (
        "return assumed if known is None",
        "return NOTHING_A if known is None",
    ),
    "room without a meter": ("if footing is Footing.NOTHING:", "if footing is None:"),
    "last value held": ("return lower(left_a, (most_a, most_a, most_a, math.inf))", "pass"),
    "export beyond the rating believed": ("abs(i) if abs(i) > usable_a else i for", "i for"),
    "power ignored for the sum": ("if meter.power_w is None else", "if True else"),
    "max for min of the base": (
        "high = minus(measured, drawn.least)",
        "high = minus(measured, drawn.most)",
    ),
    "what is known forgotten": ("memory.base_a is None or drawn.least == drawn.most", "True"),
    "sign of our draw flipped": (
        "high = minus(measured, drawn.least)",
        "high = minus(measured, minus(NOTHING_A, drawn.least))",
    ),
    "relief by what may be elsewhere": ("drawn.sure if is_over else drawn.most", "drawn.most"),
    "lowered loads taken for no relief": (
        "drawn.sure if is_over else",
        "drawn.least if is_over else",
    ),
    "no window minimum": (
        "seen_a = min(a), min(b), min(c), min(total)",
        "seen_a = a[-1], b[-1], c[-1], total[-1]",
    ),
    "window maximum": (
        "seen_a = min(a), min(b), min(c), min(total)",
        "seen_a = max(a), max(b), max(c), max(total)",
    ),
    "no wait for lasting room": ("if memory.rooms[0][0] <= now_s - HEADROOM_S:", "if True:"),
    "granted at once whatever the meter says": (
        "return lower(seen_a, minus(peak_a, _assumed(circuit)))",
        "return minus(peak_a, _assumed(circuit))",
    ),
    "granted at once without an assumption": (
        "if circuit.meter_id is not None and not circuit.assumed_base_a:\n        return NOTHING_A",
        "pass",
    ),
    "newest room of a bucket": ("since_s, lower(least_a, room_a)", "since_s, room_a"),
    "unseen room counts as lasting": ("or now_s - memory.seen_at_s > _BUCKET_S:", "or False:"),
    "weak footing counts as lasting": (
        "if footing is not Footing.FRESH:\n        return",
        "if footing is not Footing.FRESH:\n        pass",
    ),
    "limit in watts ignored": ("if circuit.limit_w is None else", "if True else"),
    "unbalance ignored": ("if circuit.unbalance_a is None:", "if True:"),
    "headroom on a silent meter": ("and footing is Footing.FRESH and circuit", "and circuit"),
    "headroom without a meter": ("FRESH and circuit.meter_id is not None:", "FRESH:"),
    "headroom while a breaker suffers": ("if memory.meter is not None and heat", "if 0 and heat"),
    "headroom unasked": ("if circuit.uses_thermal_headroom and footing", "if footing"),
}
_HEAT = {
    "headroom while hot": ("min(1.0, max(0.0, (_HOT - hot) / (_HOT - _COOL)))", "1.0"),
}
_MODEL = {
    "margin off": (
        "return self.limit_a - max(1.0, 0.05 * self.limit_a)",
        "return self.limit_a",
    ),
    "unknown rotation on one phase": ("return worst, worst, worst", "return worst, 0.0, 0.0"),
    "unknown rotation takes one line": (
        "return PHASES if load.lines is None",
        "return (0,) if load.lines is None",
    ),
    "watts at the wrong voltage": ("return current_a * NOMINAL_V *", "return current_a * 400.0 *"),
    "unknown wiring counts as three phases": (
        "power_w / (NOMINAL_V * len(lines or (0,)))",
        "power_w / (NOMINAL_V * len(lines or PHASES))",
    ),
    "one phase counts as all": ("if len(drawn) == len(PHASES) else min((0.0, *drawn))", ""),
}
_DRAW = {
    "unknown draw subtracted": (
        "not memory.drawn or now_s - memory.drawn[-1][0] > UNKNOWN_S",
        "not memory.drawn",
    ),
    "what a battery feeds is room": (
        "at_least(load, drawn_a)",
        "at_least(load, tuple(map(abs, drawn_a)))",
    ),
    "all of a power is nowhere for sure": (
        "max(0.0, total_a - (len(lines) - 1) * cap_a)",
        "total_a",
    ),
    "power within no limit": ("min(load.max_a, offered_a)", "0.0"),
    "sure is the least": ("higher(sure, low)", "lower(sure, low)"),
    "no skew": ("SKEW_S = 2.5", "SKEW_S = 0.0"),
    "phases guessed at once": (">= PATTERN_S", ">= 0.0"),
    "phases remembered in silence": ("memory.seen, memory.active = (), None", "pass"),
}
_OBEDIENCE = {
    "acknowledged early": (
        "_lasts(memory.refused_since_s, now_s, DELIVERY_S)\n        or _lasts(",
        "_lasts(",
    ),
    "silence is obedience": ("is_silent = now is None or now.limit_a is None", "is_silent = False"),
    "draw not looked at": ("return max(drawn_a) >", "return 0.0 >"),
    "report not looked at": ("now.limit_a > memory.granted_a + _LIMIT_TOLERANCE_A", "False"),
    "no escalation": ("memory.refused_since_s, memory.refused_at_s, ESCALATE_S", "None, 0.0, 0.0"),
    "patience in need": ("    if is_overloaded:\n", "    if False:\n"),
    "hopeless by what it said before": ("memory.refused_at_s, ESCALATE_S", "now_s, ESCALATE_S"),
    "power not looked at": ("amperes(now.drawn_w or 0.0,", "amperes(0.0,"),
    "silent fed on": (
        "memory.silent_since_s, now_s, ESCALATE_S",
        "memory.refused_since_s, now_s, ESCALATE_S",
    ),
}
_TRUST = {
    "stale meter for ever": ("if not -AHEAD_S <= age_s <= NOTHING_S:", "if False:"),
    "meter of the future": ("-AHEAD_S <= age_s <= NOTHING_S", "age_s <= NOTHING_S"),
    "late meter is fresh": ("Footing.HOLD if age_s > hold_s else Footing.FRESH", "Footing.FRESH"),
    "late meter is held": (
        "age_s > min(ASSUMED_S_MAX, max(ASSUMED_S, hold_s))",
        "age_s > NOTHING_S",
    ),
    "slow meter trusted for long": ("min(ASSUMED_S_MAX, max(ASSUMED_S, hold_s))", "hold_s"),
    "sign never found": ("if max(memory.sign_votes) >= SIGN_VOTES:", "if False:"),
    "sign of the vote flipped": ("if its_a * ours_a > 0 else", "if its_a * ours_a < 0 else"),
    "one vote for all phases": (
        "votes[line] = 0 if its_a * ours_a > 0 else votes[line] + 1",
        "votes[0] = votes[1] = votes[2] = 0 if its_a * ours_a > 0 else votes[0] + 1",
    ),
    "frozen meter believed": ("if memory.same_polls < max(SHOWN_POLLS,", "if True or max("),
    "usual sameness of a frozen one": ("max(SHOWN_POLLS, 1.0 + _usual(memory))", "SHOWN_POLLS"),
    "sameness in polls": ("_USUAL_MOST_S / period_s))", "_USUAL_MOST_S))"),
    "sameness not counted": ("memory.same_polls += 1", "memory.same_polls = 0"),
    "dull meter learnt for ever": (
        "_USUAL_LEAST, _USUAL_MOST_S = 1.0, 8.0",
        "_USUAL_LEAST, _USUAL_MOST_S = 1.0, 1e9",
    ),
    "doubt without end": (
        "Footing.NOTHING if lasts_s > NOTHING_S - ASSUMED_S else Footing.ASSUMED",
        "Footing.ASSUMED",
    ),
    "nothing assumed is all assumed": ("and not circuit.assumed_base_a:", "and False:"),
}
_DECIDE = {
    "lease off": ("self._now_s + LEASE_S", 'float("inf")'),
    "heartbeat on a timer": ("footing is not Footing.NOTHING and not falls_back", "True"),
    "heartbeat without a meter": ("renews=footing is not Footing.NOTHING and", "renews="),
    "raised while a breaker suffers": ("or self._seen.is_overloaded(load):", "or False:"),
    "over for ever": ("or self._seen.is_past_lowering(load)", ""),
    "a pump stops at once": ("is_slow or own.refused_since_s", "own.refused_since_s"),
    "blind is calm": ("is_blind or self._seen.is_overloaded", "self._seen.is_overloaded"),
    "raised every time": ("self._now_s - own.raised_at_s < RAISE_EVERY_S", "False"),
    "raised at once": ("min(target_a, own.granted_a + step_a)", "target_a"),
    "restarted at once": (
        "own.granted_a == 0 and self._now_s - own.stopped_at_s",
        "0 > self._now_s",
    ),
    "disobedient restarted at once": ("if is_off or self._is_hopeless(load):", "if is_off:"),
    "raised to what is there now": (
        "self._raise(load, min(targets[load.id], highest[load.id]))",
        "self._raise(load, targets[load.id])",
    ),
    "given away before it is given back": (
        "obedience.is_pending(others) and not obedience.is_stuck(others, self._now_s)",
        "False",
    ),
    "lowered slowly": (
        "own.granted_a = target_a\n        obedience",
        "own.granted_a = max(target_a, own.granted_a - 2.0)\n        obedience",
    ),
    "no probing": ("if lower_a >= load.min_a and self._is_probed(load):", "if False:"),
    "disobedient not counted": (
        "rooms.take(self._wiring.loads[id_], amps)",
        "rooms.take(self._wiring.loads[id_], 0.0)",
    ),
    "disobedient counted as granted": ("return load.max_a", "return own.granted_a"),
    "disobedient waited for in need": ("has_a = max((now.limit_a", "has_a = 0 * max((now.limit_a"),
    "disobedient not beside each other": (
        "fair[id_] = min(fair[id_], beside[id_])",
        "fair[id_] = max(fair[id_], beside[id_])",
    ),
}
_LOOK = {
    "strongest footing of all": ("min([self.footings", "max([self.footings"),
    "overload not seen": ("self.overloaded.add(circuit.id)", "pass"),
    "another meter is the last one": ("or line.meter_id != circuit.meter_id", ""),
    "phases of another wiring": ("if own.lines != load.lines:", "if False:"),
}
_SANE = {
    "no number is a wish": ("not now.wish_a > 0", "now.wish_a <= 0"),
    "no number is a current": (
        "if not (-most_a <= a <= most_a and -most_a <= b <= most_a and -most_a <= c <= most_a):",
        "if max(map(abs, (b, c, a))) > most_a:",
    ),
    "wish beyond the nameplate": ("return min(now.wish_a, of.max_a)", "return now.wish_a"),
    "old reading of a load believed": ("now_s - now.at_s <= UNKNOWN_S", "now_s - now.at_s <= 1e9"),
    "absurd draw subtracted": ("return replace(now, drawn_a=None)", "return now"),
    "reading of the future believed": ("not now.at_s <= now_s + AHEAD_S", "False"),
}
_SHARE = {
    "sum instead of per phase": ("*[left[line] for line in way.lines]", "sum(left[:_ALL])"),
    "one phase reserved of three": (
        "for line in way.lines:\n                left[line] -= amps",
        "left[way.lines[0]] -= amps",
    ),
    "least without room": (
        "wish_a < load.min_a or rooms.left_a(load) < load.min_a",
        "wish_a < load.min_a",
    ),
    "least not reserved": ("rooms.take(load, load.min_a)", "pass"),
    "rounded up": ("math.floor(amps", "math.ceil(amps"),
    "less than the least": ("return whole if whole >= load.min_a else 0.0", "return whole"),
}
_STORAGE = {
    "battery's charging forgotten": (
        "(drawn_a,) * len(load.lines or (0,))",
        "(0.0,) * len(load.lines or (0,))",
    ),
    "what a battery gives is left to the meter": (
        "drawn_a = current_of(load, power_w)\n    limit_a",
        "drawn_a = max(0.0, current_of(load, power_w))\n    limit_a",
    ),
    "what a battery is told is not looked at": ("elif setpoint_w is not None:", "elif 0:"),
    "watts rounded up": ("math.floor(watts(", "math.ceil(watts("),
    "battery of its own mode is never paused": (
        "drawn_a > grant.amps + _TOLERANCE_A or",
        "False or",
    ),
    "paused battery let go at once": ("was_paused and grant.binding is not None", "False"),
    "held battery let go for a pause": ("_HELD_PAUSES if isinstance(wanted, Hold) else", ""),
}
_HEATING = {
    "told to stop is stopped": (
        "if reading.power_w is not None:",
        "if reading.power_w and limit_a:",
    ),
    "heat pump lowered a little": ("return grant.amps > 0", "return True"),
    "blocked heat pump may run": (
        "0.0 if is_blocked(asset, reading) else load.max_a",
        "load.max_a",
    ),
}
_BOOST = {
    "minimum on time outranks the fuse": (
        "if seen.is_blocked:",
        "if seen.is_blocked and not seen.is_on:",
    ),
}
_WIRING = {
    "nested parent ignored": ("next_id = circuit.parent", "next_id = None"),
    "priority inverted": ("reverse=True", "reverse=False"),
    "no limit is no limit": ("and not (value and 0 < value < math.inf)", "and False"),
}
_COMMISSION = {
    "unwired is unlimited": ("UNWIRED_A = 6.0", "UNWIRED_A = 63.0"),
    "unknown fallback is none": ("return load.max_a", "return 0.0"),
}
_LEASES = {
    "fresh for ever": ("0.0 <= now_s - sample.at_monotonic <= FRESH_S", "True"),
    "lease without end": ("min(LEASE_MAX_S, watchdog_s)", "watchdog_s"),
    "fed late": ("lease.watchdog_s / 3.0", "lease.watchdog_s"),
}
_LOOP = {
    "wall clock in the loop": (
        "if now_s < self._next_s:\n            return\n        self._next_s = now_s + GUARD_S",
        "if wall_s < self._next_s:\n            return\n        self._next_s = wall_s + GUARD_S",
    ),
    "fed whatever is granted": ("if grant.renews:", "if True:"),
}
_BY_MODULE = {
    _GUARD + "room": _ROOM,
    _GUARD + "heat": _HEAT,
    _CIRCUIT: _MODEL,
    _GUARD + "draw": _DRAW,
    _GUARD + "obedience": _OBEDIENCE,
    _GUARD + "trust": _TRUST,
    _GUARD + "guard": _DECIDE,
    _GUARD + "look": _LOOK,
    _GUARD + "sane": _SANE,
    _GUARD + "share": _SHARE,
    _GUARD + "wiring": _WIRING,
    _GUARD + "storage": _STORAGE,
    _GUARD + "heating": _HEATING,
    "gatewayd.plan.heat.boost": _BOOST,
    _GUARD + "commission": _COMMISSION,
    _LEASE: _LEASES,
    _POLICY: _LOOP,
}


def _all() -> Iterator[Mutant]:
    for module, mutants in (_BY_MODULE | flaws.BY_MODULE).items():
        for name, (old, new) in mutants.items():
            yield Mutant(name, module, old, new)


MUTANTS = tuple(_all())
