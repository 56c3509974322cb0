"""What shadow would have saved, over the API."""

from datetime import timedelta
from typing import Any

import httpx
import jsonschema
import pytest

from gatewayd.enode.gateway.document import document
from gatewayd.model.asset import AssetKind
from gatewayd.model.command import StopCharging
from gatewayd.model.decision import SHADOW, Decision
from gatewayd.model.reading import ChargerReading, MeterReading, PowerDelivery, Sample
from gatewayd.state import decisions, history
from gatewayd.state.minute import RoleMinute
from tests.enode.home import Home

MINUTE = timedelta(minutes=1)


async def ask(a_home: Home, query: str = "") -> httpx.Response:
    """The answer, as our own document says."""
    headers = {"Authorization": a_home.http.headers["Authorization"]}
    transport = httpx.ASGITransport(a_home.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        found = await client.get(f"/gateway/shadow{query}", headers=headers)
    ours = document()
    answers = ours["paths"]["/gateway/shadow"]["get"]["responses"]
    [content] = answers["200" if found.status_code == 200 else "default"]["content"].values()
    jsonschema.validate(found.json(), {**content["schema"], "components": ours["components"]})
    return found


def minute(kind: AssetKind, sample: Sample) -> RoleMinute:
    made = RoleMinute(kind, sample.at)
    made.add(sample)
    return made


async def test_what_shadow_would_have_saved_is_told(a_home: Home) -> None:
    charger, now = a_home.asset(AssetKind.CHARGER), a_home.clock.now()
    begin = now.replace(second=0, microsecond=0) - 10 * MINUTE
    draws = ChargerReading(PowerDelivery.CHARGING, 6000.0)
    rows: dict[tuple[int, str], dict[str, RoleMinute]] = {}
    for number in range(10):
        at = begin + number * MINUTE
        said, grid = Sample(draws, at, 0.0), Sample(MeterReading(6000.0), at, 0.0)
        rows[history.minute_of(at), "wallbox"] = {"charger": minute(AssetKind.CHARGER, said)}
        rows[history.minute_of(at), "hybrid"] = {"meter": minute(AssetKind.METER, grid)}
    decision = Decision(begin, charger.id, f"mode off{SHADOW}", StopCharging(), "off")
    await a_home.db.write(lambda c: history.put_minutes(c, rows))
    await a_home.db.write(lambda c: decisions.record(c, decision))

    told = (await ask(a_home)).json()

    [found] = told["data"]
    assert told["currency"] == "EUR"
    assert told["assumptions"]
    assert (found["slug"], found["leftOutMinutes"], found["pendingKwh"]) == ("wallbox", 0, 1.0)
    assert found["total"] == {
        "knownMinutes": 10,
        "untoldMinutes": 0,
        "lessKwh": 1.0,
        "moreKwh": 0.0,
        "unpricedKwh": 0.0,
        "saved": "0.0000",
    }


@pytest.mark.parametrize(
    "query",
    ["?from=yesterday", "?from=2020-01-01T00:00:00Z", "?to=0001-01-01T00:00:00Z",
     "?from=0001-01-01T00:00:00Z", "?from=9999-12-31T23:59:59Z"],
)  # fmt: skip
async def test_too_long_a_time_is_refused(a_home: Home, query: Any) -> None:
    assert (await ask(a_home, query)).status_code == 400
