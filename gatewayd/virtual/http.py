"""The car's own HTTP server, which can misbehave as real ones do."""

import asyncio
import os
import socket
from typing import Annotated, Literal

import uvicorn
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gatewayd.clock import Clock
from gatewayd.errors import ConfigError
from gatewayd.virtual.devices.car import CarTelemetry
from gatewayd.virtual.devices.device import Fault
from gatewayd.virtual.modbus import LATE_S
from gatewayd.virtual.physics.car import MAX_CURRENT_A, MIN_CURRENT_A
from gatewayd.virtual.uvicorn_task import TaskServer

_UNPLUGGED = frozenset({Fault.SILENT, Fault.REBOOT})


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
    command: Literal["start_charging", "stop_charging", "set_max_current"]
    current_a: Annotated[float, Field(ge=MIN_CURRENT_A, le=MAX_CURRENT_A)] = MIN_CURRENT_A


def create_telemetry(device: CarTelemetry, clock: Clock) -> Starlette:
    """The car's application."""
    answers = 0

    async def vehicle(_: Request) -> Response:
        nonlocal answers
        answers += 1
        if Fault.LATE in device.faults:
            await clock.sleep(LATE_S)
        response = JSONResponse(device.document)
        if Fault.TORN in device.faults and answers % 2 == 0:
            half = bytes(response.body)[: len(response.body) // 2]
            return Response(half, media_type="application/json")
        return response

    async def command(request: Request) -> Response:
        if Fault.REFUSE_WRITE in device.faults:
            return JSONResponse({"error": "the car does not want to"}, 409)
        try:
            order = _Order.model_validate_json(await request.body())
        except ValidationError as error:
            return JSONResponse({"error": str(error.errors()[0]["msg"])}, 400)
        device.order(order.command, order.current_a)
        return Response(status_code=204)

    routes = [
        Route("/vehicle", vehicle, methods=["GET"]),
        Route("/vehicle/command", command, methods=["POST"]),
    ]
    return Starlette(routes=routes)


class TelemetryServer:
    """The car behind its port; gone while it is silent, and back on the same port."""

    def __init__(
        self, device: CarTelemetry, clock: Clock, group: asyncio.TaskGroup, host: str, port: int
    ) -> None:
        self.device = device
        self.host = host
        self.port = port
        self._app = create_telemetry(device, clock)
        self._group = group
        self._following = asyncio.Lock()
        self._server: TaskServer | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def address(self) -> dict[str, str | int]:
        """Where it is found."""
        return {"host": self.host, "port": self.port}

    async def follow_faults(self) -> None:
        """Listen, or be gone, as the device's faults now demand."""
        async with self._following:
            if self.device.faults & _UNPLUGGED:
                self.unplug()
            elif self._server is None:
                await self._listen()

    async def _listen(self) -> None:
        try:
            listener = socket.create_server((self.host, self.port))
        except OSError as error:
            where, why = f"{self.host}:{self.port}", os.strerror(error.errno or 0).lower()
            problem = f"cannot listen on {where}: {why}; choose another address or port"
            raise ConfigError([problem]) from error
        # Port 0 asked for any; after an outage it must be the same one again.
        self.port = listener.getsockname()[1]
        config = uvicorn.Config(
            self._app,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = TaskServer(config)
        self._task = self._group.create_task(self._server.serve(sockets=[listener]))
        await self._server.listening.wait()

    def unplug(self) -> None:
        """Stop listening and drop every connection at once."""
        if self._server is not None and self._task is not None:
            self._server.stop_now()
            self._task.cancel()
            self._server = None
