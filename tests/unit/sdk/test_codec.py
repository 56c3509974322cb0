"""Raw registers to values and back."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.sdk.maps.codec import BlockDecoder, Placed, Words, with_factor, words_of
from gatewayd.sdk.maps.points import CODES, MAX_NAN, SUNSPEC_NAN, Defaults, Point, Value

WHOLE = {
    "u16": (0, 0xFFFF),
    "s16": (-0x8000, 0x7FFF),
    "u32": (0, 0xFFFFFFFF),
    "s32": (-0x80000000, 0x7FFFFFFF),
    "u64": (0, 0xFFFFFFFFFFFFFFFF),
    "s64": (-0x8000000000000000, 0x7FFFFFFFFFFFFFFF),
}
ORDERS = st.sampled_from(["big", "little"])


def point(**given: object) -> Point:
    return Point.model_validate({"holding": 0, **given}).settled(Defaults())


def decoded(found: Point, words: Words, *, is_float: bool = False) -> Value:
    return BlockDecoder(0, [Placed("p", found, is_float)]).decode(words)[0]


@pytest.mark.parametrize("kind", WHOLE)
@given(data=st.data(), order=ORDERS, bytes_=ORDERS)
def test_whole_numbers_come_back(kind: str, data: st.DataObject, order: str, bytes_: str) -> None:
    number = data.draw(st.integers(*WHOLE[kind]))
    found = point(type=kind, order=order, bytes=bytes_)
    if kind in ("u64", "s64"):
        number = number >> 12  # a float carries 52 bits

    assert decoded(found, words_of(found, number)) == number


REALS = {
    "f32": st.floats(width=32, allow_nan=False, allow_infinity=False),
    "f64": st.floats(allow_nan=False, allow_infinity=False),
}


@pytest.mark.parametrize("kind", REALS)
@given(data=st.data(), order=ORDERS, bytes_=ORDERS)
def test_real_numbers_come_back(kind: str, data: st.DataObject, order: str, bytes_: str) -> None:
    number = data.draw(REALS[kind])
    found = point(type=kind, order=order, bytes=bytes_)

    assert decoded(found, words_of(found, number), is_float=True) == number


@pytest.mark.parametrize("scale", [0.1, 0.01, 0.001, 1, 10, 100, 0.5, -1, -0.1, 1 / 3])
@given(raw=st.integers(-30000, 30000))
def test_scaled_numbers_come_back_to_the_same_register(scale: float, raw: int) -> None:
    found = point(type="s16", scale=scale)
    value = decoded(found, struct.unpack(">H", struct.pack(">h", raw)), is_float=True)

    assert isinstance(value, float)
    assert words_of(found, value) == struct.unpack(">H", struct.pack(">h", raw))


@given(value=st.floats(6, 63))
def test_a_written_current_is_rounded_down(value: float) -> None:
    found = point(type="u16", scale=0.1)
    back = decoded(found, words_of(found, value), is_float=True)

    assert isinstance(back, float)
    assert value - 0.1 < back <= value + 1e-6


def test_tenths_are_exact() -> None:
    assert decoded(point(type="u16", scale=0.1), (2302,), is_float=True) == 230.2


def test_an_offset_is_added_after_scaling() -> None:
    found = point(type="u16", scale=0.1, offset=-40)

    assert decoded(found, (650,)) == 25.0
    assert words_of(found, 25.0) == (650,)


@pytest.mark.parametrize("kind", SUNSPEC_NAN)
@pytest.mark.parametrize("scale", [1, 0.1, 10])
@pytest.mark.parametrize(("name", "numbers"), [("sunspec", SUNSPEC_NAN), ("max", MAX_NAN)])
@pytest.mark.parametrize("is_float", [False, True])
def test_the_usual_values_for_nothing_are_none(
    kind: str, scale: float, name: str, numbers: dict[str, int], is_float: bool
) -> None:
    found = point(type=kind, nan=name, scale=scale)
    code, count = CODES[kind]
    words = struct.unpack(f">{count}H", struct.pack(f">{code}", numbers[kind]))

    assert decoded(found, words, is_float=is_float) is None
    assert decoded(point(type=kind, nan="none"), words, is_float=is_float) is not None


@pytest.mark.parametrize(
    ("kind", "none", "words"),
    [
        ("s16", 0x8000, (0x8000,)),
        ("s16", 0x7FFF, (0x7FFF,)),
        ("s16", -32768, (0x8000,)),
        ("u32", 0xFFFFFFFD, (0xFFFF, 0xFFFD)),
        ("s32", 0x80000000, (0x8000, 0)),
    ],
)
def test_a_maps_own_value_for_nothing_is_none(kind: str, none: int, words: Words) -> None:
    assert decoded(point(type=kind, nan=none), words) is None
    assert decoded(point(type=kind, nan=[5, none]), words) is None
    assert decoded(point(type=kind, nan=none), (*words[:-1], 1)) is not None


@pytest.mark.parametrize("kind", ["f32", "f64"])
@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("is_float", [False, True])
def test_a_float_that_is_no_number_is_none(kind: str, number: float, is_float: bool) -> None:
    code, count = CODES[kind]
    words = struct.unpack(f">{count}H", struct.pack(f">{code}", number))

    assert decoded(point(type=kind), words, is_float=is_float) is None


def test_one_value_for_nothing_does_not_hide_its_neighbours() -> None:
    points = [point(holding=i, type="u16", scale=0.1, nan=0xFFFF) for i in range(3)]
    decoder = BlockDecoder(0, [Placed(str(i), p, is_float=True) for i, p in enumerate(points)])

    assert dict(zip(decoder.keys, decoder.decode((10, 0xFFFF, 30)), strict=True)) == {
        "0": 1.0,
        "1": None,
        "2": 3.0,
    }


def test_one_float_for_nothing_does_not_hide_its_neighbours() -> None:
    points = [point(holding=2 * i, type="f32") for i in range(3)]
    decoder = BlockDecoder(0, [Placed(str(i), p, is_float=True) for i, p in enumerate(points)])
    words = struct.unpack(">6H", struct.pack(">3f", 1.5, math.nan, 2.5))

    assert decoder.decode(words) == [1.5, None, 2.5]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ((0x4162, 0x6300), "Abc"),
        ((0x4162, 0x2020), "Ab"),
        ((0, 0), None),
        ((0x2020, 0x2020), None),
        ((0x4100, 0x5A5A), "A"),
        ((0x411B, 0x5B4D), "A[M"),
    ],
)
def test_texts_end_at_the_first_zero_and_hold_printable_characters(
    words: Words, text: str | None
) -> None:
    assert decoded(point(type="string", length=2), words) == text


def test_a_text_with_swapped_bytes_is_read() -> None:
    assert decoded(point(type="string", length=2, bytes="little"), (0x6241, 0x0063)) == "Abc"


def test_a_text_may_have_one_character_in_each_register() -> None:
    assert decoded(point(type="string", length=3), (0x0045, 0x0056, 0x0000)) == "EV"


def test_bits_enums_and_hex() -> None:
    assert decoded(point(bit=2), (0b100,)) is True
    assert decoded(point(bit=0), (0b100,)) is False
    assert decoded(point(type="u32", bits=(8, 15)), (0, 0x1234)) == 0x12
    assert decoded(point(enum={3: "CHARGING"}), (3,)) == "CHARGING"
    assert decoded(point(enum={3: "CHARGING"}), (4,)) is None
    assert decoded(point(type="u32", hex=8), (0x1A2B, 0x3C4D)) == "1A2B3C4D"
    assert decoded(point(type="bool"), (7,)) is True


def test_a_value_out_of_the_believed_range_is_none() -> None:
    found = point(type="u16", scale=0.1, valid=(0, 100))

    assert decoded(found, (1000,)) == 100.0
    assert decoded(found, (1001,)) is None


@pytest.mark.parametrize(
    ("value", "factor", "wanted"),
    [(123, -1, 12.3), (123, 2, 12300), (123, 11, None), (123, -11, None), (None, 1, None)],
)
def test_scale_factors_are_believed_from_minus_to_plus_ten(
    value: Value, factor: int, wanted: Value
) -> None:
    assert with_factor(value, factor) == wanted


@pytest.mark.parametrize(("kind", "value"), [("u16", -1), ("u16", 65536), ("s16", 40000)])
def test_what_does_not_fit_is_not_written(kind: str, value: float) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        words_of(point(type=kind), value)
