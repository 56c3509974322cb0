"""How assets are governed, seen and chosen over the API."""

from dataclasses import replace

import httpx

from gatewayd.control.governor.choice import Mode
from gatewayd.enode.app import create_app
from gatewayd.model.asset import AssetKind
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
    modes = RememberedModes({charger.id: Mode("off", ("off", "solar"))})
    async with client(a_home, modes) as http:
        shown = (await http.get("/modes")).json()
        chosen = await http.put(f"/modes/{charger.id}", json={"mode": "solar"})
        refused = await http.put(f"/modes/{charger.id}", json={"mode": "warp"})
        unknown = await http.put("/modes/nobody", json={"mode": "solar"})
        wrong = await http.put(f"/modes/{charger.id}", json={"mod": "solar"})

    one = {"assetId": charger.id, "kind": "charger", "mode": "off", "offered": ["off", "solar"]}
    assert shown == {"data": [one]}
    assert chosen.json() == one | {"mode": "solar"}
    assert [r.status_code for r in (chosen, refused, unknown, wrong)] == [200, 400, 404, 400]


async def test_a_home_that_governs_nothing_has_no_modes(a_home: Home) -> None:
    async with client(a_home, RememberedModes()) as http:
        assert (await http.get("/modes")).json() == {"data": []}
