"""Events: users who withdraw, disconnect or are erased."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from gatewayd.enode.events.documents import Documents
from gatewayd.enode.events.turn import Seen, turn
from gatewayd.enode.services import NoControllers
from gatewayd.model.asset import AssetKind, Consent
from gatewayd.model.site import AssetState, Site
from gatewayd.state.outbox import OutboxRow
from gatewayd.state.told import Told
from tests.enode.home import USER, Home, say
from tests.enode.hooks import Hooks, hooks
from tests.fakes.home import SINCE, state
from tests.fakes.receiver import Authority

CHARGER = state(AssetKind.CHARGER)
DOCUMENTS = Documents({}, NoControllers().policy)
KINDS = frozenset(AssetKind)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest_asyncio.fixture
async def a_hook(a_home: Home, authority: Authority) -> AsyncIterator[Hooks]:
    async with hooks(a_home, authority) as made:
        yield made


def names(hook: Hooks) -> list[str]:
    return sorted(event["event"] for event in hook.receiver.events)


async def test_a_user_who_withdraws_is_told_nothing_of(a_hook: Hooks) -> None:
    await a_hook.create()
    charger = a_hook.home.asset(AssetKind.CHARGER)
    path = f"/chargers/{charger.id}/charging"
    await a_hook.home.http.post(path, json={"action": "START"})

    gone = await a_hook.home.http.delete(f"/users/{USER}/authorization")
    say(a_hook.home.devices["hybrid"], "meter", power_w=2500.0)
    await a_hook.step(30)

    assert gone.status_code == 204
    assert names(a_hook) == []


async def test_a_vendor_that_is_disconnected_takes_its_assets_along_once(a_hook: Hooks) -> None:
    await a_hook.create()
    charger = a_hook.home.asset(AssetKind.CHARGER)

    gone = await a_hook.home.http.delete(f"/users/{USER}/vendors/KEBA")
    await a_hook.step(20)

    assert gone.status_code < 300
    (event,) = a_hook.receiver.events
    assert (event["event"], event["user"]["id"]) == ("user:charger:deleted", USER)
    assert event["charger"]["id"] == charger.id
    assert event["charger"]["chargeState"]["powerDeliveryState"] == "PLUGGED_IN:STOPPED"


async def test_a_user_who_is_erased_takes_all_assets_along(a_hook: Hooks) -> None:
    await a_hook.create()

    await a_hook.home.http.delete(f"/users/{USER}")
    await a_hook.step(20)

    kinds = ("battery", "charger", "inverter", "meter")
    assert names(a_hook) == [f"user:{kind}:deleted" for kind in kinds]
    assert {event["user"]["id"] for event in a_hook.receiver.events} == {USER}


def told(of: AssetState = CHARGER) -> dict[str, Told]:
    asset = of.asset
    return {asset.id: Told(asset.id, asset.kind, asset.user_id, DOCUMENTS.of(of))}


def note(what: str, seq: int = 1) -> OutboxRow:
    asset = CHARGER.asset
    return OutboxRow(seq, f"user:charger:{what}", asset.id, asset.user_id, {}, SINCE)


def seen(*states: AssetState, **more: Any) -> Seen:
    site = Site({one.asset.id: one for one in states})
    values = {
        "site": site,
        "before": site,
        "documents": DOCUMENTS,
        "notes": [],
        "told": told(),
        "followed": KINDS,
        "wanted": KINDS,
        "now": SINCE,
        "is_due": lambda *_: True,
    }
    return Seen(**values | more)  # type: ignore[arg-type]


def of_consent(consent: Consent, *, is_reachable: bool = False) -> AssetState:
    asset = replace(CHARGER.asset, consent=consent)
    return replace(CHARGER, asset=asset, is_reachable=is_reachable)


@pytest.mark.parametrize(
    ("consent", "expected"),
    [
        (Consent.GRANTED, ["user:charger:updated"]),
        (Consent.INVALID, ["user:charger:updated"]),
        (Consent.WITHDRAWN, []),
        (Consent.NONE, ["user:charger:deleted"]),
    ],
)
def test_what_is_told_of_an_asset_depends_on_its_user_s_consent(
    consent: Consent, expected: list[str]
) -> None:
    done = turn(seen(of_consent(consent)), set())

    assert [news.event for news in done.news] == expected


def test_an_asset_whose_end_was_told_is_not_discovered_while_the_picture_lags() -> None:
    leaving = set[str]()

    first = turn(seen(CHARGER, notes=[note("deleted")]), leaving)
    second = turn(seen(CHARGER, told={}), leaving)
    third = turn(seen(told={}), leaving)

    assert first.bodies[1] == {"charger": DOCUMENTS.of(CHARGER)}
    assert (second.news, third.news, leaving) == ([], [], set())


def test_an_end_that_was_told_already_is_not_told_again() -> None:
    done = turn(seen(told={}, notes=[note("deleted")]), set())

    assert (done.bodies, done.news) == ({1: None}, [])


def test_an_asset_that_changes_hands_is_told_as_gone_and_as_found() -> None:
    leaving = set[str]()

    done = turn(seen(CHARGER, notes=[note("deleted", 1), note("discovered", 2)]), leaving)

    assert done.bodies[1] == done.bodies[2] == {"charger": DOCUMENTS.of(CHARGER)}
    assert (done.news, leaving) == ([], set())


@pytest.mark.parametrize(("age_s", "is_waiting"), [(0, True), (9, True), (11, False), (-11, False)])
def test_a_discovery_waits_for_the_first_reading_but_not_for_ever(
    *, age_s: int, is_waiting: bool
) -> None:
    unread = replace(CHARGER, sample=None)
    now = SINCE + timedelta(seconds=age_s)

    done = turn(seen(unread, told={}, notes=[note("discovered")], now=now), set())

    assert bool(done.waiting) is is_waiting
    assert (1 in done.bodies) is not is_waiting
    assert done.news == []


def test_kinds_nobody_asks_for_are_forgotten_without_a_word() -> None:
    done = turn(seen(CHARGER, wanted=frozenset()), set())

    assert (done.news, done.told) == ([], {CHARGER.asset.id: None})
