"""SML files, of real meters and made."""

import pytest

from gatewayd.errors import BadReadingError
from gatewayd.sdk import crc, sml
from tests.fakes.meter_talk import EMH, ISKRA


def message(kind: int, body: bytes) -> bytes:
    head = b"\x76\x02\x01\x62\x00\x62\x00\x72\x63" + kind.to_bytes(2, "big") + body
    return head + b"\x63" + crc.x25(head).to_bytes(2, "little") + b"\0"


def entry(code: bytes, value: bytes, *, unit: int = 27, scaler: int = 0) -> bytes:
    return (
        b"\x77\x07" + code + b"\x01\x01\x62" + bytes((unit, 0x52, scaler & 0xFF)) + value + b"\x01"
    )


def file(*entries: bytes, server_id: bytes = b"id") -> bytes:
    """A file of one list of values."""
    listed = bytes((0x70 | len(entries),)) + b"".join(entries)
    who = bytes((len(server_id) + 1,)) + server_id
    body = message(0x0701, b"\x77\x01" + who + b"\x01\x01" + listed + b"\x01\x01")
    fill = -len(body) % 4
    body = body.replace(b"\x1b" * 4, b"\x1b" * 8) + bytes(fill)
    framed = b"\x1b" * 4 + b"\x01" * 4 + body + b"\x1b" * 4 + bytes((0x1A, fill))
    return framed + crc.x25(framed).to_bytes(2, "little")


POWER = b"\x01\x00\x10\x07\x00\xff"


def test_a_real_meter_with_tenths_is_read() -> None:
    read = sml.parse(EMH)

    assert read.server_id.hex() == "0901454d48000041f045"
    assert read.number("1-0:1.8.0", "Wh") == 15338555.7
    assert read.number("1-0:1.8.2", "Wh") == 0
    assert read.number("1-0:16.7.0", "W") == 563.5


def test_a_real_meter_with_three_phases_is_read() -> None:
    read = sml.parse(ISKRA)

    assert read.number("1-0:1.8.0", "Wh") == 22462413.6
    phases = [read.number(f"1-0:{group}.7.0", "W") for group in (36, 56, 76)]
    assert read.number("1-0:16.7.0", "W") == sum(filter(None, phases)) == 168


def test_what_flows_out_is_negative() -> None:
    read = sml.parse(file(entry(POWER, b"\x55\xff\xff\xff\x38", scaler=-1)))

    assert read.number("1-0:16.7.0", "W") == -20.0


def test_what_was_stored_is_not_what_is_now() -> None:
    imported, last_day = b"\x01\x00\x01\x08\x00\xff", b"\x01\x00\x01\x08\x00\x60"
    read = sml.parse(file(entry(imported, b"\x63\x30\x39"), entry(last_day, b"\x62\x07")))

    assert read.entries["1-0:1.8.0"].value == 12345
    assert read.entries["1-0:1.8.0*96"].value == 7


@pytest.mark.parametrize(
    ("serial", "value", "power_w"),
    [
        (42_137_103, b"\x53\x80\x25", 328.05),
        (42_137_103, b"\x52\x80", 1.28),
        (42_137_103, b"\x55\xff\xfe\x13\x93", -1260.61),
        (60_000_000, b"\x53\x80\x25", -327.31),
    ],
)
def test_a_meter_that_encodes_its_power_too_short_is_understood(
    serial: int, value: bytes, power_w: float
) -> None:
    who = b"\x0a\x01DZG" + serial.to_bytes(5, "big")
    read = sml.parse(file(entry(POWER, value, scaler=-2), server_id=who))

    assert read.number("1-0:16.7.0", "W") == power_w


def test_what_the_meter_does_not_say_is_none_and_another_unit_no_value() -> None:
    read = sml.parse(EMH)

    assert read.number("1-0:2.8.0", "Wh") is None
    with pytest.raises(BadReadingError):
        read.number("1-0:16.7.0", "Wh")
    with pytest.raises(BadReadingError):
        read.number("1-0:0.0.9", "W")


def test_bytes_that_look_like_an_escape_come_through() -> None:
    whole = file(entry(POWER, b"\x55\x1b\x1b\x1b\x1b"))

    assert sml.cut(whole) == ([whole], whole[-7:])
    assert sml.parse(whole).number("1-0:16.7.0", "W") == 0x1B1B1B1B


@pytest.mark.parametrize(
    "whole",
    [
        b"",
        EMH[:-1],
        EMH[:60] + EMH[-8:],
        EMH.replace(b"\x00\x00\x16\x03", b"\x00\x00\x16\x04"),
        file(entry(POWER, b"\x55\0\0\0\1"), entry(POWER, b"\x55\0\0\0\2")),
        file(b"\x76\x07" + POWER),
        file(entry(POWER, b"\x79" * 20)),
        file(b"\x71" * 40),
        file(entry(POWER, b"\x5f\xff")),
    ],
)
def test_a_damaged_file_is_refused(whole: bytes) -> None:
    with pytest.raises(BadReadingError):
        sml.parse(whole)


def test_a_file_whose_message_alone_is_damaged_is_refused() -> None:
    spoilt = EMH[:-2].replace(b"\x00\x00\x16\x03", b"\x00\x00\x16\x04")

    with pytest.raises(BadReadingError, match="a message is damaged"):
        sml.parse(spoilt + crc.x25(spoilt).to_bytes(2, "little"))


def test_files_are_cut_out_of_whatever_comes() -> None:
    stream = EMH[50:] + EMH + b"noise" + ISKRA[:90] + EMH + ISKRA + EMH[:33]
    found: list[bytes] = []
    rest = b""
    for at in range(0, len(stream), 7):
        files, rest = sml.cut(rest + stream[at : at + 7])
        found += files

    assert found == [EMH, EMH, ISKRA]
    assert rest == EMH[:33]


def test_a_line_without_files_does_not_fill_the_memory() -> None:
    assert len(sml.cut(b"x" * 100_000)[1]) < 8
    assert sml.cut(b"\x1b\x1b\x1b\x1b\x01\x01\x01\x01" + b"x" * 100_000) == ([], b"")
