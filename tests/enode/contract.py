"""The published contract, and the one validator of everything the API answers."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

_SPEC = Path(__file__).with_name("openapi-normalised.json")
_METHODS = ("get", "put", "post", "patch", "delete")
# Any brand may appear in a response: since 2024-10-01 a new vendor is no breaking change.
_OPEN = {"type": "string"}
_VENDOR_ENUM = re.compile(r".*Vendor")
# With an offset only where the local day matters: an inverter's statistics.
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)")

_formats = FormatChecker(["uuid"])


@_formats.checks("date-time")
def _is_timestamp(value: object) -> bool:
    return not isinstance(value, str) or bool(_TIMESTAMP.fullmatch(value))


@cache
def spec() -> dict[str, Any]:
    """The contract, its vendor enums opened."""
    contract: dict[str, Any] = json.loads(_SPEC.read_text())
    for name, schema in contract["components"]["schemas"].items():
        if _VENDOR_ENUM.fullmatch(name) and "enum" in schema:
            schema.clear()
            schema.update(_OPEN)
    contract["components"]["schemas"]["Integration"]["properties"]["vendor"] = _OPEN
    return contract


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every operation, as method, path and description."""
    for path, methods in spec()["paths"].items():
        for method in _METHODS:
            if method in methods:
                yield method.upper(), path, methods[method]


def operation(method: str, path: str) -> tuple[str, dict[str, Any]] | None:
    """The path template and the description of what a request goes to; literal paths win."""
    found = [
        (template.count("{"), template, described)
        for verb, template, described in operations()
        if verb == method and _pattern(template).fullmatch(path)
    ]
    return min(found, key=lambda entry: entry[:2])[1:] if found else None


def faults(method: str, path: str, status: int, media_type: str, body: bytes) -> list[str]:
    """What is wrong with a response; nothing for a right one."""
    found = operation(method, path)
    declared = found[1]["responses"].get(str(status)) if found else None
    if declared is None or (status >= 400 and not declared.get("content") and body):
        return _problem_faults(status, media_type, body)
    if status == 204:
        return ["204 must have no body"] if body else []
    if status == 200 and "content" not in declared:
        # Two operations answer, and the contract does not say with what.
        return []
    content: Mapping[str, Any] = declared.get("content") or {}
    if not content:
        return [f"{status} must have no body"] if body else []
    if media_type not in content:
        return [f"{status} is {media_type}, not {'/'.join(content)}"]
    return schema_faults(content[media_type]["schema"], json.loads(body))


def schema_faults(schema: Mapping[str, Any], value: object) -> list[str]:
    """Where a value is not as its schema."""
    # Within the whole contract, so that every reference finds its goal.
    whole = {**spec(), **schema}
    validator = Draft202012Validator(whole, format_checker=_formats)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def _problem_faults(status: int, media_type: str, body: bytes) -> list[str]:
    if status < 400:
        return [f"{status} is not declared"]
    if media_type != "application/problem+json":
        return [f"an undeclared {status} is {media_type}, not application/problem+json"]
    problem = json.loads(body)
    extra = set(problem) - {"type", "title", "detail", "issues"}
    return [f"a problem has no {key}" for key in sorted(extra)] + schema_faults(
        {"$ref": "#/components/schemas/Problem"}, problem
    )


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template)))
