"""The grid operator's limit and the fuse guard's problems over the API."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
import pytest_asyncio

from gatewayd.control.governor.operator import GridOperators
from gatewayd.enode.app import create_app
from gatewayd.plan.grid.operator import OperatorSettings
from tests.enode.home import Home


@pytest_asyncio.fixture
async def http(a_home: Home) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a home that an operator may limit, and that has a problem."""
    services = replace(
        a_home.app.state.api.services,
        operator=GridOperators.of(OperatorSettings(4200.0), OperatorSettings(0.0), a_home.clock),
        problems=lambda: ("charger: mend it",),
    )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(create_app(services)),
        base_url="http://gateway/gateway",
        headers={"Authorization": a_home.http.headers["Authorization"]},
    ) as client:
        yield client


async def put(http: httpx.AsyncClient, body: object) -> tuple[str, float | None]:
    told = (await http.put("/grid/limit", json=body)).json()
    return told["state"], told["limitW"]


async def test_a_limit_holds_from_when_it_is_told_until_it_is_ended(
    http: httpx.AsyncClient,
) -> None:
    before = (await http.get("/grid/limit")).json()

    fed = {"exportState": "init", "exportLimitW": 0.0}
    assert before == {"state": "init", "limitW": 4200.0, **fed}
    assert await put(http, {"limit_w": 6000}) == ("limited", 6000.0)
    assert await put(http, {}) == ("limited", 6000.0)
    assert await put(http, {"limitW": 0, "durationS": 60}) == ("limited", 0.0)
    assert await put(http, {"limit_w": None}) == ("free", None)


async def test_what_is_fed_in_has_a_limit_of_its_own(http: httpx.AsyncClient) -> None:
    told = (await http.put("/grid/limit", json={"export_limit_w": 3000})).json()

    fed = {"exportState": "limited", "exportLimitW": 3000.0}
    assert told == {"state": "init", "limitW": 4200.0, **fed}


async def test_a_sign_of_life_alone_gives_nothing_free_at_once(http: httpx.AsyncClient) -> None:
    assert await put(http, {}) == ("init", 4200.0)


@pytest.mark.parametrize(
    "body",
    [{"limit_w": -1}, {"limit_w": "1"}, {"limit_w": True}, {"duration_s": 0}, {"w": 1}, 1,
     {"duration_s": 60}, {"limit_w": None, "duration_s": 60}],
)  # fmt: skip
async def test_what_is_no_limit_is_refused_and_is_no_sign_of_life(
    http: httpx.AsyncClient, body: object
) -> None:
    answer = await http.put("/grid/limit", json=body)

    assert answer.status_code == 400
    assert (await http.get("/grid/limit")).json()["state"] == "init"


async def test_only_who_holds_a_token_may_limit(http: httpx.AsyncClient) -> None:
    del http.headers["Authorization"]

    assert (await http.put("/grid/limit", json={"limit_w": None})).status_code == 401


async def test_where_no_operator_is_expected_there_is_no_limit(a_home: Home) -> None:
    transport = httpx.ASGITransport(a_home.app)
    headers = {"Authorization": a_home.http.headers["Authorization"]}
    async with httpx.AsyncClient(transport=transport, headers=headers) as client:
        answer = await client.put("http://gateway/gateway/grid/limit", json={"limit_w": 1})

    assert answer.status_code == 404


async def test_the_fuse_guard_s_problems_are_told_with_the_health(http: httpx.AsyncClient) -> None:
    assert (await http.get("/health")).json()["problems"] == ["charger: mend it"]
