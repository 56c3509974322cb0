"""What a gateway with one Modbus device does without."""

import json
import socket
from pathlib import Path

from gatewayd.supervisor import Child, ReadySocket
from tests.bench.street import street

_READY_S = 40
_LARGE = ("aiohttp", "cryptography", "zeroconf")


async def test_libraries_that_nothing_needs_are_not_loaded(tmp_path: Path) -> None:
    notify = ReadySocket(tmp_path / "notify.sock")
    async with street(1) as (_, (port,)):
        config = _config(tmp_path, port)
        child = Child("gateway", ["gatewayd", "run", config], {"NOTIFY_SOCKET": str(notify.path)})
        await child.start()
        try:
            is_ready = await notify.ready(_READY_S)
            loaded = Path(f"/proc/{child.pid}/maps").read_text()
        finally:
            await child.stop()
            notify.close()

    assert is_ready
    assert "/pydantic_core/" in loaded
    assert [name for name in _LARGE if f"/{name}/" in loaded] == []


def _config(folder: Path, port: int) -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        api_port = probe.getsockname()[1]
    config = {
        "version": 1,
        "home": {"timezone": "Europe/Vienna", "latitude": 48.2, "longitude": 16.4},
        "devices": {"house": {"driver": "sunspec", "host": "127.0.0.1", "port": port}},
        "api": {"listen": "127.0.0.1", "port": api_port},
        "storage": {"directory": str(folder)},
        "mdns": {"enabled": False},
    }
    path = folder / "gatewayd.yaml"
    path.write_text(json.dumps(config))
    return str(path)
