"""Whatever is asked of schedules, the gateway does not lie."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatewayd.model.asset import AssetKind
from tests.enode.home import USER, Home, home, wallbox

SETTINGS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

times = st.integers(0, 1439).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
instants = st.datetimes(datetime(1970, 1, 2), datetime(2999, 12, 30), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda at: at.isoformat().replace("+00:00", "Z")
)
filters = st.fixed_dictionaries(
    {},
    optional={
        "hourMinute": st.fixed_dictionaries({"from": times, "to": times}),
        "weekdays": st.lists(st.integers(0, 6), max_size=8),
        "fromTimestamp": instants,
        "toTimestamp": instants,
    },
)
rules = st.lists(
    st.tuples(filters, st.booleans()).map(lambda pair: pair[0] | {"shouldCharge": pair[1]}),
    max_size=5,
)


@pytest_asyncio.fixture
async def a_home(tmp_path: Path) -> AsyncIterator[Home]:
    async with home(tmp_path, {"wallbox": wallbox()}) as made:
        yield made


@SETTINGS
@given(rules=rules, default=st.booleans(), is_zoned=st.booleans())
async def test_any_schedule_has_a_status_that_makes_sense(
    a_home: Home, rules: list[dict[str, Any]], default: bool, is_zoned: bool
) -> None:
    body = {
        "targetId": a_home.asset(AssetKind.CHARGER).id,
        "targetType": "charger",
        "locationId": a_home.location.id if is_zoned else None,
        "isEnabled": False,
        "defaultShouldCharge": default,
        "rules": rules,
    }
    made = await a_home.http.post(f"/users/{USER}/schedules", json=body)
    assert made.status_code == 200, made.text
    path = f"/schedules/{made.json()['id']}"

    found = (await a_home.http.get(f"{path}/status")).json()
    coming = found["upcomingTransitions"]
    now = a_home.clock.now()
    assert all(datetime.fromisoformat(one["at"]) > now for one in coming)
    values = [
        found["isChargingExpectedParts"]["shouldCharge"],
        *(c["shouldCharge"] for c in coming),
    ]
    assert all(a is not b for a, b in pairwise(values))
    assert (await a_home.http.delete(path)).status_code == 204
