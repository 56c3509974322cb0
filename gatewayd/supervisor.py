"""Child processes that are kept alive, and that never outlive their parent."""

import asyncio
import ctypes
import logging
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1
_RESTART_PAUSE_S = 1.0
_STOP_TIMEOUT_S = 3.0
_libc = ctypes.CDLL(None, use_errno=True)


def _die_with_parent() -> None:
    """Run in the child before exec: a killed parent leaves no process and no busy port."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Child:
    """One Python module of ours as a process of its own.

    `first_line` is what it printed when ready. A child that ends by itself is started again
    after a second, as systemd would; exit status 78 is a configuration error and ends it.
    """

    def __init__(
        self, name: str, arguments: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self._arguments = [sys.executable, "-m", *arguments]
        self._environment = {**os.environ, **(environment or {})}
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it once."""
        self._process = await asyncio.create_subprocess_exec(
            *self._arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            env=self._environment,
            # A session of its own: Ctrl-C reaches the parent only, which stops all in order.
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._running.pid

    async def first_line(self, timeout_s: float) -> str:
        """The first line of its output; empty when it ended or said nothing in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                return (await self._line()).decode().strip()
        return ""

    async def keep(self) -> int:
        """Restart it whenever it ends; returns only its status 78."""
        while True:
            while await self._line():
                pass
            status = await self._running.wait()
            if status == os.EX_CONFIG:
                return status
            log.warning("%s ended with status %d: starting it again", self.name, status)
            await asyncio.sleep(_RESTART_PAUSE_S)
            await self.start()

    async def _line(self) -> bytes:
        stream = self._running.stdout
        return await stream.readline() if stream else b""

    @property
    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._process

    async def stop(self) -> None:
        """End it: politely, then not."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(_STOP_TIMEOUT_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


class ReadySocket:
    """The receiving end of sd_notify, for a parent that is not systemd."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(str(path))

    async def ready(self, timeout_s: float) -> bool:
        """Whether READY=1 came in time."""
        loop = asyncio.get_running_loop()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while True:
                    message = await loop.sock_recv(self._socket, 4096)
                    if b"READY=1" in message.split(b"\n"):
                        return True
        return False

    def close(self) -> None:
        """Leave no socket file behind."""
        self._socket.close()
        self.path.unlink(missing_ok=True)
