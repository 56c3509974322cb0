"""SMA's meters as they are heard: what a datagram says, and whose it is."""

import random
import struct

import pytest

from drivers.lan.sma_speedwire import SpeedwireMeter, SpeedwireOptions, decode, key_of
from gatewayd.devices.registry import Registry
from gatewayd.errors import BadReadingError, UnreachableError
from gatewayd.links.udp import UdpEar
from gatewayd.model.reading import MeterReading
from gatewayd.sdk.finding import GroupProbe
from tests.fakes.jump_loop import jumping

SENDER = ("192.0.2.7", 9522)
ACTUAL, COUNTER = 4, 8
# Channel and kind with the raw value, as an Energy Meter sends them: exporting on two phases.
VALUES = [
    (1, ACTUAL, 0), (1, COUNTER, 27000864000), (2, ACTUAL, 119670), (2, COUNTER, 9000360000),
    (3, ACTUAL, 0), (3, COUNTER, 1), (4, ACTUAL, 3511), (4, COUNTER, 2), (9, ACTUAL, 0),
    (10, ACTUAL, 120012), (13, ACTUAL, 997), (14, ACTUAL, 49970), (21, ACTUAL, 0),
    (22, ACTUAL, 60250), (31, ACTUAL, 26101), (32, ACTUAL, 231250), (33, ACTUAL, 990),
    (41, ACTUAL, 2105), (42, ACTUAL, 0), (51, ACTUAL, 1207), (52, ACTUAL, 229750),
    (53, ACTUAL, 991), (61, ACTUAL, 0), (62, ACTUAL, 61525), (71, ACTUAL, 26744),
    (72, ACTUAL, 232500), (73, ACTUAL, 992),
]  # fmt: skip
READING = MeterReading(
    power_w=-11967.0,
    import_wh=7500240.0,
    export_wh=2500100.0,
    frequency_hz=49.97,
    power_factor=0.997,
    reactive_power_var=-351.1,
    apparent_power_va=12001.2,
    voltage_a_v=231.25,
    voltage_b_v=229.75,
    voltage_c_v=232.5,
    current_a_a=26.101,
    current_b_a=1.207,
    current_c_a=26.744,
    power_a_w=-6025.0,
    power_b_w=210.5,
    power_c_w=-6152.5,
)


def datagram(serial: int = 1900204522, model: int = 349, protocol: int = 0x6069) -> bytes:
    body = b"".join(
        struct.pack(">BBBBQ" if kind == COUNTER else ">BBBBI", 0, channel, kind, 0, raw)
        for channel, kind, raw in VALUES
    )
    body += struct.pack(">BBBB4s", 144, 0, 0, 0, bytes((2, 3, 4, ord("R"))))
    head = struct.pack(">HHII", protocol, model, serial, 123456)
    frame = struct.pack(">4sHHIHH", b"SMA\0", 4, 0x02A0, 1, len(head) + len(body), 0x0010)
    return frame + head + body + bytes(4)


def heard(*datagrams: bytes, serial: int | None = None) -> SpeedwireMeter:
    ear = UdpEar(key_of if serial else lambda data: None if decode(data) is None else 0)
    for data in datagrams:
        ear.receive(data, SENDER)
    return SpeedwireMeter(ear, serial)


async def test_a_meter_tells_who_it_is_and_what_it_measures() -> None:
    meter = heard(datagram())

    identity = await meter.identify()

    assert (identity.vendor, identity.model) == ("SMA", "Energy Meter 2.0")
    assert (identity.serial, identity.firmware) == ("1900204522", "2.3.4.R")
    assert identity.roles["meter"].reports == set(READING.__slots__)
    assert await meter.read() == {"meter": READING}


async def test_of_two_meters_the_one_that_was_asked_for_is_heard() -> None:
    meter = heard(datagram(5), datagram(6, 372), serial=6)

    assert (await meter.identify()).model == "Sunny Home Manager 2.0"
    assert await meter.read() == {"meter": READING}


async def test_a_second_meter_that_nobody_spoke_of_is_not_mistaken_for_the_first() -> None:
    ear = UdpEar(lambda _: 0)
    meter = SpeedwireMeter(ear, None)
    ear.receive(datagram(5), SENDER)
    await meter.identify()
    ear.receive(datagram(6), SENDER)

    with pytest.raises(BadReadingError, match="say with `serial`"):
        await meter.read()


@jumping
async def test_a_meter_that_says_nothing_is_unreachable() -> None:
    with pytest.raises(UnreachableError):
        await heard(datagram(5), serial=6).read()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"SMA\0",
        datagram(protocol=0x6081),
        datagram(protocol=0x6065),
        b"XMA\0" + datagram()[4:],
        datagram()[:-30],
        datagram()[:30],
    ],
)
def test_what_is_not_a_whole_datagram_of_a_meter_is_nobody_s(data: bytes) -> None:
    assert decode(data) is None
    assert key_of(data) is None


def test_any_bytes_are_decoded_or_passed_over() -> None:
    draw = random.Random(1)
    whole = datagram()
    for _ in range(5000):
        data = bytearray(whole[: draw.choice((len(whole), draw.randrange(len(whole))))])
        for _ in range(draw.randrange(4)):
            if data:
                data[draw.randrange(len(data))] = draw.randrange(256)
        told = decode(bytes(data))
        assert told is None or all(0 <= value < 1 << 64 for value in told.values.values())


async def test_without_a_counter_for_each_direction_there_is_no_power() -> None:
    told = decode(datagram())
    assert told is not None
    assert told.net(1) == -11967.0
    assert told.net(81) is None


def test_its_options_take_a_serial_number() -> None:
    info = Registry().info("sma_speedwire")

    assert info.options.model_validate({"serial": 1900204522}) == SpeedwireOptions(
        serial=1900204522
    )


def test_a_scan_knows_a_meter_by_what_it_tells_its_group() -> None:
    (probe,) = Registry().info("sma_speedwire").probes
    assert isinstance(probe, GroupProbe)
    told = probe.judge(datagram())

    assert told is not None
    assert (told.vendor, told.model, told.serial) == ("SMA", "Energy Meter 2.0", "1900204522")
    assert told.options == {"serial": 1900204522}
    assert probe.judge(b"SMA") is None
