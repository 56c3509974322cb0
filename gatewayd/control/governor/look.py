"""What one look at the home goes by, and what it passes on to the next."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from gatewayd.control.governor import gather
from gatewayd.control.governor.operator import OperatorGiven
from gatewayd.control.governor.terms import Terms
from gatewayd.control.governor.wants import Wants
from gatewayd.model.decision import Grounds
from gatewayd.model.site import AssetState, Site
from gatewayd.plan.arbiter.claims import LEASE_MAX_S, Bounds, Claim, Rank, Wish
from gatewayd.plan.battery.modes import BatteryMemory
from gatewayd.plan.ev.ready import Ready, ReadyMemory, When
from gatewayd.plan.ev.session import SessionMemory
from gatewayd.plan.ev.words import EvMemory
from gatewayd.plan.grid.curtail import CurtailMemory
from gatewayd.plan.heat.boost import BoostMemory
from gatewayd.plan.lease import is_fresh


@dataclass(slots=True)
class Memory:
    """What one look passes on to the next. `is_on`: the charger was charging when left alone.

    `planned` is what the plans came to, and `parked` which of the home's cars was there, by device.
    """

    cars: dict[str, EvMemory] = field(default_factory=dict)
    ready: dict[str, ReadyMemory] = field(default_factory=dict)
    sessions: dict[str, SessionMemory] = field(default_factory=dict)
    planned: dict[str, Ready | None] = field(default_factory=dict)
    parked: dict[str, str | None] = field(default_factory=dict)
    batteries: dict[str, BatteryMemory] = field(default_factory=dict)
    heaters: dict[str, BoostMemory] = field(default_factory=dict)
    is_on: dict[str, bool] = field(default_factory=dict)
    curtailed: CurtailMemory = field(default_factory=CurtailMemory)


@dataclass(frozen=True)
class Look:
    """What one look goes by.

    `wants` are by asset id. `limits_a` is what each charger was at before it was steered, by
    asset id, and `off` are those that are off because they were told so. Without `when`, while
    nobody knows what time it is, no plan is kept. `is_limited`: the grid operator wants little
    to be drawn, and `fed` is what he says of what is fed in. `installed_w` is what each inverter
    was limited to before, by asset id.
    `import_w` is what the home may take from the grid for hours, where that is limited.
    """

    site: Site
    terms: Terms
    now_s: float
    wants: Mapping[str, Wants] = field(default_factory=dict)
    limits_a: Mapping[str, float] = field(default_factory=dict)
    off: frozenset[str] = frozenset()
    price: Decimal | None = None
    when: When | None = None
    is_limited: bool = False
    import_w: float | None = None
    installed_w: Mapping[str, float] = field(default_factory=dict)
    fed: OperatorGiven | None = None

    @property
    def grid_w(self) -> float | None:
        """What comes from the grid, as far as its meters can be relied on."""
        return gather.grid_w(
            self.site, lambda state: is_fresh(state.sample, self.now_s), self.terms.withheld
        )

    def claim(
        self,
        state: AssetState,
        rank: Rank,
        owner: str,
        grounds: Grounds,
        wish: Wish | None = None,
        bounds: Bounds | None = None,
    ) -> Claim:
        """A claim for as long as a lease lasts."""
        until_s = self.now_s + LEASE_MAX_S
        return Claim(state.asset.id, rank, owner, grounds, until_s, wish, bounds)
