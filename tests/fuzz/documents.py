"""The descriptions that requests are made from."""

from typing import Any

from gatewayd.enode.gateway import document as beyond
from gatewayd.enode.openapi import document as own
from tests.enode import contract

Json = dict[str, Any]

# An answer that does not end.
_STREAM = "/gateway/events"
_PROBLEM = {"content": {"application/problem+json": {"schema": {"type": "object"}}}}


def documents() -> dict[str, Json]:
    """The published contract, our own account of it, and of what goes beyond it."""
    found = {"contract": contract.spec(), "own": own.document(), "beyond": beyond.document()}
    return {name: _mended(document) for name, document in found.items()}


def _mended(document: Json) -> Json:
    """A description with what is so although it does not say it."""
    told: Json = _optional(document)
    told["paths"].pop(_STREAM, None)
    for path in told["paths"].values():
        for operation in path.values():
            _mend(operation)
    return told


def _mend(operation: Json) -> None:
    """Other errors are problems, and a 204 has no content."""
    responses = operation["responses"]
    responses.setdefault("default", {"description": "A problem", **_PROBLEM})
    responses.get("204", {}).pop("content", None)
    for parameter in operation.get("parameters", []):
        # An unknown language is English.
        if parameter.get("name") == "language":
            parameter["schema"] = {"type": "string"}


def _optional(node: Any) -> Any:
    """A copy in which what has a default may be left out."""
    if isinstance(node, list):
        return [_optional(part) for part in node]
    if not isinstance(node, dict):
        return node
    made = {name: _optional(part) for name, part in node.items()}
    if isinstance(made.get("required"), list) and isinstance(made.get("properties"), dict):
        optional = {name for name, found in made["properties"].items() if "default" in found}
        made["required"] = [name for name in made["required"] if name not in optional]
    return made
