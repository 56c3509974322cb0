"""Lists in pages."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.enode import paging
from gatewayd.enode.paging import Key, PageRequest, key_of, page
from gatewayd.state import users
from tests.enode.home import Home

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def at(seconds: float, name: str) -> Key:
    return key_of(EPOCH + timedelta(seconds=seconds), name)


def decoded(cursor: str) -> Key:
    position = paging._position("after", cursor)
    assert position is not None
    return position


async def add_user(home: Home, name: str, now: datetime) -> None:
    await home.db.write(lambda c: users.ensure(c, name, now))


async def twelve_users(home: Home) -> None:
    """Eleven users beside the one there is, three at a time in the same millisecond."""
    for n in range(11):
        await add_user(home, f"user{n:02}", home.clock.now() + timedelta(minutes=n // 3))


async def pages(home: Home, size: int) -> list[list[str]]:
    """All pages of the users, by following `after`."""
    found, query = [], {"pageSize": str(size)}
    while True:
        body = (await home.http.get("/users", params=query)).json()
        found.append([user["id"] for user in body["data"]])
        if body["pagination"]["after"] is None:
            return found
        query["after"] = body["pagination"]["after"]


async def test_009_after_and_before_together_are_refused(a_home: Home) -> None:
    await twelve_users(a_home)
    body = (await a_home.http.get("/users", params={"pageSize": "5"})).json()
    cursor = body["pagination"]["after"]

    answer = await a_home.http.get("/users", params={"after": cursor, "before": cursor})

    assert answer.status_code == 400


@pytest.mark.parametrize("size", ["0", "-1", "", "1.5", "ten", "1e3", " 5", "+5", "1_0", "٣"])
async def test_010_a_page_size_that_is_no_number_above_zero_is_refused(
    a_home: Home, size: str
) -> None:
    answer = await a_home.http.get("/chargers", params={"pageSize": size})

    assert answer.status_code == 400
    assert answer.json()["issues"][0]["path"] == ["pageSize"]


async def test_010_a_page_has_at_most_fifty_unless_asked_otherwise(a_home: Home) -> None:
    for n in range(60):
        await add_user(a_home, f"user{n}", a_home.clock.now())

    assert len((await a_home.http.get("/users")).json()["data"]) == 50
    for size in ("60", "1000000", "9" * 5000):
        answer = await a_home.http.get("/users", params={"pageSize": size})
        assert len(answer.json()["data"]) >= 60


async def test_011_the_ends_of_the_list_have_no_cursor(a_home: Home) -> None:
    await twelve_users(a_home)

    first = (await a_home.http.get("/users", params={"pageSize": "7"})).json()["pagination"]
    query = {"pageSize": "7", "after": first["after"]}
    last = (await a_home.http.get("/users", params=query)).json()["pagination"]

    assert first["before"] is None
    assert last["after"] is None
    assert first["after"]
    assert last["before"]


async def test_012_the_newest_come_first(a_home: Home) -> None:
    await twelve_users(a_home)

    body = (await a_home.http.get("/users")).json()

    created = [user["createdAt"] for user in body["data"]]
    assert created == sorted(created, reverse=True)
    assert body["pagination"] == {"after": None, "before": None}


@pytest.mark.parametrize("size", [1, 2, 3, 5, 11, 12])
async def test_013_following_after_shows_every_record_once(a_home: Home, size: int) -> None:
    await twelve_users(a_home)

    shown = [user for one in await pages(a_home, size) for user in one]

    assert sorted(shown) == sorted([*(f"user{n:02}" for n in range(11)), "anna"])


async def test_013_a_record_added_meanwhile_shifts_nothing(a_home: Home) -> None:
    await twelve_users(a_home)
    whole = await pages(a_home, 4)
    first = (await a_home.http.get("/users", params={"pageSize": "4"})).json()
    later = a_home.clock.now() + timedelta(hours=1)
    await a_home.db.write(lambda c: users.ensure(c, "late", later))

    query = {"pageSize": "4", "after": first["pagination"]["after"]}
    second = (await a_home.http.get("/users", params=query)).json()

    assert [user["id"] for user in second["data"]] == whole[1]


async def test_014_before_leads_back_in_the_same_order(a_home: Home) -> None:
    await twelve_users(a_home)
    first = (await a_home.http.get("/users", params={"pageSize": "5"})).json()
    query = {"pageSize": "5", "after": first["pagination"]["after"]}
    second = (await a_home.http.get("/users", params=query)).json()

    query = {"pageSize": "5", "before": second["pagination"]["before"]}
    back = (await a_home.http.get("/users", params=query)).json()

    assert back == first


@pytest.mark.parametrize(
    "cursor", ["", "x", "!!!!", "MjAyNg==", "fHx8fA==", "MjAyMy0wNy0xOFQxMDowODowMi4zNzNa", "/w=="]
)
@pytest.mark.parametrize("name", ["after", "before"])
async def test_a_cursor_that_was_tampered_with_is_refused(
    a_home: Home, name: str, cursor: str
) -> None:
    for path in ("/users", "/meters", "/locations"):
        assert (await a_home.http.get(path, params={name: cursor})).status_code == 400


moments = st.integers(min_value=0, max_value=5)
records = st.sets(st.tuples(moments, st.text("abc|", min_size=1, max_size=3)), max_size=20)


@given(records=records, size=st.integers(1, 7))
def test_pages_in_either_direction_show_everything_once_and_in_order(
    records: set[tuple[int, str]], size: int
) -> None:
    keys = [at(seconds, name) for seconds, name in records]
    everything = sorted(keys, reverse=True)

    forward, cursors = page(keys, lambda key: key, PageRequest(size))
    while cursors.after:
        more, cursors = page(keys, lambda key: key, PageRequest(size, after=decoded(cursors.after)))
        forward += more
    backward: list[Key] = []
    where: Key | None = ("0000", "")
    while where:
        more, cursors = page(keys, lambda key: key, PageRequest(size, before=where))
        backward = [*more, *backward]
        where = decoded(cursors.before) if cursors.before else None

    assert forward == everything
    assert backward == everything


@given(records=records, size=st.integers(1, 7), gone=st.data())
def test_a_cursor_outlives_its_record(
    records: set[tuple[int, str]], size: int, gone: st.DataObject
) -> None:
    keys = [at(seconds, name) for seconds, name in records]
    first, cursors = page(keys, lambda key: key, PageRequest(size))
    if not cursors.after:
        return
    wanted = PageRequest(size, after=decoded(cursors.after))
    before, _ = page(keys, lambda key: key, wanted)

    left = [key for key in keys if key not in first]

    assert page(left, lambda key: key, wanted)[0] == before
