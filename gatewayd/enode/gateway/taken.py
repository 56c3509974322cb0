"""What an operation takes, for its description: the handlers read bodies by themselves."""

from typing import Any

from pydantic import BaseModel

SCHEMA = "#/components/schemas/{model}"


def takes(model: type[BaseModel]) -> dict[str, Any]:
    """The body of an operation, by the name of its schema."""
    schema = {"$ref": SCHEMA.format(model=model.__name__)}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
