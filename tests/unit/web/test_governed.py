"""What the page says of assets that are governed: trust, plans, savings and who has the say."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from gatewayd.control.governor.choice import Mode, Planned
from gatewayd.control.governor.overview import Governed, Overview, Trust
from gatewayd.control.shadow import Shadow
from gatewayd.model.asset import AssetKind
from gatewayd.model.command import StopCharging
from gatewayd.model.decision import Decision, Grounds
from gatewayd.model.ready_by import ReadyBy
from gatewayd.plan.arming import Arming
from gatewayd.plan.ev.ready import Ready
from gatewayd.plan.shadow.words import Tally, Would
from gatewayd.web.governed import governed_view
from gatewayd.web.render import Renderer
from tests.fakes.clock import FakeClock
from tests.fakes.home import asset
from tests.unit.web.test_render import ATTACKS, Elements, polled

VIENNA = ZoneInfo("Europe/Vienna")
MONDAY = datetime(2026, 6, 22, 4, 0, tzinfo=UTC)
CHARGER = asset(AssetKind.CHARGER)
ARMED = Trust(Arming.ARMED, is_armed=True, is_passed=True)
WORK = ReadyBy(weekdays=frozenset({0, 1, 2, 3, 4}), minute=360, soc_pct=80.0)


def ready(*, is_late: bool, reason: str = "there is time") -> Ready:
    at = MONDAY + timedelta(hours=1 if is_late else -1)
    return Ready("work", MONDAY, False, None, at, 1000.0, Grounds(reason))


def said(owner: str, reason: str, binding: str | None = None) -> Decision:
    return Decision(MONDAY, CHARGER.id, owner, StopCharging(), reason, binding=binding)


def would(total: Tally, pending_wh: float = 0.0, lost_wh: float = 0.0) -> Shadow:
    days = {date(2026, 6, 22): total}
    return Shadow(CHARGER, MONDAY, Would(days, total, 0, pending_wh, lost_wh))


@pytest.mark.parametrize(
    ("trust", "text"),
    [
        (Trust(Arming.OBSERVE), "It is only watched."),
        (Trust(Arming.SHADOW, is_passed=True), "only put on record. The audit is passed."),
        (Trust(Arming.SHADOW, withheld="no meter"), "on record. The audit: no meter."),
        (Trust(Arming.SHADOW, is_armed=True, withheld="no meter"), "Not armed yet: no meter."),
        (ARMED, "What is decided is done. The audit is passed."),
        (Trust(Arming.ARMED, is_armed=True), "What is decided is done."),
    ],
)
def test_the_ladder_s_step_and_the_audit_s_words_are_shown(trust: Trust, text: str) -> None:
    view = governed_view(Governed(trust), VIENNA)

    assert view.trust.endswith(text)
    assert (view.step, view.is_withheld) == (trust.arming, trust.withheld is not None)


@pytest.mark.parametrize(
    ("plan", "by"),
    [
        (WORK, "Mon\N{EN DASH}Fri 06:00"),
        (replace(WORK, weekdays=frozenset(range(7))), "Every day 06:00"),
        (replace(WORK, weekdays=frozenset({5, 6})), "Sat, Sun 06:00"),
        (replace(WORK, weekdays=frozenset({0, 2, 4})), "Mon, Wed, Fri 06:00"),
        (ReadyBy(at=MONDAY, soc_pct=80.0), "Mon 22 Jun 06:00"),
    ],
)
def test_a_plan_s_time_is_said_as_people_say_it(plan: ReadyBy, by: str) -> None:
    told = Governed(ARMED, plans={"work": Planned(plan, MONDAY)})

    [view] = governed_view(told, VIENNA).plans

    assert (view.by, view.amount, view.status) == (by, "80 %", "")


@pytest.mark.parametrize(("is_late", "status"), [(False, "On course"), (True, "Late")])
def test_the_plan_that_counts_comes_first_and_says_whether_it_is_on_course(
    is_late: bool, status: str
) -> None:
    trip = ReadyBy(at=MONDAY, energy_wh=30_000.0)
    plans: Mapping[str, Planned] = {
        "trip": Planned(trip, MONDAY - timedelta(hours=9)),
        "work": Planned(WORK, MONDAY, ready(is_late=is_late)),
    }

    first, second = governed_view(Governed(ARMED, plans=plans), VIENNA).plans

    assert (first.status, first.is_late, first.text) == (status, is_late, "There is time")
    assert (second.amount, second.status) == ("30.0 kWh", "")


def test_a_plan_that_is_over_is_not_shown_and_one_that_is_not_kept_says_so() -> None:
    plans = {"old": Planned(ReadyBy(at=MONDAY, soc_pct=80.0)), "work": Planned(WORK, MONDAY)}

    [view] = governed_view(Governed(ARMED, Mode("now", ("now",)), plans), VIENNA).plans

    assert view.text == "Not kept in the mode now"


@pytest.mark.parametrize(
    ("total", "text"),
    [
        (Tally(60, priced=Decimal("1.234")), "1.23 EUR would have been saved since Mon 06:00"),
        (Tally(60, priced=Decimal("-0.5")), "0.50 EUR more would have been paid since Mon 06:00"),
        (Tally(60), "Nothing would have been saved since Mon 06:00"),
        (
            Tally(60, less_wh=2000.0, unpriced_wh=2000.0),
            "2.0 kWh would have been moved since Mon 06:00",
        ),
        (Tally(), ""),
    ],
)
def test_what_shadow_would_have_saved_is_said_once_something_is_known(
    total: Tally, text: str
) -> None:
    assert governed_view(Governed(ARMED, shadow=would(total)), VIENNA).saved == text


@pytest.mark.parametrize(
    ("kind", "pending_wh", "text"),
    [
        (AssetKind.CHARGER, 1500.0, "1.5 kWh still to be made up for; 0.5 kWh too little when"),
        (AssetKind.BATTERY, -1500.0, "1.5 kWh less held at the end"),
        (AssetKind.HVAC, -1500.0, "1.5 kWh drawn ahead; 0.5 kWh gone cold"),
    ],
)
def test_what_is_pending_and_lost_in_shadow_is_said_too(
    kind: AssetKind, pending_wh: float, text: str
) -> None:
    lost_wh = 0.0 if kind is AssetKind.BATTERY else 500.0
    shadow = replace(
        would(Tally(60, less_wh=2000.0), pending_wh=pending_wh, lost_wh=lost_wh), asset=asset(kind)
    )

    details = governed_view(Governed(ARMED, shadow=shadow), VIENNA).saved_details

    assert details.startswith(f"2.0 kWh less drawn; {text}")


def test_why_nobody_knows_what_shadow_saves_is_said() -> None:
    told = Governed(ARMED, shadow=Shadow(CHARGER, MONDAY, None, "it was never measured"))

    view = governed_view(told, VIENNA)

    assert (view.saved, view.saved_details) == ("It was never measured", "")


@pytest.mark.parametrize(
    ("decision", "until", "text"),
    [
        (said("mode solar", "the sun is enough"), None, "Mode solar: the sun is enough"),
        (said("default", "it does as it likes"), None, "It does as it likes"),
        (
            said("guard", "the fuse guard allows 6 A", "the fuse guard"),
            None,
            "The fuse guard allows 6 A",
        ),
        (
            said("guard (only lowered)", "the fuse guard allows 6 A", "main, phase b"),
            None,
            "The fuse guard allows 6 A (main, phase b)",
        ),
        (said("api", "an API client asked to stop"), "until then", "An API client asked to stop"),
        (said("mode now (shadow)", "charging now"), None, "Mode now (shadow): charging now"),
    ],
)
def test_who_has_the_say_is_told_with_the_reason_and_until_when(
    decision: Decision, until: str | None, text: str
) -> None:
    view = governed_view(Governed(ARMED, say=decision, until=until), VIENNA)

    assert view.say == (f"{text}, {until}" if until else text)


def test_why_it_is_not_armed_is_said_once() -> None:
    trust = Trust(Arming.SHADOW, is_armed=True, withheld="no meter")
    decision = said("mode now", "charging now", "it is not armed, for no meter")

    assert governed_view(Governed(trust, say=decision), VIENNA).say == "Mode now: charging now"


def test_a_card_has_only_what_there_is() -> None:
    clock = FakeClock()
    bare, full = Governed(ARMED), Governed(ARMED, plans={"work": Planned(WORK, MONDAY)})

    pages = [
        Renderer(polled(clock), clock, "Home", overview=partial(Overview, VIENNA, assets)).page()
        for assets in ({}, {CHARGER.id: bare}, {CHARGER.id: full})
    ]

    assert [page.count('class="trust') for page in pages] == [0, 1, 1]
    assert [page.count('class="plans') for page in pages] == [0, 0, 1]
    assert not any('class="saved' in page for page in pages)


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_control_says_is_text_and_never_markup(attack: str) -> None:
    clock = FakeClock()
    told = Governed(
        Trust(Arming.SHADOW, withheld=attack),
        Mode(attack, ()),
        {attack: Planned(WORK, MONDAY, ready(is_late=True, reason=attack))},
        said(attack, attack, attack),
    )
    overview = Overview(VIENNA, {CHARGER.id: told}, problems=(attack,))
    quiet = Elements(Renderer(polled(clock), clock, "Home").page())

    page = Elements(Renderer(polled(clock), clock, "Home", overview=lambda: overview).page())

    assert (page.tags.count("script"), page.tags.count("img")) == (1, 0)
    assert page.tags.count("svg") == quiet.tags.count("svg")
    assert not [name for name, _ in page.attributes if name.startswith("on")]
