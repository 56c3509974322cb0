"""A virtual charger on a connection."""

import asyncio
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from gatewayd.virtual.devices.ocpp_charger import OcppCharger
from gatewayd.virtual.devices.ocpp_library import ConnectionClosed, connect
from gatewayd.virtual.devices.ocpp_speech import Connection
from gatewayd.virtual.devices.ocpp_speech_16 import Speech16
from gatewayd.virtual.devices.ocpp_speech_201 import Speech201

Speech = Speech16 | Speech201
SPEECHES: dict[str, type[Speech16] | type[Speech201]] = {"1.6": Speech16, "2.0.1": Speech201}


@asynccontextmanager
async def speaking(box: OcppCharger, connection: Connection, version: str) -> AsyncIterator[Speech]:
    """The charger on an open connection, listening and doing what it is told."""
    speech = SPEECHES[version](box, connection)

    async def listen() -> None:
        with suppress(ConnectionClosed):
            await speech.start()

    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(listen()), tasks.create_task(speech.work())]
        yield speech
        # The library waits in a way that may swallow a cancellation.
        while not all(task.done() for task in running):
            for task in running:
                task.cancel()
            await asyncio.sleep(0)


@asynccontextmanager
async def calling(
    box: OcppCharger,
    url: str,
    version: str,
    *,
    password: str | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Speech]:
    """The charger connected to a gateway; it has not said anything yet."""
    headers = {}
    if password is not None:
        login = b64encode(f"{box.id}:{password}".encode()).decode()
        headers["Authorization"] = f"Basic {login}"
    async with (
        connect(
            f"{url}/{box.id}",
            subprotocols=[f"ocpp{version}"],  # type: ignore[list-item]
            additional_headers=headers,
            ssl=tls,
            compression=None,
            proxy=None,
        ) as connection,
        speaking(box, connection, version) as speech,  # type: ignore[arg-type]
    ):
        yield speech
