"""Devices that talk without being asked: meters over a serial port or its TCP bridge.

A stream is connected when it is first wanted, once for all who want it, and dropped when it falls
silent. The newest frame is kept and no other.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from importlib import import_module
from typing import cast

from gatewayd.errors import ConfigError, UnreachableError
from gatewayd.sdk.options import StreamOptions

_CONNECT_TIMEOUT_S = 3.0

# Takes the whole frames out of what was received, and leaves the rest: see `sdk.p1`, `sdk.sml`.
Cut = Callable[[bytes], tuple[list[bytes], bytes]]


class Stream:
    """One place that talks. Raises UnreachableError only."""

    def __init__(self, options: StreamOptions, cut: Cut) -> None:
        self.options = options
        self.users = 0
        self._cut = cut
        self._ears: _Ears | None = None
        self._connecting = asyncio.Lock()

    def __str__(self) -> str:
        return self.options.place

    async def newest(self, *, max_age_s: float = 1.5, timeout_s: float = 15.0) -> bytes:
        """The last frame, or the next where that is too old. Its content is not judged here."""
        try:
            async with asyncio.timeout(timeout_s):
                ears = await self._connected()
                return await ears.newest(max_age_s)
        except TimeoutError as error:
            self.close()
            raise UnreachableError(f"{self}: nothing said in {timeout_s:g} s") from error

    def close(self) -> None:
        """Hang up; who wants the next frame connects anew."""
        if self._ears is not None:
            self._ears.close()
            self._ears = None

    async def _connected(self) -> "_Ears":
        async with self._connecting:
            if self._ears is None or not self._ears.is_open:
                self._ears = await _connect(self.options, self._cut)
            return self._ears


class _Ears(asyncio.Protocol):
    """One connection."""

    def __init__(self, place: str, cut: Cut) -> None:
        self._place = place
        self._cut = cut
        self._received = b""
        self._frame, self._at = b"", -math.inf
        self._changed = asyncio.Event()
        self._close: Callable[[], None] = lambda: None
        self.is_open = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._close = cast(asyncio.Transport, transport).abort

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self.is_open = False
        self._changed.set()

    def data_received(self, data: bytes) -> None:
        frames, self._received = self._cut(self._received + data)
        if frames:
            self._frame, self._at = frames[-1], asyncio.get_running_loop().time()
            self._changed.set()

    async def newest(self, max_age_s: float) -> bytes:
        loop = asyncio.get_running_loop()
        while loop.time() - self._at > max_age_s:
            if not self.is_open:
                raise UnreachableError(f"{self._place}: the connection is lost")
            self._changed.clear()
            await self._changed.wait()
        return self._frame

    def on_close(self, close: Callable[[], None]) -> None:
        """What hangs up a connection that is no transport."""
        self._close = close

    def close(self) -> None:
        self.connection_lost(None)
        self._close()


class StreamLinks:
    """All streams in use: each is connected once and closed with its last user."""

    def __init__(self) -> None:
        self._streams: dict[str, Stream] = {}

    @asynccontextmanager
    async def open(self, options: StreamOptions, cut: Cut) -> AsyncIterator[Stream]:
        """The stream of these options; ConfigError when it is in use with other settings."""
        stream = self._streams.setdefault(options.place, Stream(options, cut))
        if stream.options.settings != options.settings:
            raise ConfigError([f"{options.place}: already open otherwise; give both one setting"])
        stream.users += 1
        try:
            yield stream
        finally:
            stream.users -= 1
            if not stream.users:
                stream.close()
                del self._streams[options.place]


async def _connect(options: StreamOptions, cut: Cut) -> _Ears:
    ears = _Ears(options.place, cut)
    try:
        if options.serial is not None:
            await _open_serial(options.serial, options, ears)
        else:
            async with asyncio.timeout(_CONNECT_TIMEOUT_S):
                await asyncio.get_running_loop().create_connection(
                    lambda: ears, options.host or "", options.port
                )
    except (OSError, TimeoutError) as error:
        told = getattr(error, "strerror", None) or error or "no connection"
        raise UnreachableError(f"{options.place}: {told}") from error
    return ears


async def _open_serial(path: str, options: StreamOptions, ears: _Ears) -> None:
    # The library is loaded where there is a serial port; opening it may take its driver a while.
    module = await asyncio.to_thread(import_module, "gatewayd.links.serial_port")
    port = await asyncio.to_thread(partial(module.SerialPort, path, *options.settings))
    ears.on_close(port.listen(ears.data_received, lambda: ears.connection_lost(None)))
