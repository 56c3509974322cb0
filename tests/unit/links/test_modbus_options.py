"""From what the operator writes to the place on the wire."""

import pytest

from gatewayd.links.modbus import (
    Endpoint,
    ModbusLinks,
    RtuOverTcpEndpoint,
    SerialEndpoint,
    TcpEndpoint,
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
        (
            ModbusOptions(serial="/dev/x", baudrate=19200, parity="E", stopbits=2),
            SerialEndpoint("/dev/x", 19200, "E", 2),
        ),
    ],
)
def test_options_name_one_endpoint(options: ModbusOptions, place: Endpoint) -> None:
    assert endpoint(options) == place


@pytest.mark.parametrize("read_only", [True, False])
async def test_only_a_device_that_may_be_written_gets_a_writer(read_only: bool) -> None:
    options = ModbusOptions(host="127.0.0.1", read_only=read_only)
    async with open_unit(ModbusLinks(), options) as unit:
        assert isinstance(unit, UnitWriter) is not read_only
