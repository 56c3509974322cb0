"""Mistakes beyond the fuse guard: of who has the say, the grid, commands, and the audit.

By module, then by name: what stands there once, and what is put in its place.
"""

_RULING = {
    "the weakest has the say": ("min(reversed(wishing)", "max(reversed(wishing)"),
    "the first of equals has the say": ("min(reversed(wishing)", "min(iter(wishing)"),
    "caps ignored": ("narrowed(wished, _common(binding))", "wished"),
    "the weaker narrow": (
        "c.bounds is not None and c.rank <= winner.rank]",
        "c.bounds is not None]",
    ),
    "the stronger do not narrow": ("c.rank <= winner.rank", "c.rank >= winner.rank"),
    "a claim lives on": ("if claim.holds(now_s):", "if True:"),
    "a ruling outlives its cap": ("for claim in (winner, *binding))", "for claim in (winner,))"),
    "caps widen each other": (
        "min((each.most for each in bounds), default=math.inf)",
        "max((each.most for each in bounds), default=math.inf)",
    ),
}
_CLAIMS = {
    "a claim holds when it has run out": (
        "now_s < self.valid_until_s",
        "now_s <= self.valid_until_s",
    ),
    "no number is a bound": ("if math.isnan(self.least) or math.isnan(self.most):", "if False:"),
    "taken up to the least": ("min(max(value, self.least), self.most)", "max(value, self.least)"),
    "operator above the fuse": ("SAFETY = 0\n    GRID = 1", "SAFETY = 1\n    GRID = 0"),
}
_NARROW = {
    "widened to the cap": ("_chargeable(min(current_a, bounds.most))", "_chargeable(bounds.most)"),
    "a little is given": (
        "return current_a if current_a >= MIN_CHARGE_A else 0.0",
        "return current_a",
    ),
    "a start has no bounds": (
        "return wish if bounds.most == math.inf else Setpoint(_chargeable(bounds.most))",
        "return wish",
    ),
    "a limit below the least is the least": (
        "return SetMaxCurrent(lower_a) if lower_a else Setpoint(0.0)",
        "return SetMaxCurrent(max(lower_a, MIN_CHARGE_A))",
    ),
    "a forced mode has no bounds": (
        "return wish if math.isinf(power_w) else SetBatteryPower(power_w)",
        "return wish",
    ),
    "a held battery charges": ("case Hold() if bounds.most <= 0:", "case Hold() if False:"),
    "a battery by itself has no bounds": ("return Hold()\n", "return wish\n"),
    "what cannot be held is let go": ("if bounds.instead is not None and", "if False and"),
    "held back for no reason": ("and bounds.least >= 0 and _gives(wish):", "and _gives(wish):"),
    "what is told instead has no bounds": (
        "narrowed(bounds.instead, Bounds(most=bounds.most))",
        "bounds.instead",
    ),
}
_OPERATOR = {
    "failsafe not applied": (
        "_enter(memory, OperatorState.FAILSAFE, now_s)\n        return settings.failsafe_w",
        "_enter(memory, OperatorState.FAILSAFE, now_s)\n        return signal and signal.limit_w",
    ),
    "free before the first sign of life": (
        "if memory.state in (OperatorState.INIT, OperatorState.FAILSAFE) and not _is_over(",
        "if memory.state is OperatorState.FAILSAFE and not _is_over(",
    ),
    "alive for ever": ("<= settings.heartbeat_timeout_s", "<= 1e9"),
    "alive in the future": (
        "0 <= now_s - signal.heartbeat_s",
        "-1e9 <= now_s - signal.heartbeat_s",
    ),
    "failsafe ends with a sign of life": (
        "return is_long_enough and heard_s >= settings.recover_s",
        "return is_long_enough",
    ),
    "failsafe ends too soon": ("now_s - memory.since_s >= settings.failsafe_least_s", "True"),
    "no new limit ends the failsafe": ("if signal.number > memory.number:", "if False:"),
    "a limit lasts for ever": ("now_s >= self.limited_at_s + self.duration_s", "False"),
}
_CAPACITY = {
    "what was taken is added": ("/ 3600.0 - quarter.imported_wh", "/ 3600.0 + quarter.imported_wh"),
    "margin on the wrong side": ("- settings.margin_w", "+ settings.margin_w"),
    "the month's peak forgotten": (
        "max(settings.billed_w, quarter.month_peak_w)",
        "settings.billed_w",
    ),
    "the rest of the quarter forgotten": ("* 3600.0 / left_s", "* 3600.0 / QUARTER_S"),
    "an unseen beginning was nothing": (
        "return most_w\n",
        "return most_w * QUARTER_S / max(_LEAST_LEFT_S, QUARTER_S - quarter.elapsed_s)\n",
    ),
}
_EXPORT = {
    "fed in at a loss": ("paid < 0", "paid > 0"),
    "the most of all caps": ("min(caps", "max(caps"),
    "the operator not heard": ("[] if operator is None else [operator]", "list[ExportCap]()"),
}
_CURTAIL = {
    "sign of the grid flipped": ("given_w + seen.grid_w", "given_w - seen.grid_w"),
    "an unknown home takes all": ("_by_size(seen.cap_w", "_by_size(1e9"),
    "inverters raised at once": ("+ _RAISE * one.most_w", "+ one.most_w"),
    "a picture from before believed": ("seen.at_s > memory.told_at_s or", "True or"),
    "others' production is consumption": ("max(0.0, given_w +", "seen.cap_w + max(0.0, given_w +"),
    "lowered by what is unused alone": ("if given_w >= total_w:", "if False:"),
    "lowered when it lasts": ("return _lowered(aim_w, held)", "return {}"),
    "shaded ones keep their share": ("if _is_any_held(held) else told_w", "if False else told_w"),
    "no difference too small": ("if lost_w <= band_w:", "if lost_w <= 0:"),
}
_HOLDING = {
    "remembered after the write": (
        "if is_new and",
        "await self._telling.tell(command, reading, asset)\n        if is_new and",
    ),
    "fed though nobody wants it": ("is None and not self._leaving.has_begun", "is None or True"),
    "fed though it is another's": ("is_anothers = self._is_yielded and", "is_anothers = False and"),
}
_AS_IT_WAS = {
    "never recalled": ("if found is None:", "if True:"),
    "forced though nothing lasts": ("if not is_decrease and not self._db.is_lasting:", "if False:"),
    "found forced and left so": ("if self.before is not None or was is None:", "if True:"),
    "half of it given back": ("Before(found.before)", "Before(found.before[:-1])"),
}
_LEAVING = {
    "forgotten before it is given back": (
        "            self.has_begun = True",
        "            await self._forget()\n            self.has_begun = True",
    ),
    "never given back": (
        "is_back, command = keeping",
        "return\n        is_back, command = keeping",
    ),
    "a stop waits for a reading": ("if not self.is_parting or", "if True or"),
}
_LANE = {
    "written before it is marked": ("if not job.is_marked:", "if False:"),
    "written again before a look": ("must_look=True,", "must_look=False,"),
    "fed whoever steers": ("or not self.holding.renews(state.asset)", "or False"),
}
_JOURNAL = {
    "its end not told": ("outbox.append(c, _EVENT,", "(lambda *_: None)(c, _EVENT,"),
}
_STEER = {
    "given back without its current": (
        "if reading.max_current_a is not None and reading.max_current_a >= MIN_CHARGE_A:",
        "if False:",
    ),
    "given back without its mode": ("if known and mode else []", "if False else []"),
    "given back running": (
        "if reading.power_delivery is PowerDelivery.STOPPED:\n        found.append",
        "if False:\n        found.append",
    ),
}
_IN_FORCE = {
    "arrived as soon as it is told": ("{**in_force, _sets(command): None}", "in_force"),
    "what is free is told for ever": ("last is None or not _is_like(last, command)", "True"),
    "what failed is believed": (
        "last is None or not _is_like(",
        "last is not None and not _is_like(",
    ),
    "an earlier run has told nothing": ("return is_inherited and sets", "return False and sets"),
    "what is hidden counts as over": ("reading.setpoint_w is None", "False"),
    "the last of each is another thing": ("return _BATTERY\n", "return type(command).__name__\n"),
}
_KEEPING = {
    "raised though not armed": ("if kept.only_lowers and not is_decrease(", "if not ("),
    "a limit raised against another": ("and (not is_limit or is_decrease(", "and (True or ("),
    "an end of a limit taken for less": (
        "SetProductionLimit(limit_w=float() as limit_w)",
        "SetProductionLimit(limit_w=limit_w)",
    ),
    "what is shown is believed": (
        "command, is_left = _owed(",
        "command, is_left = None and _owed(",
    ),
    "as it was once it is shown": ("command = _owed_of(", "command = None and _owed_of("),
    "another writer uncounted": (
        "return command is not None and _is_said(",
        "return command is None and _is_said(",
    ),
    "never arrived": ("= taken(memory.in_force, command)", "= memory.in_force"),
    "his is ours": ("            memory.forget()\n", "            pass\n"),
}
_STEPS = {
    "others' steps count": ("if noise_a > max(1.0, _NOISE * abs(size_a)):", "if False:"),
    "battery ignored": ("if _have_moved(memory.others,", "if 0 and _have_moved(memory.others,"),
    "half a step is one": ("_NOTHING, _SOME = 0.2, 0.2, 0.35", "_NOTHING, _SOME = 0.2, 0.9, 0.9"),
    "one step convicts": ("AGREEING = 3", "AGREEING = 1"),
}
_WIRED = {
    "reversed meter passes": ("if set(faults) == {1}", "if set(faults) != {0}"),
    "dead meter passes": ("if set(faults) == {1}", "if -1 not in faults"),
    "swapped phases pass": ("if load.lines is None or load.lines in shown:", "if shown:"),
    "some of the steps suffice": ("if all(_fits(", "if any(_fits("),
    "unmeasured phases convict": ("PHASES\n        if line in measured\n    )", "PHASES\n    )"),
}
_DOUBTS = {
    "one reading convicts": ("READINGS, _LOOKS = 15, 5", "READINGS, _LOOKS = 1, 1"),
    "one reading acquits": ("elif run <= -_times(rule) and", "elif run < 0 and"),
    "never acquitted": ("elif run <= -_times(rule) and", "elif False and"),
    "a silence is judged": ("if is_gap:", "if False:"),
}
BY_MODULE = {
    "gatewayd.plan.keeping": _KEEPING,
    "gatewayd.plan.audit.steps": _STEPS,
    "gatewayd.plan.audit.wired": _WIRED,
    "gatewayd.plan.audit.doubts": _DOUBTS,
    "gatewayd.plan.in_force": _IN_FORCE,
    "gatewayd.plan.arbiter.ruling": _RULING,
    "gatewayd.plan.arbiter.claims": _CLAIMS,
    "gatewayd.plan.arbiter.narrow": _NARROW,
    "gatewayd.plan.grid.operator": _OPERATOR,
    "gatewayd.plan.grid.capacity": _CAPACITY,
    "gatewayd.plan.grid.export": _EXPORT,
    "gatewayd.plan.grid.curtail": _CURTAIL,
    "gatewayd.devices.holding": _HOLDING,
    "gatewayd.devices.as_it_was": _AS_IT_WAS,
    "gatewayd.devices.leaving": _LEAVING,
    "gatewayd.devices.lane": _LANE,
    "gatewayd.devices.journal": _JOURNAL,
    "gatewayd.plan.steer": _STEER,
}
