"""Modbus through a data adapter that has a frame of its own."""

import pytest

from gatewayd.errors import BadReadingError, DeviceError, RefusedError, UnreachableError
from gatewayd.links.data_adapter import DataAdapterEnvelope
from gatewayd.links.modbus import DataAdapterEndpoint, ModbusLinks
from tests.fakes.data_adapter import HEARTBEAT, DataAdapter, Quirk
from tests.fakes.jump_loop import jumping
from tests.fakes.modbus_server import Fault, ModbusServer
from tests.unit.links.test_modbus_framings import Script, word, words

RIGHT = (
    None,
    Quirk.HEARTBEAT,
    Quirk.SLICED,
    Quirk.NOTHING_FIRST,
    Quirk.ADDRESS_FIRST,
    Quirk.OTHERS_FIRST,
    Quirk.TWICE,
)


@pytest.mark.parametrize("quirk", RIGHT)
@jumping
async def test_an_inverter_is_read_and_written_through_its_adapter(quirk: Quirk | None) -> None:
    device = ModbusServer(word, is_rtu=True)
    adapter = DataAdapter(device, lambda _number: quirk)
    async with adapter.on_loopback():
        endpoint = DataAdapterEndpoint("127.0.0.1", adapter.port)
        async with ModbusLinks().unit(endpoint, 1, read_only=False) as unit:
            for address in range(60):
                assert await unit.read_input(address, 60) == words(4, address, 60)
                assert await unit.read_holding(address, 1) == words(3, address, 1)
            await unit.write_register(9, 10)

    assert device.writes == [(9, (10,))]
    assert set(adapter.heartbeats) == ({HEARTBEAT} if quirk is Quirk.HEARTBEAT else set())


@pytest.mark.parametrize(
    ("quirk", "error", "text"),
    [
        (Quirk.WRONG_CRC, BadReadingError, "damaged"),
        (Quirk.NO_CRC, BadReadingError, "damaged"),
        (Quirk.OTHER_ADAPTER, BadReadingError, "another data adapter"),
        (Quirk.TRUNCATED, UnreachableError, "no answer"),
        (Quirk.GARBAGE, BadReadingError, "no frame of a data adapter"),
        (Quirk.HUGE, BadReadingError, "no frame of a data adapter"),
    ],
)
@jumping
async def test_what_an_adapter_should_not_say_costs_one_answer(
    quirk: Quirk, error: type[DeviceError], text: str
) -> None:
    adapter = DataAdapter(
        ModbusServer(word, is_rtu=True), lambda number: quirk if number == 1 else None
    )
    async with adapter.on_loopback():
        endpoint = DataAdapterEndpoint("127.0.0.1", adapter.port)
        async with ModbusLinks().unit(endpoint, 1, read_only=True) as unit:
            await unit.read_holding(100, 4)
            with pytest.raises(error, match=text):
                await unit.read_holding(200, 4)
            assert await unit.read_holding(300, 4) == words(3, 300, 4)
            assert adapter.connections == 2


@jumping
async def test_a_late_answer_is_never_the_next_value() -> None:
    adapter = DataAdapter(ModbusServer(word, Script(Fault.LATE), is_rtu=True))
    async with adapter.on_loopback():
        endpoint = DataAdapterEndpoint("127.0.0.1", adapter.port)
        async with ModbusLinks().unit(endpoint, 1, read_only=True) as unit:
            with pytest.raises(UnreachableError):
                await unit.read_holding(100, 4)
            assert await unit.read_holding(200, 4) == words(3, 200, 4)


@jumping
async def test_a_refusal_is_told_without_a_reason() -> None:
    device = ModbusServer(lambda *_: None, lambda _request: Fault.REFUSED, is_rtu=True)
    adapter = DataAdapter(device)
    async with adapter.on_loopback():
        endpoint = DataAdapterEndpoint("127.0.0.1", adapter.port)
        async with ModbusLinks().unit(endpoint, 1, read_only=False) as unit:
            with pytest.raises(RefusedError, match="illegal address"):
                await unit.read_holding(100, 4)
            with pytest.raises(RefusedError, match="device failure"):
                await unit.write_register(100, 4)


def test_a_request_is_as_the_maker_s_app_sends_it() -> None:
    # Holding registers 0 to 59 of unit 0x11, with the checksum recorded from the app.
    request = bytes.fromhex("11030000003c474b")

    wrapped = DataAdapterEnvelope().wrap(request, 1)

    assert wrapped.hex() == (
        "59590001001c0102" + b"AB1234G567".hex() + "0000000000000008" + "11030000003c474b"
    )
