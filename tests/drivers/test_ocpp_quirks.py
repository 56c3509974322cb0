"""Every maker's charge point: what it says is read right, and it is told in the way it takes."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

import drivers
from drivers.lan.ocpp import DRIVER, Options
from gatewayd.errors import RefusedError
from gatewayd.links.ocpp import ChargePoints
from gatewayd.links.ocpp_dialect import Order
from gatewayd.links.ocpp_payload import Payload
from gatewayd.links.ocpp_quirks import shelf
from gatewayd.links.pool import Links
from gatewayd.model.command import SetMaxCurrent, StartCharging
from gatewayd.sdk.driver import Driver
from gatewayd.sdk.yaml_text import mapping
from gatewayd.state.db import Database
from tests.fakes.charge_point import Wire, wired
from tests.fakes.clock import FakeClock

QUIRKS = Path(next(iter(drivers.__path__))) / "ocpp"
FIXTURES = {
    path.stem: path for path in (Path(__file__).parents[1] / "fixtures/ocpp").glob("*.yaml")
}
TRANSACTION = "$transaction"


class Maker(Wire):
    """A charge point that answers as its fixture says, and takes whatever it is told."""

    def know(self, settings: dict[str, str]) -> None:
        self.settings = settings

    async def call(self, order: Order) -> Payload:
        self.orders.append(order)
        action, payload = order
        if action == "GetConfiguration":
            known = [key for key in payload["key"] if key in self.settings]
            return {"configurationKey": [{"key": k, "value": self.settings[k]} for k in known]}
        if action == "GetCompositeSchedule":
            raise RefusedError("not now")
        return {"status": "Accepted"}


class Bench:
    """The fixture of one maker, with a driver open on it."""

    def __init__(self, name: str, wire: Maker, driver: Driver) -> None:
        self.fixture = mapping(FIXTURES[name])
        self.wire = wire
        self.driver = driver

    async def says(self, calls: list[tuple[str, dict[str, Any]]]) -> None:
        """Say all of this; it uses the id that it is given for its session."""
        id: object = None
        for action, payload in calls:
            text = json.dumps([2, "1", action, payload]).replace(f'"{TRANSACTION}"', json.dumps(id))
            assert self.wire.conversation is not None
            await self.wire.conversation.receive(text)
            _, _, answer = json.loads(self.wire.sent.get_nowait())
            id = answer.get("transactionId", id)


def told(payload: dict[str, Any]) -> dict[str, Any]:
    """What matters of a charging profile."""
    profile = payload["csChargingProfiles"]
    schedule = profile["chargingSchedule"]
    found = {
        "purpose": profile["chargingProfilePurpose"],
        "stack_level": profile["stackLevel"],
        "kind": profile["chargingProfileKind"],
        "unit": schedule["chargingRateUnit"],
        "periods": [[p["startPeriod"], p["limit"]] for p in schedule["chargingSchedulePeriod"]],
    }
    if "duration" in schedule:
        found["duration_s"] = schedule["duration"]
    return found


def test_every_maker_has_a_fixture() -> None:
    assert shelf(QUIRKS).keys() == FIXTURES.keys()


def test_no_quirks_claim_to_be_proven_that_are_not() -> None:
    for name, quirks in shelf(QUIRKS).items():
        assert not quirks.quality["captured"] or mapping(FIXTURES[name])["captured"]


@pytest.mark.parametrize("name", sorted(FIXTURES))
async def test_a_maker_s_charger(tmp_path: Path, name: str) -> None:
    fixture = mapping(FIXTURES[name])
    clock = FakeClock()
    async with Database.open(tmp_path / "gatewayd.db") as db:
        points = ChargePoints(db, clock, is_served=True)
        options = Options.model_validate({"charge_point": "CP1", **fixture["options"]})
        async with DRIVER.open(options, Links(ocpp=points)) as driver:
            wire, _ = await wired(points, "CP1", "1.6", Maker)
            assert isinstance(wire, Maker)
            wire.know(dict(fixture["settings"]))
            bench = Bench(name, wire, driver)
            await bench.says(fixture["says"][:1])
            identity = await driver.identify()
            sets = {order["key"]: order["value"] for order in wire.asked("ChangeConfiguration")}
            await driver.apply("charger", StartCharging())
            tag = wire.asked("RemoteStartTransaction")[0]["idTag"]
            await clock.advance(0.5)
            await bench.says(fixture["says"][1:])
            readings = await driver.read()
            await driver.apply("charger", SetMaxCurrent(10.0))
            profiles = [told(payload) for payload in wire.asked("SetChargingProfile")]

    about = {key: getattr(identity, key) for key in fixture["identity"]}
    assert about == fixture["identity"]
    found = {key: value for key, value in asdict(readings["charger"]).items() if value is not None}
    assert found == pytest.approx(fixture["expect"])
    assert sets == fixture["sets"]
    assert tag == fixture["starts_with"]
    assert profiles == fixture["limit_10_a"]
