"""What charge points tell, in whatever order and however wrong, and what is made of it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gatewayd.errors import UnreachableError, UnsupportedError
from gatewayd.links.ocpp import ChargePoints
from gatewayd.links.ocpp_dialect import stamp
from gatewayd.links.ocpp_meter import MeterRules, measured
from gatewayd.links.ocpp_station import Station
from gatewayd.state.db import Database
from tests.fakes.charge_point import Wire, wired
from tests.fakes.clock import FakeClock, settle


class Caller:
    """A charge point of which the test writes every word."""

    def __init__(self, wire: Wire, station: Station, clock: FakeClock) -> None:
        self.wire = wire
        self.station = station
        self.clock = clock

    async def says(self, text: str) -> Any:
        """Send a text; the answer, None for none."""
        assert self.wire.conversation is not None
        await self.wire.conversation.receive(text)
        return None if self.wire.sent.empty() else json.loads(self.wire.sent.get_nowait())

    async def calls(self, action: str, **payload: Any) -> Any:
        """Send a call; the payload of the answer."""
        answer = await self.says(json.dumps([2, "m1", action, payload]))
        assert answer[:2] == [3, "m1"], answer
        return answer[2]

    async def meters(self, watts: float, *, age_s: float = 0.0, **more: Any) -> None:
        at = stamp(self.clock.now() - timedelta(seconds=age_s))
        value = {"value": str(watts), "measurand": "Power.Active.Import", "unit": "W"}
        moment = {"timestamp": at, "sampledValue": [value]}
        await self.calls("MeterValues", connectorId=1, meterValue=[moment], **more)

    async def starts(self, meter: int = 1000, tag: str = "A", **more: Any) -> Any:
        at = more.pop("timestamp", stamp(self.clock.now()))
        return await self.calls(
            "StartTransaction", connectorId=1, idTag=tag, meterStart=meter, timestamp=at, **more
        )

    @property
    def power_w(self) -> float | None:
        return self.station.connector(1).value("power_w", self.clock.monotonic(), 60.0)


@asynccontextmanager
async def caller(
    path: Path, clock: FakeClock | None = None, version: str = "1.6"
) -> AsyncIterator[Caller]:
    clock = clock or FakeClock()
    async with Database.open(path / "gatewayd.db") as db:
        points = ChargePoints(db, clock, listed=frozenset({"CP1"}))
        yield Caller(*await wired(points, "CP1", version), clock)


async def test_a_transaction_s_id_is_kept_over_a_restart(tmp_path: Path) -> None:
    clock = FakeClock()
    async with caller(tmp_path, clock) as before:
        id = (await before.starts())["transactionId"]
    async with caller(tmp_path, clock) as after:
        running = after.station.connector(1).transaction
        await after.calls(
            "StopTransaction", transactionId=id, meterStop=2500, timestamp=stamp(clock.now())
        )
        session_wh = after.station.connector(1).session_wh
        next_id = (await after.starts(2500))["transactionId"]

    assert running is not None
    assert (running.id, running.id_tag, running.meter_wh) == (id, "A", 1000.0)
    assert session_wh == 1500.0
    assert next_id > id


async def test_a_start_that_is_told_again_is_the_same_transaction(tmp_path: Path) -> None:
    clock = FakeClock()
    at = stamp(clock.now())
    async with caller(tmp_path, clock) as before:
        first = await before.starts(timestamp=at)
    async with caller(tmp_path, clock) as after:
        again = await after.starts(timestamp=at)
        await clock.advance(10)
        other = await after.starts()

    assert first["transactionId"] == again["transactionId"] != other["transactionId"]


async def test_ids_are_new_even_with_a_new_database(tmp_path: Path) -> None:
    clock = FakeClock()
    ids = []
    for run in ("a", "b"):
        (tmp_path / run).mkdir()
        async with caller(tmp_path / run, clock) as at:
            ids.append((await at.starts())["transactionId"])
        await clock.advance(5)

    assert ids[0] < ids[1] < 2**31


async def test_a_session_that_was_charged_offline_is_taken_up_and_closed(tmp_path: Path) -> None:
    async with caller(tmp_path) as at:
        hour_ago = stamp(at.clock.now() - timedelta(hours=1))
        started = await at.starts(timestamp=hour_ago)
        await at.meters(7000, age_s=3000, transactionId=started["transactionId"])
        during_w = at.power_w
        await at.calls(
            "StopTransaction",
            transactionId=started["transactionId"],
            meterStop=8000,
            timestamp=stamp(at.clock.now()),
        )

        assert during_w is None
        assert at.station.connector(1).transaction is None
        assert at.station.connector(1).session_wh == 7000.0


@pytest.mark.parametrize("wrong_s", [-365 * 86400.0, -600.0, 3 * 3600.0])
async def test_a_wrong_clock_costs_no_more_than_a_minute(tmp_path: Path, wrong_s: float) -> None:
    async with caller(tmp_path) as at:
        await at.clock.advance(61)
        await at.meters(7000, age_s=-wrong_s)

        assert at.power_w == 7000.0


async def test_an_unknown_transaction_is_adopted_and_one_that_ended_is_not(tmp_path: Path) -> None:
    async with caller(tmp_path) as at:
        await at.meters(7000, transactionId=4711)
        adopted = at.station.connector(1).transaction
        await at.calls("StopTransaction", transactionId=4711, meterStop=1, timestamp="x")
        await at.meters(7000, transactionId=4711)
        late = at.station.connector(1).transaction
        await at.meters(7000, transactionId=0)

        assert adopted is not None
        assert adopted.id == 4711
        assert late is None
        assert at.station.connector(1).transaction is None


async def test_with_charging_ends_what_flowed(tmp_path: Path) -> None:
    async with caller(tmp_path) as at:
        status = {"connectorId": 1, "errorCode": "NoError"}
        await at.calls("StatusNotification", status="Charging", **status)
        await at.meters(7000)
        charging_w = at.power_w
        await at.calls("StatusNotification", status="SuspendedEV", **status)

        assert (charging_w, at.power_w) == (7000.0, None)


async def test_only_the_answer_that_was_asked_for_counts(tmp_path: Path) -> None:
    async with caller(tmp_path) as at:
        station, dialect = at.station, at.station.dialect

        async def answer() -> None:
            await settle()
            _, id, _, _ = json.loads(at.wire.sent.get_nowait())
            assert at.wire.conversation is not None
            for text in ('[3,"other",{}]', "[3]", "[]", f'[3,"{id}",{{"status":"Accepted"}}]'):
                await at.wire.conversation.receive(text)
            await at.wire.conversation.receive(f'[3,"{id}",{{"status":"Rejected"}}]')

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(answer())
            found = await station.call(dialect.trigger("Heartbeat"))

        assert found == {"status": "Accepted"}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ('[4,"{id}","NotSupported","",{{}}]', UnsupportedError),
        ('[4,"{id}","NotImplemented","no\\u0000 such",{{}}]', UnsupportedError),
        ('[4,"{id}","InternalError",null]', Exception),
        ('[3,"{id}",[1]]', Exception),
    ],
)
async def test_an_error_is_told(tmp_path: Path, answer: str, error: type[Exception]) -> None:

    async with caller(tmp_path) as at:

        async def refuse() -> None:
            await settle()
            _, id, _, _ = json.loads(at.wire.sent.get_nowait())
            assert at.wire.conversation is not None
            await at.wire.conversation.receive(answer.format(id=id))

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(refuse())
            with pytest.raises(error):
                await at.station.call(at.station.dialect.ask_settings())


async def test_a_line_that_is_replaced_cannot_be_asked(tmp_path: Path) -> None:
    async with caller(tmp_path) as at:
        at.wire.hang_up()
        with pytest.raises(UnreachableError):
            await at.station.call(at.station.dialect.ask_settings())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "{}",
        "[]",
        "[2]",
        '[2,"1"]',
        '[2,7,"Heartbeat",{}]',
        '[2,"1",["Heartbeat"],{}]',
        '[9,"1","Heartbeat",{}]',
        "[" * 100_000,
        "9" * 10_000,
        '[3,"1",{}]',
        '[4,"1"]',
    ],
)
async def test_what_is_no_message_is_dropped(tmp_path: Path, text: str) -> None:
    async with caller(tmp_path) as at:
        assert await at.says(text) is None
        assert "currentTime" in await at.calls("Heartbeat")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('[2,"1","Heartbeat",[]]', "FormatViolation"),
        ('[2,"1","NoSuchThing",{}]', "NotImplemented"),
        ('[2,"1","StartTransaction",{"connectorId":"1"}]', "FormatViolation"),
        ('[2,"1","StopTransaction",{"transactionId":true}]', "FormatViolation"),
    ],
)
async def test_what_cannot_be_done_is_answered_with_an_error(
    tmp_path: Path, text: str, code: str
) -> None:
    async with caller(tmp_path) as at:
        answer = await at.says(text)

    assert answer[:3] == [4, "1", code]


def sample(value: object, measurand: str | None = None, **more: object) -> dict[str, object]:
    return {"value": value, **({"measurand": measurand} if measurand else {}), **more}


@pytest.mark.parametrize(
    ("told", "values"),
    [
        (sample("1500"), {"energy_wh": 1500.0}),
        (sample("1,5", unit="kWh"), {"energy_wh": 1500.0}),
        (sample("7.2", "Power.Active.Import", unit="kW"), {"power_w": 7200.0}),
        (sample(7.2, "Power.Active.Import", unitOfMeasure={"unit": "W", "multiplier": 3}),
         {"power_w": 7200.0}),
        (sample("16", "Current.Import", phase="L2"), {"current_b_a": 16.0}),
        (sample("231", "Voltage", phase="L3-N"), {"voltage_c_v": 231.0}),
        (sample("400", "Voltage", phase="L1-L2"), {}),
        (sample("16", "Current.Import"), {}),
        (sample("16", "Current.Offered", phase="L1"), {"offered_a": 16.0}),
        (sample("80", "SoC", location="EV"), {"soc_pct": 80.0}),
        (sample("101", "SoC"), {}),
        (sample("nan"), {}),
        (sample("inf"), {}),
        (sample("-5", "Power.Active.Import"), {}),
        (sample("1e400"), {}),
        (sample("1_000"), {}),
        (sample(True), {}),
        (sample(None), {}),
        (sample("AB12", format="SignedData"), {}),
        (sample("7", "Power.Active.Import", unit="VA"), {}),
        (sample("7", "Power.Active.Import", context="Transaction.End"), {}),
        (sample("7", context="Transaction.End"), {"energy_wh": 7.0}),
        (sample("7", "Power.Active.Import", location="Inlet"), {}),
        (sample("7", "Frequency"), {}),
        (sample(1, unitOfMeasure={"unit": "Wh", "multiplier": 99}), {}),
    ],
)  # fmt: skip
def test_a_sample_means_this(told: dict[str, object], values: dict[str, float]) -> None:
    assert measured([told], MeterRules({})) == pytest.approx(values)


def test_three_phases_make_a_power_and_two_do_not() -> None:
    phases = [sample("1000", "Power.Active.Import", phase=f"L{n}") for n in (1, 2, 3)]

    assert measured(phases, MeterRules({}))["power_w"] == 3000.0
    assert "power_w" not in measured(phases[:2], MeterRules({}))


def test_a_unit_that_is_not_told_is_the_maker_s() -> None:
    rules = MeterRules({"Energy.Active.Import.Register": "kWh"})

    assert measured([sample("1.5")], rules) == {"energy_wh": 1500.0}
    assert measured([sample("1500", unit="Wh")], rules) == {"energy_wh": 1500.0}
