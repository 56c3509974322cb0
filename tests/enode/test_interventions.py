"""The catalogue of interventions, and that every id on any asset leads into it."""

from dataclasses import replace
from typing import Any

import pytest

from gatewayd.enode.interventions.catalogue import (
    CATALOGUE,
    CONTROL_SCOPE,
    LOCATION_SCOPE,
    OTHER_DEVICE,
    OTHER_WRITER,
)
from gatewayd.enode.interventions.words import languages, words
from gatewayd.model.asset import AssetKind, Consent
from tests.enode.home import Home, silence, wake

UNKNOWN = "6560fa37-b7ec-4ace-81ca-a8b64279f8d2"
LISTS = ("batteries", "chargers", "hvacs", "inverters", "meters", "vehicles")
TAGS = ["en-US", "de-DE", "fr-FR", "nl-NL", "nb-NO", "sv-SE", "da-DK", "fi-FI", "es-ES", "it-IT"]


async def listed(home: Home, query: str = "") -> Any:
    return (await home.http.get(f"/interventions{query}")).json()


async def intervention_ids(home: Home) -> set[str]:
    found: set[str] = set()
    for kind in LISTS:
        for asset in (await home.http.get(f"/{kind}")).json()["data"]:
            for ability in asset["capabilities"].values():
                found |= set(ability["interventionIds"]) if isinstance(ability, dict) else set()
    return found


async def test_023_every_intervention_of_an_asset_can_be_looked_up(a_home: Home) -> None:
    charger, battery = a_home.asset(AssetKind.CHARGER), a_home.asset(AssetKind.BATTERY)
    inverter = a_home.asset(AssetKind.INVERTER)
    a_home.store.adopt([replace(charger, is_writable=False)])
    a_home.store.adopt([replace(battery, scopes=("battery:read:data",))])
    a_home.store.adopt([replace(inverter, consent=Consent.INVALID)])

    found = await intervention_ids(a_home)

    assert len(found) == 3
    for one in found:
        shown = await a_home.http.get(f"/interventions/{one}")
        assert (shown.status_code, shown.json()["id"]) == (200, one)


async def test_a_healthy_home_needs_no_intervention(a_home: Home) -> None:
    assert await intervention_ids(a_home) == set()


async def test_a_stranger_in_a_device_s_place_is_told(a_home: Home) -> None:
    wallbox = a_home.devices["wallbox"]
    silence(wallbox)
    await a_home.clock.advance(30)
    wallbox.identity = replace(wallbox.identity, serial="STRANGER")
    wake(wallbox)

    async def is_locked() -> bool:
        return not a_home.asset(AssetKind.CHARGER).is_writable

    await a_home.until(is_locked)

    assert await intervention_ids(a_home) == {OTHER_DEVICE.id}


async def test_another_writer_is_told_as_long_as_he_is_given_way_to(a_home: Home) -> None:
    charger = a_home.asset(AssetKind.CHARGER)

    a_home.store.yielded(charger.id, is_yielded=True)
    # What a device says of itself anew does not end it.
    a_home.store.adopt([charger])
    yielded = await intervention_ids(a_home)
    a_home.store.yielded(charger.id, is_yielded=False)

    assert yielded == {OTHER_WRITER.id}
    assert await intervention_ids(a_home) == set()


async def test_024_an_unknown_language_is_english(a_home: Home) -> None:
    english = await listed(a_home, "?language=en-US")

    for tag in ("xx-YY", "", "en-GB", "pt-PT", "ro-RO", "../en", "de_DE", "%00"):
        assert await listed(a_home, f"?language={tag}") == english, tag
    assert await listed(a_home) == english


@pytest.mark.parametrize("tag", TAGS)
async def test_a_language_has_words_of_its_own_for_everything(a_home: Home, tag: str) -> None:
    english = {one["id"]: one["resolution"] for one in await listed(a_home)}
    told = {one["id"]: one["resolution"] for one in await listed(a_home, f"?language={tag}")}

    assert told.keys() == {known.id for known in CATALOGUE}
    for key, resolution in told.items():
        assert resolution["access"] == english[key]["access"]
        assert (resolution["description"] == english[key]["description"]) is (tag == "en-US")
    one = CONTROL_SCOPE.id
    shown = (await a_home.http.get(f"/interventions/{one}?language={tag}")).json()
    assert shown["resolution"] == told[one]


def test_every_language_says_everything_and_nothing_else() -> None:
    assert languages() == {tag[:2] for tag in TAGS}
    for tag in TAGS:
        for known in CATALOGUE:
            told = words(known.name, tag)
            assert told.title == told.title.strip() != ""
            assert "<br>" in told.description
            assert told.description.count("\n") >= 2
    assert len({known.id for known in CATALOGUE}) == len(CATALOGUE)


async def test_interventions_are_filtered_by_whom_they_may_help(a_home: Home) -> None:
    vehicles = {one["id"] for one in await listed(a_home, "?vendorType=vehicle")}
    meters = {one["id"] for one in await listed(a_home, "?vendorType=meter")}
    keba = {one["id"] for one in await listed(a_home, "?vendor=KEBA")}

    assert vehicles == {known.id for known in CATALOGUE}
    assert len(meters) == 1
    assert keba == vehicles - {LOCATION_SCOPE.id}
    assert await listed(a_home, "?vendor=NOBODY") == []
    assert len(await listed(a_home, "?vendor=KEBA&vendorType=meter")) == 0


async def test_a_kind_that_does_not_exist_is_refused(a_home: Home) -> None:
    for path in ("/interventions", f"/interventions/{CONTROL_SCOPE.id}"):
        answer = await a_home.http.get(f"{path}?vendorType=toaster")

        assert answer.status_code == 400
        assert answer.json()["issues"][0]["path"] == ["vendorType"]


async def test_an_unknown_intervention_is_not_found(a_home: Home) -> None:
    assert (await a_home.http.get(f"/interventions/{UNKNOWN}")).status_code == 404
    assert (await a_home.http.get("/interventions/login")).status_code == 400
