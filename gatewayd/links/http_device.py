"""HTTP as small devices in the LAN speak it: JSON, one request at a time.

Where a device is comes from the operator's own configuration, so any address may be called.
"""

import asyncio
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from gatewayd.errors import (
    BadReadingError,
    BusyError,
    RefusedError,
    UnreachableError,
    UpstreamError,
)
from gatewayd.links.http import ANSWER_MAX_BYTES, Answer, HttpLink
from gatewayd.links.http_policy import ANYWHERE

T = TypeVar("T", bound=BaseModel)

_JSON = {"Content-Type": "application/json"}
_BUSY = frozenset({429, 503})
_LONGEST_WORDS = 200


class DeviceHttp:
    """One device behind one address. Raises DeviceErrors only."""

    def __init__(self, host: str, port: int, *, timeout_s: float = 5.0) -> None:
        # An IPv6 address would be taken for a host with a port.
        plain = f"[{host}]" if ":" in host else host
        self._base = f"http://{plain}:{port}"
        self._timeout_s = timeout_s
        self._link = HttpLink(ANYWHERE)
        self._turn = asyncio.Lock()

    async def get(self, path: str, model: type[T]) -> T:
        """A document; BadReadingError for one that is not as `model` says."""
        answer = await self._ask("GET", path)
        try:
            return model.model_validate_json(answer.body)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            where = ".".join(str(step) for step in first["loc"]) or "document"
            raise BadReadingError(f"{self._base}{path}: {where}: {first['msg']}") from error

    async def post(self, path: str, body: BaseModel) -> None:
        """Send a document. Returning means that the device took it."""
        await self._ask("POST", path, body.model_dump_json(exclude_none=True).encode())

    async def _ask(self, method: str, path: str, body: bytes = b"") -> Answer:
        url = f"{self._base}{path}"
        async with self._turn:
            try:
                answer = await self._link.exchange(
                    method, url, body=body, headers=_JSON if body else {}, timeout_s=self._timeout_s
                )
            except UpstreamError as error:
                raise UnreachableError(f"{url}: {error}") from error
        _check(url, answer)
        return answer


def _check(url: str, answer: Answer) -> None:
    if answer.status in _BUSY:
        raise BusyError(f"{url}: status {answer.status}")
    if 400 <= answer.status < 500:
        words = answer.body[:_LONGEST_WORDS].decode(errors="replace")
        raise RefusedError(f"{url}: status {answer.status}: {words}")
    if not answer.is_success:
        raise BadReadingError(f"{url}: status {answer.status}")
    if len(answer.body) >= ANSWER_MAX_BYTES:
        raise BadReadingError(f"{url}: the answer is too long")
