"""How assets are governed, seen and chosen over the API."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx

from gatewayd.control.governor.choice import Mode, Number, Planned
from gatewayd.enode.app import create_app
from gatewayd.model.asset import AssetKind
from gatewayd.model.decision import Grounds
from gatewayd.model.ready_by import ReadyBy
from gatewayd.plan.ev.ready import Ready
from gatewayd.plan.ev.words import AlwaysCharge
from tests.enode.home import Home
from tests.fakes.modes import RememberedModes


def client(a_home: Home, modes: RememberedModes) -> httpx.AsyncClient:
    services = replace(a_home.app.state.api.services, modes=modes)
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(create_app(services)),
        base_url="http://gateway/gateway",
        headers={"Authorization": a_home.http.headers["Authorization"]},
    )


async def test_a_mode_is_shown_and_chosen(a_home: Home) -> None:
    charger = a_home.asset(AssetKind.CHARGER)
    modes = RememberedModes({charger.id: Mode("off", ("off", "solar"), "zoe")})
    async with client(a_home, modes) as http:
        shown = (await http.get("/modes")).json()
        alone, nobody = [await http.get(f"/modes/{id_}") for id_ in (charger.id, "nobody")]
        chosen = await http.put(f"/modes/{charger.id}", json={"mode": "solar"})
        refused = await http.put(f"/modes/{charger.id}", json={"mode": "warp"})
        unknown = await http.put("/modes/nobody", json={"mode": "solar"})
        wrong = await http.put(f"/modes/{charger.id}", json={"mod": "solar"})

    one: dict[str, object] = {"assetId": charger.id, "kind": "charger", "mode": "off"}
    one |= {"offered": ["off", "solar"], "car": "zoe", "alwaysCharge": None, "numbers": {}}
    assert shown == {"data": [one]}
    assert (alone.json(), nobody.status_code) == (one, 404)
    assert chosen.json() == one | {"mode": "solar"}
    assert [r.status_code for r in (chosen, refused, unknown, wrong)] == [200, 400, 404, 400]


async def test_numbers_are_set_with_a_mode_or_without(a_home: Home) -> None:
    charger = a_home.asset(AssetKind.CHARGER)
    modes = RememberedModes({charger.id: Mode("off", ("off", "solar"))})
    modes.settable[charger.id] = {"limit_soc_pct": Number(90.0, most=100.0)}
    async with client(a_home, modes) as http:
        path = f"/modes/{charger.id}"
        both = await http.put(path, json={"mode": "solar", "numbers": {"limit_soc_pct": 80}})
        given_back = await http.put(path, json={"numbers": {"limit_soc_pct": None}})
        too_much = await http.put(path, json={"numbers": {"limit_soc_pct": 101}, "mode": "off"})
        unknown = await http.put(path, json={"numbers": {"max_soc_pct": 1}})
        text = await http.put(path, json={"numbers": {"limit_soc_pct": "80"}})
        nothing = await http.put(path, json={})
        warped = await http.put(path, json={"mode": "warp", "numbers": {"limit_soc_pct": 70}})
        left = (await http.get("/modes")).json()["data"][0]["numbers"]["limit_soc_pct"]["value"]

    assert (warped.status_code, left) == (400, 0.0)
    shown = {"value": 80.0, "least": 0.0, "most": 100.0, "step": 1.0}
    assert both.json()["numbers"] == {"limit_soc_pct": shown}
    assert both.json()["mode"] == modes.known[charger.id].mode == "solar"
    assert given_back.status_code == 200
    assert [r.status_code for r in (too_much, unknown, text, nothing)] == [400] * 4


async def test_a_charger_is_told_to_charge_always(a_home: Home) -> None:
    charger = a_home.asset(AssetKind.CHARGER)
    modes = RememberedModes({charger.id: Mode("solar", ("off", "solar"), None, AlwaysCharge.OFF)})
    async with client(a_home, modes) as http:
        path = f"/modes/{charger.id}"
        once = await http.put(path, json={"alwaysCharge": "once"})
        both = await http.put(path, json={"alwaysCharge": "on", "mode": "off"})
        wrong = await http.put(path, json={"alwaysCharge": "never"})
        modes.known[charger.id] = Mode("off", ("off",))
        other = await http.put(path, json={"alwaysCharge": "on"})

    assert once.json()["alwaysCharge"] == "once"
    assert (both.json()["alwaysCharge"], both.json()["mode"]) == ("on", "off")
    assert [r.status_code for r in (wrong, other)] == [400, 400]


WORK = {"weekdays": [0, 4], "time": "07:30", "socPct": 80}


async def test_plans_are_made_shown_and_taken_away(a_home: Home) -> None:
    charger = a_home.asset(AssetKind.CHARGER)
    modes = RememberedModes(planned={charger.id: {}})
    at = datetime(2026, 6, 22, 5, tzinfo=UTC)
    async with client(a_home, modes) as http:
        path = f"/plans/{charger.id}"
        work = await http.put(f"{path}/work", json=WORK)
        once = {"at": "2026-12-24T06:00:00+01:00", "energyWh": 5000, "isContinuous": True}
        trip = await http.put(f"{path}/trip", json=once)
        plan = modes.planned[charger.id]["work"].plan
        ready = Ready("work", at, True, at, at + timedelta(hours=1), 9000.4, Grounds("so"))
        modes.planned[charger.id]["work"] = Planned(plan, at, ready)
        one = (await http.get(f"{path}/work")).json()
        gone = await http.delete(f"{path}/trip")
        again = await http.delete(f"{path}/trip")
        left = (await http.get("/plans")).json()

    assert plan == ReadyBy(weekdays=frozenset({0, 4}), minute=450, soc_pct=80.0)
    assert work.json()["time"] == "07:30"
    assert trip.json()["at"] == "2026-12-24T05:00:00.000Z"
    assert (trip.json()["time"], trip.json()["status"]) == (None, None)
    assert one["deadlineAt"] == "2026-06-22T05:00:00.000Z"
    assert one["status"] == {
        "isCharging": True,
        "startAt": "2026-06-22T05:00:00.000Z",
        "readyAt": "2026-06-22T06:00:00.000Z",
        "isLate": True,
        "needWh": 9000.0,
        "reason": "so",
    }
    assert (gone.status_code, again.status_code, left) == (204, 404, {"data": [one]})


async def test_what_is_no_plan_is_refused(a_home: Home) -> None:
    charger = a_home.asset(AssetKind.CHARGER)
    wrong = [
        {},
        WORK | {"energyWh": 1},
        WORK | {"at": "2026-12-24T06:00:00Z"},
        WORK | {"at": None, "time": None},
        WORK | {"weekdays": [7]},
        WORK | {"weekdays": []},
        WORK | {"time": "7:30"},
        WORK | {"socPct": 101},
        WORK | {"socPct": "80"},
        {"at": None, "time": "07:30", "weekdays": [0], "soc_pct": 80},
        WORK | {"socPct": None, "energyWh": 0},
        WORK | {"isContinuous": 1},
        {"at": "2026-12-24T06:00:00", "socPct": 80},
        {"at": "2020-12-24T06:00:00Z", "socPct": 80},
        {"at": 1798092000, "socPct": 80},
        {"at": "1798092000", "socPct": 80},
        {"at": "2999-12-31T23:59:59-12:00", "socPct": 80},
        {"at": "1970-01-01T00:00:00+14:00", "socPct": 80},
        {"at": "9999-12-31T23:59:59-12:00", "socPct": 80},
        {"at": "0001-01-01T00:00:00+14:00", "socPct": 80},
    ]
    modes = RememberedModes(planned={charger.id: {}})
    async with client(a_home, modes) as http:
        for body in wrong:
            answer = await http.put(f"/plans/{charger.id}/work", json=body)
            assert (body, answer.status_code) == (body, 400)
        nobody = await http.put("/plans/nobody/work", json=WORK)

    assert nobody.status_code == 404
    assert modes.planned == {charger.id: {}}


async def test_a_plan_that_is_kept_is_listed_whenever_it_is(a_home: Home) -> None:
    charger = a_home.asset(AssetKind.CHARGER)
    at = datetime(3000, 1, 1, 11, tzinfo=UTC)
    plans = {charger.id: {"far": Planned(ReadyBy(at=at, soc_pct=80.0))}}
    async with client(a_home, RememberedModes(planned=plans)) as http:
        [shown] = (await http.get("/plans")).json()["data"]

    assert shown["at"] == "3000-01-01T11:00:00.000Z"


async def test_a_home_that_governs_nothing_has_no_modes(a_home: Home) -> None:
    async with client(a_home, RememberedModes()) as http:
        assert (await http.get("/modes")).json() == {"data": []}
