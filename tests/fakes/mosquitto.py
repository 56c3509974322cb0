"""A real Mosquitto on a free loopback port, and an ordinary client that listens to it."""

import asyncio
import getpass
import json
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiomqtt

MOSQUITTO = "/usr/sbin/mosquitto"
_PATIENCE_S = 15.0


class Mosquitto:
    """One broker process; over a restart it keeps its port and loses its memory."""

    def __init__(self, folder: Path, config: str = "") -> None:
        self.port = _free_port()
        self._file = folder / f"mosquitto-{self.port}.conf"
        self._file.write_text(
            f"listener {self.port} 127.0.0.1\n"
            f"user {getpass.getuser()}\n"
            "set_tcp_nodelay true\n"
            f"{config or 'allow_anonymous true'}\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [MOSQUITTO, "-c", str(self._file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + _PATIENCE_S
        while not _answers(self.port):
            assert self._process.poll() is None, "mosquitto did not start"
            assert time.monotonic() < deadline, "mosquitto does not listen"
            time.sleep(0.01)

    def kill(self) -> None:
        """As a power cut would: no farewell to anybody, no last wills."""
        self._signal(signal.SIGKILL)
        if self._process:
            self._process.wait()
        self._process = None

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def restart(self) -> None:
        self.kill()
        self.start()

    def _signal(self, number: int) -> None:
        if self._process:
            self._process.send_signal(number)


@contextmanager
def mosquitto(folder: Path, config: str = "") -> Iterator[Mosquitto]:
    """A running broker."""
    broker = Mosquitto(folder, config)
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()


class Listener:
    """Everything an ordinary MQTT client hears, in order."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self.client = client
        self.messages: list[aiomqtt.Message] = []

    def all(self, topic: str) -> list[str]:
        """Every payload heard on one topic."""
        return [
            bytes(message.payload).decode()
            for message in self.messages
            if message.topic.value == topic
        ]

    def last(self, topic: str) -> str | None:
        heard = self.all(topic)
        return heard[-1] if heard else None

    def json(self, topic: str) -> Any:
        return json.loads(self.last(topic) or "null")

    def topics(self) -> set[str]:
        return {message.topic.value for message in self.messages}

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for real messages on a real socket; fails when they never come."""
        await until(condition)

    async def say(self, topic: str, payload: str | bytes, **options: Any) -> None:
        await self.client.publish(topic, payload, qos=1, **options)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that happens in another process."""
    async with asyncio.timeout(_PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def listening(
    port: int, *filters: str, version: aiomqtt.ProtocolVersion = aiomqtt.ProtocolVersion.V5
) -> AsyncIterator[Listener]:
    """A client that subscribes and remembers; the broker's end is the caller's business."""
    async with aiomqtt.Client("127.0.0.1", port, protocol=version) as client:
        listener = Listener(client)
        for name in filters:
            await client.subscribe(name, qos=1)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(_listen(listener))
            yield listener
            task.cancel()


async def _listen(listener: Listener) -> None:
    async for message in listener.client.messages:
        listener.messages.append(message)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
