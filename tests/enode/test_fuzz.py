"""Whatever a caller sends, the gateway does not fail."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatewayd.model.asset import AssetKind
from tests.enode.home import Home

JSON = {"content-type": "application/json"}

any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from(
    [
        "maxCurrent",
        "action",
        "operationMode",
        "locationId",
        "name",
        "latitude",
        "longitude",
        "timezoneName",
    ]
)
plausible = st.dictionaries(
    keys,
    any_json | st.sampled_from(["START", "STOP", "SELF_RELIANCE", "UTC", "Europe/Oslo", 10, 0.5]),
    max_size=6,
)


def bodies_of(home: Home) -> list[tuple[str, str]]:
    """Every operation that reads a body."""
    charger_id, battery_id = home.asset(AssetKind.CHARGER).id, home.asset(AssetKind.BATTERY).id
    return [
        ("PUT", f"/chargers/{charger_id}"),
        ("POST", f"/chargers/{charger_id}/charging"),
        ("POST", f"/chargers/{charger_id}/max-current"),
        ("POST", f"/batteries/{battery_id}/operation-mode"),
        ("POST", "/users/anna/locations"),
        ("PUT", f"/locations/{home.location.id}"),
        ("POST", "/oauth2/token"),
    ]


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=st.binary(max_size=200) | (any_json | plausible).map(lambda v: json.dumps(v).encode()))
async def test_no_body_makes_the_gateway_fail(a_home: Home, body: bytes) -> None:
    for method, path in bodies_of(a_home):
        answer = await a_home.http.request(method, path, content=body, headers=JSON)
        assert answer.status_code < 500


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(query=st.dictionaries(st.sampled_from(["after", "before", "pageSize"]), st.text()))
async def test_no_query_makes_the_gateway_fail(a_home: Home, query: dict[str, str]) -> None:
    for path in ("/batteries", "/users", "/users/anna/locations"):
        assert (await a_home.http.get(path, params=query)).status_code < 500


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(raw=st.binary(max_size=60))
async def test_no_authorization_makes_the_gateway_fail(a_home: Home, raw: bytes) -> None:
    header = b"Basic " + raw if len(raw) % 2 else b"Bearer " + raw
    for method, path in (("GET", "/batteries"), ("POST", "/oauth2/token")):
        request = a_home.http.build_request(method, path, data={"grant_type": "client_credentials"})
        request.headers.raw[:] = [*request.headers.raw, (b"authorization", header)]
        assert (await a_home.http.send(request)).status_code < 500
