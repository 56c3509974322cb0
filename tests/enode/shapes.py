"""JSON schemas brought to one form, so that two ways of saying the same compare equal."""

from collections.abc import Mapping
from typing import Any

_NOISE = {"title", "description", "default", "example", "examples", "deprecated", "$defs"}


def shape(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Any:
    """A schema with its references followed and everything dropped that validates nothing."""
    if "$ref" in schema:
        return shape(_follow(schema["$ref"], root), root)
    options = schema.get("anyOf") or schema.get("oneOf")
    if options:
        return _union([shape(option, root) for option in options])
    plain = {key: value for key, value in schema.items() if key not in _NOISE}
    if "const" in plain:
        plain["enum"] = [plain.pop("const")]
    if "type" in plain:
        plain["type"] = _set(plain["type"])
    if "enum" in plain:
        plain["enum"] = set(plain["enum"])
    if "items" in plain:
        plain["items"] = shape(plain["items"], root)
    if plain.get("type") is not None and "object" in plain["type"]:
        _object(plain, root)
    return plain


def defaults(schema: Mapping[str, Any], root: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """The defaults anywhere in a schema, by the path of what they are for."""
    if "$ref" in schema:
        own = {key: value for key, value in schema.items() if key != "$ref"}
        return defaults({**_follow(schema["$ref"], root), **own}, root, path)
    parts = [(f"{path}.{name}", part) for name, part in schema.get("properties", {}).items()]
    parts += [(f"{path}[]", schema["items"])] if "items" in schema else []
    parts += [(path, part) for part in (*schema.get("anyOf", ()), *schema.get("oneOf", ()))]
    found = {path: schema["default"]} if "default" in schema else {}
    for step, part in parts:
        found |= defaults(part, root, step)
    return found


def _object(plain: dict[str, Any], root: Mapping[str, Any]) -> None:
    properties = plain.get("properties", {})
    # The contract requires a property with a default, or does not, as it comes.
    defaulted = {name for name, value in properties.items() if "default" in value}
    plain["required"] = set(plain.get("required", ())) - defaulted
    plain["properties"] = {name: shape(value, root) for name, value in properties.items()}
    if plain.get("additionalProperties") is True:
        del plain["additionalProperties"]


def _union(options: list[Any]) -> Any:
    """A nullable schema as Enode writes it; any other union as an unordered one."""
    distinct = [option for n, option in enumerate(options) if option not in options[:n]]
    rest = [option for option in distinct if option != {"type": {"null"}}]
    if len(rest) == 1 and len(rest) == len(distinct):
        return rest[0]
    if len(rest) == 1:
        only = rest[0] | {"type": rest[0]["type"] | {"null"}}
        return only | {"enum": only["enum"] | {None}} if "enum" in only else only
    return {"anyOf": sorted(distinct, key=_canonical)}


def _canonical(value: Any) -> str:
    """Text that is equal for equal shapes, however they are ordered inside."""
    if isinstance(value, dict):
        return repr(sorted((key, _canonical(part)) for key, part in value.items()))
    if isinstance(value, set | list):
        return repr(sorted(map(_canonical, value)))
    return repr(value)


def _set(types: str | list[str]) -> set[str]:
    return {types} if isinstance(types, str) else set(types)


def _follow(reference: str, root: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Any = root
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found  # type: ignore[no-any-return]
