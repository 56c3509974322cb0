"""Request bodies: read with a limit, parsed strictly, checked against a wire model.

Called by the handlers, not declared in their signatures, because whether the asset exists must be
answered first.
"""

import asyncio
import json
from collections.abc import Callable, Iterable
from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect

from gatewayd.enode.problems import issues_of
from gatewayd.errors import InvalidError

T = TypeVar("T", bound=BaseModel)
Parsed = TypeVar("Parsed")

_MOST_BYTES = 1024 * 1024
_SLOWEST_S = 15.0
# Deeper than any body of the contract, and not too deep for what walks one.
_DEEPEST = 32


async def payload(request: Request, model: type[T]) -> T:
    """The body as a wire model; raises InvalidError naming every fault's path."""
    return await parsed(request, model.model_validate_json)


async def parsed(request: Request, validate: Callable[[bytes], Parsed]) -> Parsed:
    """As `payload`, for a body that may be one of several models."""
    if media_type(request) != "application/json":
        raise InvalidError("the body must be sent as Content-Type: application/json")
    raw = await content(request)
    strict_json(raw)
    try:
        return validate(raw)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        raise InvalidError("the body is not valid: see issues", issues=issues_of(faults)) from error


async def content(request: Request) -> bytes:
    """The raw body; raises InvalidError when it is too long or does not arrive."""
    parts: list[bytes] = []
    length = 0
    try:
        async with asyncio.timeout(_SLOWEST_S):
            async for part in request.stream():
                length += len(part)
                if length > _MOST_BYTES:
                    raise InvalidError(f"the body is longer than {_MOST_BYTES} bytes")
                parts.append(part)
    except ClientDisconnect as error:
        raise InvalidError("the body ended early") from error
    except TimeoutError as error:
        raise InvalidError(f"the body did not arrive within {_SLOWEST_S:.0f} s") from error
    return b"".join(parts)


def media_type(request: Request) -> str:
    """The body's declared type without its parameters, in lower case."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def strict_json(raw: bytes) -> object:
    """What JSON says; raises InvalidError for what parsers disagree about.

    That is: keys sent twice, NaN, other encodings, depth.
    """
    try:
        text = raw.decode()
        said: object = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except RecursionError as error:
        raise InvalidError("the body is nested too deeply") from error
    except UnicodeDecodeError as error:
        raise InvalidError("the body is not UTF-8") from error
    except ValueError as error:
        raise InvalidError(f"the body is not valid JSON: {error}") from error
    _check_depth(said)
    return said


def _check_depth(said: object) -> None:
    level = [said]
    for _ in range(_DEEPEST):
        level = [part for node in level for part in _parts(node) if isinstance(part, dict | list)]
        if not level:
            return
    raise InvalidError("the body is nested too deeply")


def _parts(node: object) -> Iterable[object]:
    if isinstance(node, dict):
        return node.values()
    return node if isinstance(node, list) else ()


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key is there twice")
    return dict(pairs)


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is not a number")
