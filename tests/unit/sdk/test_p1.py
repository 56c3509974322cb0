"""Telegrams of a P1 port."""

import pytest

from gatewayd.errors import BadReadingError
from gatewayd.sdk import crc, p1
from tests.fakes.meter_talk import LINES, telegram


def test_the_checksums_are_those_of_their_catalogue() -> None:
    assert crc.arc(b"123456789") == 0xBB3D
    assert crc.x25(b"123456789") == 0x906E


def test_a_telegram_is_read_in_our_units() -> None:
    read = p1.parse(telegram())

    assert read.meter == "ISk5\\2MT382-1000"
    assert read.number("1-0:1.8.1", "Wh") == pytest.approx(123456789.0)
    assert read.number("1-0:1.7.0", "W") == pytest.approx(1193.0)
    assert read.number("1-0:2.7.0", "W") == 0
    assert read.number("1-0:32.7.0", "V") == 220.1
    assert read.number("1-0:31.7.0", "A") == 1
    assert read.number("0-1:24.2.1", "m3") == 12785.123
    assert read.text("0-0:96.1.1") == "4B384547303034303436333935353037"


def test_what_the_meter_does_not_say_is_none() -> None:
    read = p1.parse(telegram())

    assert read.number("1-0:52.7.0", "V") is None
    assert read.number("0-0:96.13.0", "V") is None
    assert read.text("1-0:52.7.0") is None


def test_another_unit_or_no_number_is_no_value() -> None:
    read = p1.parse(telegram())

    for code in ("1-0:1.8.1", "1-3:0.2.8"):
        with pytest.raises(BadReadingError, match=code):
            read.number(code, "W")


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        telegram()[1:],
        telegram()[:-1],
        telegram() + b"/",
        telegram().replace(b"01.193", b"91.193"),
        telegram([*LINES, "1-0:1.7.0(02.000*kW)"]),
    ],
    ids=["nothing", "no beginning", "no end", "more", "damaged", "twice"],
)
def test_a_damaged_telegram_is_refused(frame: bytes) -> None:
    with pytest.raises(BadReadingError):
        p1.parse(frame)


def test_telegrams_are_cut_out_of_whatever_comes() -> None:
    one, two = telegram(), telegram([LINES[0], "", "1-0:1.7.0(02.000*kW)"])
    stream = one[100:] + one + b"noise" + two[:30] + b"\r\n" + two + one[:50]
    found: list[bytes] = []
    rest = b""
    for at in range(0, len(stream), 7):
        telegrams, rest = p1.cut(rest + stream[at : at + 7])
        found += telegrams

    assert found == [one, two]
    assert rest == one[:50]


def test_a_line_without_telegrams_does_not_fill_the_memory() -> None:
    assert p1.cut(b"x" * 100_000) == ([], b"")
    assert p1.cut(b"/" + b"x" * 100_000) == ([], b"")
