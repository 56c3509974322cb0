"""A home whose inverter is held back while feeding in costs: governed, written and replayed."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from gatewayd.control.governor.exporting import problems
from gatewayd.control.governor.terms import ChargerTerms, GridTerms, Terms
from gatewayd.control.replay.verdict import Result
from gatewayd.model.asset import AssetKind, Capability, Identity, MeterUsage, Role
from gatewayd.model.command import Command
from gatewayd.model.power import SetProductionLimit
from gatewayd.model.reading import InverterReading, MeterReading, Reading
from gatewayd.model.site import Site
from gatewayd.plan.arming import Arming
from gatewayd.plan.grid.export import ExportRule
from gatewayd.plan.prices import Prices
from tests.fakes.clock import FakeClock
from tests.fakes.driver import ScriptedBox
from tests.fakes.gateway import Gateway, gateway
from tests.fakes.home import asset, state
from tests.unit.control.test_replay_asked import judgements

RULE = Terms(grid=GridTerms(export=ExportRule(stops_when_paying=True)))
# Its installer has limited the inverter to it.
INSTALLED_W, SUN_W = 7000.0, 8000.0


@dataclass
class Roof:
    """`load_w` is what the home takes."""

    load_w: float = 1000.0
    limit_w: float = INSTALLED_W
    written: list[float | None] = field(default_factory=list)

    @property
    def power_w(self) -> float:
        return min(SUN_W, self.limit_w)

    @property
    def grid_w(self) -> float:
        return self.load_w - self.power_w

    def boxes(self) -> dict[str, ScriptedBox]:
        return {"inverter": self._box(AssetKind.INVERTER), "meter": self._box(AssetKind.METER)}

    def _box(self, kind: AssetKind) -> ScriptedBox:
        is_inverter = kind is AssetKind.INVERTER
        can = frozenset({Capability.SET_PRODUCTION_LIMIT} if is_inverter else ())
        role = Role(kind, can, frozenset({"power_w"}))
        return _Box(Identity("Acme", "Roof", {kind.value: role}, kind.value), {}, roof=self)

    def said(self, role: str) -> Reading:
        if role == "meter":
            return MeterReading(power_w=self.grid_w)
        return InverterReading(power_w=self.power_w, rated_w=10_000.0, limit_w=self.limit_w)


@dataclass(eq=False)
class _Box(ScriptedBox):
    roof: Roof = field(default_factory=Roof)

    def __post_init__(self) -> None:
        self.step = self._say

    async def _say(self, _: str) -> None:
        self.readings = {role: self.roof.said(role) for role in self.identity.roles}

    def take(self, role: str, command: Command) -> None:
        assert role == "inverter"
        assert isinstance(command, SetProductionLimit)
        self.roof.written.append(command.limit_w)
        self.roof.limit_w = 10_000.0 if command.limit_w is None else command.limit_w


def cost(home: Gateway, price: str) -> None:
    assert home.governor is not None
    home.store.adopt([replace(home.asset("meter"), usage=MeterUsage.GRID)])
    day = ((0, 1440, Decimal(price)),)
    prices = Prices(ZoneInfo("UTC"), "EUR", (day,) * 7)
    home.governor.prices = lambda: prices


async def test_a_home_feeds_in_nothing_while_that_costs_and_its_inverter_is_given_back(
    tmp_path: Path,
) -> None:
    roof, clock, path = Roof(), FakeClock(), tmp_path / "gatewayd.db"
    async with gateway(path, clock, roof.boxes(), terms=RULE) as home:
        cost(home, "0.30")
        await home.pass_time(60, step_s=1)
        assert roof.written == []

        cost(home, "-0.10")
        await home.pass_time(20, step_s=1)
        assert 0 <= roof.grid_w <= 200
        roof.load_w = 4000.0
        await home.pass_time(60, step_s=1)
        assert 0 <= roof.grid_w <= 200
        writes = len(roof.written)
        await home.pass_time(120, step_s=1)
        assert len(roof.written) == writes < 10
        roof.load_w = 20_000.0
        await home.pass_time(60, step_s=1)
        assert roof.limit_w == INSTALLED_W

        roof.load_w = 500.0
        await home.pass_time(20, step_s=1)
        cost(home, "0.30")
        await home.pass_time(60, step_s=1)
        assert roof.limit_w == INSTALLED_W
    assert {result for _, result in judgements(path)} == {Result.SAME}


def told(can: set[Capability], arming: Arming, rated_w: float | None = 10_000.0) -> list[str]:
    """What is told of an inverter in a home that limits what is fed in."""
    made = asset(AssetKind.INVERTER)
    made = replace(made, spec=replace(made.spec, capabilities=frozenset(can)))
    one = state(AssetKind.INVERTER, InverterReading(rated_w=rated_w), asset=made)
    by = {made.device_id: ChargerTerms(arming=arming)}
    return list(problems(Site({made.id: one}), replace(RULE, chargers=by), {}))


def test_an_inverter_that_no_limit_holds_is_told_with_what_to_do() -> None:
    limit, armed = {Capability.SET_PRODUCTION_LIMIT}, Arming.ARMED
    assert told(limit, armed) == []
    assert told({Capability.SET_EXPORT_LIMIT}, armed, rated_w=None) == []
    assert ["cannot be told a limit" in text for text in told(set(), armed)] == [True]
    assert ["its rated power" in text for text in told(limit, armed, rated_w=None)] == [True]
    for arming in (Arming.OBSERVE, Arming.SHADOW):
        assert ["arm it" in text for text in told(limit, arming)] == [True]


def test_a_meter_that_is_seldom_read_is_told_where_what_is_fed_in_is_limited() -> None:
    site = Site({"meter": state(AssetKind.METER)})

    assert ["every 15 s" in told for told in problems(site, RULE, {"meter": 15.0})] == [True]
    assert list(problems(site, RULE, {"meter": 5.0})) == []
    assert list(problems(site, Terms(), {"meter": 15.0})) == []


async def test_an_inverter_in_shadow_is_decided_about_and_left_alone(tmp_path: Path) -> None:
    roof, clock = Roof(), FakeClock()
    terms = replace(RULE, chargers={"inverter": ChargerTerms(arming=Arming.SHADOW)})
    async with gateway(tmp_path / "gatewayd.db", clock, roof.boxes(), terms=terms) as home:
        cost(home, "-0.10")
        await home.pass_time(60, step_s=1)
        decision = home.state("inverter").decision

    assert roof.written == []
    assert decision is not None
    assert decision.is_shadow
    assert decision.reason == "feeding in costs money now"
