"""Errors as Enode Problems: the one table from what went wrong to status, type and media type."""

import logging
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from fastapi.responses import Response
from starlette.types import Scope

from gatewayd.enode.wire.problem import Problem
from gatewayd.errors import (
    ConflictError,
    ControlledError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    RequestError,
    TooManyRequestsError,
    UnauthorizedError,
)

log = logging.getLogger(__name__)

_TYPES = "https://developers.enode.com/api/problems/"
_SLUGS = {
    400: "bad-request",
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    409: "conflict",
    422: "unprocessable-entity",
    429: "too-many-requests",
    500: "internal-server-error",
    503: "service-unavailable",
}
_STATUSES: dict[type[RequestError], int] = {
    InvalidError: 400,
    UnauthorizedError: 401,
    ForbiddenError: 403,
    NotFoundError: 404,
    ConflictError: 409,
    ControlledError: 422,
    TooManyRequestsError: 429,
}
# A refused body may be wrong in a hundred thousand places with names of any length.
_MOST_ISSUES = 20
_LONGEST_STEP = 100

Issue = dict[str, object]


def answer(error: RequestError, declared: Collection[int] = ()) -> Response:
    """The response to a wrong request; `declared` are the statuses the operation documents."""
    status = _STATUSES.get(type(error), 400)
    issues = error.issues if isinstance(error, InvalidError) else ()
    problem = _problem(status, error.title, error.detail, issues)
    return respond(status, problem, declared=declared, headers=_headers(error))


def plain(
    status: int, title: str, detail: str, headers: Mapping[str, str] | None = None
) -> Response:
    """The response to what no operation is there for, or what no caller is to blame for."""
    return respond(status, _problem(status, title, detail), headers=headers)


def no_storage(scope: Scope, error: Exception) -> Response:
    """The response to what cannot be stored or read, which the log tells."""
    log.error("%s %s: %s", scope["method"], scope["path"], error)
    return plain(503, "Service Unavailable", "the gateway cannot store anything: see its log")


def respond(
    status: int,
    problem: Problem,
    *,
    declared: Collection[int] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A Problem in the media type the contract declares for this status, or the standard one."""
    return Response(
        problem.model_dump_json(by_alias=True, exclude_defaults=True),
        status,
        headers,
        "application/json" if status in declared else "application/problem+json",
    )


def issue(code: str, path: Sequence[str | int], message: str) -> Issue:
    """One fault of a request."""
    return {
        "code": code,
        "path": [step[:_LONGEST_STEP] if isinstance(step, str) else step for step in path],
        "message": message,
    }


def issues_of(errors: Sequence[Any], skip: int = 0) -> tuple[Issue, ...]:
    """Pydantic's errors as issues; `skip` leaves out the first steps of each path."""
    return tuple(
        issue(error["type"], error["loc"][skip:], error["msg"]) for error in errors[:_MOST_ISSUES]
    )


def _problem(status: int, title: str, detail: str, issues: Sequence[Issue] = ()) -> Problem:
    return Problem(
        type=_TYPES + _SLUGS.get(status, "bad-request"),
        title=title,
        detail=detail,
        issues=tuple(issues),
    )


def _headers(error: RequestError) -> dict[str, str] | None:
    match error:
        case TooManyRequestsError(retry_after_s=retry_after_s):
            return {"Retry-After": str(max(1, math.ceil(retry_after_s)))}
        case UnauthorizedError():
            return {"WWW-Authenticate": "Bearer"}
    return None
