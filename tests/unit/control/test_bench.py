"""What the guard's grants come to at the bench."""

from dataclasses import replace

from gatewayd.control.governor.bench import Bench
from gatewayd.control.governor.claims import claims
from gatewayd.control.governor.gather import chargers
from gatewayd.control.governor.loads import guarded
from gatewayd.control.governor.look import Look, Memory
from gatewayd.control.governor.terms import ChargerTerms, Terms
from gatewayd.model.asset import AssetKind
from gatewayd.model.circuit import Circuit
from gatewayd.model.site import Site
from gatewayd.plan.guard.words import Footing, Grant
from tests.fakes.clock import FakeClock
from tests.fakes.home import state


class _Shown:
    def __init__(self, site: Site) -> None:
        self.site = site


def test_of_two_chargers_on_one_device_one_is_on_its_circuit() -> None:
    one = state(AssetKind.CHARGER)
    two = replace(one, asset=replace(one.asset, id="2", role="right"))
    site = Site({s.asset.id: s for s in (one, two)})
    fuse = Terms({"main": Circuit("main", 16.0)}, chargers={"charger": ChargerTerms("main")})
    clock, told = FakeClock(), dict[str, float | None]()
    bench = Bench(fuse, _Shown(site), clock)
    bench.begin(lambda id_, kept: told.update({id_: kept.most_a if kept else None}))

    bench.claim(claims(Look(site, fuse, clock.monotonic()), Memory()))
    grants = {"charger": Grant(16.0, clock.monotonic() + 30.0, Footing.FRESH, renews=True)}
    bench.grant(grants, (), assets={"charger": guarded(site, fuse)["charger"].asset.id})

    assert told == {one.asset.id: 16.0, "2": 0.0}
    assert bench.safe_a("2") == 0.0
    assert chargers(site, fuse) == {"charger": one}
