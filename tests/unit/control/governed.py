"""A house with a fuse: its meter shows what the rest of it and its charger draw."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gatewayd.control.governor.terms import ChargerTerms, Terms
from gatewayd.model.circuit import Circuit
from gatewayd.model.reading import ChargerReading, MeterReading, PowerDelivery
from gatewayd.plan.ev.words import ChargeSettings
from tests.fakes.clock import FakeClock
from tests.fakes.driver import ScriptedBox, charger_box, meter_box
from tests.fakes.gateway import Gateway, gateway

MAIN = Circuit("main", limit_a=25.0, meter_id="meter", assumed_base_a=10.0)


@dataclass
class House:
    """`base_a` is drawn beside the charger, which draws its limit on three phases while on."""

    base_a: list[float] = field(default_factory=lambda: [2.0, 2.0, 2.0])
    charger: ScriptedBox = field(default_factory=charger_box)
    meter: ScriptedBox = field(default_factory=meter_box)
    reads: int = 0

    def __post_init__(self) -> None:
        self.charger.step = self._charge
        self.meter.step = self._measure
        self.plug(is_charging=True)

    def plug(self, *, is_charging: bool) -> None:
        state = PowerDelivery.CHARGING if is_charging else PowerDelivery.STOPPED
        self.charger.set_charger(power_delivery=state)

    @property
    def reading(self) -> ChargerReading:
        found = self.charger.readings["charger"]
        assert isinstance(found, ChargerReading)
        return found

    @property
    def drawn_a(self) -> float:
        return (self.reading.max_current_a or 0.0) if self.reading.is_charging else 0.0

    async def _charge(self, step: str) -> None:
        if step == "read":
            drawn_a = self.drawn_a
            self.charger.set_charger(
                current_a_a=drawn_a,
                current_b_a=drawn_a,
                current_c_a=drawn_a,
                power_w=drawn_a * 690.0,
            )

    async def _measure(self, step: str) -> None:
        if step == "read":
            a, b, c = (base_a + self.drawn_a for base_a in self.base_a)
            power_w = 230.0 * (a + b + c)
            # No meter says twice quite the same.
            self.reads += 1
            self.meter.readings["meter"] = MeterReading(
                power_w=power_w,
                import_wh=float(self.reads),
                current_a_a=a,
                current_b_a=b,
                current_c_a=c,
            )


def terms(charging: ChargeSettings | None = None, **changes: Any) -> Terms:
    """A charger on the house's fuse, on phases a, b, c."""
    charger = ChargerTerms("main", (0, 1, 2), charging=charging)
    return Terms({"main": MAIN}, chargers={"charger": replace(charger, **changes)})


@asynccontextmanager
async def house(
    path: Path, clock: FakeClock, terms: Terms, of: House | None = None
) -> AsyncIterator[tuple[Gateway, House]]:
    """The house, governed."""
    made = of or House()
    boxes = {"charger": made.charger, "meter": made.meter}
    async with gateway(path, clock, boxes, terms=terms) as home:
        yield home, made
