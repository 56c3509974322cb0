"""Which of the home's cars is at a charger, by what the charger or its user's card says."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from gatewayd.plan.ev.words import ChargeSettings

_BETWEEN = re.compile(r"[\s:.\-_*]")
# How OCPP charge points mark a car's own address as a card (Autocharge).
_AS_CARD = re.compile(r"^VID:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CarTerms:
    """One of the home's cars. What is given here goes before what its charger is set to.

    `identities` are as `plain`; `device_id` is what tells of the car, where anything does.
    """

    id: str
    identities: frozenset[str] = frozenset()
    device_id: str | None = None
    capacity_wh: float | None = None
    min_soc_pct: float | None = None
    limit_soc_pct: float | None = None
    max_a: float | None = None
    phases: int | None = None

    def of(self, settings: ChargeSettings) -> ChargeSettings:
        """The charger's settings with this car."""
        max_a = min(settings.max_a, self.max_a or settings.max_a)
        least, most = self.min_soc_pct, self.limit_soc_pct
        return replace(
            settings,
            max_a=max_a,
            min_a=min(settings.min_a, max_a),
            min_soc_pct=settings.min_soc_pct if least is None else least,
            limit_soc_pct=settings.limit_soc_pct if most is None else most,
        )


def plain(identity: str) -> str:
    """An identity without what chargers and people write between its digits."""
    return _BETWEEN.sub("", _AS_CARD.sub("", identity.strip())).upper()


def by_identity(cars: Sequence[CarTerms], told: Iterable[str]) -> CarTerms | None:
    """The car that one of these belongs to."""
    found = {plain(one) for one in told}
    return next((car for car in cars if car.identities & found), None)
