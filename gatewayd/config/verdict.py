"""From what pydantic found to what the operator reads."""

import re
from collections.abc import Collection, Iterable, Iterator
from types import UnionType
from typing import TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, to_json

from gatewayd.config.problems import Path, misspelt, shown, suggestion
from gatewayd.config.section import SIDE
from gatewayd.config.source import Source
from gatewayd.sdk.registers import MapError

_Model = TypeVar("_Model", bound=BaseModel)

_SECRET = re.compile(r"pass(word|wd|phrase)|secret|token|api_?key|\bpin\b", re.IGNORECASE)

_TOLD = {
    "missing": "is missing; add it",
    "string_type": "should be text, not {value}; put it in quotes",
    "too_short": "is too short, or holds nothing that fits; add to it",
    "int_type": "should be a whole number, not {value}; write the plain number, as 16",
    "int_from_float": "should be a whole number, not {value}; leave out the decimals",
    "float_type": "should be a number, not {value}; write the plain number, as 16 or 0.5",
    "bool_type": "should be true or false, not {value}; write true or false",
    "model_type": "should be a mapping, not {value}; indent its keys below it",
    "model_attributes_type": "should be a mapping, not {value}; indent its keys below it",
    "dict_type": "should be a mapping, not {value}; indent its keys below it",
    "tuple_type": "should be a list, not {value}; begin each line below it with a dash",
    "list_type": "should be a list, not {value}; begin each line below it with a dash",
}


def judge(
    source: Source,
    model: type[_Model],
    data: object,
    *,
    at: Path = (),
    also: Iterable[str] = (),
    context: object = None,
) -> _Model | None:
    """The data as the model, or None with every fault added to the source.

    `at` is where the data stands in the file; `also` are keys that are right there, but judged
    elsewhere. Types are strict as in JSON: "8480" is no number, true is no 1.
    """
    try:
        return model.model_validate_json(to_json(data), strict=True, context=context)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            cause = detail.get("ctx", {}).get("error")
            path = at + tuple(part for part in detail["loc"] if part != SIDE)
            if isinstance(cause, MapError):
                _tell_map(source, path, cause)
            else:
                _tell(source, path, detail, {*_fields(model, detail["loc"]), *also})
        return None


def _tell_map(source: Source, path: Path, error: MapError) -> None:
    """Each fault of a register map where it stands in the config."""
    for dotted, text in error.problems:
        keys = (int(key) if key.isdecimal() else key for key in dotted.split("."))
        source.fault((*path, *keys), text)


def _tell(source: Source, path: Path, detail: ErrorDetails, known: set[str]) -> None:
    # A default that waits for a faulty key is no fault of its own.
    if source.is_broken(source.known(path)) or detail["type"] == "default_factory_not_called":
        return
    # A fault of a whole mapping is told where the mapping is named.
    at_key = detail["type"] == "extra_forbidden" or isinstance(detail["input"], dict)
    source.fault(path, _text(detail, known), at_key=at_key)


def _text(detail: ErrorDetails, known: set[str]) -> str:
    name = str(detail["loc"][-1]) if detail["loc"] else ""
    if detail["type"] == "extra_forbidden":
        return _unknown(name, known)
    if detail["type"] == "value_error":
        return str(detail["ctx"]["error"])
    value = "what stands there" if _SECRET.search(name) else shown(detail["input"])
    if detail["type"] in _TOLD:
        return _TOLD[detail["type"]].format(value=value)
    message = detail["msg"].removeprefix("Input ").removeprefix("Value ")
    return f"{value} does not fit; it {message[:1].lower()}{message[1:]}"


def _unknown(name: str, known: set[str]) -> str:
    by_file = sorted(key for key in known if key.endswith("_file") and _SECRET.search(key))
    if _SECRET.search(name) and by_file and not misspelt(name, by_file):
        return in_a_file(by_file[0])
    return f"is not a known key; {suggestion(name, known)}"


def in_a_file(key: str) -> str:
    """Why a secret may not stand where it does, and what may instead."""
    return (
        "a secret is not written in this file, which gets copied and shown; "
        f"put it in a file of mode 0600 and write {key}: its path"
    )


def _fields(model: type[BaseModel], path: Path) -> Iterator[str]:
    """The keys that are right beside the one at the end of the path."""
    is_entry = False
    for part in path[:-1]:
        if is_entry:  # a key of our reader's own choice, or a place in a list
            is_entry = False
            continue
        field = model.model_fields.get(str(part))
        inner = next(_models(field.annotation), None) if field else None
        if field is None or inner is None:
            return
        model, is_entry = inner, _is_collection(field.annotation)
    yield from (field.alias or name for name, field in model.model_fields.items())


def _is_collection(annotation: object) -> bool:
    """`dict[str, Circuit]`, `tuple[Relay, ...] | None`."""
    kind = get_origin(annotation)
    if kind in (Union, UnionType):
        return any(map(_is_collection, get_args(annotation)))
    return isinstance(kind, type) and issubclass(kind, Collection)


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    """The models an annotation allows: `Discovery`, `Mqtt | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
