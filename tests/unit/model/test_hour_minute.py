import pytest

from gatewayd.errors import InvalidError
from gatewayd.model.hour_minute import format_hour_minute, parse_hour_minute


def test_every_minute_survives_the_round_trip() -> None:
    for minute in range(1440):
        assert parse_hour_minute(format_hour_minute(minute)) == minute


def test_a_day_may_end_at_24_where_that_is_allowed() -> None:
    assert parse_hour_minute("24:00", may_end_day=True) == 1440
    assert format_hour_minute(1440) == "24:00"
    with pytest.raises(InvalidError):
        parse_hour_minute("24:00")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7:30",
        "07:60",
        "24:01",
        "-1:00",
        "07:30:00",
        "07:30\n",
        " 07:30",
        "\u0660\u0667:\u0663\u0660",
        "0730",
    ],
)
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(InvalidError, match="HH:MM"):
        parse_hour_minute(text, may_end_day=True)
