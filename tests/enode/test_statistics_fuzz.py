"""Whatever a caller asks of statistics and tariffs, the gateway does not fail."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.enode.home import Home
from tests.enode.test_statistics import ran
from tests.enode.test_tariffs import associate, send

NOW = datetime(2026, 6, 21, 10, 0, tzinfo=UTC)

zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instants = st.datetimes(timezones=zones).map(datetime.isoformat) | st.text(max_size=30)
queries = st.fixed_dictionaries(
    {"type": st.sampled_from(["charger", "vehicle", "hvac", "inverter"]), "startDate": instants},
    optional={
        "endDate": instants,
        "resolution": st.sampled_from(["QUARTER_HOUR", "DAY", "WEEK", "MONTH", "YEAR", "x"]),
        "utcOffset": st.floats().map(str) | st.integers(-30, 30).map(str),
        "id": st.text(max_size=10),
        "locationId": st.uuids().map(str) | st.text(max_size=5),
    },
)
FUZZ = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@FUZZ
@given(query=queries, user=st.sampled_from(["anna", "bert"]))
async def test_no_question_about_consumption_makes_the_gateway_fail(
    a_home: Home, query: dict[str, str], user: str
) -> None:
    await send(a_home)
    await associate(a_home)
    await ran(a_home, NOW - timedelta(minutes=30), 5)

    for path in ("charging", "charging/sessions"):
        answer = await a_home.http.get(f"/users/{user}/statistics/{path}", params=query)
        assert answer.status_code in (200, 400, 404)


@FUZZ
@given(
    name=st.text(max_size=300),
    begin=st.integers(-10, 1500),
    end=st.integers(-10, 1500),
    days=st.none() | st.lists(st.integers(-1, 7), max_size=8),
)
async def test_no_tariff_makes_the_gateway_fail(
    a_home: Home, name: str, begin: int, end: int, days: list[int] | None
) -> None:
    await send(a_home, [{"name": name, "cost": "1"}])
    hours = [f"{minute // 60:02}:{minute % 60:02}" for minute in (begin, end)]
    interval: dict[str, object] = {"name": name, "from": hours[0], "to": hours[1]}
    interval |= {} if days is None else {"weekdays": days}

    body = {"tariffId": "day-night", "tariffIntervals": [interval]}
    answer = await associate(a_home, body)

    assert answer.status_code in (204, 400, 404)
    listed = await a_home.http.get(f"/locations/{a_home.location.id}/tariff")
    assert listed.status_code == 200
