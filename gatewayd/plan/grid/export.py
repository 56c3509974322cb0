"""How much may be fed in."""

from dataclasses import dataclass
from decimal import Decimal


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
class ExportCap:
    """What may be fed in, in watt, and why no more."""

    cap_w: float
    why: str


def export_cap(
    rule: ExportRule | None, energy_price: Decimal | None, operator: ExportCap | None = None
) -> ExportCap | None:
    """The least of what may be fed in now; None for anything. An unknown price does not stop it."""
    caps = [] if operator is None else [operator]
    if rule is not None:
        paid = rule.feed_in.price(energy_price)
        if rule.stops_when_paying and paid is not None and paid < 0:
            caps.append(ExportCap(0.0, "feeding in costs money now"))
        if rule.cap_w is not None:
            caps.append(ExportCap(rule.cap_w, "the limit of what is fed in"))
    return min(caps, key=lambda cap: cap.cap_w, default=None)
