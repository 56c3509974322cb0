"""The page's list of devices: what is said of each link."""

from dataclasses import replace

import pytest

from gatewayd.clock import Clock
from gatewayd.devices.device import ConfiguredDevice
from gatewayd.devices.health import Health
from gatewayd.errors import BadReadingError, UnreachableError
from gatewayd.model.asset import AssetKind
from gatewayd.model.command import StopCharging
from gatewayd.model.decision import Decision
from gatewayd.sdk.options import DeviceOptions, ModbusOptions
from gatewayd.state.store import Store
from gatewayd.web.links import gist, link_views
from gatewayd.web.render import Renderer
from tests.fakes.clock import FakeClock
from tests.fakes.driver import charger_box, configured
from tests.fakes.home import asset, every_asset
from tests.unit.web.test_render import ATTACKS, Elements


def device(device_id: str = "wallbox", **changes: DeviceOptions | str) -> ConfiguredDevice:
    found = replace(configured(device_id, charger_box()), options=ModbusOptions(host="10.0.0.7"))
    return replace(found, **changes)  # type: ignore[arg-type]


def health(clock: Clock, *, failures: int = 0) -> Health:
    made = Health("wallbox", 2.0, clock)
    made.answered(0.0352)
    for _ in range(failures):
        made.failed(UnreachableError("10.0.0.7: no answer"))
    return made


def test_a_device_that_answers_says_how_fast() -> None:
    clock = FakeClock()
    [view] = link_views([(device(), health(clock).view())])

    assert (view.name, view.address) == ("wallbox", "10.0.0.7:502 unit 1")
    assert (view.state, view.is_bad, view.error) == ("Answers in 35 ms", False, None)
    assert view.facts == ("read every 2 s", "1 read", "35 ms at worst")


def test_a_device_that_is_away_comes_first_with_its_error_and_age() -> None:
    clock = FakeClock()
    away = health(clock, failures=3)
    fine = (device("a"), health(clock).view())

    views = link_views([fine, (device(name="Wallbox"), away.view())])

    assert [view.name for view in views] == ["Wallbox", "a"]
    assert (views[0].state, views[0].is_bad) == ("Not reachable", True)
    assert views[0].error == "10.0.0.7: no answer"
    assert "3 timeouts" in views[0].facts


def test_an_error_that_is_over_is_not_shown() -> None:
    made = health(FakeClock())
    made.failed(BadReadingError("nonsense"))
    during = link_views([(device(), made.view())])
    made.answered(0.1)
    after = link_views([(device(), made.view())])

    assert (during[0].error, during[0].is_bad) == ("nonsense", False)
    assert after[0].error is None
    assert "1 bad frame" in after[0].facts


def test_a_device_that_sleeps_is_no_fault() -> None:
    asleep = replace(health(FakeClock(), failures=3).view(), is_asleep=True)
    [view] = link_views([(device(options=ModbusOptions(host="h", read_only=True)), asleep)])

    assert (view.state, view.is_bad) == ("Asleep", False)
    assert view.facts[-1] == "read only"


def test_a_device_never_heard_of_has_no_age() -> None:
    [view] = link_views([(device(), Health("wallbox", 2.0, FakeClock()).view())])

    assert (view.age_s, view.state) == (None, "Not reachable")


def test_the_page_is_sent_anew_when_a_link_changes_but_not_for_each_read() -> None:
    clock = FakeClock()
    made = health(clock)
    renderer = Renderer(Store(clock, []), clock, "Home", lambda: [(device(), made.view())])
    seen = renderer.sight()
    before = renderer.fragments()

    made.answered(0.2)
    assert not renderer.is_news(seen)
    made.failed(UnreachableError("no answer"))

    assert renderer.is_news(seen)
    assert "links" in renderer.fragments().since(before)


def test_gist_is_what_matters() -> None:
    clock = FakeClock()

    fine, away = health(clock).view(), health(clock, failures=3).view()

    assert gist([(device(), fine)]) != gist([(device(), away)])
    assert gist([(device(), fine)]) == gist([(device(), replace(fine, latency_s=9.0))])


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_a_device_says_of_its_fault_stays_text(attack: str) -> None:
    clock = FakeClock()
    hostile = replace(health(clock, failures=3).view(), last_error=attack)
    options = ModbusOptions(host="h").model_copy(update={"host": attack})
    links = [(device(name=attack, options=options), hostile)]
    store = Store(clock, every_asset())
    charger = asset(AssetKind.CHARGER)
    store.decided(Decision(clock.now(), charger.id, attack, StopCharging(), attack))

    page = Elements(Renderer(store, clock, "Home", lambda: links).page())
    quiet = Elements(Renderer(store, clock, "Home").page())

    assert set(page.tags) - set(quiet.tags) == {"li", "span"}
    assert not any(name.startswith("on") for name, _ in page.attributes)


def test_a_card_says_why() -> None:
    clock = FakeClock()
    store = Store(clock, every_asset())
    charger = asset(AssetKind.CHARGER)
    why = Decision(clock.now(), charger.id, "smart_charging", StopCharging(), "energy is dear")
    store.decided(why)

    assert "Smart charging: energy is dear" in Renderer(store, clock, "Home").page()
