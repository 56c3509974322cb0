"""Charge points that say anything: nothing breaks, and nothing absurd is believed."""

import json
import math
import random
from pathlib import Path
from typing import Any

import pytest

from drivers.lan.ocpp import DRIVER, Options
from gatewayd.links.ocpp import ChargePoints
from gatewayd.links.pool import Links
from gatewayd.sdk.yaml_text import mapping
from tests.fakes.charge_point import wired
from tests.fakes.clock import FakeClock

MESSAGES = 5_000
SCALARS: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**31,
    10**400,
    1.5,
    float("nan"),
    float("inf"),
    "",
    "0",
    "1e999",
    "-16",
    "Charging",
    "Available",
    "kWh",
    "L1",
    "2026-06-21T10:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "\u0000",
    "x" * 300,
    [],
    {},
    [[]],
    {"value": "1"},
)
BOUNDS = {"power_w": 1e6, "energy_wh": 1e10, "session_wh": 1e10, "max_current_a": 500.0}


def seeds(version: str) -> list[list[Any]]:
    """Good messages to begin with."""
    if version == "1.6":
        fixtures = sorted((Path(__file__).parents[1] / "fixtures/ocpp").glob("*.yaml"))[::3]
        return [said for path in fixtures for said in mapping(path)["says"]]
    value = {"value": 7000.0, "measurand": "Power.Active.Import", "unitOfMeasure": {"unit": "W"}}
    moment = {"timestamp": "2026-06-21T10:00:00Z", "sampledValue": [value]}
    info = {"transactionId": "T1", "chargingState": "Charging"}
    event = {"timestamp": "2026-06-21T10:00:00Z", "triggerReason": "Trigger", "seqNo": 1}
    place = {"evseId": 1, "connectorId": 1}
    return [
        ["BootNotification", {"reason": "PowerUp", "chargingStation": {"vendorName": "A"}}],
        ["StatusNotification", {"connectorStatus": "Occupied", **place}],
        ["TransactionEvent", {"eventType": "Started", "transactionInfo": info,
                              "evse": {"id": 1}, "idToken": {"idToken": "A"}, **event}],
        ["TransactionEvent", {"eventType": "Updated", "transactionInfo": info,
                              "meterValue": [moment], **event}],
        ["TransactionEvent", {"eventType": "Ended", "transactionInfo": info, **event}],
        ["MeterValues", {"evseId": 1, "meterValue": [moment]}],
        ["Authorize", {"idToken": {"idToken": "A", "type": "ISO14443"}}],
    ]  # fmt: skip


def changed(value: Any, rng: random.Random) -> Any:
    """A value with one thing in it that is otherwise."""
    if rng.random() < 0.25 or not isinstance(value, dict | list) or not value:
        return rng.choice(SCALARS)
    if isinstance(value, list):
        at = rng.randrange(len(value))
        return [changed(item, rng) if i == at else item for i, item in enumerate(value)]
    key = rng.choice(list(value))
    if rng.random() < 0.2:
        return {k: item for k, item in value.items() if k != key}
    return {k: changed(item, rng) if k == key else item for k, item in value.items()}


def mutated(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text))
    kind = rng.randrange(4)
    if kind == 0:
        return text[:at]
    if kind == 1:
        return text[:at] + chr(rng.randrange(32, 0x2FFF)) + text[at + 1 :]
    return text[:at] + text[at : at + 20] * 2 + text[at + 20 :] if kind == 2 else text + text[:at]


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
async def test_whatever_it_says_it_is_answered_and_read(version: str) -> None:
    rng, clock = random.Random(version), FakeClock()
    points = ChargePoints(clock=clock, is_served=True)
    good = seeds(version)
    async with DRIVER.open(Options(charge_point="CP1", read_only=True), Links(ocpp=points)) as one:
        wire, _ = await wired(points, "CP1", version)
        assert wire.conversation is not None
        wire.call = _deaf  # type: ignore[method-assign,assignment]
        await wire.conversation.receive(json.dumps([2, "0", *good[0]]))
        for number in range(MESSAGES):
            action, payload = rng.choice(good)
            for _ in range(rng.randrange(3)):
                payload = changed(payload, rng)
            text = json.dumps([2, str(number), action, payload])
            await wire.conversation.receive(mutated(text, rng) if rng.random() < 0.2 else text)
            while not wire.sent.empty():
                assert json.loads(wire.sent.get_nowait())[0] in (3, 4)
            if number % 50 == 0:
                await clock.advance(rng.random() * 5)
                for reading in (await one.read()).values():
                    check(reading)


async def _deaf(_: object) -> dict[str, object]:
    return {}


def check(reading: Any) -> None:
    for name in reading.__slots__:
        value = getattr(reading, name)
        if isinstance(value, float):
            assert math.isfinite(value), name
            assert 0.0 <= value <= BOUNDS.get(name, 1e4), name
