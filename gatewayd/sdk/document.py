"""JSON documents of devices, judged where they come in."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from gatewayd.errors import BadReadingError

T = TypeVar("T", bound=BaseModel)


def fitting(data: bytes | str, model: type[T]) -> T | None:
    """A document; None for one that is not as `model` says."""
    try:
        return model.model_validate_json(data)
    except ValidationError:
        return None


def read(data: bytes, model: type[T], place: str) -> T:
    """A document; BadReadingError with `place` for one that is not as `model` says."""
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "document"
        raise BadReadingError(f"{place}: {where}: {first['msg']}") from error
