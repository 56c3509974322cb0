import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

import gatewayd.web
from gatewayd.model.asset import AssetKind
from gatewayd.state.store import Store
from gatewayd.web.render import Renderer
from tests.fakes.clock import FakeClock
from tests.fakes.home import CHARGER, METER, READINGS, asset, every_asset

WEB = Path(gatewayd.web.__file__).parent

ATTACKS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; alert(1); '",
    "{{ 7 * 7 }}{% raw %}",
    "</svg><svg onload=alert(1)>",
]


def polled(clock: FakeClock, **changes: str) -> Store:
    store = Store(clock, [asset(kind, **changes) for kind in AssetKind])
    for kind in AssetKind:
        store.put(kind.value, {kind.value: READINGS[kind]})
    return store


class Elements(HTMLParser):
    """The elements and attributes a browser would see."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.attributes if key == name]


def test_the_page_shows_every_asset_and_the_flow() -> None:
    clock = FakeClock()

    html = Renderer(polled(clock), clock, "Our home").page()

    for text in ("Our home", "Demo Battery", "1.2 kW from the grid", "All devices answer", "64 %"):
        assert text in html
    assert html.count("<article") == 6


@pytest.mark.parametrize("attack", ATTACKS)
def test_names_from_devices_are_text_and_never_markup(attack: str) -> None:
    clock = FakeClock()
    quiet = Renderer(polled(clock), clock, "Home")
    store = polled(clock, name=attack, brand=attack, model=attack)
    store.lose("meter")
    hostile = Renderer(store, clock, attack)

    page = Elements(hostile.page())

    assert page.tags.count("script") == 1
    assert page.tags.count("img") == 0
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert page.tags.count("svg") == Elements(quiet.page()).tags.count("svg")
    assert "49" not in re.findall(r"<h3>(.*?)</h3>", hostile.page())


def test_the_page_needs_nothing_from_outside_and_works_under_any_prefix() -> None:
    clock = FakeClock()

    page = Elements(Renderer(polled(clock), clock, "Home").page())

    addresses = page.values("href") + page.values("src")
    assert addresses
    assert not [a for a in addresses if a.startswith(("/", "http")) or "//" in a]
    assert page.values("style") == []
    for name in ("static/page.css", "static/live.js"):
        text = (WEB / name).read_text()
        assert "http" not in text
        assert "url(" not in text


def test_every_icon_and_every_changing_part_exists() -> None:
    clock = FakeClock()
    renderer = Renderer(polled(clock), clock, "Home")
    page = Elements(renderer.page())

    ids = page.values("id")
    used = [address[1:] for address in page.values("href") if address.startswith("#")]

    assert len(ids) == len(set(ids))
    assert set(used) <= set(ids)
    assert renderer.fragments().parts.keys() | renderer.fragments().cards.keys() <= set(ids)


def test_all_viewers_share_one_rendering() -> None:
    clock = FakeClock()
    store = polled(clock)
    renderer = Renderer(store, clock, "Home")

    first = renderer.fragments()

    assert renderer.fragments() is first
    store.lose("meter")
    assert renderer.fragments() is not first


async def test_what_ages_is_rendered_again() -> None:
    clock = FakeClock()
    renderer = Renderer(polled(clock), clock, "Home")
    assert "just now" in renderer.page()

    await clock.advance(180.0)

    assert "3 min ago" in renderer.page()


def test_a_change_sends_only_what_changed() -> None:
    clock = FakeClock()
    store = polled(clock)
    renderer = Renderer(store, clock, "Home")
    before = renderer.fragments()

    store.put("charger", {"charger": replace(CHARGER, max_current_a=6.0)})
    news = renderer.fragments().since(before)

    assert news.keys() == {f"card-{asset(AssetKind.CHARGER).id}"}


def test_moving_dots_are_not_restarted_by_a_new_figure() -> None:
    clock = FakeClock()
    store = polled(clock)
    renderer = Renderer(store, clock, "Home")
    before = renderer.fragments()

    store.put("meter", {"meter": replace(METER, power_w=2000.0)})
    news = renderer.fragments().since(before)

    assert "flow-nodes" in news
    assert not {"flow-lines", "picture", "cards"} & news.keys()


def test_another_asset_brings_the_whole_page_anew() -> None:
    clock = FakeClock()
    store = polled(clock)
    renderer = Renderer(store, clock, "Home")
    before = renderer.fragments()

    store.forget([asset(AssetKind.HVAC).id])

    assert {"picture", "cards"} <= renderer.fragments().since(before).keys()


def test_an_unreachable_device_is_named_and_marked() -> None:
    clock = FakeClock()
    store = polled(clock)
    store.lose("meter")
    parts = Renderer(store, clock, "Home").fragments().parts

    assert parts["status"] == "Demo Meter does not answer"
    assert parts["cards"].count("Not reachable") == 1
    store.lose("battery")
    assert "do not answer" in Renderer(store, clock, "Home").fragments().parts["status"]


def test_a_home_without_devices_says_what_to_do() -> None:
    clock = FakeClock()

    html = Renderer(Store(clock, []), clock, "Home").page()

    assert "No devices yet" in html
    assert "gatewayd.yaml" in html
    assert '<div id="picture"></div>' in html


def test_a_home_never_heard_of_can_be_shown() -> None:
    clock = FakeClock()

    assert Renderer(Store(clock, every_asset()), clock, "Home").page().count("No data yet") == 6
