"""What the config says of fuses, of the grid, and of how devices charge."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from gatewayd.config.plans import PlanSection
from gatewayd.config.relay import RelaySection
from gatewayd.config.section import SIDE, Section
from gatewayd.model.circuit import NOMINAL_V
from gatewayd.model.reading import SgReady
from gatewayd.plan.arming import Arming
from gatewayd.plan.battery.modes import BatteryMode, BatterySettings
from gatewayd.plan.ev.words import AlwaysCharge, ChargeMode, ChargeSettings, Delays
from gatewayd.plan.heat.boost import BoostSettings
from gatewayd.plan.heat.compressor import HeatSettings

Identifier = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,32}$")]
Phase = Literal["a", "b", "c"]

# A fault is told of the side that was meant, and not of both.
Wiring = Annotated[
    Annotated[tuple[Phase, ...], Field(min_length=1), Tag(SIDE)]
    | Annotated[Literal["unknown"], Tag("unknown")],
    Discriminator(lambda wiring: "unknown" if wiring == "unknown" else SIDE),
]
Ampere = Annotated[float, Field(ge=6, le=80)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]
Percent = Annotated[float, Field(ge=0, le=100)]
Watt = Annotated[float, Field(ge=0, le=1_000_000)]
Signed = Annotated[float, Field(ge=-1_000_000, le=1_000_000)]


class CircuitSection(Section):
    """One breaker and what hangs on it."""

    limit_a: Annotated[float, Field(gt=0, le=1_000)] = Field(
        description="The breaker's rating, in ampere per phase."
    )
    parent: Identifier | None = Field(
        default=None, alias="in", description="The circuit it hangs on; none for the house's own."
    )
    meter: Identifier | None = Field(
        default=None, description="The device that measures it, phase by phase."
    )
    meter_phases: tuple[Phase, ...] = Field(
        default=("a", "b", "c"),
        min_length=1,
        description="The phases that the meter measures; on the others nothing flows.",
    )
    assumed_base_a: Annotated[float, Field(ge=0, le=1_000)] = Field(
        default=0,
        description="What all that is not controlled draws at most, per phase: counted when the "
        "meter is silent. 0: then nothing may be drawn.",
    )
    limit_w: Annotated[float, Field(gt=0, le=1_000_000)] | None = Field(
        default=None, description="A limit of all phases together."
    )
    unbalance_a: Annotated[float, Field(gt=0, le=1_000)] | None = Field(
        default=None, description="How far the phases may lie apart."
    )
    thermal_headroom: bool = Field(
        default=False, description="Let short loads use the heat that a breaker bears."
    )


class DelaysSection(Section):
    """How long the sun has to suffice, or not to, and what counts as that."""

    start_s: Seconds = Field(default=60, description="Before charging starts.")
    stop_s: Seconds = Field(default=180, description="Before it stops.")
    start_at_grid_w: Signed | None = Field(
        default=None,
        description="It suffices when no more than this comes from the grid (below 0: goes there); "
        "left out, when it gives the least current alone.",
    )
    stop_at_grid_w: Signed = Field(
        default=0, description="It does not when more than this comes from the grid."
    )
    phase_switch_s: Seconds = Field(
        default=310, description="From one switch of phases to the next."
    )
    phase_pause_s: Seconds = Field(
        default=15, description="Without current, before a switch and after it."
    )
    phase_switches: Annotated[int, Field(ge=0, le=100)] = Field(
        default=10, description="At most so many while a car is plugged in."
    )


class Charging(Section):
    """How a charger charges. What is chosen later, by MQTT or the API, outlives a restart."""

    mode: ChargeMode = Field(description="off, solar, now, schedule or plan.")
    always_charge: AlwaysCharge = Field(
        default=AlwaysCharge.OFF,
        description="Whether solar charges with the least without sun: off, on, or once, until "
        "the car leaves that is there or comes next; then off, until it is chosen again.",
    )
    min_a: Ampere = Field(default=6, description="The least the car charges with, per phase.")
    max_a: Ampere = Field(default=16, description="The most it is given, per phase.")
    phases: tuple[Literal[1, 3], ...] = Field(
        default=(3,), min_length=1, max_length=2, description="Phases to choose between: [1, 3]."
    )
    min_soc_pct: Percent | None = Field(
        default=None, description="Below this a car charges at once."
    )
    limit_soc_pct: Percent | None = Field(default=None, description="At this a car has enough.")
    limit_energy_wh: Watt | None = Field(
        default=None, description="With so many watt-hours in a session a car has enough."
    )
    welcome_s: Seconds = Field(
        default=0, description="For how long a car that comes gets the least, to say who it is."
    )
    delays: DelaysSection = Field(default=DelaysSection(), description="For solar.")
    plans: dict[Identifier, PlanSection] = Field(
        default={},
        max_length=20,
        description="By when the car is to be ready, by a name of your choice: for the modes plan "
        "and solar.",
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.min_a > self.max_a:
            raise ValueError("has a min_a above max_a; exchange the two")
        least_w = min(self.phases) * self.min_a * NOMINAL_V
        at_w, most_w = self.delays.start_at_grid_w, self.delays.stop_at_grid_w - least_w
        if at_w is not None and at_w > most_w:
            told = f"begins where it ends again, for its least is {least_w:g} W; "
            raise ValueError(f"{told}set start_at_grid_w to {most_w:g} or less")
        return self

    def settings(self, priority: int) -> ChargeSettings:
        """What the charging modes go by."""
        return ChargeSettings(
            mode=self.mode,
            always_charge=self.always_charge,
            min_a=self.min_a,
            max_a=self.max_a,
            phases=tuple(sorted(set(self.phases))),
            min_soc_pct=self.min_soc_pct,
            limit_soc_pct=self.limit_soc_pct,
            limit_energy_wh=self.limit_energy_wh,
            priority=priority,
            welcome_s=self.welcome_s,
            delays=Delays(**dict(self.delays)),
            plans={name: plan.ready_by() for name, plan in self.plans.items()},
        )


class BatterySection(Section):
    """What a battery does. What is chosen later outlives a restart."""

    mode: BatteryMode = Field(
        description="self_reliance, time_of_use, import_focus, export_focus, hold, hold_charge, "
        "charge_to or discharge_to."
    )
    target_pct: Percent = Field(default=100, description="Of charge_to and discharge_to.")
    power_w: Watt = Field(default=2000, description="How fast, where the mode forces it.")
    reserve_pct: Percent = Field(default=0, description="Below this it gives nothing.")
    locked_against: tuple[Identifier, ...] = Field(
        default=(),
        description="Chargers that it gives nothing to while they do not follow the sun.",
    )
    grid_charge_below: float | None = Field(
        default=None, description="It charges from the grid only at this price per kWh or less."
    )

    def settings(self) -> BatterySettings:
        """What the battery's modes go by."""
        below = self.grid_charge_below
        return BatterySettings(
            mode=self.mode,
            target_pct=self.target_pct,
            power_w=self.power_w,
            reserve_pct=self.reserve_pct,
            locked_against=frozenset(self.locked_against),
            grid_charge_below=None if below is None else Decimal(str(below)),
        )


class BoostSection(Section):
    """The sun that is left over warms the house."""

    above_w: Watt = Field(default=1500, description="With so much of it it begins;")
    after_s: Seconds = Field(default=300, description="once it lasts so long.")
    level: Literal[3, 4] = Field(
        default=3, description="Of SG Ready: 3 recommends to run, 4 forces it."
    )
    raise_c: Annotated[float, Field(gt=0, le=10)] = Field(
        default=2, description="How much warmer, where it has no SG Ready."
    )


class HeatingSection(Section):
    """What a heat pump bears, and what it is asked for. A fuse comes before what it bears."""

    min_on_s: Seconds = Field(default=900, description="It is not blocked earlier.")
    min_off_s: Seconds = Field(default=900, description="It is not started earlier.")
    starts_per_hour: Annotated[int, Field(ge=1, le=20)] = Field(
        default=3, description="It is not started more often."
    )
    boost: BoostSection | None = Field(default=None, description="With the sun left over.")
    blocked_by_operator: bool = Field(
        default=False, description="Blocked while the grid operator limits what is drawn."
    )

    def settings(self) -> HeatSettings:
        """What its compressor bears."""
        return HeatSettings(self.min_on_s, self.min_off_s, self.starts_per_hour)

    def boosting(self) -> BoostSettings | None:
        """What the sun may do."""
        one = self.boost
        if one is None:
            return None
        return BoostSettings(one.above_w, one.after_s, one.raise_c, SgReady(one.level))


class Governed(Section):
    """What a device has that is governed; see `circuits`."""

    circuit: Identifier | None = Field(
        default=None, description="The circuit that a charger, battery or heat pump hangs on."
    )
    wiring: Wiring = Field(
        default="unknown",
        description="The house's phase on each of the device's own: [b, c, a], or [b] for one "
        "phase. unknown: it counts on every phase with its worst.",
    )
    priority: int = Field(
        default=0,
        ge=-100,
        le=100,
        description="Of two the higher is served first; of equals heat before cars before "
        "batteries.",
    )
    max_a: Annotated[float, Field(gt=0, le=200)] | None = Field(
        default=None,
        description="What it draws at most per phase, where it does not say: a heat pump on a "
        "circuit needs it.",
    )
    safe_a: Annotated[float, Field(ge=0, le=80)] | None = Field(
        default=None,
        description="What a charger on a circuit is left at when nobody steers it any more; left "
        "out, what it falls back to by itself, and where nobody knows that, nothing.",
    )
    charging: Charging | None = Field(
        default=None, description="How a charger charges; left out, as it likes."
    )
    battery: BatterySection | None = Field(
        default=None, description="What a battery does; left out, as it likes."
    )
    heating: HeatingSection | None = Field(
        default=None, description="What a heat pump is asked for; left out, nothing."
    )
    control: Arming = Field(
        default=Arming.ARMED,
        description="armed; shadow decides and says why, but writes nothing; observe does neither.",
    )
    audited: bool = Field(
        default=False,
        description="Checked by a person: what the audit of the wiring finds of it holds nothing "
        "back.",
    )


class Capacity(Section):
    """A tariff by the highest quarter of an hour of a month."""

    billed_w: Watt = Field(
        description="What is paid for anyway; in Flanders 2500. A charger starts where this bears "
        "its least and the rest of the home: 4140 W on three phases."
    )
    margin_w: Watt = Field(default=100, description="What stays unused.")


class Operator(Section):
    """The grid operator's limit, by relay, PUT /gateway/grid/limit or MQTT."""

    failsafe_w: Watt = Field(description="Holds while nobody is heard of; see the contract.")
    heartbeat_timeout_s: Annotated[float, Field(ge=10, le=3_600)] = Field(
        default=120, description="For how long what he tells counts as a sign of life."
    )
    failsafe_s: Seconds = Field(
        default=7200, description="For how long the failsafe holds at least, once it does."
    )
    relay: RelaySection | None = Field(
        default=None, description="He tells it by contacts, and then by nothing else."
    )


class FeedInSection(Section):
    """What is paid for a kWh that is fed in: fixed, plus share times what energy costs."""

    fixed: float = Field(default=0, description="Per kWh; below 0 it costs.")
    share: Annotated[float, Field(ge=0, le=10)] = Field(
        default=0, description="Of the price of energy: 1 for all of it, 0.84 without a 19 % tax."
    )


class Grid(Section):
    """What the connection to the grid may carry, beside what its fuses bear."""

    export_limit_w: Watt | None = Field(default=None, description="The most that is fed in.")
    zero_export_when_negative: bool = Field(
        default=False, description="Feed nothing in while that costs."
    )
    feed_in: FeedInSection = Field(
        default=FeedInSection(share=1), description="Left out: as much as energy costs."
    )
    capacity: Capacity | None = Field(
        default=None, description="Keep a quarter's average below what is paid for."
    )
    operator: Operator | None = Field(
        default=None,
        description="Keep to the grid operator's limit of what is taken, and to one without him.",
    )
    export_operator: Operator | None = Field(
        default=None, description="The same of what is fed in, by inverters that can be limited."
    )
