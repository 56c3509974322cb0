"""Users."""

import pytest

from tests.enode.home import Home

LISTS = ["batteries", "chargers", "inverters", "meters", "locations"]


@pytest.mark.parametrize("kind", LISTS)
async def test_007_an_unknown_user_has_empty_lists_and_is_not_found(
    a_home: Home, kind: str
) -> None:
    missing = await a_home.http.get("/users/nobody")
    empty = await a_home.http.get(f"/users/nobody/{kind}")

    assert (missing.status_code, missing.json()["title"]) == (404, "User does not exist")
    assert empty.status_code == 200
    assert empty.json() == {"data": [], "pagination": {"after": None, "before": None}}


@pytest.mark.parametrize("kind", LISTS)
async def test_a_user_list_has_what_the_whole_list_has_of_that_user(
    a_home: Home, kind: str
) -> None:
    everything = (await a_home.http.get(f"/{kind}")).json()["data"]

    assert (await a_home.http.get(f"/users/anna/{kind}")).json()["data"] == everything
    assert len(everything) == 1


async def test_a_user_is_listed_with_the_scope_of_old(a_home: Home) -> None:
    (entry,) = (await a_home.http.get("/users")).json()["data"]

    assert (entry["id"], entry["scopes"]) == ("anna", ["all"])


async def test_a_user_names_each_vendor_and_kind_once(a_home: Home) -> None:
    body = (await a_home.http.get("/users/anna")).json()

    linked = [(entry["vendor"], entry["vendorType"]) for entry in body["linkedVendors"]]
    assert linked == [
        ("KEBA", "charger"),
        ("SOLAREDGE", "battery"),
        ("SOLAREDGE", "inverter"),
        ("SOLAREDGE", "meter"),
    ]
    assert all(entry["isValid"] for entry in body["linkedVendors"])
