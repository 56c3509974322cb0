"""Whether the wiring that governed assets rely on was audited: what is found withholds arming."""

import logging
import math
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import astuple, dataclass, field
from datetime import datetime
from functools import partial
from sqlite3 import Connection

from gatewayd import __version__
from gatewayd.clock import Clock
from gatewayd.control.governor import auditing, gather
from gatewayd.control.governor.given import AuditGiven, Noted, StepsGiven
from gatewayd.control.governor.reliance import Relying, reliance
from gatewayd.control.governor.terms import Terms
from gatewayd.control.replay.record import keep
from gatewayd.errors import StorageError
from gatewayd.model.asset import Asset
from gatewayd.model.circuit import PHASES, Load
from gatewayd.model.remembered import Remembered
from gatewayd.model.site import Site
from gatewayd.plan.audit.doubts import HEARD_OF, Doubts
from gatewayd.plan.audit.finding import Finding
from gatewayd.plan.audit.steps import Said, StepMemory, note
from gatewayd.plan.audit.wired import Verdict, placed
from gatewayd.state import audits
from gatewayd.state.audits import Audited
from gatewayd.state.db import Database
from gatewayd.state.store import Store

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Audit:
    """Of one governed asset."""

    fingerprint: str
    has_passed: bool = False
    steps: StepMemory = field(default_factory=StepMemory)
    of_steps: tuple[Finding, ...] = ()
    judged: StepsGiven | None = None
    certain: tuple[int | None, ...] = ()
    told: tuple[str, ...] = ()


class Auditor:
    """`withheld` is what it has against devices, in words, by device; `findings` are all there are.

    It learns from what is read while the home goes on as always, and writes to no device.
    """

    def __init__(self, store: Store, db: Database, clock: Clock) -> None:
        self.withheld: Mapping[str, str] = {}
        self.findings: tuple[Finding, ...] = ()
        self._store = store
        self._db = db
        self._clock = clock
        self._stored: dict[str, Audited] = {}
        self._audits: dict[str, _Audit] = {}
        self._doubts: dict[str, Doubts] = {}
        self._reliance = Remembered(reliance)

    async def begin(self) -> None:
        """Recall what was found before."""
        self._stored = await self._db.read(audits.load)

    async def look(self, terms: Terms) -> None:
        """Take in what was read since."""
        site, withheld, findings = self._store.site, {}, dict[Finding, None]()
        self._hear(site)
        self._audits = {id_: audit for id_, audit in self._audits.items() if id_ in site.assets}
        home = self._reliance(site.roster, terms)
        flows = gather.flows_w(site, self._clock.monotonic()) if home.relying else ()
        for one in home.relying:
            audit = self._audit(one, site)
            self._step(one, audit, site, flows, terms)
            found = self._found(one, audit, terms)
            known = [*found, *self._of_others(one)]
            why = auditing.in_words(known) or self._waits(one, audit, terms)
            if why:
                withheld[one.asset.device_id] = why
            findings |= dict.fromkeys(found)
            if found or not why:
                await self._settle(one.asset, audit, found, partial(self._given, one, audit, terms))
        findings |= dict.fromkeys(self._held(home.grid_meters, terms))
        for finding in findings:
            withheld.setdefault(finding.where, finding.what)
        self.withheld, self.findings = withheld, tuple(findings)

    def _hear(self, site: Site) -> None:
        for state in site.assets.values():
            sample = state.sample
            if sample is not None and math.isfinite(sample.at_monotonic):
                doubts = self._doubts.setdefault(state.asset.id, Doubts())
                where = state.asset.device_id
                doubts.hear(where, sample.reading, sample.at, sample.at_monotonic)

    def _audit(self, relying: Relying, site: Site) -> _Audit:
        """Where the audit stands; a new one where something else than before is to be audited."""
        asset, fingerprint = relying.asset, relying.fingerprint
        known = self._audits.get(asset.id)
        if known is not None and known.fingerprint == fingerprint:
            return known
        audit = self._audits[asset.id] = _Audit(fingerprint)
        stored = self._stored.get(asset.id)
        if stored is not None and stored.fingerprint == fingerprint:
            found = [Finding(*texts) for texts in stored.findings]
            audit.has_passed = True
            audit.of_steps = tuple(one for one in found if one.rule.startswith("step"))
            audit.told = tuple(one.what for one in found)
            for one in found:
                if one not in audit.of_steps:
                    self._recall(one, site)
        return audit

    def _recall(self, finding: Finding, site: Site) -> None:
        for state in site.of_device(finding.where):
            if state.asset.kind is HEARD_OF.get(finding.rule):
                self._doubts.setdefault(state.asset.id, Doubts()).recall(finding)

    def _step(
        self, relying: Relying, audit: _Audit, site: Site, flows: gather.Flows, terms: Terms
    ) -> None:
        load, circuit = relying.load, relying.circuit
        if load is None or circuit is None:
            return
        lines = terms.meter_lines.get(circuit.id, PHASES)
        now = gather.load_now(site.assets[relying.asset.id], terms.wired(load.id), 0.0)
        meter = gather.meter_now(site, circuit, lines, {})
        if now is None or now.drawn_a is None or meter is None or not math.isfinite(meter.at_s):
            return
        drawn, seen = Said(now.at_s, now.drawn_a), Said(meter.at_s, meter.current_a)
        others_w = gather.beside_w(flows, load.id)
        if note(drawn, seen, audit.steps, others_w) is not None:
            given = StepsGiven(tuple(audit.steps.steps), load, circuit.meter_id or "", lines)
            verdict = auditing.judged(given)
            if verdict is not None:
                audit.of_steps = verdict.findings
                audit.judged = given
                _tell(load, verdict, audit)

    def _found(self, relying: Relying, audit: _Audit, terms: Terms) -> list[Finding]:
        if any(one.where in terms.audited for one in audit.of_steps):
            # A person has mended it, or knows better: it takes new steps to say so again.
            audit.of_steps, audit.steps, audit.judged = (), StepMemory(), None
        return [*self._held(relying.rests_on, terms), *audit.of_steps]

    def _given(self, relying: Relying, audit: _Audit, terms: Terms) -> AuditGiven:
        """All that `_found` comes of."""
        assets = relying.rests_on
        doubts = ((one.device_id, self._doubts.get(one.id, Doubts()).grounds) for one in assets)
        steps = audit.judged or audit.of_steps
        return AuditGiven(__version__, terms.audited, tuple(doubts), steps)

    def _of_others(self, relying: Relying) -> list[Finding]:
        """What the steps of others on its meters have shown of these."""
        meters = relying.needs.keys() - {relying.asset.device_id}
        others = (audit for id_, audit in self._audits.items() if id_ != relying.asset.id)
        return [one for audit in others for one in audit.of_steps if one.where in meters]

    def _held(self, assets: Iterable[Asset], terms: Terms) -> list[Finding]:
        asked = (asset for asset in assets if asset.device_id not in terms.audited)
        doubts = (self._doubts.get(asset.id) for asset in asked)
        return [one for doubt in doubts if doubt for one in doubt.held.values()]

    def _waits(self, relying: Relying, audit: _Audit, terms: Terms) -> str | None:
        """What has to be seen before the first pass."""
        if audit.has_passed:
            return None
        for device_id, assets in relying.needs.items():
            doubts = [self._doubts[one.id] for one in assets if one.id in self._doubts]
            if not doubts:
                return f"nothing is known yet of {device_id}"
            if any(one.is_open for one in doubts) and device_id not in terms.audited:
                return f"what {device_id} says has to be looked at for longer"
        return None

    async def _settle(
        self, asset: Asset, audit: _Audit, found: list[Finding], given: Callable[[], AuditGiven]
    ) -> None:
        """Remember how it came out, and tell of a change."""
        asset_id, now = asset.id, self._clock.now()
        audited = Audited(audit.fingerprint, tuple(astuple(one) for one in found))
        if self._stored.get(asset_id) == audited and audit.has_passed:
            return
        told = tuple(one.what for one in found)
        noted = None
        if told != audit.told:
            noted = Noted(auditing.told(found, now, asset_id), given())
            self._store.decided(noted.decision)
        audit.has_passed, audit.told = True, told
        # The writer has logged a failure; what is not stored is tried again.
        with suppress(StorageError):
            await self._db.write(lambda c: _put(c, asset_id, audited, noted, now))
            self._stored[asset_id] = audited


def _tell(load: Load, verdict: Verdict, audit: _Audit) -> None:
    """Once: what may be written into the config."""
    if verdict.certain == audit.certain:
        return
    audit.certain = verdict.certain
    where = placed(verdict.certain)
    if where and not verdict.findings:
        ratio, delay_s = verdict.ratio, verdict.delay_s
        log.info("%s: %s; seen %.2f-fold, %.0f s later", load.id, where, ratio, delay_s)


def _put(
    c: Connection, asset_id: str, audited: Audited, noted: Noted | None, now: datetime
) -> None:
    audits.put(c, asset_id, audited, now)
    if noted is not None:
        keep(c, noted)
