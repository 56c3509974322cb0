"""Modbus proxies in the config."""

from pathlib import Path

import pytest

from gatewayd.config import ModbusProxy, load
from gatewayd.devices.registry import Registry
from gatewayd.errors import ConfigError
from tests.unit.config.catalogue import write

DEVICES = """\
version: 1
home: {timezone: UTC, latitude: 0, longitude: 0}
devices:
  charger: {driver: keba_p30, host: 192.0.2.1}
  shown: {driver: keba_p30, host: 192.0.2.2, read_only: true}
  car: {driver: car_json, host: 192.0.2.3}
modbus_proxy:
"""


def test_a_proxy_only_reads_unless_told_otherwise(tmp_path: Path) -> None:
    text = DEVICES + "  - {device: charger, listen: 0.0.0.0, port: 1502}\n"

    config = load(write(tmp_path, text), Registry(), {})

    (proxy,) = config.modbus_proxy
    assert proxy == ModbusProxy(device="charger", listen="0.0.0.0", port=1502, writable=False)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{device: chargr, listen: a, port: 1}", "did you mean charger?"),
        ("{device: car, listen: a, port: 1}", "car does not speak Modbus"),
        ("{device: shown, listen: a, port: 1, writable: true}", "shown is read_only"),
        (
            "{device: shown, listen: a, port: 1}\n  - {device: charger, listen: a, port: 1}",
            "modbus_proxy[1].port: is another proxy's port",
        ),
    ],
)
def test_a_proxy_that_cannot_work_is_told(tmp_path: Path, line: str, told: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load(write(tmp_path, f"{DEVICES}  - {line}\n"), Registry(), {})

    (problem,) = raised.value.problems
    assert told in problem
