"""HTTPS: the same server, with the gateway's own certificate."""

import asyncio
import ssl
from pathlib import Path

import httpx
from starlette.types import Receive, Scope, Send

from gatewayd.links import tls
from gatewayd.server import HttpServer


async def echo(scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer with the scheme the request came by."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["scheme"].encode()})


async def test_a_client_that_knows_the_certificate_is_served(tmp_path: Path) -> None:
    certificate = tls.own(tmp_path)
    server = HttpServer(echo, "127.0.0.1", 0, tls=certificate.context())
    trusting = ssl.create_default_context(cafile=str(certificate.cert_file))

    async with asyncio.TaskGroup() as group:
        task = group.create_task(server.run())
        async with httpx.AsyncClient(verify=trusting) as client:
            answer = await client.get(f"https://localhost:{server.port}/")
        task.cancel()

    assert answer.text == "https"
    server.close()
