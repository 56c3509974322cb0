"""Operations that have ended, over the rooms of today."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from gatewayd.control.statistics import StatisticsRecorder
from gatewayd.enode.versions import SERVED
from gatewayd.model.asset import AssetKind
from gatewayd.state import clients, outbox, webhooks
from tests.enode.home import USER, Home, say, token
from tests.enode.hooks import SECRET, Hooks, hooks
from tests.enode.test_tariffs import associate, send
from tests.enode.versions.conftest import Client
from tests.fakes.measured import run_at
from tests.fakes.receiver import Authority

FIREHOSE = "/webhooks/firehose"
NOON = datetime(2026, 6, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest_asyncio.fixture
async def a_hook(a_home: Home, authority: Authority) -> AsyncIterator[Hooks]:
    async with hooks(a_home, authority) as made:
        yield made


def target(at: Hooks, **changes: Any) -> dict[str, Any]:
    return {"url": at.receiver.url, "secret": SECRET} | changes


async def test_the_firehose_is_there_before_2024_10_01(client: Client) -> None:
    body = {"url": "https://example.com/hook", "secret": SECRET}
    for version in SERVED:
        http, is_there = client(version), version < "2024-10-01"

        put = await http.put(FIREHOSE, json=body)
        deleted = await http.delete(FIREHOSE)
        tested = await http.post(f"{FIREHOSE}/test")

        assert put.status_code == (204 if is_there else 404), version
        assert deleted.status_code == (204 if is_there else 404), version
        assert tested.status_code == 404
        assert tested.json()["title"] == ("Webhook not found" if is_there else "Not Found")


async def test_the_firehose_is_one_more_webhook(a_hook: Hooks, client: Client) -> None:
    http = client("2023-05-01")
    other = await a_hook.create(url="https://example.com/other")

    await http.put(FIREHOSE, json=target(a_hook, url="https://example.com/first"))
    await http.put(FIREHOSE, json=target(a_hook))

    listed = (await http.get("/webhooks")).json()
    assert {one["url"] for one in listed} == {other["url"], a_hook.receiver.url}
    assert {one["apiVersion"] for one in listed} == {None, "2023-05-01"}


async def test_a_client_s_firehose_is_its_own(a_hook: Hooks, client: Client) -> None:
    home = a_hook.home
    await client("2023-05-01").put(FIREHOSE, json=target(a_hook))
    other = await home.db.write(lambda c: clients.add(c, "other", home.clock.now()))
    foreign = client("2023-05-01")
    foreign.headers["authorization"] = f"Bearer {await token(home.http, other)}"

    deleted = await foreign.delete(FIREHOSE)
    tested = await foreign.post(f"{FIREHOSE}/test")
    put = await foreign.put(FIREHOSE, json=target(a_hook, url="https://example.com/theirs"))

    assert (deleted.status_code, tested.status_code, put.status_code) == (404, 404, 204)
    assert a_hook.receiver.deliveries == []
    for http, url in (
        (client("2023-05-01"), a_hook.receiver.url),
        (foreign, "https://example.com/theirs"),
    ):
        assert [one["url"] for one in (await http.get("/webhooks")).json()] == [url]


async def test_a_firehose_that_was_deleted_as_a_webhook_is_made_anew(
    a_hook: Hooks, client: Client
) -> None:
    http = client("2023-05-01")
    await http.put(FIREHOSE, json=target(a_hook))
    (made,) = (await http.get("/webhooks")).json()
    await http.delete(f"/webhooks/{made['id']}")

    gone = await http.delete(FIREHOSE)
    again = await http.put(FIREHOSE, json=target(a_hook))

    assert (gone.status_code, again.status_code) == (404, 204)
    assert len((await http.get("/webhooks")).json()) == 1


@pytest.mark.parametrize(
    "changes", [{"url": "http://10.0.0.1/"}, {"secret": "x"}, {"events": ["*"]}, {"url": None}]
)
async def test_a_firehose_that_is_not_right_is_refused(
    a_hook: Hooks, client: Client, changes: dict[str, Any]
) -> None:
    answer = await client("2023-05-01").put(FIREHOSE, json=target(a_hook, **changes))

    assert (answer.status_code, "error" in answer.json()) == (400, True)


async def test_a_test_of_the_firehose_arrives(a_hook: Hooks, client: Client) -> None:
    http = client("2024-01-01")
    await http.put(FIREHOSE, json=target(a_hook))

    outcome = await http.post(f"{FIREHOSE}/test")

    assert (outcome.status_code, outcome.json()["status"]) == (200, "SUCCESS")
    (event,) = a_hook.receiver.events
    assert (event["event"], event["version"]) == ("enode:webhook:test", "2024-01-01")


@pytest.mark.parametrize("version", ["2025-10-01", "2024-01-01", "2023-04-01"])
async def test_095_a_webhook_gets_what_its_version_would_show(
    a_hook: Hooks, client: Client, version: str
) -> None:
    home = a_hook.home
    await a_hook.create(apiVersion=version, events=["user:charger:updated"])

    say(home.devices["wallbox"], "charger", max_current_a=10.0)
    await a_hook.until(lambda: bool(a_hook.receiver.events_named("user:charger:updated")))

    (event,) = a_hook.receiver.events_named("user:charger:updated")
    charger = home.asset(AssetKind.CHARGER)
    shown = (await client(version).get(f"/chargers/{charger.id}")).json()
    assert (event["version"], set(event["charger"])) == (version, set(shown))
    assert "chargeState.maxCurrent" in event["updatedFields"]


async def test_events_that_came_later_are_passed_over(a_hook: Hooks) -> None:
    home, now = a_hook.home, a_hook.home.clock.now()
    made = await a_hook.create(apiVersion="2024-01-01")
    statistics, credentials = "user:inverter:statistics-updated", "user:credentials:invalidated"
    bodies: dict[str, dict[str, Any]] = {
        statistics: {"statistics": {}},
        credentials: {"vendor": "TESLA"},
    }

    for name in (statistics, credentials, statistics):
        await home.db.write(
            lambda c, name=name: outbox.append(c, name, "1", USER, bodies[name], now)  # type: ignore[misc]
        )
        await a_hook.step()

    assert [event["event"] for event in a_hook.receiver.events] == [credentials]
    webhook = await a_hook.stored(made["id"])
    assert await home.db.read(lambda c: webhooks.count_pending(c, webhook)) == 0


async def test_production_has_its_price_before_2025_10_01(a_home: Home, client: Client) -> None:
    await send(a_home)
    await associate(a_home)
    inverter = a_home.asset(AssetKind.INVERTER)
    await a_home.db.write(lambda c: run_at(c, inverter, NOON, 60, 6000, 0.5))
    await StatisticsRecorder(a_home.store, a_home.db, a_home.clock).count()
    period = {
        "startDate": NOON.isoformat(),
        "endDate": (NOON + timedelta(hours=2)).isoformat(),
        "resolution": "HOUR",
    }
    old, new = "/statistics/production", f"/users/{USER}/statistics/production"
    for version in SERVED:
        here, other = (old, new) if version < "2023-08-01" else (new, old)

        answer = await client(version).get(here, params=period)

        if version == "2025-10-01":
            assert answer.status_code == 404
            continue
        assert (await client(version).get(other, params=period)).status_code == 404
        (entry,) = answer.json()
        assert set(entry) == {"kw", "kwhSum", "price", "earningsSum", "date"}
        assert (entry["kwhSum"], entry["kw"]["mean"]) == (6.0, 6.0)
        assert entry["earningsSum"] == pytest.approx(6.0 * entry["price"]["mean"])
        assert entry["price"]["mean"] > 0


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"id": "nothing"}, 404),
        ({"endDate": "2020-01-01T00:00:00Z"}, 400),
        ({"startDate": "yesterday"}, 400),
        ({"chargingLocationId": "6560fa37-b7ec-4ace-81ca-a8b64279f8d2"}, 200),
    ],
)
async def test_production_that_cannot_be_is_refused(
    client: Client, changes: dict[str, str], status: int
) -> None:
    asked = {"startDate": NOON.isoformat(), **changes}

    answer = await client("2023-05-01").get("/statistics/production", params=asked)

    assert answer.status_code == status
