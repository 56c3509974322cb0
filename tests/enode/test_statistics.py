"""Statistics of consumption and production."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import httpx
import pytest

from gatewayd.control.statistics import StatisticsRecorder
from gatewayd.model.asset import AssetKind
from gatewayd.model.statistics import EnergySample
from gatewayd.state import assets, statistics
from tests.enode.home import Home
from tests.enode.test_tariffs import associate, send
from tests.fakes.measured import run_at

# Oslo is two hours ahead of UTC.
NOW = datetime(2026, 6, 21, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
CHARGING = "/users/anna/statistics/charging"
SESSIONS = "/users/anna/statistics/charging/sessions"
UNKNOWN = "6560fa37-b7ec-4ace-81ca-a8b64279f8d2"


async def ran(
    home: Home,
    start: datetime,
    minutes: int,
    power_w: float = 6000,
    kind: AssetKind = AssetKind.CHARGER,
    counter_wh: float = 0.5,
) -> float:
    """An asset ran in the past, and it is counted."""
    asset = home.asset(kind)
    shown = await home.db.write(lambda c: run_at(c, asset, start, minutes, power_w, counter_wh))
    await StatisticsRecorder(home.store, home.db, home.clock).count()
    return shown


async def ask(home: Home, path: str = CHARGING, **query: Any) -> httpx.Response:
    start = query.pop("startDate", NOW - 2 * DAY)
    params = {"type": "charger", "startDate": text(start)} | query
    return await home.http.get(path, params={key: text(value) for key, value in params.items()})


async def entries(home: Home, path: str = CHARGING, **query: Any) -> Any:
    answer = await ask(home, path, **query)
    assert answer.status_code == 200
    return answer.json()


def text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


async def production(home: Home, **query: int) -> httpx.Response:
    return await home.http.get(
        f"/inverters/{home.asset(AssetKind.INVERTER).id}/statistics", params=query
    )


async def installed(home: Home, at: datetime) -> None:
    """The inverter has been there since then."""
    asset_id = home.asset(AssetKind.INVERTER).id

    def change(c: Any) -> Any:
        c.execute("UPDATE assets SET installed_at = ? WHERE id = ?", (at.isoformat(), asset_id))
        return assets.load(c)

    home.store.adopt(await home.db.write(change))


async def test_079_an_end_at_midnight_leaves_that_day_out(a_home: Home) -> None:
    await ran(a_home, datetime(2026, 6, 19, 23, 30, tzinfo=UTC), 90)

    until_midnight = await entries(a_home, endDate="2026-06-20T00:00:00Z")
    later = await entries(a_home, endDate="2026-06-20T00:00:01Z")

    assert [entry["date"] for entry in until_midnight] == ["2026-06-19T00:00:00.000Z"]
    assert [entry["date"] for entry in later] == [
        "2026-06-19T00:00:00.000Z",
        "2026-06-20T00:00:00.000Z",
    ]


async def test_080_the_offset_moves_days_and_not_hours(a_home: Home) -> None:
    await ran(a_home, datetime(2026, 6, 20, 21, 0, tzinfo=UTC), 120)

    plain, moved = [await entries(a_home, utcOffset=offset) for offset in (0, 2)]
    hours, moved_hours = [
        await entries(a_home, resolution="HOUR", utcOffset=offset) for offset in (0, 2)
    ]

    assert [entry["kwhSum"] for entry in plain] == [pytest.approx(12)]
    assert [entry["date"] for entry in moved] == [
        "2026-06-19T22:00:00.000Z",
        "2026-06-20T22:00:00.000Z",
    ]
    assert hours == moved_hours


async def test_081_the_cost_is_the_tariffs_split_at_the_local_boundary(a_home: Home) -> None:
    await send(a_home)
    await associate(a_home)
    # 22:00 in Oslo is 20:00 UTC.
    await ran(a_home, datetime(2026, 6, 20, 19, 0, tzinfo=UTC), 120)

    (day,) = await entries(a_home)
    hours = await entries(a_home, resolution="HOUR")

    assert day["kwhSum"] == pytest.approx(12)
    assert day["costSum"] == pytest.approx(6 * 0.4 + 6 * 0.1)
    assert day["price"] == {"min": 0.1, "max": 0.4, "mean": pytest.approx(0.25)}
    assert [hour["costSum"] for hour in hours] == [pytest.approx(2.4), pytest.approx(0.6)]
    assert (day["kw"]["min"], day["kw"]["max"], day["kw"]["mean"]) == (6, 6, 6)
    assert day["estimatedSavings"] is None
    assert set(day["nonSmartPrice"].values()) == {None}


async def test_the_parts_add_up_to_the_whole(a_home: Home) -> None:
    await send(a_home)
    await associate(a_home)
    await ran(a_home, NOW - 30 * HOUR - 7 * MINUTE, 25 * 60 + 3, power_w=7331)

    sums = {}
    for resolution in ("QUARTER_HOUR", "HALF_HOUR", "HOUR", "DAY", "WEEK", "MONTH", "YEAR"):
        found = await entries(a_home, resolution=resolution)
        assert [entry["date"] for entry in found] == sorted({entry["date"] for entry in found})
        for entry in found:
            assert entry["kw"]["min"] <= entry["kw"]["mean"] <= entry["kw"]["max"]
            assert entry["costSum"] == pytest.approx(entry["price"]["mean"] * entry["kwhSum"])
        sums[resolution] = [
            sum(Decimal(str(entry[key])) for entry in found) for key in ("kwhSum", "costSum")
        ]

    assert len({tuple(round(one, 8) for one in pair) for pair in sums.values()}) == 1
    assert float(sums["DAY"][0]) == pytest.approx(7.331 * (25 + 3 / 60), abs=1e-3)


async def test_what_was_used_is_paid_by_the_tariff_of_its_time(a_home: Home) -> None:
    await send(a_home)
    await associate(a_home)
    shown = await ran(a_home, NOW - 60 * MINUTE, 60)
    before = await entries(a_home)

    a_home.clock.jump_wall(MINUTE)
    await send(a_home, [{"name": "peak", "cost": "9"}, {"name": "low", "cost": "9"}])

    assert await entries(a_home) == before
    a_home.clock.jump_wall(3 * HOUR)
    await ran(a_home, NOW + HOUR, 60, counter_wh=shown)
    assert (await entries(a_home))[0]["costSum"] == pytest.approx(6 * 0.4 + 6 * 9)


async def test_without_a_tariff_what_was_used_cost_nothing(a_home: Home) -> None:
    await ran(a_home, NOW - HOUR, 30)

    (day,) = await entries(a_home)

    assert day["kwhSum"] == pytest.approx(3)
    assert (day["costSum"], day["price"]) == (0, {"min": 0, "max": 0, "mean": 0})


async def test_the_last_minutes_are_there_before_their_quarter_is_over(a_home: Home) -> None:
    await ran(a_home, NOW - 5 * MINUTE, 5)

    (day,) = await entries(a_home)

    assert day["kwhSum"] == pytest.approx(0.5)


async def test_an_asset_that_is_new_has_its_first_minutes(a_home: Home) -> None:
    charger = a_home.asset(AssetKind.CHARGER)
    a_home.clock.jump_wall(4 * MINUTE)
    await a_home.db.write(lambda c: run_at(c, charger, NOW + MINUTE, 3, 6000))

    (day,) = await entries(a_home)

    assert day["kwhSum"] == pytest.approx(0.3)


async def test_082_an_id_of_another_type_or_user_is_not_found(a_home: Home) -> None:
    inverter, charger = (a_home.asset(kind).id for kind in (AssetKind.INVERTER, AssetKind.CHARGER))
    for path in (CHARGING, SESSIONS):
        for query in ({"id": inverter}, {"id": "nothing"}, {"id": charger, "type": "vehicle"}):
            assert (await ask(a_home, path, **query)).status_code == 404
        bert = path.replace("anna", "bert")
        assert (await ask(a_home, bert, id=charger)).status_code == 404
        assert await entries(a_home, bert) == []
        assert await entries(a_home, path, id=charger) == []


async def test_083_two_charges_an_hour_apart_are_two_sessions(a_home: Home) -> None:
    await send(a_home)
    await associate(a_home)
    first, second = NOW - 4 * HOUR + 3 * MINUTE, NOW - 2 * HOUR - 6 * MINUTE
    charger = a_home.asset(AssetKind.CHARGER)
    shown = await a_home.db.write(lambda c: run_at(c, charger, first, 51, 6000))
    await ran(a_home, second, 30, counter_wh=shown)

    found = await entries(a_home, SESSIONS)

    assert [(one["from"], one["to"]) for one in found] == [
        ("2026-06-21T06:03:00.000Z", "2026-06-21T06:54:00.000Z"),
        ("2026-06-21T07:54:00.000Z", "2026-06-21T08:24:00.000Z"),
    ]
    assert [one["kwhSum"] for one in found] == [pytest.approx(5.1), pytest.approx(3)]
    assert [one["costSum"] for one in found] == [pytest.approx(2.04), pytest.approx(1.2)]
    assert {one["id"] for one in found} == {charger.id}
    assert {one["locationId"] for one in found} == {a_home.location.id}


async def test_a_session_is_listed_once_it_is_over(a_home: Home) -> None:
    await ran(a_home, NOW - 20 * MINUTE, 10)
    assert await entries(a_home, SESSIONS) == []

    a_home.clock.jump_wall(6 * MINUTE)

    (session,) = await entries(a_home, SESSIONS)
    assert session["kwhSum"] == pytest.approx(1)


async def test_a_location_is_asked_for(a_home: Home) -> None:
    await ran(a_home, NOW - HOUR, 30)

    for path in (CHARGING, SESSIONS):
        assert len(await entries(a_home, path, locationId=a_home.location.id)) == 1
        assert await entries(a_home, path, locationId=UNKNOWN) == []
        assert (await ask(a_home, path, locationId="home")).status_code == 400


@pytest.mark.parametrize(
    "wrong",
    [
        {"startDate": NOW, "endDate": NOW - DAY},
        {"startDate": NOW + DAY},
        {"startDate": "yesterday"},
        {"startDate": "1718964000"},
        {"startDate": "2026-06-21T10:00:00"},
        {"startDate": "2026-02-30T10:00:00Z"},
        {"endDate": "9999-12-31T23:59:59-05:00"},
        {"type": "inverter"},
        {"type": ""},
        {"resolution": "MINUTE"},
        {"utcOffset": "nan"},
        {"utcOffset": 24},
    ],
)
async def test_a_query_that_makes_no_sense_is_refused(a_home: Home, wrong: dict[str, Any]) -> None:
    assert (await ask(a_home, **wrong)).status_code == 400


@pytest.mark.parametrize("missing", ["type", "startDate"])
async def test_a_query_lacking_what_it_needs_is_refused(a_home: Home, missing: str) -> None:
    query = {"type": "charger", "startDate": "2026-06-21T00:00:00Z"}
    del query[missing]

    assert (await a_home.http.get(CHARGING, params=query)).status_code == 400


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
        ("2026-06-21t00:00:00.123456789z", "2026-06-21T23:00:00 02:00"),
        ("2026-06-21T02:00+02:00", "2026-06-21T23:00:00Z"),
    ],
)
async def test_any_date_and_time_is_understood(a_home: Home, start: str, end: str) -> None:
    await ran(a_home, NOW - HOUR, 30)

    for path in (CHARGING, SESSIONS):
        assert len(await entries(a_home, path, startDate=start, endDate=end)) == 1


async def test_years_of_quarters_are_answered_while_others_are_too(a_home: Home) -> None:
    await StatisticsRecorder(a_home.store, a_home.db, a_home.clock).count()
    charger = a_home.asset(AssetKind.CHARGER)
    samples = [
        EnergySample(start, start + 15 * MINUTE, 1800, 7000, 7400, 7200, a_home.location.id, 15)
        for start in (NOW - n * 15 * MINUTE for n in range(1, 96 * 365))
    ]
    await a_home.db.write(lambda c: statistics.put(c, charger.id, samples))
    waits = []

    async def others() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.005)
            waits.append(time.perf_counter() - before)

    meanwhile = asyncio.create_task(others())
    found = await entries(a_home, startDate=NOW - 365 * DAY, resolution="MONTH")
    meanwhile.cancel()

    assert len(found) == 13
    assert len(waits) > 5


async def test_084_a_month_under_way_says_when_to_ask_again(a_home: Home) -> None:
    await installed(a_home, NOW - 100 * DAY)
    await ran(a_home, NOW - 10 * DAY, 60, kind=AssetKind.INVERTER)

    current = await production(a_home, year=2026, month=6)
    past = await production(a_home, year=2026, month=5)

    assert (current.status_code, past.status_code) == (202, 200)
    assert current.json()["retryAfter"] > "2026-06-21T10:00:00.000Z"
    assert "retryAfter" not in past.json()
    days = current.json()["resolutions"]["DAY"]
    assert (days["unit"], len(days["data"])) == ("kWh", 30)
    assert days["data"][10] == {
        "date": "2026-06-11T00:00:00.000+02:00",
        "value": pytest.approx(6),
    }
    assert days["data"][25]["value"] is None


async def test_085_a_day_has_its_quarters_in_local_time(a_home: Home) -> None:
    await installed(a_home, NOW - 1000 * DAY)
    start = datetime(2026, 6, 19, 22, 0, tzinfo=UTC)
    await ran(a_home, start, 30, kind=AssetKind.INVERTER)

    day = (await production(a_home, year=2026, month=6, day=20)).json()

    assert day["timezone"] == "Europe/Oslo"
    assert list(day["resolutions"]) == ["QUARTER_HOUR"]
    data = day["resolutions"]["QUARTER_HOUR"]["data"]
    assert len(data) == 96
    assert data[0] == {"date": "2026-06-20T00:00:00.000+02:00", "value": pytest.approx(1.5)}
    assert data[95]["date"] == "2026-06-20T23:45:00.000+02:00"
    assert (data[1]["value"], data[2]["value"]) == (pytest.approx(1.5), None)


@pytest.mark.parametrize(("month", "day", "length"), [(3, 29, 92), (10, 26, 100)])
async def test_085_a_day_of_a_clock_change_is_shorter_or_longer(
    a_home: Home, month: int, day: int, length: int
) -> None:
    await installed(a_home, NOW - 1000 * DAY)
    year = 2026 if month == 3 else 2025

    answer = await production(a_home, year=year, month=month, day=day)

    data = answer.json()["resolutions"]["QUARTER_HOUR"]["data"]
    assert answer.status_code == 200
    assert len(data) == length
    instants = [datetime.fromisoformat(entry["date"]) for entry in data]
    assert {later - earlier for earlier, later in pairwise(instants)} == {15 * MINUTE}


async def test_086_before_the_installation_and_impossible_dates_are_refused(a_home: Home) -> None:
    early = await production(a_home, year=2026, month=5)
    impossible = await production(a_home, year=2026, month=2, day=30)

    for refused in (early, impossible):
        assert refused.status_code == 400
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["title"] == "Bad Request"
    assert "installation date" in early.json()["detail"]
    for query in ({"year": 1968, "month": 1}, {"year": 2026, "month": 13}, {"year": 2026}):
        assert (await production(a_home, **query)).status_code == 400


async def test_statistics_of_an_unknown_inverter_are_not_found(a_home: Home) -> None:
    for asset_id in (UNKNOWN, a_home.asset(AssetKind.BATTERY).id):
        answer = await a_home.http.get(
            f"/inverters/{asset_id}/statistics", params={"year": 2026, "month": 6}
        )
        assert (answer.status_code, answer.json()["detail"]) == (404, "Asset not found")
        assert answer.headers["content-type"] == "application/problem+json"
