"""The inverter's registers, read by an independent SunSpec client."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import sunspec2
import sunspec2.modbus.client

from gatewayd.virtual.devices.sunspec import MODELS, model_points
from gatewayd.virtual.home import VirtualHome
from tests.fakes.clock import FakeClock

DEFINITIONS = Path(sunspec2.__file__).parent / "models" / "json"


def scan(port: int) -> Any:
    device = sunspec2.modbus.client.SunSpecModbusClientDeviceTCP(
        slave_id=1, ipaddr="127.0.0.1", ipport=port, timeout=5
    )
    try:
        device.scan()
        for models in device.models.values():
            for model in models:
                model.read()
    finally:
        device.close()
    return device


@pytest.fixture
async def device(home: VirtualHome) -> Any:
    return await asyncio.to_thread(scan, home.servers["inverter"].port)


@pytest.mark.parametrize("model", sorted(MODELS))
def test_layouts_are_those_of_the_alliance(model: int) -> None:
    group = json.loads((DEFINITIONS / f"model_{model}.json").read_text())["group"]
    theirs = [(p["name"], p["type"], p["size"], p.get("sf")) for p in group["points"][2:]]

    ours = [(p.name, p.kind.name, p.size, p.scale) for p in MODELS[model]]

    assert ours == theirs


def test_the_repeated_group_is_that_of_the_alliance() -> None:
    group = json.loads((DEFINITIONS / "model_160.json").read_text())["group"]["groups"][0]
    theirs = [(f"1.{p['name']}", p["type"], p["size"], p.get("sf")) for p in group["points"]]

    ours = [(p.name, p.kind.name, p.size, p.scale) for p in model_points(160, 1)]

    assert ours[len(MODELS[160]) :] == theirs


async def test_the_chain_is_walked_to_its_end(device: Any) -> None:
    found = [key for key in device.models if isinstance(key, int)]

    assert device.base_addr == 40000
    assert found == [1, 103, 120, 121, 123, 124, 160, 203]


async def test_it_tells_who_it_is(device: Any) -> None:
    common = device.models[1][0]

    assert (common.Mn.cvalue, common.Md.cvalue) == ("Fronius", "Symo GEN24 10.0 Plus")
    assert common.SN.cvalue


async def test_values_carry_their_scale(home: VirtualHome, device: Any) -> None:
    house, output = home.house, device.models[103][0]

    assert output.W.cvalue == pytest.approx(house.inverter_w, abs=0.5)
    assert output.Hz.cvalue == pytest.approx(house.frequency_hz, abs=0.005)
    assert output.PhVphB.cvalue == pytest.approx(house.voltage_v[1], abs=0.05)
    assert output.A.cvalue == pytest.approx(house.inverter_w / 230, rel=0.02)
    assert output.St.cvalue == 4
    assert device.models[120][0].WRtg.cvalue == 10_000
    assert device.models[120][0].WHRtg.cvalue == 10_200
    assert device.models[121][0].WMax.cvalue == 10_000


async def test_what_it_does_not_know_reads_as_not_implemented(device: Any) -> None:
    output = device.models[103][0]

    assert output.TmpSnk.cvalue is None
    assert output.DCA.cvalue is None
    assert output.EvtVnd1.cvalue is None
    assert device.models[123][0].OutPFSet.cvalue is None


async def test_the_battery_is_two_inputs_after_the_strings(home: VirtualHome, device: Any) -> None:
    inputs = device.models[160][0].module

    assert [i.IDStr.cvalue for i in inputs] == ["MPPT 1", "MPPT 2", "StCha 3", "StDisCha 4"]
    assert [i.ID.cvalue for i in inputs] == [1, 2, 3, 4]
    assert sum(i.DCW.cvalue for i in inputs[:2]) == pytest.approx(home.house.pv_w, abs=0.2)
    assert inputs[2].DCW.cvalue == pytest.approx(home.house.battery.power_w, abs=0.1)
    assert inputs[3].DCW.cvalue == 0


async def test_the_battery_tells_its_charge(home: VirtualHome, device: Any) -> None:
    storage = device.models[124][0]

    assert storage.ChaState.cvalue == pytest.approx(home.house.battery.soc * 100, abs=0.01)
    assert storage.WChaMax.cvalue == 5000
    assert (storage.InWRte.cvalue, storage.OutWRte.cvalue) == (100, 100)
    assert storage.MinRsvPct.cvalue == 10
    assert storage.ChaSt.cvalue == 4


async def test_the_meters_phases_add_up_and_export_is_negative(
    home: VirtualHome, device: Any
) -> None:
    meter = device.models[203][0]

    phases = [meter.WphA.cvalue, meter.WphB.cvalue, meter.WphC.cvalue]
    assert meter.W.cvalue == pytest.approx(sum(home.house.grid_w), abs=0.5)
    assert meter.W.cvalue < 0
    assert sum(phases) == pytest.approx(meter.W.cvalue, abs=2)
    assert meter.AphA.cvalue < 0


async def test_counters_only_grow(home: VirtualHome, clock: FakeClock, device: Any) -> None:
    def counters(d: Any) -> list[float]:
        grid, inputs = d.models[203][0], d.models[160][0].module
        return [grid.TotWhImp.cvalue, grid.TotWhExp.cvalue, d.models[103][0].WH.cvalue] + [
            i.DCWH.cvalue for i in inputs
        ]

    before = counters(device)
    home.clock.run_at(3600)
    await clock.advance(10)
    after = counters(await asyncio.to_thread(scan, home.servers["inverter"].port))

    assert all(new >= old for old, new in zip(before, after, strict=True))
    assert sum(after) > sum(before) + 10_000
