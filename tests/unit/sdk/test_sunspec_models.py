"""Our table of SunSpec points against pysunspec2, made by others from the same definitions."""

import struct
from collections.abc import Iterator
from typing import Any

import pytest
from sunspec2 import device as oracle

from gatewayd.sdk.sunspec import models
from gatewayd.sdk.sunspec.models import _GROUPS, _MODELS, group
from tests.drivers.images import Fixture, fixtures

TYPES = {
    "u16": {"uint16", "enum16", "bitfield16", "count"},
    "s16": {"int16"},
    "u32": {"uint32", "bitfield32"},
    "s32": {"int32"},
    "u64": {"uint64", "acc64"},
    "acc32": {"acc32"},
    "f32": {"float32"},
    "sf": {"sunssf"},
    "string8": {"string"},
    "string16": {"string"},
}


def definition(model_id: int) -> dict[str, Any]:
    found: dict[str, Any] = oracle.get_model_def(model_id, mapping=False)["group"]
    return found


def offsets(points: list[dict[str, Any]]) -> Iterator[tuple[str, int, dict[str, Any]]]:
    at = 0
    for point in points:
        yield point["name"], at, point
        at += point["size"]


def agree(text: str, points: list[dict[str, Any]]) -> None:
    known = {name: (at, point) for name, at, point in offsets(points)}
    for item in text.split():
        name, kind, at, *factor = item.split(":")
        their_at, point = known[name]
        assert int(at) == their_at, item
        assert point["type"] in TYPES[kind], item
        assert factor == ([point["sf"]] if "sf" in point else []), item
        if kind.startswith("string"):
            assert point["size"] == int(kind.removeprefix("string"))


@pytest.mark.parametrize("model_id", _MODELS)
def test_every_point_is_where_the_definition_has_it(model_id: int) -> None:
    agree(_MODELS[model_id], definition(model_id)["points"])


@pytest.mark.parametrize("model_id", _GROUPS)
def test_every_group_is_as_the_definition_has_it(model_id: int) -> None:
    ours = _GROUPS[model_id]
    (theirs,) = definition(model_id)["groups"]

    agree(ours.points, theirs["points"])
    assert ours.start == sum(point["size"] for point in definition(model_id)["points"])
    assert ours.size == sum(point["size"] for point in theirs["points"])


def test_a_points_offset_can_be_asked_for() -> None:
    assert models.point(124, "StorCtl_Mod").address == 5
    assert models.point(124, "InWRte").address == 13
    assert models.point(704, "WSet").type == "s32"


def images() -> Iterator[tuple[str, list[int]]]:
    for fixture in (f for f in fixtures() if f.driver == "sunspec"):
        for number, words in enumerate(_runs(fixture)):
            yield f"{fixture.path.stem} {number}", words


def _runs(fixture: Fixture) -> Iterator[list[int]]:
    for tables in (fixture.content["registers"], *fixture.content.get("others", {}).values()):
        yield from (
            words for words in tables["holding"].values() if words[0] == 0x5375 and len(words) > 4
        )


@pytest.mark.parametrize("words", [pytest.param(w, id=name) for name, w in images()])
def test_images_are_decoded_as_the_oracle_decodes_them(words: list[int]) -> None:
    at = 2
    while words[at] not in (0, 0xFFFF):
        model_id, size = words[at], words[at + 1] + 2
        if models.is_known(model_id):
            _compare(model_id, tuple(words[at : at + size]))
        at += size


def _compare(model_id: int, words: tuple[int, ...]) -> None:
    data = struct.pack(f">{len(words)}H", *words)
    theirs = oracle.Model(model_id, data=data, model_len=len(words) - 2).get_dict(computed=True)
    codec = models.codec(model_id, len(words))
    ours = codec.decode(words)
    _equal(ours, theirs)
    if (found := group(model_id)) is not None:
        shape, group_codec = found
        name = definition(model_id)["groups"][0]["name"]
        for number, their_group in enumerate(theirs[name]):
            start = shape.start + number * shape.size
            _equal(group_codec.decode(words[start : start + shape.size], ours), their_group)


def _equal(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    for name, value in ours.items():
        wanted = theirs[name]
        if wanted == 0 and value is None:
            # An accumulator at 0 is not implemented; the oracle leaves that to its user.
            continue
        is_number = isinstance(wanted, int | float)
        assert value == (pytest.approx(wanted) if is_number else wanted or None), name
