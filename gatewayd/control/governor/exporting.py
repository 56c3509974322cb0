"""What the limit of what is fed in wants of inverters."""

from collections.abc import Iterator

from gatewayd.control.governor.look import Look
from gatewayd.model.asset import AssetKind, Capability
from gatewayd.model.decision import Grounds, Input
from gatewayd.model.power import SetExportLimit, SetProductionLimit
from gatewayd.model.reading import InverterReading
from gatewayd.model.site import AssetState
from gatewayd.plan.arbiter.claims import Claim, Rank
from gatewayd.plan.grid.export import Producer, export_cap_w, production_limits
from gatewayd.plan.lease import is_fresh


def claims(look: Look) -> Iterator[Claim]:
    """What is claimed of all inverters."""
    rule = look.terms.grid.export
    cap_w = export_cap_w(rule, look.price) if rule else None
    states = look.site.of_kind(AssetKind.INVERTER)
    grounds = Grounds(
        "the limit of what is fed in" if cap_w is not None else "nothing limits what is fed in",
        (Input("export_cap_w", cap_w),),
    )
    producers = []
    for state in states:
        if Capability.SET_EXPORT_LIMIT in state.asset.capabilities:
            yield look.claim(state, Rank.GRID, "grid", grounds, SetExportLimit(cap_w))
        elif Capability.SET_PRODUCTION_LIMIT in state.asset.capabilities:
            producer = _producer(state, look.now_s)
            if producer is not None:
                producers.append((state, producer))
    limits_w = production_limits(cap_w, look.grid_w, [one for _, one in producers])
    for state, producer in producers:
        wish = SetProductionLimit(limits_w[producer.id])
        yield look.claim(state, Rank.GRID, "grid", grounds, wish)


def _producer(state: AssetState, now_s: float) -> Producer | None:
    reading = state.sample.reading if state.sample else None
    if not isinstance(reading, InverterReading) or not is_fresh(state.sample, now_s):
        return None
    if reading.power_w is None or reading.rated_w is None:
        return None
    return Producer(state.asset.id, reading.power_w, reading.rated_w, reading.limit_w)
