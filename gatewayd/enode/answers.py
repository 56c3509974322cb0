"""Responses: one serialisation, no second validation of what the views have just built."""

from collections.abc import Sequence

from fastapi import Response
from pydantic import BaseModel
from pydantic_core import to_json


def ok(model: BaseModel, status: int = 200) -> Response:
    """A wire model as JSON."""
    return Response(model.model_dump_json(by_alias=True), status, None, "application/json")


def listed(models: Sequence[BaseModel]) -> Response:
    """A bare array of wire models as JSON."""
    return Response(to_json(models, by_alias=True), 200, None, "application/json")


def nothing() -> Response:
    """Done, and nothing to say."""
    return Response(status_code=204)
