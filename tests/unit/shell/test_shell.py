"""What the command line does about devices, against real servers."""

import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gatewayd import cli
from gatewayd.clock import SystemClock
from gatewayd.devices.discovery.modbus import Manners
from gatewayd.devices.discovery.scan import Wish
from gatewayd.devices.registry import Registry
from gatewayd.errors import NotFoundError, UnreachableError
from gatewayd.model.asset import AssetKind, Identity, Role
from gatewayd.model.reading import ChargerReading, Sample
from gatewayd.plan.audit.finding import Finding
from gatewayd.shell import doctor, dump, read, scan
from gatewayd.state import assets, audits, history, ocpp
from gatewayd.state.assets import DeviceRecord
from gatewayd.state.db import Database
from gatewayd.state.minute import RoleMinute
from gatewayd.state.ocpp import ChargePointRow
from tests.drivers.images import FOLDER, Fixture, bench

REGISTRY = Registry()
QUICK = Manners(timeout_s=1, min_gap_s=0, connect_delay_s=0)

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a config of these devices."""

    def written(**devices: dict[str, object]) -> Path:
        path = tmp_path / "gatewayd.yaml"
        home = {"timezone": "Europe/Vienna", "latitude": 48.2, "longitude": 16.4}
        storage = {"directory": str(tmp_path / "state")}
        (tmp_path / "state").mkdir(exist_ok=True)
        lines = [
            "version: 1",
            f"home: {json.dumps(home)}",
            f"storage: {json.dumps(storage)}",
            "devices:",
            *(f"  {name}: {json.dumps(one)}" for name, one in devices.items()),
        ]
        path.write_text("\n".join(lines) + "\n")
        return path

    return written


@asynccontextmanager
async def device(name: str) -> AsyncIterator[dict[str, object]]:
    """An image behind a socket, and its block in the config."""
    fixture = Fixture(FOLDER / f"{name}.yaml")
    options = REGISTRY.info(fixture.driver).options.model_validate(fixture.options())
    async with fixture.server(options.unit).on_loopback() as server:  # type: ignore[attr-defined]
        given = fixture.content.get("options", {})
        yield {"driver": fixture.driver, "host": "127.0.0.1", "port": server.port, **given}


@pytest.mark.parametrize("name", ["keba_p30", "sungrow_sh", "eastron_sdm630"])
async def test_a_dump_is_a_fixture_that_names_nobody(
    name: str, write: Write, tmp_path: Path
) -> None:
    async with device(name) as block:
        text = await dump.dump(write(one=block), "one")

    serial = Fixture(FOLDER / f"{name}.yaml").content["identity"].get("serial", "no serial")
    assert serial not in text
    path = tmp_path / f"{block['driver']}.yaml"
    path.write_text(text)
    fixture = Fixture(path)
    async with bench(fixture, REGISTRY) as found:
        identity = await found.driver.identify()
        readings = await found.driver.read()
    assert identity.serial == fixture.content["identity"].get("serial")
    for role, expected in fixture.content["expect"].items():
        said = {k: v for k, v in asdict(readings[role]).items() if v is not None}
        assert said == pytest.approx(expected)


async def test_a_dump_tells_everything_when_told_so(write: Write) -> None:
    async with device("sungrow_sh") as block:
        text = await dump.dump(write(one=block), "one", is_redacted=False)

    assert Fixture(FOLDER / "sungrow_sh.yaml").content["identity"]["serial"] in text


async def test_a_document_is_dumped_without_where_its_owner_lives(write: Write) -> None:
    car = {"vin": "WVWZZZ1KZAW000001", "brand": "B", "model": "M", "soc_pct": 40, "latitude": 48.2}

    async def answer(_: web.Request) -> web.Response:
        return web.json_response({**car, "can": [], "longitude": 16.4})

    app = web.Application()
    app.router.add_get("/vehicle", answer)
    async with TestServer(app) as server:
        block = {"driver": "car_json", "host": "127.0.0.1", "port": server.port}
        text = await dump.dump(write(car=block), "car")

    assert '"/vehicle"' in text
    assert "48.2" not in text
    assert "WVWZZZ" not in text
    assert '"model": "M"' in text


async def test_what_has_nothing_to_record_is_not_dumped(write: Write) -> None:
    with pytest.raises(UnreachableError):
        await dump.dump(write(cp={"driver": "ocpp", "charge_point": "CP1"}), "cp")
    with pytest.raises(NotFoundError, match="configured: cp"):
        await dump.dump(write(cp={"driver": "ocpp", "charge_point": "CP1"}), "other")


async def test_a_device_is_read(write: Write) -> None:
    async with device("eastron_sdm630") as block:
        answer = await read.read(write(one=block), "one")

    assert answer["vendor"] == "Eastron"
    assert "power_w" in answer["readings"]["meter"]


async def test_what_only_the_gateway_hears_is_told_with_its_time(write: Write) -> None:
    path = write(cp={"driver": "ocpp", "charge_point": "CP1"})
    with pytest.raises(UnreachableError, match="heard nothing"):
        await read.read(path, "cp")

    at = SystemClock().now() - timedelta(minutes=1)
    minute = RoleMinute(AssetKind.CHARGER, at)
    minute.add(Sample(ChargerReading(power_w=7000.0), at, 0.0))
    async with Database.visit(path.parent / "state" / "gatewayd.db") as database:
        rows = {(history.minute_of(at), "cp"): {"charger": minute}}
        await database.write(lambda c: history.put_minutes(c, rows))

    answer = await read.read(path, "cp")

    assert answer["readings"] == {"charger": {"power_w": 7000.0}}
    assert datetime.fromisoformat(answer["heardAt"]).tzinfo == UTC


async def test_the_doctor_tells_what_cannot_be_right(write: Write) -> None:
    async with device("eastron_sdm630") as meter:
        path = write(
            meter={**meter, "usage": "grid"},
            gone={"driver": "keba_p30", "host": "127.0.0.1", "port": 1},
        )
        found = await doctor.doctor(path)

    # The image was made up: its power is not what its volts and amperes make.
    assert {(one.rule, one.where) for one in found} == {
        ("power", "meter"),
        ("balance", "meter"),
        ("unreachable", "gone"),
    }
    assert "modbus_proxy" in doctor.shown(found)
    assert {tuple(one) for one in doctor.to_json(found)} == {("rule", "where", "what", "do")}
    assert "nothing" in doctor.shown([])


async def test_the_doctor_knows_what_the_running_gateway_has_found(write: Write) -> None:
    texts = ("step wiring", "cp", "phase 1 of it is on phase c of the house", "correct its wiring")
    path, now = write(cp={"driver": "ocpp", "charge_point": "CP1"}), SystemClock().now()
    role = Role(AssetKind.CHARGER)
    who = DeviceRecord("cp", "home")
    async with Database.visit(path.parent / "state" / "gatewayd.db") as database:
        identity = Identity("Acme", "Box", {"charger": role})
        [asset] = await database.write(lambda c: assets.adopt(c, who, identity, now))
        found = audits.Audited("f", (texts,))
        await database.write(lambda c: audits.put(c, asset.id, found, now))

    assert Finding(*texts) in await doctor.doctor(path)


async def test_a_scan_adds_what_is_new_and_marks_what_is_known(write: Write) -> None:
    said: list[str] = []
    async with device("eastron_sdm630") as box, device("sungrow_sh") as inverter:
        path = write(box=box)
        hosts = [f"127.0.0.1:{one['port']}" for one in (box, inverter)]
        result = await scan.scan(path, Wish(hosts=hosts, manners=QUICK), said.append)

        assert {one.driver: one.known_as for one in result.found} == {
            "eastron_sdm630": "box",
            "sungrow_sh": None,
        }
        assert "known as box" in scan.told(result)
        assert "driver: sungrow_sh" in scan.told(result)
        assert scan.add(path, result) == 1
        assert (await read.read(path, "sungrow_sh"))["vendor"] == "Sungrow"


async def test_charge_points_that_wait_are_found(write: Write) -> None:
    path = write()
    row = ChargePointRow("CP7", "1.6", "10.0.0.7", False, datetime.now(UTC), "Acme", "Box")
    async with Database.visit(path.parent / "state" / "gatewayd.db") as database:
        await database.write(lambda c: ocpp.see(c, row))

    config = scan.written(path, REGISTRY)
    assert config is not None
    found = await scan.waiting(config, REGISTRY.usable())

    assert [(one.driver, one.options, one.model) for one in found] == [
        ("ocpp", {"charge_point": "CP7"}, "Box")
    ]


@pytest.mark.parametrize("verb", ["devices", "doctor"])
def test_a_folder_that_cannot_be_looked_into_is_told_in_one_line(
    verb: str, write: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(box={"driver": "keba_p30", "host": "127.0.0.1", "port": 1})
    path.write_text(path.read_text().replace("/state", "/" + "x" * 300))
    monkeypatch.setattr(sys, "argv", ["gatewayd", verb, "-c", str(path)])

    with pytest.raises(SystemExit) as ended:
        cli.main()

    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("gatewayd: ")
