"""What is put on record of rulings: each change of what is told, of who has the say, and of why."""

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

import pytest

from gatewayd.control.governor.bench import Bench
from gatewayd.control.governor.claims import claims
from gatewayd.control.governor.given import ClaimsGiven, Noted, RulingGiven, snapshot
from gatewayd.control.governor.look import Look, Memory
from gatewayd.control.governor.terms import ChargerTerms, Terms
from gatewayd.control.replay.again import again
from gatewayd.model.asset import AssetKind, MeterUsage
from gatewayd.model.circuit import Circuit
from gatewayd.model.decision import GIVEN_BACK, Decision, Grounds
from gatewayd.model.reading import ChargerReading, MeterReading, PowerDelivery, Reading
from gatewayd.model.site import AssetState, Site
from gatewayd.plan.arbiter.claims import Claim, Rank, Setpoint
from gatewayd.plan.ev.words import ChargeMode, ChargeSettings
from tests.fakes.clock import FakeClock
from tests.fakes.home import state

SOLAR = Terms(chargers={"charger": ChargerTerms(charging=ChargeSettings(ChargeMode.SOLAR))})
STOPPED = ChargerReading(PowerDelivery.STOPPED, 0.0, max_current_a=16.0)
GONE = replace(STOPPED, power_delivery=PowerDelivery.UNPLUGGED)


class Home:
    """A charger and the grid's meter, looked at every five seconds."""

    def __init__(self, terms: Terms = SOLAR) -> None:
        self.clock = FakeClock()
        self.site = Site(MappingProxyType({}))
        self.bench = Bench(terms, self, self.clock)
        self.released: list[str] = []
        self.bench.begin(lambda id_, kept: None if kept else self.released.append(id_))
        self._memory = Memory()

    async def look(self, charger: Reading = STOPPED, grid_w: float = 300.0) -> list[Noted]:
        await self.clock.advance(5)
        self.show(charger, grid_w)
        look = Look(self.site, self.bench.terms, self.clock.monotonic())
        given = ClaimsGiven(look, snapshot(self._memory))
        self.bench.claim(claims(look, self._memory), given)
        return self.bench.take_decisions()

    async def says(self, *reasons: str) -> list[Noted]:
        """Someone gives these reasons for one thing, one look after the other."""
        self.show(STOPPED, 0.0)
        for reason in reasons:
            await self.clock.advance(5)
            self.bench.claim([self.claim(reason)])
        return self.bench.take_decisions()

    def show(self, charger: Reading, grid_w: float) -> None:
        meter = state(AssetKind.METER, MeterReading(power_w=grid_w))
        meter = replace(meter, asset=replace(meter.asset, usage=MeterUsage.GRID))
        states = [self._read(state(AssetKind.CHARGER, charger)), self._read(meter)]
        self.site = Site(MappingProxyType({one.asset.id: one for one in states}))

    @property
    def charger(self) -> AssetState:
        return self.site.of_kind(AssetKind.CHARGER)[0]

    def _read(self, one: AssetState) -> AssetState:
        assert one.sample is not None
        return replace(one, sample=replace(one.sample, at_monotonic=self.clock.monotonic() - 2))

    def claim(self, reason: str) -> Claim:
        until_s, id_ = self.clock.monotonic() + 60, self.charger.asset.id
        return Claim(id_, Rank.PLAN, "plan", Grounds(reason), until_s, Setpoint(0.0))


def reasons(noted: list[Noted]) -> Iterator[str]:
    return (one.decision.reason for one in noted)


def replayed(noted: Noted) -> Decision:
    assert isinstance(noted.given, RulingGiven)
    return again(noted.given, noted.decision)


async def test_each_kind_of_reason_is_on_record_from_the_first_on_and_comes_out_again() -> None:
    home = Home()

    noted = [*await home.look(), *await home.look(grid_w=200.0)]
    noted += [*await home.look(GONE), *await home.look(GONE), *await home.look()]

    assert [*reasons(noted)] == ["the sun leaves 0 W", "no car is there", "the sun leaves 0 W"]
    assert [replayed(one) for one in noted] == [one.decision for one in noted]


async def test_what_is_said_now_has_the_numbers_of_now() -> None:
    home = Home()
    await home.look(grid_w=-400.0)

    assert await home.look(grid_w=-500.0) == []

    told = home.bench.say(home.charger)
    assert told is not None
    assert told.reason == "the sun leaves 500 W"
    inputs = {one.name: (one.value, one.age_s) for one in told.inputs}
    assert (inputs["grid_w"], inputs["surplus_w"]) == ((-500.0, 2.0), (500.0, 2.0))


async def test_reasons_that_take_turns_do_not_fill_the_record() -> None:
    home = Home()

    noted = await home.says(*["it may", "it may not"] * 360)

    assert 5 < len(noted) < 70
    assert len(await home.says("it may 5 A", "it may 6 A", "it may -7.5 A")) <= 1


async def test_what_is_not_governed_any_more_is_given_back_at_once_and_that_on_record() -> None:
    home = Home()
    await home.look()
    home.bench.terms = Terms()

    [noted] = await home.look()

    assert home.released == [home.charger.asset.id]
    assert (noted.decision.owner, noted.decision.command) == (GIVEN_BACK, None)
    assert noted.decision.reason.startswith("it is not governed any more: it is as it was before")
    assert replayed(noted) == noted.decision
    assert await home.look() == []


async def test_what_cannot_be_now_is_on_record_until_nobody_wants_it() -> None:
    home = Home()
    home.show(STOPPED, 0.0)
    wanted = replace(home.claim("the compressor has only just started"), wish=None)

    for claims_now in ([wanted], [wanted], []):
        home.bench.claim(claims_now)

    begun, ended = home.bench.take_decisions()
    assert (begun.decision.owner, begun.decision.command) == ("plan", None)
    assert begun.decision.reason == "the compressor has only just started"
    assert ended.decision.owner == GIVEN_BACK


async def test_what_runs_out_while_nobody_looks_is_on_record() -> None:
    home = Home()
    await home.look()
    await home.clock.advance(90)

    ended, begun = await home.look()

    assert ended.decision.owner == GIVEN_BACK
    assert replayed(ended) == ended.decision
    assert begun.decision.owner == "mode solar"


async def test_the_end_of_the_gateway_is_on_record() -> None:
    home = Home()
    await home.look()

    home.bench.end()

    [noted] = home.bench.take_decisions()
    assert noted.decision.reason.startswith("the gateway stops: it is left at this")
    assert replayed(noted) == noted.decision


@pytest.mark.parametrize(("terms", "is_ended"), [(Terms(), True), (SOLAR, False)])
async def test_what_an_earlier_run_has_left_is_ended(terms: Terms, *, is_ended: bool) -> None:
    home = Home(terms)
    home.show(STOPPED, 0.0)
    home.bench.recall([home.charger.asset.id])

    [noted] = await home.look()

    assert (noted.decision.owner == GIVEN_BACK) is is_ended


async def test_a_charger_at_rest_on_a_circuit_is_not_said_to_do_as_it_likes() -> None:
    fuse = {"main": Circuit("main", 16.0)}
    home = Home(Terms(fuse, chargers={"charger": ChargerTerms("main")}))
    home.show(STOPPED, 0.0)
    look = Look(home.site, home.bench.terms, home.clock.monotonic())

    [claim] = claims(look, Memory())

    assert "is left at 6 A" in claim.grounds.reason
