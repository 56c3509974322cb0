"""What the gateway tells beyond Enode: devices, decisions and their reasons."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import jsonschema
import pytest
import pytest_asyncio

from gatewayd.control.governor.terms import ChargerTerms, Terms
from gatewayd.enode.gateway import views, wire
from gatewayd.enode.gateway.document import document
from gatewayd.enode.wire.base import iso_ms
from gatewayd.model.asset import AssetKind
from gatewayd.model.circuit import Circuit
from gatewayd.model.decision import Decision
from gatewayd.plan.arming import Arming
from gatewayd.state import consents, decisions
from tests.enode.home import USER, Home, say, silence
from tests.fakes.driver import ScriptedDriver, configured

BAD = (
    "decisions?from=yesterday",
    "decisions?from=2026-06-21T10:00:00",
    "decisions?from=2026-06-22T10:00:00Z&to=2026-06-21T10:00:00Z",
    "decisions?pageSize=0",
    "decisions?after=nonsense",
    "decisions?asset=",
    "explain",
    "explain?asset=x&at=now",
    "explain?asset=x&at=0001-01-01T00:00:00%2B14:00",
)


@pytest_asyncio.fixture
async def http(a_home: Home) -> AsyncIterator[httpx.AsyncClient]:
    """A client for what is not in the contract."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(a_home.app),
        base_url="http://gateway/gateway",
        headers={"Authorization": a_home.http.headers["Authorization"]},
        event_hooks={"response": [insist]},
    ) as client:
        yield client


async def insist(response: httpx.Response) -> None:
    """Fail on any JSON that is not as our own document says."""
    await response.aread()
    ours = document()
    path = response.request.url.path
    if path.startswith("/gateway/devices/"):
        path = "/gateway/devices/{deviceId}"
    answers = ours["paths"][path]["get"]["responses"]
    answer = answers["200" if response.status_code in (200, 503) else "default"]
    [content] = answer["content"].values()
    jsonschema.validate(response.json(), {**content["schema"], "components": ours["components"]})


async def start(a_home: Home) -> Any:
    charger = a_home.asset(AssetKind.CHARGER)
    made = await a_home.http.post(f"/chargers/{charger.id}/charging", json={"action": "START"})
    return made.json()


async def test_every_device_is_told_with_its_link(a_home: Home, http: httpx.AsyncClient) -> None:
    await a_home.poll()

    hybrid, wallbox = (await http.get("/devices")).json()["data"]

    assert (hybrid["id"], wallbox["id"]) == ("hybrid", "wallbox")
    assert (hybrid["vendor"], hybrid["model"], hybrid["serial"]) == ("SolarEdge", "SE10K", "7E1234")
    assert [one["kind"] for one in hybrid["assets"]] == ["battery", "inverter", "meter"]
    assert wallbox["isReachable"] is True
    assert wallbox["pollPeriodSeconds"] == 2.0
    assert wallbox["counts"]["reads"] == 2
    assert wallbox["assets"] == [
        {
            "id": a_home.asset(AssetKind.CHARGER).id,
            "kind": "charger",
            "slug": "wallbox",
            "isWritable": True,
            "watchdogSeconds": None,
            "control": None,
            "withheldBecause": None,
        }
    ]
    assert wallbox["wear"] == []


async def test_a_device_that_is_away_says_since_when_and_why(
    a_home: Home, http: httpx.AsyncClient
) -> None:
    a_home.devices["wallbox"].watchdogs["charger"] = 30.0
    await a_home.poll()
    silence(a_home.devices["wallbox"])

    async def is_away() -> bool:
        return not (await http.get("/devices/wallbox")).json()["isReachable"]

    await a_home.until(is_away)

    told = (await http.get("/devices/wallbox")).json()
    assert told["lastError"] == "no answer"
    assert told["consecutiveFailures"] >= 3
    assert told["counts"]["timeouts"] >= 3
    assert told["lastSuccessAt"] < told["since"]
    assert told["lastSuccessAgeSeconds"] >= 6.0
    assert told["assets"][0]["watchdogSeconds"] == 30.0
    assert (await http.get("/health")).json()["devices"] == {"total": 2, "reachable": 1}


async def test_what_is_not_armed_and_what_wears_out_is_told(a_home: Home) -> None:
    box, charger = a_home.devices["wallbox"], a_home.asset(AssetKind.CHARGER)
    driver = ScriptedDriver(box)
    for address in (7, 7, 9):
        driver.wear.note(address)
    why = {"wallbox": "nothing is known yet of meter"}
    fuse = {"main": Circuit("main", 25.0)}
    terms = Terms(fuse, chargers={"wallbox": ChargerTerms("main")}, withheld=why)

    def told(terms: Terms) -> wire.Device:
        one, now = configured("wallbox", box), a_home.clock.now()
        return views.device(one, None, None, driver, [charger], terms, now)

    [held], [armed] = told(terms).assets, told(replace(terms, withheld={})).assets
    assert (held.control, held.withheld_because) == (Arming.SHADOW, why["wallbox"])
    assert (armed.control, armed.withheld_because) == (Arming.ARMED, None)
    found = [(one.place, one.writes, one.per_day) for one in told(terms).wear]
    assert found == [("7", 2, 10), ("9", 1, 10)]


async def test_writes_to_a_device_are_counted(a_home: Home, http: httpx.AsyncClient) -> None:
    await a_home.ended(await start(a_home))

    told = (await http.get("/devices/wallbox")).json()

    assert told["writes"] == [{"day": "2026-06-21", "commands": 1, "renewals": 0}]


async def test_a_command_is_explained(a_home: Home, http: httpx.AsyncClient) -> None:
    charger = a_home.asset(AssetKind.CHARGER)
    before = (await http.get("/explain", params={"asset": charger.id})).json()
    action = await a_home.ended(await start(a_home))

    after = (await http.get("/explain", params={"asset": charger.id})).json()

    assert (before["decision"], before["text"][:17]) == (None, "Nothing on record")
    assert after["text"] == (
        "Sun 12:00: start charging (an API client asked for it). The device has confirmed it."
    )
    assert after["decision"]["command"] == {"kind": "start_charging", "words": "start charging"}
    assert after["decision"]["outcome"]["actionId"] == action["id"]
    assert after["decision"]["inputs"][1]["value"] == "PLUGGED_IN:STOPPED"
    then = {"asset": charger.id, "at": "2026-06-21T09:00:00Z"}
    assert (await http.get("/explain", params=then)).json()["decision"] is None


async def test_now_is_explained_by_what_is_so_now(a_home: Home, http: httpx.AsyncClient) -> None:
    charger, at = a_home.asset(AssetKind.CHARGER), a_home.clock.now()
    recorded = Decision(at, charger.id, "mode solar", None, "the sun leaves 10 W")
    await a_home.db.write(lambda c: decisions.record(c, recorded))
    await a_home.clock.advance(5)
    live = replace(recorded, at=a_home.clock.now(), reason="the sun leaves 90 W")
    a_home.store.decided(live)
    asked = {"asset": charger.id}

    now = (await http.get("/explain", params=asked)).json()
    then = (await http.get("/explain", params=asked | {"at": iso_ms(at)})).json()

    assert [one["decision"]["reason"] for one in (then, now)] == [recorded.reason, live.reason]
    assert then["decision"]["id"] == now["decision"]["id"]


async def test_decisions_come_in_pages_newest_first(a_home: Home, http: httpx.AsyncClient) -> None:
    charger = a_home.asset(AssetKind.CHARGER)
    for current in (10, 11, 12):
        path = f"/chargers/{charger.id}/max-current"
        assert (await a_home.http.post(path, json={"maxCurrent": current})).status_code == 200
        await a_home.poll()

    first = (await http.get("/decisions", params={"pageSize": 2})).json()
    after = {"pageSize": 2, "after": first["pagination"]["after"]}
    rest = (await http.get("/decisions", params=after)).json()

    words = [one["command"]["words"] for one in first["data"] + rest["data"]]
    assert words == ["limit to 12 A", "limit to 11 A", "limit to 10 A"]
    assert rest["pagination"]["after"] is None
    since = first["data"][1]["at"]
    found = await http.get("/decisions", params={"asset": charger.id, "from": since})
    assert [one["id"] for one in found.json()["data"]] == [one["id"] for one in first["data"]]
    found = await http.get("/decisions", params={"asset": charger.id, "to": since})
    assert [one["id"] for one in found.json()["data"]] == [rest["data"][0]["id"]]


async def test_bad_input_is_a_problem(http: httpx.AsyncClient) -> None:
    for query in BAD:
        answer = await http.get(f"/{query}")

        assert (query, answer.status_code) == (query, 400)
        assert answer.headers["content-type"] == "application/problem+json"


async def test_what_is_not_there_is_not_found(http: httpx.AsyncClient) -> None:
    for path in ("decisions?asset=nobody", "explain?asset=nobody", "devices/nobody"):
        assert (await http.get(f"/{path}")).status_code == 404


async def test_only_who_holds_a_token_is_told(http: httpx.AsyncClient) -> None:
    for path in ("devices", "devices/wallbox", "decisions", "explain?asset=x", "events"):
        answer = await http.get(f"/{path}", headers={"Authorization": "Bearer wrong"})

        assert (path, answer.status_code) == (path, 401)


async def test_a_monitor_without_a_token_learns_that_the_gateway_works_and_no_more(
    http: httpx.AsyncClient,
) -> None:
    del http.headers["Authorization"]

    answer = await http.get("/health")

    assert answer.status_code == 200
    told = answer.json()
    assert (told["isReady"], told["devices"], told["problems"]) == (True, None, None)


async def test_a_post_is_not_allowed(a_home: Home) -> None:
    http = httpx.AsyncClient(transport=httpx.ASGITransport(a_home.app), base_url="http://gateway")
    async with http:
        answer = await http.post("/gateway/devices")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


async def test_an_older_client_is_told_the_same(a_home: Home, http: httpx.AsyncClient) -> None:
    await start(a_home)
    newest = await http.get("/decisions")
    older = await http.get("/decisions", headers={"Enode-Version": "2023-03-01"})

    assert older.status_code == 200
    assert older.json() == newest.json()


async def test_after_a_withdrawal_nothing_is_told_of_what_was_decided(
    a_home: Home, http: httpx.AsyncClient
) -> None:
    charger = a_home.asset(AssetKind.CHARGER)
    await start(a_home)
    now = a_home.clock.now()
    changed = await a_home.db.write(lambda c: consents.withdraw(c, USER, now))
    a_home.store.adopt(changed)

    assert (await http.get("/decisions")).json()["data"] == []
    assert (await http.get("/explain", params={"asset": charger.id})).status_code == 404
    assert (await http.get("/devices/wallbox")).json()["isReachable"] is True


async def test_a_user_s_decisions_are_erased_with_the_user(
    a_home: Home, http: httpx.AsyncClient
) -> None:
    await start(a_home)
    say(a_home.devices["wallbox"], "charger", power_w=1.0)
    now = a_home.clock.now()
    await a_home.db.write(lambda c: consents.erase(c, USER, now))

    left = await a_home.db.read(lambda c: c.execute("SELECT count(*) FROM decisions").fetchone())
    assert tuple(left) == (0,)


def test_the_document_has_an_id_and_a_security_for_every_operation() -> None:
    operations = {
        path: operation for path, item in document()["paths"].items() for operation in item.values()
    }

    assert {path for path, one in operations.items() if not one["security"]} == {"/gateway/health"}
    assert operations["/gateway/decisions"]["operationId"] == "listGatewayDecisions"
    plan = document()["paths"]["/gateway/plans/{assetId}/{name}"]
    assert {method: one["operationId"] for method, one in plan.items()} == {
        "get": "getGatewayPlan",
        "put": "putGatewayPlan",
        "delete": "deleteGatewayPlan",
    }
    names = [one["name"] for one in operations["/gateway/decisions"]["parameters"]]
    assert sorted(names) == ["after", "asset", "before", "from", "pageSize", "to"]
    assert [one["name"] for one in operations["/gateway/devices/{deviceId}"]["parameters"]] == [
        "deviceId"
    ]


def test_the_document_names_only_what_is_there_and_as_it_is_spelled() -> None:
    made = document()
    text = json.dumps(made)
    named = set(re.findall(r'"#/([^"]*)"', text))
    plan = made["components"]["schemas"]["Plan"]

    assert named <= {f"components/schemas/{name}" for name in made["components"]["schemas"]}
    assert not re.findall(r"`[a-z]+_[a-z_]+`", text)
    assert set(plan["required"]) == set(plan["properties"])
    assert "date-time" in json.dumps(plan["properties"]["deadlineAt"])


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
async def test_where_the_calendar_ends_is_no_fault(
    a_home: Home, http: httpx.AsyncClient, at: str
) -> None:
    charger = a_home.asset(AssetKind.CHARGER).id
    for path in (f"decisions?from={at}", f"decisions?to={at}", f"explain?asset={charger}&at={at}"):
        assert (await http.get(f"/{path}")).status_code == 200, path
