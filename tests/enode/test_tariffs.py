"""Tariffs, and which one holds at a location."""

from typing import Any

import httpx
import pytest

from tests.enode.home import Home

RATES = [{"name": "peak", "cost": "0.40"}, {"name": "low", "cost": "0.10"}]
WEEK = {
    "tariffId": "day-night",
    "tariffIntervals": [
        {"name": "low", "from": "00:00", "to": "06:00"},
        {"name": "peak", "from": "06:00", "to": "22:00"},
        {"name": "low", "from": "22:00", "to": "24:00"},
    ],
}
UNKNOWN = "6560fa37-b7ec-4ace-81ca-a8b64279f8d2"


async def send(home: Home, rates: Any = RATES, tariff_id: str = "day-night") -> httpx.Response:
    return await home.http.put(f"/tariffs/{tariff_id}", json=rates)


async def associate(home: Home, body: Any = WEEK) -> httpx.Response:
    return await home.http.put(f"/locations/{home.location.id}/tariff", json=body)


async def associated(home: Home) -> Any:
    return (await home.http.get(f"/locations/{home.location.id}/tariff")).json()


def interval(start: str, end: str, *weekdays: int, name: str = "low") -> dict[str, Any]:
    days = {"weekdays": list(weekdays)} if weekdays else {}
    return {"name": name, "from": start, "to": end} | days


def linking(*intervals: dict[str, Any]) -> dict[str, Any]:
    return {"tariffId": "day-night", "tariffIntervals": list(intervals)}


async def test_a_tariff_is_created_found_and_replaced(a_home: Home) -> None:
    assert (await send(a_home)).status_code == 204
    assert (await a_home.http.get("/tariffs/day-night")).json() == RATES

    cheaper = [{"name": "any", "cost": "-.05"}]
    assert (await send(a_home, cheaper)).status_code == 204
    assert (await a_home.http.get("/tariffs/day-night")).json() == [
        {"name": "any", "cost": "-0.05"}
    ]


async def test_an_unknown_tariff_is_not_found(a_home: Home) -> None:
    assert (await a_home.http.get("/tariffs/other")).status_code == 404


@pytest.mark.parametrize(
    "cost", ["1e3", "", "1,5", "0.1234567891", "1234567890", 0.5, None, "NaN", "٣"]
)
async def test_a_cost_that_is_none_is_refused_naming_its_place(a_home: Home, cost: object) -> None:
    refused = await send(a_home, [*RATES, {"name": "new", "cost": cost}])

    assert refused.status_code == 400
    assert refused.json()["issues"][0]["path"] == [2, "cost"]


async def test_two_rates_of_one_name_are_refused(a_home: Home) -> None:
    assert (await send(a_home, [*RATES, RATES[0]])).status_code == 400


@pytest.mark.parametrize("body", [{}, None, "x", [{"name": "a"}], [RATES[0] | {"unit": "kWh"}]])
async def test_a_body_that_is_no_tariff_is_refused(a_home: Home, body: object) -> None:
    assert (await send(a_home, body)).status_code == 400


@pytest.mark.parametrize("tariff_id", ["x" * 37, "a.b", "%C3%A9"])
async def test_an_id_that_no_tariff_can_have_is_refused(a_home: Home, tariff_id: str) -> None:
    assert (await send(a_home, RATES, tariff_id)).status_code == 400


async def test_073_an_overlap_is_refused_and_a_gap_is_not(a_home: Home) -> None:
    await send(a_home)

    overlap = await associate(
        a_home, linking(interval("00:00", "06:01", 3), interval("06:00", "07:00"))
    )
    assert overlap.status_code == 400
    assert overlap.json()["issues"][0]["code"] == "overlap"

    gap = await associate(
        a_home, linking(interval("00:00", "06:00", 3), interval("07:00", "08:00"))
    )
    assert gap.status_code == 204


async def test_074_an_interval_without_weekdays_is_listed_for_each(a_home: Home) -> None:
    await send(a_home)
    await associate(a_home, linking(interval("08:00", "24:00")))

    assert await associated(a_home) == [
        {
            "weekday": weekday,
            "fromHourMinute": "08:00",
            "toHourMinute": "24:00",
            "tariffId": "day-night",
            "tariffName": "low",
        }
        for weekday in range(7)
    ]


async def test_the_week_is_listed_by_weekday_and_time(a_home: Home) -> None:
    await send(a_home)
    await associate(
        a_home,
        linking(interval("12:00", "13:00", 6, 0), interval("05:00", "06:00", 0, name="peak")),
    )

    listed = [
        (e["weekday"], e["fromHourMinute"], e["tariffName"]) for e in await associated(a_home)
    ]
    assert listed == [(0, "05:00", "peak"), (0, "12:00", "low"), (6, "12:00", "low")]


async def test_075_a_second_association_replaces_the_first(a_home: Home) -> None:
    await send(a_home)
    await associate(a_home)
    await associate(a_home, linking(interval("01:00", "02:00", 5)))

    assert [entry["weekday"] for entry in await associated(a_home)] == [5]


async def test_076_an_unknown_tariff_or_location_is_not_found(a_home: Home) -> None:
    assert (await associate(a_home)).status_code == 404
    await send(a_home)
    elsewhere = f"/locations/{UNKNOWN}/tariff"
    assert (await a_home.http.put(elsewhere, json=WEEK)).status_code == 404
    assert (await a_home.http.get(elsewhere)).status_code == 404


async def test_a_location_without_a_tariff_lists_nothing(a_home: Home) -> None:
    assert await associated(a_home) == []


@pytest.mark.parametrize(
    "wrong",
    [
        interval("06:00", "06:00"),
        interval("22:00", "06:00"),
        interval("24:00", "24:00"),
        interval("6:00", "07:00"),
        interval("06:00", "24:01"),
        interval("06:00", "07:00", 7),
        interval("06:00", "07:00", name="unheard of"),
        interval("06:00", "07:00") | {"weekdays": None},
        interval("06:00", "07:00") | {"weekdays": [True]},
        interval("06:00", "07:00") | {"colour": "red"},
        {"name": "low", "from": "06:00"},
    ],
)
async def test_an_interval_that_is_none_is_refused(a_home: Home, wrong: dict[str, Any]) -> None:
    await send(a_home)

    refused = await associate(a_home, linking(wrong))

    assert refused.status_code == 400
    assert await associated(a_home) == []


async def test_a_tariff_goes_with_its_location(a_home: Home) -> None:
    await send(a_home)
    await associate(a_home)

    assert (await a_home.http.delete(f"/locations/{a_home.location.id}")).status_code == 200
    assert (await a_home.http.get("/tariffs/day-night")).json() == RATES
