"""How much may be fed in, and what each inverter may therefore produce.

Whoever can be told a limit of export is told that; the others are held to what the home takes,
renewed with every look, and raised slowly, for clouds and kettles go faster than limits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

_RAISE = 0.1
_STEP_W = 50.0


@dataclass(frozen=True, slots=True)
class FeedIn:
    """What is paid for a kWh that is fed in: `fixed`, and a `share` of what energy costs."""

    fixed: Decimal = Decimal(0)
    share: Decimal = Decimal(1)

    def price(self, energy_price: Decimal | None) -> Decimal | None:
        """None where it depends on a price that is not known."""
        if self.share == 0:
            return self.fixed
        return None if energy_price is None else self.fixed + self.share * energy_price


@dataclass(frozen=True, slots=True)
class ExportRule:
    """`cap_w` is the connection's limit; with `stops_when_paying` nothing is fed in that costs."""

    cap_w: float | None = None
    stops_when_paying: bool = False
    feed_in: FeedIn = FeedIn()


@dataclass(frozen=True, slots=True)
class Producer:
    """An inverter: what it produces, what it is made for, and the limit it reports."""

    id: str
    power_w: float
    rated_w: float
    limit_w: float | None = None


def export_cap_w(rule: ExportRule, energy_price: Decimal | None) -> float | None:
    """What may be fed in now; None for anything. An unknown price is no reason to stop."""
    feed_in_price = rule.feed_in.price(energy_price)
    if rule.stops_when_paying and feed_in_price is not None and feed_in_price < 0:
        return 0.0
    return rule.cap_w


def production_limits(
    cap_w: float | None, grid_w: float | None, producers: Sequence[Producer]
) -> dict[str, float | None]:
    """What each inverter may produce so that no more than the cap is fed in; None for no limit.

    `grid_w` is import +. While it is unknown, nobody may produce more than the cap alone, which
    is safe whatever the home takes.
    """
    if cap_w is None or not producers:
        return {producer.id: None for producer in producers}
    produced_w = sum(producer.power_w for producer in producers)
    taken_w = 0.0 if grid_w is None else max(0.0, produced_w + grid_w)
    total_w = max(0.0, taken_w + cap_w)
    rated_w = sum(producer.rated_w for producer in producers)
    return {p.id: _stepped(p, total_w * p.rated_w / rated_w) for p in producers}


def _stepped(producer: Producer, target_w: float) -> float:
    """Down at once, up by a tenth of the rating a look, in whole steps."""
    now_w = producer.limit_w
    if now_w is not None and target_w > now_w:
        target_w = min(target_w, max(now_w, producer.power_w) + _RAISE * producer.rated_w)
    return min(producer.rated_w, target_w // _STEP_W * _STEP_W)
