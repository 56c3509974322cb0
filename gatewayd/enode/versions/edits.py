"""Small changes to JSON objects; what they are given stays as it is."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

# Anything that JSON can say.
Json: TypeAlias = Any
Object = Mapping[str, Any]
Edit = Callable[[Object], dict[str, Any]]


def without(body: Object, *names: str) -> dict[str, Any]:
    """The object but for some of its values."""
    return {name: value for name, value in body.items() if name not in names}


def renamed(body: Object, old: str, new: str) -> dict[str, Any]:
    """The object with one name changed, unless the new one is taken; then both stay."""
    if old not in body or new in body:
        return dict(body)
    return {new if name == old else name: value for name, value in body.items()}


def only(body: Object, *names: str) -> dict[str, Any]:
    """Some of the values of an object; None for those it has not."""
    return {name: body.get(name) for name in names}


def within(body: Object, name: str, edit: Edit) -> dict[str, Any]:
    """The object with one of the objects in it edited, if it is there."""
    inner = body.get(name)
    return {**body, name: edit(inner)} if isinstance(inner, Mapping) else dict(body)


def each(body: Json, edit: Edit) -> Json:
    """Edit an object, every object of a list, or every one of a page."""
    if isinstance(body, list):
        return [each(item, edit) for item in body]
    if not isinstance(body, Mapping):
        return body
    if set(body) == {"data", "pagination"}:
        return {**body, "data": each(body["data"], edit)}
    return edit(body)
