"""A car, its prices and its user, for the tests of smart charging."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from gatewayd.model.command import ActionState, StartCharging, StopCharging
from gatewayd.model.reading import PowerDelivery, VehicleReading
from gatewayd.model.smart_charging import SmartChargeState as State
from gatewayd.model.smart_charging import SmartCharging, SmartChargingPolicy, SmartOverride
from gatewayd.model.tariff import PriceSlot
from gatewayd.plan.prices import Prices, prices
from gatewayd.plan.pursuit import LatestAction
from gatewayd.plan.smart.machine import initial, step
from gatewayd.plan.smart.observation import Observation
from gatewayd.plan.smart.turn import Turn

OSLO = ZoneInfo("Europe/Oslo")
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
EVENING = datetime(2026, 6, 22, 18, 0, tzinfo=OSLO)
MORNING = EVENING + 13 * HOUR
SEVEN = 7 * 60
POLICY = SmartChargingPolicy(is_enabled=True, deadline_minute=SEVEN)
# Dear until 01:00, cheap until 05:00, then dear again.
PRICES_BY_HOUR = [*[Decimal("0.40")] * 7, *[Decimal("0.10")] * 4, *[Decimal("0.40")] * 13]


def market(
    by_hour: list[Decimal] | None = None, *, until: int = 24, start: datetime = EVENING
) -> Prices:
    """Hourly prices from `start` on; those from the hour `until` on are not known yet."""
    by_hour = by_hour or PRICES_BY_HOUR
    slots = [
        PriceSlot(start + hour * HOUR, start + (hour + 1) * HOUR, price)
        for hour, price in enumerate(by_hour[:until])
    ]
    return prices(OSLO, "NOK", market=slots)


@dataclass
class Car:
    """Obeys at once unless `obeys` is false. Charges 10 kW into 50 kWh: 3 minutes a percent."""

    now: datetime = EVENING
    soc_pct: float = 40.0
    limit_pct: float = 80.0
    delivery: PowerDelivery = PowerDelivery.CHARGING
    policy: SmartChargingPolicy = POLICY
    prices: Prices | None = field(default_factory=market)
    location_id: str | None = "home"
    is_capable: bool = True
    override: SmartOverride | None = None
    obeys: bool = True
    latest: LatestAction[bool] | None = None
    commands: list[StartCharging | StopCharging] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    charging: SmartCharging = field(default_factory=lambda: initial(EVENING))
    plans: int = 0

    @property
    def reading(self) -> VehicleReading:
        return VehicleReading(
            soc_pct=self.soc_pct,
            charge_limit_pct=self.limit_pct,
            capacity_wh=50_000.0,
            power_delivery=self.delivery,
            power_w=10_000.0 if self.is_charging() else None,
        )

    def observation(self) -> Observation:
        return Observation(
            now=self.now,
            policy=self.policy,
            vehicle=self.reading,
            plan_id=f"plan-{self.plans}",
            location_id=self.location_id,
            prices=self.prices,
            is_capable=self.is_capable,
            latest=self.latest,
            override=self.override,
        )

    def decide(self) -> Turn:
        """One turn of the machine, and what the car does about it."""
        turn = step(self.charging, self.observation())
        before, self.charging = self.charging, turn.charging
        if turn.charging.plan and (before.plan is None or before.plan.id != turn.charging.plan.id):
            self.plans += 1
        if not self.states or self.states[-1] != turn.charging.state:
            self.states.append(turn.charging.state)
        if turn.command:
            self.tell(turn.command)
        return turn

    def tell(self, command: StartCharging | StopCharging) -> None:
        self.commands.append(command)
        wanted = isinstance(command, StartCharging)
        state = ActionState.CONFIRMED if self.obeys else ActionState.FAILED
        self.latest = LatestAction(wanted, state, self.now, self.now)
        if self.obeys and self.delivery in (PowerDelivery.CHARGING, PowerDelivery.STOPPED):
            self.delivery = PowerDelivery.CHARGING if wanted else PowerDelivery.STOPPED

    def settle(self) -> Turn:
        """Turns without time passing until nothing changes any more."""
        for _ in range(6):
            before = self.charging
            turn = self.decide()
            if turn.charging == before and not turn.command:
                return turn
        raise AssertionError(f"no rest: {self.states[-6:]}")

    def live(self, until: datetime, every: timedelta = 5 * MINUTE) -> None:
        """Let time pass with a turn every so often."""
        while self.now < until:
            self.settle()
            self.now += every
            if self.is_charging():
                self.soc_pct = min(self.limit_pct, self.soc_pct + every / (3 * MINUTE))
                if self.soc_pct >= self.limit_pct:
                    self.delivery = PowerDelivery.COMPLETE
        self.settle()

    def state(self) -> State:
        return self.charging.state

    def is_charging(self) -> bool:
        return self.delivery is PowerDelivery.CHARGING

    def set_policy(self, **changes: object) -> None:
        self.policy = replace(self.policy, **changes)  # type: ignore[arg-type]
