"""What the command line does with a configuration beside running it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from gatewayd.clock import SystemClock
from gatewayd.config import Config, load
from gatewayd.devices.registry import Registry
from gatewayd.enode.versions.served import NEWEST, effective
from gatewayd.errors import NotFoundError
from gatewayd.links import tls
from gatewayd.state import assets, clients
from gatewayd.state.clients import Client, NewClient
from gatewayd.state.db import Database


async def devices(path: Path) -> list[dict[str, Any]]:
    """The configured devices, each with the assets known of it so far."""
    config = load(path, Registry.load())
    known = []
    if database_path(config).exists():
        async with _database(config) as database:
            known = await database.read(assets.load)
    return [
        {
            "id": device_id,
            "driver": device.driver,
            "name": device.name,
            "assets": [
                {"id": a.id, "kind": a.kind, "slug": a.slug, "name": a.display_name}
                for a in known
                if a.device_id == device_id
            ],
        }
        for device_id, device in config.devices.items()
    ]


async def add_client(path: Path, name: str) -> NewClient:
    """A new API client; its secret is in the answer and nowhere else."""
    async with _database(load(path, Registry.load())) as database:
        # Pinned, so that a newer gatewayd does not change what an app is answered.
        return await database.write(lambda c: clients.add(c, name, SystemClock().now(), NEWEST))


async def list_clients(path: Path) -> list[Client]:
    """Every API client."""
    async with _database(load(path, Registry.load())) as database:
        return await database.read(clients.load)


async def remove_client(path: Path, client_id: str) -> None:
    """End a client and its tokens."""
    async with _database(load(path, Registry.load())) as database:
        await database.write(lambda c: clients.remove(c, client_id))


async def pin_client(path: Path, client_id: str, api_version: str) -> None:
    """Another API version for a client's requests that name none; a bad one is InvalidError."""
    version = effective(api_version, NEWEST)
    async with _database(load(path, Registry.load())) as database:
        await database.write(lambda c: clients.pin(c, client_id, version))


def fingerprint(path: Path) -> str:
    """The fingerprint of the certificate that HTTPS shows. Raises NotFoundError before the first
    start with HTTPS: the daemon makes its own, because it has to be able to read it."""
    config = load(path, Registry.load())
    certificate = tls.shown(config.api.tls.cert_file, config.storage.directory)
    if not certificate.cert_file.exists():
        raise NotFoundError("there is no certificate yet: enable api.tls and start gatewayd")
    return certificate.fingerprint


async def rotate_client(path: Path, client_id: str) -> NewClient:
    """A new secret for a client."""
    async with _database(load(path, Registry.load())) as database:
        return await database.write(lambda c: clients.rotate(c, client_id))


def database_path(config: Config) -> Path:
    """Where the database of this configuration is."""
    return config.storage.directory / "gatewayd.db"


@asynccontextmanager
async def _database(config: Config) -> AsyncIterator[Database]:
    async with Database.visit(database_path(config)) as database:
        yield database
