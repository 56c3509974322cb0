"""`gatewayd demo`: a virtual home, a broker and the gateway on it, in one command.

Each runs in a process of its own, so that what is seen here is what a real home has: killing one
leaves the others, and the gateway comes back to devices that went on without it.
"""

import asyncio
import json
import signal
import socket
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from gatewayd.clock import SystemClock
from gatewayd.errors import ConfigError
from gatewayd.state import clients
from gatewayd.state.db import Database
from gatewayd.supervisor import Child, ReadySocket
from gatewayd.virtual.roster import EVERYONE, roster

_TIMEZONE = "Europe/Vienna"
_START_TIMEOUT_S = 20.0
_USER = "home"
# Faster than real devices are asked: whoever plays with the home wants to see it at once.
_POLL_S = 2
# The inverter's meter is that of the house, whose fuse the charger is kept below.
_FUSES = {"main": {"limit_a": 25, "meter": "inverter", "assumed_base_a": 10}}
_GUARDED: dict[str, dict[str, object]] = {
    "inverter": {},
    "charger": {"circuit": "main", "wiring": ["a", "b", "c"]},
}


@dataclass(frozen=True)
class DemoOptions:
    """What the command line may choose. Port `port + 1` controls the virtual home.

    `home` lists its devices; None is the usual home.
    """

    port: int
    mqtt_port: int
    data: Path
    speed: float
    seed: int
    as_json: bool
    home: Path | None = None


async def demo(options: DemoOptions) -> int:
    """Run until SIGINT or SIGTERM; the exit status."""
    _require_free(options)
    options.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        children = await _start(options, stack)
        _announce(options, await _client(options.data))
        return await _keep(children, stop)


async def _start(options: DemoOptions, stack: AsyncExitStack) -> list[Child]:
    home, devices = await _start_home(options, stack)
    broker = await _start_broker(options, stack)
    await _client(options.data)
    config = _write_config(options, devices)
    notify = ReadySocket(options.data / "notify.sock")
    stack.callback(notify.close)
    gateway = Child(
        "gateway", ["gatewayd", "run", str(config)], {"NOTIFY_SOCKET": str(notify.path)}
    )
    await gateway.start()
    stack.push_async_callback(gateway.stop)
    if not await notify.ready(_START_TIMEOUT_S):
        raise ConfigError(["the gateway did not become ready: its log above says why"])
    return [home, broker, gateway]


async def _start_home(
    options: DemoOptions, stack: AsyncExitStack
) -> tuple[Child, dict[str, dict[str, object]]]:
    """The virtual home. A restart finds the same ports, because devices keep their addresses."""
    ports = {name: _free_port() for name in (roster(options.home) if options.home else EVERYONE)}
    arguments = ["gatewayd.virtual", "--control-port", str(options.port + 1)]
    arguments += ["--seed", str(options.seed), "--speed", str(options.speed)]
    arguments += ["--start", _noon().isoformat()]
    for name, port in ports.items():
        arguments += ["--port", name, str(port)]
    if options.home:
        arguments += ["--home", str(options.home)]
    home = Child("virtual home", arguments)
    await home.start()
    stack.push_async_callback(home.stop)
    line = await home.first_line(_START_TIMEOUT_S)
    if not line:
        raise ConfigError(["the virtual home did not start: its log above says why"])
    devices: dict[str, dict[str, object]] = json.loads(line)["devices"]
    return home, devices


async def _start_broker(options: DemoOptions, stack: AsyncExitStack) -> Child:
    broker = Child("broker", ["gatewayd.virtual.broker", "--port", str(options.mqtt_port)])
    await broker.start()
    stack.push_async_callback(broker.stop)
    if not await broker.first_line(_START_TIMEOUT_S):
        raise ConfigError(["the demo's MQTT broker did not start: its log above says why"])
    return broker


async def _keep(children: list[Child], stop: asyncio.Event) -> int:
    """Keep all alive until told to stop, or until one says that its configuration is wrong."""
    status = 0

    async def keep(child: Child) -> None:
        nonlocal status
        status = await child.keep()
        stop.set()

    async with asyncio.TaskGroup() as group:
        keepers = [group.create_task(keep(child), name=child.name) for child in children]
        await stop.wait()
        for keeper in keepers:
            keeper.cancel()
    return status


async def _client(data: Path) -> dict[str, str]:
    """The demo's API client: made once, kept beside the demo's data, readable by its owner only."""
    path = data / "client.json"
    async with Database.visit(data / "gatewayd.db") as database:
        if path.exists():
            kept: dict[str, str] = json.loads(path.read_text())
            known = await database.read(clients.load)
            if any(client.id == kept["clientId"] for client in known):
                return kept
        made = await database.write(lambda c: clients.add(c, "demo", SystemClock().now()))
    path.touch(mode=0o600)
    path.write_text(json.dumps({"clientId": made.id, "clientSecret": made.secret}))
    return {"clientId": made.id, "clientSecret": made.secret}


def _write_config(options: DemoOptions, devices: dict[str, dict[str, object]]) -> Path:
    usage = {"inverter": "grid", "meter": "load"}
    config = {
        "version": 1,
        "home": {
            "name": "Demo home",
            "timezone": _TIMEZONE,
            "latitude": 48.21,
            "longitude": 16.37,
            "user": _USER,
        },
        "devices": {
            name: device
            | {"poll_s": _POLL_S}
            | ({"usage": usage[name]} if name in usage else {})
            | (_GUARDED.get(name, {}) if _GUARDED.keys() <= devices.keys() else {})
            for name, device in devices.items()
        },
        "circuits": _FUSES if _GUARDED.keys() <= devices.keys() else {},
        # The demo's broker does not answer who greets it in MQTT 5.
        "mqtt": {"host": "127.0.0.1", "port": options.mqtt_port, "protocol": "3.1.1"},
        "api": {"listen": "127.0.0.1", "port": options.port},
        "storage": {"directory": str(options.data)},
        "mdns": {"enabled": False},
    }
    path = options.data / "gatewayd.yaml"
    # JSON is YAML.
    path.write_text(json.dumps(config, indent=2))
    return path


def _announce(options: DemoOptions, client: dict[str, str]) -> None:
    api = f"http://127.0.0.1:{options.port}"
    places = {
        "web": f"{api}/ui/",
        "api": api,
        "mqtt": f"mqtt://127.0.0.1:{options.mqtt_port}",
        **client,
        "userId": _USER,
        "home": f"http://127.0.0.1:{options.port + 1}",
    }
    if options.as_json:
        click.echo(json.dumps(places))
    else:
        click.echo("\n".join(f"{name:>13}  {value}" for name, value in places.items()))
    sys.stdout.flush()


def _require_free(options: DemoOptions) -> None:
    """Every port that the demo was told to use is free, or one error names all that are not."""
    wanted = {
        "--port": options.port,
        "--port plus one (the virtual home's control)": options.port + 1,
        "--mqtt-port": options.mqtt_port,
    }
    busy = [
        f"{option}: port {port} is in use on 127.0.0.1: end what uses it or choose another"
        for option, port in wanted.items()
        if not _is_free(port)
    ]
    if busy:
        raise ConfigError(busy)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _noon() -> datetime:
    """Today's noon at the demo's home: there is sun whenever somebody looks."""
    today = datetime.now(ZoneInfo(_TIMEZONE)).date()
    return datetime.combine(today, time(12), ZoneInfo(_TIMEZONE))
