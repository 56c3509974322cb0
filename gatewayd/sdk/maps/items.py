"""Maps of devices that speak in texts: values by MQTT topic or by HTTP path, plain or in JSON.

    room: {topic: heatpump/state, path: zone.0.temperature, scale: 0.1, valid: [-40, 60]}

What is made of the values, and what a role can be told, is said as in a register map.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Any, ClassVar, Self

from pydantic import Field, JsonValue, ValidationError, model_validator

from gatewayd.errors import BadReadingError
from gatewayd.model.asset import Capability
from gatewayd.sdk.maps.assets import AssetMap
from gatewayd.sdk.maps.commands import Amount, Memory
from gatewayd.sdk.maps.expressions import points_in
from gatewayd.sdk.maps.fields import field_types, label
from gatewayd.sdk.maps.points import Conditions, Label, Strict, Value
from gatewayd.sdk.maps.schema import MapError, Problem, RegisterMap, sources_of

_TOPIC = r"^[^+#\s][^+#]*$"
_PATH = r"^/[\x21-\x7e]*$"
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_PLACES = frozenset({"topic", "get"})
# Where a command writes is a place too, but no value.
_NOT_VALUES = frozenset({"commands"})
_SHAPE = ("type", "order", "bytes", "length", "bcd")
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?([eE][+-]?[0-9]{1,3})?")
_LONGEST_TEXT = 128
_MOST = 1e15


class Item(Strict):
    """One value: the whole text of a topic or answer, or what is at `path` in it as JSON.

    Keys and list places of the path stand between dots. A number is `scale` times what is said,
    plus `offset`; one outside `valid` is not believed. `enum` says what texts stand for: other
    texts are nothing. An `optional` one may never be told. `kept` is true until told otherwise,
    however long ago.
    """

    # What a register has beside.
    scale_factor: ClassVar[None] = None
    when: ClassVar[None] = None
    unit: ClassVar[None] = None

    topic: str | None = Field(default=None, max_length=256, pattern=_TOPIC)
    get: str | None = Field(default=None, max_length=256, pattern=_PATH)
    path: str | None = Field(default=None, min_length=1)
    text: bool = False
    scale: float = 1.0
    offset: float = 0.0
    nan: list[float] = Field(default_factory=list)
    valid: tuple[float, float] | None = None
    enum: dict[str, Label] | None = None
    optional: bool = False
    kept: bool = False
    note: str | None = None

    @property
    def place(self) -> str:
        """The topic, or the path of the request."""
        return self.topic or self.get or ""

    @model_validator(mode="after")
    def _has_one_place(self) -> Self:
        if (self.topic is None) == (self.get is None):
            raise ValueError("give either topic or get")
        if self.scale == 0:
            raise ValueError("scale must not be 0")
        return self

    def value(self, told: bytes, at: str) -> Value:
        """What is said; None for nothing. BadReadingError for what is no such value."""
        found = _inside(told, self.path, at)
        if found is None or found == "":
            return None
        if isinstance(found, dict | list):
            raise BadReadingError(f"{at}: a value should stand here, not a list or an object")
        if self.enum is not None:
            return self.enum.get(_word(found))
        if self.text:
            return _word(found)[:_LONGEST_TEXT]
        return self._number(found, at)

    def _number(self, found: JsonValue, at: str) -> float | None:
        if isinstance(found, str) and _NUMBER.fullmatch(found.strip()):
            found = float(found)
        # A bool is an int to Python; NaN is not at most anything.
        is_word = isinstance(found, bool)
        if not isinstance(found, int | float) or is_word or not abs(found) <= _MOST:
            raise BadReadingError(f"{at}: should be a number, not {str(found)[:32]!r}")
        if found in self.nan:
            return None
        number = round(found * self.scale + self.offset, 9)
        low, high = self.valid or (-math.inf, math.inf)
        return number if low <= number <= high else None


class Spoken(Amount):
    """A number to tell, and by which point the device shows it when it is there already."""

    shown: str | None = None

    @model_validator(mode="after")
    def _is_a_text(self) -> Self:
        for key in _SHAPE:
            if key in self.model_fields_set:
                raise ValueError(f"a number in a text has no {key}")
        return self

    def words(self, number: float) -> str:
        """The number as it is told, without needless digits."""
        told = f"{round((number - self.offset) / self.scale, 6):.6f}".rstrip("0").rstrip(".")
        return "0" if told == "-0" else told


class Telling(Strict):
    """One message or request. `{name}` in payload and path is the number of that name in `with`.

    `memory` is as in a register map. What wears out is not told again when everything in it is
    `shown` already.
    """

    unit: ClassVar[None] = None

    topic: str | None = Field(default=None, max_length=256, pattern=_TOPIC)
    get: str | None = Field(default=None, max_length=512, pattern=_PATH)
    post: str | None = Field(default=None, max_length=512, pattern=_PATH)
    payload: str = Field(default="", max_length=2048)
    values: dict[str, Spoken] = Field(default_factory=dict, alias="with")
    memory: Memory = "unknown"
    when: Conditions | None = None
    pause_s: float = Field(default=0.0, ge=0, le=30)
    note: str | None = None

    @property
    def place(self) -> str:
        """The topic, or the path of the request with its placeholders."""
        return self.topic or self.get or self.post or ""

    @property
    def amounts(self) -> list[Spoken]:
        """What is told, in order."""
        return list(self.values.values())

    def filled(self, text: str, words: dict[str, str]) -> str:
        """A text with the numbers in it."""
        return _PLACEHOLDER.sub(lambda found: words[found[1]], text)

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if [self.topic, self.get, self.post].count(None) != 2:
            raise ValueError("give exactly one of topic, get and post")
        wanted = set(_PLACEHOLDER.findall(self.payload))
        if self.topic is None:
            wanted |= set(_PLACEHOLDER.findall(self.place))
        if wanted != self.values.keys():
            raise ValueError("the names in braces should be those in `with`")
        if self.post is not None:
            _check_json(self.filled(self.payload, dict.fromkeys(wanted, "1")))
        return self


class ItemAsset(AssetMap):
    """One role, which is told texts."""

    commands: dict[Capability, list[Telling]] = Field(default_factory=dict)  # type: ignore[assignment]

    @model_validator(mode="after")
    def _is_fed_by_words(self) -> Self:
        if self.watchdog is not None and self.watchdog.feed != "repeat":
            raise ValueError("a watchdog is fed here with feed: repeat only")
        return self


class ItemMap(RegisterMap):
    """One device. `available` must hold, or the device is away.

    A value may be written where it is used: it then gets the name of that place.
    """

    source: str = Field(default="the operator's own map", min_length=1)
    points: dict[str, Item] = Field(default_factory=dict)  # type: ignore[assignment]
    assets: dict[str, ItemAsset] = Field(default_factory=dict)  # type: ignore[assignment]
    available: Conditions | None = None
    nvm_writes_per_day: int = Field(default=10, ge=1, le=1000, description="of each place")

    @model_validator(mode="before")
    @classmethod
    def _name_all_values(cls, data: Any) -> Any:  # noqa: ANN401 - whatever the file holds
        if not isinstance(data, dict) or not isinstance(data.get("points", {}), dict):
            return data
        for key in ("bus", "defaults", "units", "options"):
            if key in data:
                raise ValueError(f"{key} is for register maps only")
        named = dict(data.get("points", {}))
        parts = {key: _named(data[key], key, named) for key in data if key != "points"}
        return parts | {"points": named}

    @model_validator(mode="after")
    def _is_sound_in_words(self) -> Self:
        found = list(_problems(self))
        if found:
            raise MapError(found)
        return self


def item_map(given: object) -> ItemMap:
    """A map from plain data; ValueError with every fault and its place."""
    if isinstance(given, ItemMap):
        return given
    try:
        return ItemMap.model_validate(given)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        told = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in faults]
        raise ValueError("; ".join(one.removeprefix(": ") for one in told)) from error


def _problems(found: ItemMap) -> Iterator[Problem]:
    known = found.points.keys() | found.values.keys()
    for name in found.available or ():
        if name not in known:
            yield "available", f"there is no point {name}"
    for path, source in sources_of(found):
        for at, _ in points_in(source, path):
            yield at, "there is no register here; give a topic or a path"
    for role, asset in found.assets.items():
        for capability, steps in asset.commands.items():
            for spoken in (one for step in steps for one in step.amounts):
                if spoken.shown is not None and spoken.shown not in found.points:
                    at = f"assets.{role}.commands.{capability}"
                    yield at, f"there is no point {spoken.shown}"
        types = field_types(asset.kind)
        for field, source in asset.fields.items():
            item = found.points.get(source) if isinstance(source, str) else None
            yield from _label_problems(f"assets.{role}.{field}", types[field], item)


def _label_problems(path: str, kind: type, item: Item | None) -> Iterator[Problem]:
    for text in (item.enum or {}).values() if item else ():
        try:
            label(kind, text)
        except ValueError as error:
            yield path, str(error)


def _named(node: Any, path: str, named: dict[str, Any]) -> Any:  # noqa: ANN401 - as above
    """The same with names instead of the values in it, which are put into `named`."""
    if isinstance(node, dict) and node.keys() & _PLACES:
        named[path] = node
        return path
    if isinstance(node, dict):
        return {
            key: part if key in _NOT_VALUES else _named(part, f"{path}.{key}", named)
            for key, part in node.items()
        }
    if isinstance(node, list):
        return [_named(part, f"{path}.{number}", named) for number, part in enumerate(node)]
    return node


def _inside(told: bytes, path: str | None, at: str) -> JsonValue:
    if path is None:
        return told.decode(errors="replace").strip()
    try:
        node: JsonValue = json.loads(told)
    except (ValueError, RecursionError) as error:
        raise BadReadingError(f"{at}: this is no JSON") from error
    if not isinstance(node, dict | list):
        raise BadReadingError(f"{at}: should be an object or a list")
    for key in path.split("."):
        if isinstance(node, list) and key.isdecimal() and int(key) < len(node):
            node = node[int(key)]
        elif isinstance(node, dict):
            node = node.get(key)
        else:
            return None
    return node


def _word(found: JsonValue) -> str:
    """A scalar as a text: true, 1 and 1.5, as JSON writes them; 1.0 is 1."""
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, float) and found.is_integer():
        return str(int(found))
    return str(found).strip()


def _check_json(text: str) -> None:
    try:
        json.loads(text or "{}")
    except ValueError as error:
        raise ValueError(f"the payload is no JSON with numbers in it: {error}") from error
