"""Lists in pages, newest first.

A cursor is a position, not a row: the creation time and the id of the record at the page's edge.
So records that come or go while a client pages never shift the pages it has yet to see.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypeVar

from fastapi import Depends, Request

from gatewayd.enode.problems import issue
from gatewayd.enode.wire.base import Cursors, iso_ms
from gatewayd.errors import InvalidError

T = TypeVar("T")
Key = tuple[str, str]

_DEFAULT_SIZE = 50
_LARGEST_SIZE = 1000
_LONGEST_SIZE = 10
_SIZE = re.compile(r"[1-9][0-9]*", re.ASCII)
_CURSOR = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\|(.+)", re.ASCII | re.DOTALL)


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page: the one older than `after`, the one newer than `before`, or the newest."""

    size: int = _DEFAULT_SIZE
    after: Key | None = None
    before: Key | None = None


async def asked(request: Request) -> PageRequest:
    """The page a request asks for; raises InvalidError."""
    query = request.query_params
    after, before = query.get("after"), query.get("before")
    if after is not None and before is not None:
        raise _invalid("before", "give either after or before, not both")
    return PageRequest(
        _size(query.get("pageSize")),
        _position("after", after),
        _position("before", before),
    )


Paging = Annotated[PageRequest, Depends(asked)]


def page(
    items: Iterable[T], key: Callable[[T], Key], wanted: PageRequest
) -> tuple[list[T], Cursors]:
    """The wanted page of the items, and the cursors of its neighbours."""
    keyed = sorted(((key(item), item) for item in items), key=lambda pair: pair[0], reverse=True)
    start, end = _bounds([where for where, _ in keyed], wanted)
    shown = keyed[start:end]
    return [item for _, item in shown], Cursors(
        after=_cursor(shown[-1][0]) if shown and end < len(keyed) else None,
        before=_cursor(shown[0][0]) if shown and start > 0 else None,
    )


def key_of(created_at: datetime, record_id: str) -> Key:
    """The position of a record; the id tells records of one millisecond apart."""
    return iso_ms(created_at), record_id


def _bounds(keys: list[Key], wanted: PageRequest) -> tuple[int, int]:
    """From where to where the page goes; `keys` are in descending order."""
    if wanted.before is not None:
        end = sum(key > wanted.before for key in keys)
        return max(0, end - wanted.size), end
    after = wanted.after
    start = 0 if after is None else sum(key >= after for key in keys)
    return start, min(len(keys), start + wanted.size)


def _size(text: str | None) -> int:
    if text is None:
        return _DEFAULT_SIZE
    if not _SIZE.fullmatch(text):
        raise _invalid("pageSize", "must be a whole number above 0")
    # int() refuses thousands of digits, and the contract names no largest size.
    return min(int(text), _LARGEST_SIZE) if len(text) < _LONGEST_SIZE else _LARGEST_SIZE


def _cursor(position: Key) -> str:
    return base64.urlsafe_b64encode("|".join(position).encode()).decode("ascii")


def _position(name: str, cursor: str | None) -> Key | None:
    if cursor is None:
        return None
    try:
        text = base64.b64decode(cursor, altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error) as error:
        raise _invalid(name, "is not a cursor of this API") from error
    match = _CURSOR.fullmatch(text)
    if not match:
        raise _invalid(name, "is not a cursor of this API")
    return match[1], match[2]


def _invalid(name: str, message: str) -> InvalidError:
    return InvalidError(f"{name} {message}", issues=(issue("invalid_query", [name], message),))
