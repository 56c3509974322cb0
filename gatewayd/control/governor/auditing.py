"""From what there is against what an asset relies on to whether it is armed."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from gatewayd.control.governor.given import AuditGiven, StepsGiven
from gatewayd.model.decision import Decision, Grounds
from gatewayd.plan.audit.doubts import Turn, held
from gatewayd.plan.audit.finding import Finding
from gatewayd.plan.audit.wired import Verdict, judge

OWNER = "audit"


def decision(given: AuditGiven, at: datetime, asset_id: str) -> Decision:
    """What is decided on it."""
    return told([*_found(given)], at, asset_id)


def told(found: Sequence[Finding], at: datetime, asset_id: str) -> Decision:
    """What is decided on these findings."""
    reason = f"not armed, for {in_words(found)}" if found else "armed again: nothing is found now"
    ways = ("armed", "lowered where safety needs it, and nothing else")
    binding = "the wiring audit" if found else None
    return Decision.on(Grounds(reason, candidates=ways, binding=binding), at, asset_id, OWNER, None)


def in_words(found: Sequence[Finding]) -> str:
    """For people."""
    return "; ".join(f"{one.where}: {one.what}" for one in found)


def judged(given: StepsGiven) -> Verdict | None:
    """What a load's last steps come to; None before enough of them agree."""
    return judge(given.steps, given.load, given.meter, given.lines)


def _found(given: AuditGiven) -> Iterator[Finding]:
    for device_id, grounds in given.doubts:
        if device_id not in given.audited:
            found = (held(one) if isinstance(one, Turn) else one for one in grounds)
            yield from filter(None, found)
    if not isinstance(given.steps, StepsGiven):
        yield from given.steps
        return
    verdict = judged(given.steps)
    yield from verdict.findings if verdict else ()
