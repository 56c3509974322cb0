"""From what the operator writes to the place on the wire."""

import pytest
from pydantic import ValidationError

from gatewayd.links.modbus import (
    Aa55Endpoint,
    DataAdapterEndpoint,
    Endpoint,
    ModbusLinks,
    RtuOverTcpEndpoint,
    RtuOverUdpEndpoint,
    SerialEndpoint,
    SolarmanEndpoint,
    TcpEndpoint,
    UdpEndpoint,
    UnitWriter,
)
from gatewayd.links.modbus_options import endpoint, open_unit
from gatewayd.sdk.options import ModbusOptions


@pytest.mark.parametrize(
    ("options", "place"),
    [
        (ModbusOptions(host="a"), TcpEndpoint("a", 502)),
        (ModbusOptions(host="a", port=1502), TcpEndpoint("a", 1502)),
        (ModbusOptions(host="a", framing="rtu"), RtuOverTcpEndpoint("a", 502)),
        (ModbusOptions(host="a", framing="udp", port=5020), UdpEndpoint("a", 5020)),
        (ModbusOptions(host="a", framing="rtu_udp"), RtuOverUdpEndpoint("a", 502)),
        (
            ModbusOptions(host="a", framing="solarman", logger_serial=7),
            SolarmanEndpoint("a", 7, 8899),
        ),
        (
            ModbusOptions(host="a", framing="solarman", logger_serial=7, port=9),
            SolarmanEndpoint("a", 7, 9),
        ),
        (ModbusOptions(host="a", framing="aa55"), Aa55Endpoint("a", 8899)),
        (ModbusOptions(host="a", framing="data_adapter"), DataAdapterEndpoint("a", 8899)),
        (
            ModbusOptions(serial="/dev/x", baudrate=19200, parity="E", stopbits=2),
            SerialEndpoint("/dev/x", 19200, "E", 2),
        ),
    ],
)
def test_options_name_one_endpoint(options: ModbusOptions, place: Endpoint) -> None:
    assert endpoint(options) == place


@pytest.mark.parametrize(
    "block",
    [
        {"host": "a", "framing": "solarman"},
        {"host": "a", "logger_serial": 7},
        {"serial": "/dev/x", "framing": "solarman", "logger_serial": 7},
        {"serial": "/dev/x", "framing": "udp"},
    ],
)
def test_options_that_contradict_each_other_are_refused(block: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ModbusOptions.model_validate(block)


@pytest.mark.parametrize("read_only", [True, False])
async def test_only_a_device_that_may_be_written_gets_a_writer(read_only: bool) -> None:
    options = ModbusOptions(host="127.0.0.1", read_only=read_only)
    async with open_unit(ModbusLinks(), options) as unit:
        assert isinstance(unit, UnitWriter) is not read_only
