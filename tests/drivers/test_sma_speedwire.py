"""SMA's meters as they are heard: what a datagram says, and whose it is."""

import random
import struct

import pytest

from drivers.lan.sma_speedwire import (
    SpeedwireMeter,
    SpeedwireOptions,
    _reading,
    decode,
    key_of,
)
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
        datagram()[:12] + bytes(2) + datagram()[14:],
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


# From real ones, as published with a plug-in of smarthomeNG. An Energy Meter and a Home Manager:
# the one imports, the other one exports.
ENERGY_METER = bytes.fromhex(
    "534d4100000402a000000001024400106069010e7142d1eb5fc90dd000010400000087130001080000000016"
    "522f0068000204000000000000020800000000089d14b86000030400000000000003080000000000c125c148"
    "0004040000001151000408000000000a6fce7ce0000904000000882e0009080000000019df6f0718000a0400"
    "00000000000a0800000000094ac578c8000d0400000003e00015040000007d50001508000000000a2e076f60"
    "0016040000000000001608000000000acbabf420001704000000000000170800000000006246057000180400"
    "00000de40018080000000004f34527c8001d040000007e14001d08000000000c0fb7bd60001e040000000000"
    "001e08000000000b22709590001f0400000038470020040000036cd400210400000003e2002904000000072c"
    "0029080000000009df543bf0002a040000000000002a08000000000000000000002b040000000000002b0800"
    "000000000312b148002c040000000389002c080000000005298a936800310400000007ff003108000000000c"
    "34a79b40003204000000000000320800000000000000000000330400000003ba003404000003850900350400"
    "00000381003d040000000297003d080000000004736ae268003e040000000000003e08000000000000006f18"
    "003f04000000001c003f080000000000e2a0b1e800400400000000000040080000000000d9d2609800450400"
    "0000029700450800000000054bf576700046040000000000004608000000000000006f1800470400000001e6"
    "004804000003842e00490400000003e7900000000102045200000000"
)
HOME_MANAGER = bytes.fromhex(
    "534d4100000402a000000001024c001060690174b2fbdb0a6133fea400010400000000000001080000000001"
    "d65b2ef8000204000000be80000208000000000781864560000304000000177800030800000000013434f690"
    "00040400000000000004080000000000d523a750000904000000000000090800000000020f76bbf8000a0400"
    "0000bff0000a080000000007accc0ca0000d0400000003e0000e04000000c33c001504000000000000150800"
    "000000006a62ee8000160400000042390016080000000002b4c4fa2000170400000007160017080000000000"
    "643e5508001804000000000000180800000000004543ec30001d040000000000001d080000000000877a3d48"
    "001e040000004299001e080000000002c447e020001f040000001d1500200400000380bb00210400000003e2"
    "00290400000000000029080000000000ccc262e0002a040000003d6a002a0800000000026ebf2988002b0400"
    "00000974002b0800000000007508dd68002c040000000000002c0800000000005011e9780031040000000000"
    "0031080000000000e7dbc0a80032040000003e2300320800000000027e453dc00033040000001ac200340400"
    "00038eb200350400000003dc003d040000000000003d080000000000c654c420003e040000003edd003e0800"
    "00000002852109a8003f0400000006ed003f080000000000787ea8d800400400000000000040080000000000"
    "5d5eb93000450400000000000045080000000000e14b2c880046040000003f3e0046080000000002973e6928"
    "0047040000001b69004804000003886900490400000003e2900000000203045200000000"
)


def test_a_real_energy_meter() -> None:
    told = decode(ENERGY_METER)

    assert told is not None
    assert (told.name, told.version) == ("Energy Meter 1.0", "1.2.4.R")
    assert _reading(told) == MeterReading(
        power_w=3457.9,
        import_wh=26630025.7,
        export_wh=10276422.0,
        power_factor=0.992,
        reactive_power_var=-443.3,
        apparent_power_va=3486.2,
        voltage_a_v=224.468,
        voltage_b_v=230.665,
        voltage_c_v=230.446,
        current_a_a=14.407,
        current_b_a=0.954,
        current_c_a=0.486,
        power_a_w=3208.0,
        power_b_w=183.6,
        power_c_w=66.3,
    )


def test_a_real_home_manager() -> None:
    told = decode(HOME_MANAGER)

    assert told is not None
    assert (told.name, told.version) == ("Sunny Home Manager 2.0", "2.3.4.R")
    assert _reading(told) == MeterReading(
        power_w=-4876.8,
        import_wh=2192018.7,
        export_wh=8954953.2,
        frequency_hz=49.98,
        power_factor=0.992,
        reactive_power_var=600.8,
        apparent_power_va=4913.6,
        voltage_a_v=229.563,
        voltage_b_v=233.138,
        voltage_c_v=231.529,
        current_a_a=7.445,
        current_b_a=6.85,
        current_c_a=7.017,
        power_a_w=-1695.3,
        power_b_w=-1572.2,
        power_c_w=-1609.3,
    )
