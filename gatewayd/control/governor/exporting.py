"""What the limit of what is fed in wants of inverters."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from gatewayd.control.governor import gather
from gatewayd.control.governor.look import Look, Memory
from gatewayd.control.governor.operator import standing
from gatewayd.control.governor.terms import Terms
from gatewayd.model.asset import AssetKind, Capability
from gatewayd.model.decision import Grounds, Input
from gatewayd.model.power import SetExportLimit, SetProductionLimit
from gatewayd.model.reading import BatteryReading, InverterReading
from gatewayd.model.site import AssetState, Site
from gatewayd.plan.arbiter.claims import Claim, Rank
from gatewayd.plan.grid.curtail import CurtailMemory, GridSeen, Producer, production_limits
from gatewayd.plan.grid.export import ExportCap, export_cap
from gatewayd.plan.lease import FRESH_S, is_fresh
from gatewayd.plan.steer import Before, before

# So that it is fresh also when one reading fails, or comes late.
_METER_S_MAX = FRESH_S / 2


def claims(look: Look, memory: Memory) -> Iterator[Claim]:
    """What is claimed of all inverters: never more than what somebody else had limited one to.

    Without a limit nothing is, and what is given back has that limit again.
    """
    cap = _cap(look)
    if cap is None:
        memory.curtailed = CurtailMemory()
        return
    inputs = (Input("export_cap_w", cap.cap_w), Input("grid_w", look.grid_w), *_paid(look))
    grounds = Grounds(cap.why, inputs)
    producers = []
    for state in look.site.of_kind(AssetKind.INVERTER):
        if look.terms.inverter(state.asset) is None:
            continue
        if Capability.SET_EXPORT_LIMIT in state.asset.capabilities:
            limit_w = min(cap.cap_w, look.installed_w.get(state.asset.id, cap.cap_w))
            yield look.claim(state, Rank.GRID, "grid", grounds, SetExportLimit(limit_w))
        elif Capability.SET_PRODUCTION_LIMIT in state.asset.capabilities:
            producers.append((state, _producer(look, state)))
    known = [one for _, one in producers if one is not None]
    limits_w = production_limits(_seen(look, cap), known, memory.curtailed, look.now_s)
    for state, producer in producers:
        if producer is not None:
            is_free = limits_w[producer.id] >= producer.most_w
            is_free = is_free and state.asset.id not in look.installed_w
            wish = SetProductionLimit(None if is_free else limits_w[producer.id])
            yield look.claim(state, Rank.GRID, "grid", grounds, wish)


def problems(site: Site, terms: Terms, every_s: Mapping[str, float]) -> Iterator[str]:
    """What does not hold, or not well, to what may be fed in, and what to do about it.

    `every_s` is how often devices are read. An inverter that nobody has read yet is not told of.
    """
    if not terms.grid.limits_export:
        return
    for state in site.of_kind(AssetKind.INVERTER):
        found = _unlimited(state, terms) if state.sample is not None else None
        if found is not None:
            yield f"{state.asset.slug}: what may be fed in does not limit it, {found}"
    for state in gather.grid_meters(site):
        period_s = every_s.get(state.asset.device_id, 0.0)
        if period_s > _METER_S_MAX:
            yield (
                f"{state.asset.slug}: read every {period_s:g} s it is not known all the time what "
                f"is fed in, so inverters give less; set its poll_s to {_METER_S_MAX:g} or less"
            )


def _unlimited(state: AssetState, terms: Terms) -> str | None:
    asset, reading = state.asset, state.sample.reading if state.sample else None
    if Capability.SET_EXPORT_LIMIT not in asset.capabilities:
        if Capability.SET_PRODUCTION_LIMIT not in asset.capabilities:
            return "since it cannot be told a limit; limit it by its own settings"
        if isinstance(reading, InverterReading) and reading.rated_w is None:
            return "since it does not tell its rated power; limit it by its own settings"
    is_armed = terms.inverter(asset) is not None and terms.writes(asset)
    return None if is_armed else "since it is not armed; arm it, or limit it by its own settings"


def installed_w(
    states: Iterable[AssetState], was: Callable[[str], Before | None]
) -> dict[str, float]:
    """What inverters were limited to before they were steered, by asset id."""
    found = {}
    for state in states:
        reading = state.sample.reading if state.sample else None
        if isinstance(reading, InverterReading):
            known = was(state.asset.id) or before(reading, state.asset)
            for one in known.commands:
                if isinstance(one, SetExportLimit | SetProductionLimit) and one.limit_w is not None:
                    found[state.asset.id] = one.limit_w
    return found


def _cap(look: Look) -> ExportCap | None:
    told = standing(look.fed)[0] if look.fed else None
    limit = ExportCap(told.limit_w, told.by) if told and told.limit_w is not None else None
    return export_cap(look.terms.grid.export, look.price, limit)


def _paid(look: Look) -> Iterator[Input]:
    rule = look.terms.grid.export
    paid = rule.feed_in.price(look.price) if rule else None
    if paid is not None:
        yield Input("feed_in_price", float(paid))


def _seen(look: Look, cap: ExportCap) -> GridSeen:
    states = (*gather.grid_meters(look.site), *look.site.of_kind(AssetKind.INVERTER))
    times = [s.sample.at_monotonic for s in states if s.sample and is_fresh(s.sample, look.now_s)]
    return GridSeen(look.grid_w, cap.cap_w, min(times, default=look.now_s))


def _producer(look: Look, state: AssetState) -> Producer | None:
    """None for one that has never said what it is made for."""
    reading = state.sample.reading if state.sample else None
    if not isinstance(reading, InverterReading) or reading.rated_w is None:
        return None
    most_w = min(reading.rated_w, look.installed_w.get(state.asset.id, reading.rated_w))
    power_w = _ac_power_w(look, state, reading) if is_fresh(state.sample, look.now_s) else None
    return Producer(state.asset.id, power_w, most_w, reading.limit_w)


def _ac_power_w(look: Look, state: AssetState, reading: InverterReading) -> float | None:
    """A hybrid that does not say it has it of sun and battery."""
    if reading.ac_power_w is not None or reading.power_w is None:
        return reading.ac_power_w
    power_w = reading.power_w
    for other in look.site.of_device(state.asset.device_id):
        if other.asset.kind is AssetKind.BATTERY:
            said = other.sample.reading if other.sample else None
            if not isinstance(said, BatteryReading) or not is_fresh(other.sample, look.now_s):
                return None
            if said.power_w is None:
                return None
            power_w -= said.power_w
    return power_w
