"""What everybody but the guard wants of each asset now: modes, rules, actions, the connection."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from gatewayd.control.governor import cars, gather, warmth
from gatewayd.control.governor.terms import BatteryTerms, ChargerTerms, HeatTerms, Terms
from gatewayd.control.governor.wants import Wants
from gatewayd.model.asset import AssetKind, Capability
from gatewayd.model.command import SetMaxCurrent
from gatewayd.model.decision import Grounds, Input, owner_in_words
from gatewayd.model.power import SetExportLimit, SetProductionLimit
from gatewayd.model.reading import BatteryReading, ChargerReading, InverterReading, PowerDelivery
from gatewayd.model.site import AssetState, Site
from gatewayd.plan.arbiter.claims import LEASE_MAX_S, Bounds, Claim, Rank, Setpoint, Wish
from gatewayd.plan.battery import modes
from gatewayd.plan.battery.modes import BatteryMemory, BatterySeen
from gatewayd.plan.ev import machine, ready
from gatewayd.plan.ev.ready import Ready, ReadyMemory, When
from gatewayd.plan.ev.surplus import Drawing, surpluses
from gatewayd.plan.ev.words import CarNow, ChargeMode, ChargeSettings, EvMemory, HomeNow
from gatewayd.plan.grid.export import Producer, export_cap_w, production_limits
from gatewayd.plan.heat.boost import BoostMemory, HeatSeen
from gatewayd.plan.heat.levels import is_apart
from gatewayd.plan.lease import is_fresh

# What a charger that nobody wants anything of is offered while no car draws.
_IDLE_A = 6.0
# Where others are guarded and a charger is on no circuit, nobody knows what it would do to a fuse.
_UNGUARDED = Grounds("it is on no circuit", binding="no circuit")
_AS_IT_LIKES = Grounds("it does as it likes")


@dataclass(slots=True)
class Memory:
    """What one look passes on to the next. `is_on`: the charger was charging when left alone.

    `planned` is what the plans came to, and `parked` which of the home's cars was there, by device.
    """

    cars: dict[str, EvMemory] = field(default_factory=dict)
    ready: dict[str, ReadyMemory] = field(default_factory=dict)
    planned: dict[str, Ready | None] = field(default_factory=dict)
    parked: dict[str, str | None] = field(default_factory=dict)
    batteries: dict[str, BatteryMemory] = field(default_factory=dict)
    heaters: dict[str, BoostMemory] = field(default_factory=dict)
    is_on: dict[str, bool] = field(default_factory=dict)


@dataclass(frozen=True)
class Look:
    """What one look goes by.

    `wants` are by asset id. `limits_a` is what each charger was at before it was steered, by
    asset id, and `off` are those that are off because they were told so. Without `when`, while
    nobody knows what time it is, no plan is kept. `is_limited`: the grid operator wants little
    to be drawn.
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

    @property
    def grid_w(self) -> float | None:
        """What comes from the grid, as far as its meters can be relied on."""
        return gather.grid_w(self.site, self.now_s, self.terms.withheld)

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


def claims(look: Look, memory: Memory) -> Iterator[Claim]:
    """All of them; of two that are equally strong the later is heard."""
    surplus_w = _surpluses(look, memory)
    for device_id, state in gather.chargers(look.site, look.terms).items():
        yield from _charger(look, state, memory, surplus_w.get(device_id))
    for state in look.site.of_kind(AssetKind.BATTERY):
        terms = look.terms.battery(state.asset)
        if terms is not None:
            yield from _battery(look, state, terms, memory)
        yield from _asked(look, state)
    for state in look.site.of_kind(AssetKind.HVAC):
        heater = look.terms.heater(state.asset)
        if heater is not None:
            yield from _heater(look, state, heater, memory, surplus_w[state.asset.device_id])
            yield from _asked(look, state)
    if look.terms.grid.export is not None:
        yield from _export(look)


def _charger(
    look: Look, state: AssetState, memory: Memory, surplus_w: float | None
) -> Iterator[Claim]:
    device_id = state.asset.device_id
    term = look.terms.wired(device_id)
    found = look.wants.get(state.asset.id, Wants())
    yield look.claim(
        state, Rank.DEFAULT, "default", _AS_IT_LIKES, _left_alone(look, state, memory, found)
    )
    if look.terms.circuits and term.circuit is None:
        yield look.claim(state, Rank.SAFETY, "guard", _UNGUARDED, bounds=Bounds(most=_IDLE_A))
    if term.charging is not None:
        settings = _as_wanted(term.charging, found)
        yield from _by_mode(look, state, settings, memory, surplus_w)
    most_a = _most_a(term, state, look, found)
    for rank, (is_start, owner) in found.charging.items():
        wish = Setpoint(most_a if is_start else 0.0)
        grounds = Grounds(f"{owner_in_words(owner)} asked to {'start' if is_start else 'stop'}")
        yield look.claim(state, rank, owner, grounds, wish)


def _by_mode(
    look: Look,
    state: AssetState,
    settings: ChargeSettings,
    memory: Memory,
    surplus_w: float | None,
) -> Iterator[Claim]:
    at = cars.at_charger(state, look.site, look.terms.cars)
    memory.parked[state.asset.device_id] = at.terms.id if at.terms else None
    settings = at.terms.of(settings) if at.terms else settings
    car = cars.car_now(state, at)
    own = memory.cars.setdefault(state.asset.device_id, EvMemory())
    home = HomeNow(surplus_w, is_throttled=gather.is_throttled(look.site))
    phases = min(settings.phases[-1], (at.terms and at.terms.phases) or 3)
    power_w = settings.watts(phases, settings.max_a)
    plan = _planned(look, state, settings, power_w, car, memory)
    if plan is not None:
        home = replace(home, wanted=plan.is_due, grounds=plan.grounds)
    ask = machine.decide(settings, car, home, own, look.now_s)
    if ask.setpoint is not None:
        # Who is on the spot and says off means it, whoever else asks.
        is_off = settings.mode is ChargeMode.OFF and ask.setpoint.current_a == 0
        rank = Rank.LOCAL_OFF if is_off else Rank.PLAN
        yield look.claim(state, rank, f"mode {settings.mode}", ask.grounds, ask.setpoint)


def _planned(
    look: Look,
    state: AssetState,
    settings: ChargeSettings,
    power_w: float,
    car: CarNow,
    memory: Memory,
) -> Ready | None:
    if look.when is None:
        return None
    device_id = state.asset.device_id
    own = memory.ready.setdefault(device_id, ReadyMemory())
    plans = settings.plans if settings.mode in machine.PLANNED else {}
    found = ready.decide(plans, car, power_w, look.when, own, look.now_s)
    memory.planned[device_id] = found
    return found


def _left_alone(look: Look, state: AssetState, memory: Memory, found: Wants) -> Wish:
    """Nothing is started that was not charging before it was told to stop."""
    asset_id = state.asset.id
    term = look.terms.wired(state.asset.device_id)
    reading = state.sample.reading if state.sample and state.is_reachable else None
    if isinstance(reading, ChargerReading):
        if reading.power_delivery is PowerDelivery.UNPLUGGED:
            memory.is_on[asset_id] = False
        elif reading.power_delivery is not PowerDelivery.STOPPED:
            memory.is_on[asset_id] = True
        elif asset_id not in look.off:
            memory.is_on[asset_id] = False
    most_a = _most_a(term, state, look, found)
    if memory.is_on.get(asset_id, False):
        return Setpoint(most_a)
    return SetMaxCurrent(min(most_a, _IDLE_A) if term.circuit else most_a)


def _most_a(term: ChargerTerms, state: AssetState, look: Look, found: Wants) -> float:
    """What a charger is given that is on: what was asked for, else its mode's, else as it was."""
    plate_a = term.plate_a(state.asset)
    if found.current_a is not None:
        return min(plate_a, found.current_a)
    if term.charging is not None:
        return min(plate_a, term.charging.max_a)
    return min(plate_a, look.limits_a.get(state.asset.id, plate_a))


def _as_wanted(settings: ChargeSettings, found: Wants) -> ChargeSettings:
    if found.current_a is None:
        return settings
    return replace(settings, max_a=found.current_a, min_a=min(settings.min_a, found.current_a))


def _surpluses(look: Look, memory: Memory) -> dict[str, float | None]:
    found = gather.chargers(look.site, look.terms)
    stored = gather.batteries(look.site, look.now_s)
    grid_w = look.grid_w if stored is not None else None
    drawing = [_drawing(look, device_id, state, memory) for device_id, state in found.items()]
    # What a heat pump draws is the home's own; it is told of what is left beside.
    drawing += [
        Drawing(state.asset.device_id, look.terms.wired(state.asset.device_id).priority, 0.0)
        for state in look.site.of_kind(AssetKind.HVAC)
        if look.terms.heater(state.asset)
    ]
    return surpluses(grid_w, stored or (), drawing, look.terms.rule)


def _drawing(look: Look, device_id: str, state: AssetState, memory: Memory) -> Drawing:
    reading = state.sample.reading if state.sample else None
    power_w = reading.power_w if isinstance(reading, ChargerReading) else None
    term = look.terms.wired(device_id)
    own = memory.cars.get(device_id)
    reserved_w = 0.0
    if own is not None and own.is_on and term.charging is not None:
        reserved_w = term.charging.watts(own.phases or 1, own.current_a)
    return Drawing(device_id, term.priority, power_w or 0.0, reserved_w)


def _battery(look: Look, state: AssetState, terms: BatteryTerms, memory: Memory) -> Iterator[Claim]:
    reading = state.sample.reading if state.sample else None
    is_heard = isinstance(reading, BatteryReading) and is_fresh(state.sample, look.now_s)
    soc_pct = reading.soc_pct if is_heard and isinstance(reading, BatteryReading) else None
    own = memory.batteries.setdefault(state.asset.device_id, BatteryMemory())
    seen = BatterySeen(soc_pct, _fast(look), look.price)
    ask = modes.decide(terms.settings, seen, state.asset.capabilities, own)
    if ask is not None:
        owner = f"mode {terms.settings.mode}"
        yield look.claim(state, Rank.PLAN, owner, ask.grounds, ask.command)
        # Rules of the home hold for whoever asks, but for the grid.
        why = ask.bounds_grounds
        if why is not None:
            yield look.claim(state, Rank.LOCAL_OFF, "battery rules", why, bounds=ask.bounds)


def _heater(
    look: Look, state: AssetState, terms: HeatTerms, memory: Memory, surplus_w: float | None
) -> Iterator[Claim]:
    own = memory.heaters.setdefault(state.asset.device_id, BoostMemory())
    seen = HeatSeen(
        surplus_w,
        warmth.is_running(state),
        is_blocked=state.asset.id in look.off,
        is_limited=terms.is_blocked_by_operator and look.is_limited,
    )
    found = warmth.ask(state, terms, seen, own, look.now_s)
    if found is not None:
        command, ask = found
        rank, owner = (Rank.GRID, "grid") if ask.is_operators else (Rank.PLAN, "heating")
        yield look.claim(state, rank, owner, ask.grounds, command)


def _asked(look: Look, state: AssetState) -> Iterator[Claim]:
    """The modes and setpoints that people and programs have asked for."""
    for rank, (command, owner) in look.wants.get(state.asset.id, Wants()).modes.items():
        if not is_apart(command, state.asset):
            asked = Grounds(f"{owner_in_words(owner)} asked for it")
            yield look.claim(state, rank, owner, asked, command)


def _fast(look: Look) -> frozenset[str]:
    """The chargers that charge whatever the sun gives."""
    found = set()
    for device_id, state in gather.chargers(look.site, look.terms).items():
        charging = look.terms.wired(device_id).charging
        reading = state.sample.reading if state.sample else None
        is_solar = charging is not None and charging.mode is ChargeMode.SOLAR
        if not is_solar and isinstance(reading, ChargerReading) and reading.is_charging:
            found.add(device_id)
    return frozenset(found)


def _export(look: Look) -> Iterator[Claim]:
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
