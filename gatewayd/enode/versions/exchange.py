"""Requests and answers of older versions on their way through the application."""

import json
from collections.abc import Callable

from starlette.types import Message, Receive, Send

from gatewayd.enode.bodies import strict_json
from gatewayd.enode.versions.chain import response_down
from gatewayd.enode.versions.edits import Json
from gatewayd.errors import InvalidError

VERSION = b"enode-version"
_JSON = (b"application/json", b"application/problem+json")
# What is longer is refused by the handler, which is given it as it came.
_MOST_BYTES = 1024 * 1024


class Asking:
    """Gives the application a request's body as the newest version has it.

    It is read when the application asks for it, under the application's own limits. What is no
    JSON, or is not changed, arrives as it came: byte for byte, so that it is refused as it would
    be anyway.
    """

    def __init__(self, receive: Receive, change: Callable[[Json], Json]) -> None:
        self._receive = receive
        self._change = change
        self._is_read = False

    async def __call__(self) -> Message:
        if self._is_read:
            return await self._receive()
        parts: list[bytes] = []
        length, is_more = 0, True
        while is_more and length <= _MOST_BYTES:
            message = await self._receive()
            if message["type"] != "http.request":
                return message
            parts.append(message.get("body", b""))
            length += len(parts[-1])
            is_more = message.get("more_body", False)
        self._is_read = True
        body = b"".join(parts)
        if not is_more:
            body = _changed(body, self._change)
        return {"type": "http.request", "body": body, "more_body": is_more}


class Answering:
    """Sends an answer as an older version has it; what is not JSON passes as it comes."""

    def __init__(self, send: Send, version: str, operation: str) -> None:
        self._send = send
        self._version = version
        self._operation = operation
        self._start: Message | None = None
        self._parts: list[bytes] = []

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [self._dated(header) for header in message["headers"]]
            message = {**message, "headers": headers}
            if _is_json(headers):
                self._start = message
                return
        if self._start is None:
            await self._send(message)
            return
        self._parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            await self._finish(self._start, b"".join(self._parts))

    def _dated(self, header: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
        name, _ = header
        return (name, self._version.encode()) if name.lower() == VERSION else header

    async def _finish(self, start: Message, raw: bytes) -> None:
        old = json.loads(raw)
        status, new = response_down(self._version, self._operation, start["status"], old)
        body = raw if new == old else _encoded(new)
        dropped = (b"content-length", b"content-type") if new is None else (b"content-length",)
        headers = [pair for pair in start["headers"] if pair[0].lower() not in dropped]
        if new is None:
            body = b""
        else:
            headers.append((b"content-length", str(len(body)).encode()))
        await self._send({**start, "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


def _is_json(headers: list[tuple[bytes, bytes]]) -> bool:
    types = [value for name, value in headers if name.lower() == b"content-type"]
    return any(value.partition(b";")[0].strip() in _JSON for value in types)


def _changed(raw: bytes, change: Callable[[Json], Json]) -> bytes:
    try:
        old = strict_json(raw)
    except InvalidError:
        return raw
    new = change(old)
    return raw if new == old else _encoded(new)


def _encoded(body: Json) -> bytes:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
