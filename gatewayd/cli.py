"""The command line: arguments in, exit status out.

Exit status: 0 done, 1 it failed while running, 2 wrong usage, 78 the configuration must be edited.
Output that is data goes to stdout (one JSON document with --json); everything else to stderr.
"""

import asyncio
import json
import os
import sys
from collections.abc import Coroutine
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gatewayd import __version__
from gatewayd.errors import ConfigError, GatewayError

if TYPE_CHECKING:
    from gatewayd.state.clients import NewClient

T = TypeVar("T")

_CONFIG = Path("/etc/gatewayd/gatewayd.yaml")
_config_option = click.option(
    "-c",
    "--config",
    "path",
    type=click.Path(path_type=Path),
    default=_CONFIG,
    envvar="GATEWAYD_CONFIG",
    show_default=True,
    help="The configuration file.",
)
_config_argument = click.argument(
    "path", type=click.Path(path_type=Path), default=_CONFIG, envvar="GATEWAYD_CONFIG"
)
_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def main() -> None:
    """Run the command; a failure is one clear line and an exit status, never a traceback."""
    try:
        cli(standalone_mode=False)
    except ConfigError as error:
        _fail("\n".join(error.problems), os.EX_CONFIG)
    except GatewayError as error:
        _fail(f"gatewayd: {error}", 1)
    except BrokenPipeError:
        # Whoever read the output has seen enough; Python would complain when it flushes the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        _fail(f"gatewayd: {error}; look at permissions and free space", 1)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)


def _fail(message: str, status: int) -> None:
    click.echo(message, err=True)
    sys.exit(status)


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run on uvloop where there is one: it halves the network's share of the CPU."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    return uvloop.run(work)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def cli() -> None:
    """The energy gateway of the home."""


@cli.command()
@_config_argument
def run(path: Path) -> None:
    """Run the gateway on the configuration PATH."""
    from gatewayd.daemon import run as daemon

    _run(daemon(path))


@cli.command()
@click.option("--port", type=click.IntRange(1, 65534), default=8480, show_default=True)
@click.option("--mqtt-port", type=click.IntRange(1, 65535), default=18883, show_default=True)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".gatewayd-demo"),
    show_default=True,
    help="Where the demo keeps its database; the same folder brings the same ids back.",
)
@click.option("--speed", type=click.FloatRange(0.1, 3600), default=1.0, help="The home's clock.")
@click.option("--seed", type=int, default=1, show_default=True, help="Which weather and household.")
@click.option(
    "--home",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A list of the home's devices, by driver; see drivers/README.md.",
)
@_json_option
def demo(
    port: int,
    mqtt_port: int,
    data: Path,
    speed: float,
    seed: int,
    home: Path | None,
    *,
    as_json: bool,
) -> None:
    """Run a virtual home, a broker and the gateway on it. Ctrl-C ends all of it."""
    from gatewayd import demo as room

    options = room.DemoOptions(port, mqtt_port, data.resolve(), speed, seed, as_json, home)
    sys.exit(_run(room.demo(options)))


@cli.command()
@_config_argument
@_json_option
def check(path: Path, *, as_json: bool) -> None:
    """Check the configuration PATH: every problem as file:line:col."""
    from gatewayd.config import load
    from gatewayd.devices.registry import Registry

    try:
        config = load(path, Registry.load())
    except ConfigError as error:
        if as_json:
            click.echo(json.dumps({"ok": False, "problems": error.problems}))
            sys.exit(os.EX_CONFIG)
        raise
    if as_json:
        click.echo(json.dumps({"ok": True, "problems": []}))
    else:
        click.echo(f"{path}: no problem found, {len(config.devices)} devices")


@cli.command()
@_config_option
@_json_option
def devices(path: Path, *, as_json: bool) -> None:
    """List the configured devices and the assets known of each."""
    from gatewayd import console

    listed = _run(console.devices(path))
    if as_json:
        click.echo(json.dumps(listed, default=str))
        return
    for device in listed:
        click.echo(f"{device['id']}  {device['driver']}")
        for asset in device["assets"]:
            click.echo(f"  {asset['kind']:9} {asset['id']}  {asset['name']}")


@cli.command()
@click.argument("device")
@_config_option
@_json_option
def read(device: str, path: Path, *, as_json: bool) -> None:
    """Read DEVICE once, directly, and print what it says."""
    from gatewayd.shell import read as room

    answer = _run(room.read(path, device))
    if as_json:
        click.echo(json.dumps(answer, default=str))
        return
    if "heardAt" in answer:
        click.echo(f"{answer['why']}\nthe gateway heard at {answer['heardAt']}:", err=True)
    for role, values in answer["readings"].items():
        click.echo(role)
        for field, value in values.items():
            click.echo(f"  {field:22} {value}")


@cli.command()
@click.option("--host", "hosts", multiple=True, help="Only this address, or address:port.")
@click.option("--subnet", "subnets", multiple=True, help="Only this network, 192.168.1.0/24.")
@click.option("--unit", "units", multiple=True, type=click.IntRange(0, 255), help="Modbus units.")
@click.option("--serial", "has_serial", is_flag=True, help="Ask on the serial ports too.")
@click.option("--add", is_flag=True, help="Write what is new into the configuration.")
@_config_option
@_json_option
def scan(
    hosts: tuple[str, ...],
    subnets: tuple[str, ...],
    units: tuple[int, ...],
    path: Path,
    *,
    has_serial: bool,
    add: bool,
    as_json: bool,
) -> None:
    """Look for devices in the home's network. Only asks, slowly, and writes to none."""
    from gatewayd.devices.discovery.scan import Wish
    from gatewayd.shell import scan as room

    wish = Wish(hosts, subnets, has_serial, units)
    result = _run(room.scan(path, wish, lambda text: click.echo(text, err=True)))
    click.echo(json.dumps(result.to_json()) if as_json else room.told(result))
    if add:
        click.echo(f"{path}: {room.add(path, result)} devices added", err=True)


@cli.command()
@click.argument("device")
@click.option("--redact/--no-redact", default=True, help="Leave out what names you.")
@_config_option
def dump(device: str, path: Path, *, redact: bool) -> None:
    """Print what DEVICE answers as a fixture for its driver's tests."""
    from gatewayd.shell import dump as room

    click.echo(_run(room.dump(path, device, is_redacted=redact)), nl=False)


@cli.command()
@_config_option
@_json_option
def doctor(path: Path, *, as_json: bool) -> None:
    """Look for what cannot be right: signs, scales, counters, settings. Exit status 1 if any."""
    from gatewayd.shell import doctor as room

    findings = _run(room.doctor(path))
    click.echo(json.dumps(room.to_json(findings)) if as_json else room.shown(findings))
    sys.exit(1 if findings else 0)


@cli.command()
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--asset", help="Only this asset: its id, or its name in topics.")
@_config_option
@_json_option
def replay(day: datetime, asset: str | None, path: Path, *, as_json: bool) -> None:
    """Decide again what was decided on DAY, by the home's clock, from what was known then.

    Exit status 1 if anything comes out differently.
    """
    from gatewayd.shell import replay as room

    result = _run(room.replay(path, day.date(), asset))
    click.echo(json.dumps(room.to_json(result)) if as_json else room.shown(result))
    sys.exit(0 if result.is_well else 1)


@cli.group()
def client() -> None:
    """The API's clients: who may ask for tokens."""


@client.command("add")
@click.argument("name")
@_config_option
@_json_option
def client_add(name: str, path: Path, *, as_json: bool) -> None:
    """Create the client NAME. Its secret is shown now and never again."""
    from gatewayd import console

    made = _run(console.add_client(path, name))
    _show_secret(made, as_json=as_json)


@client.command("list")
@_config_option
@_json_option
def client_list(path: Path, *, as_json: bool) -> None:
    """List the clients."""
    from gatewayd import console

    found = [asdict(each) for each in _run(console.list_clients(path))]
    if as_json:
        click.echo(json.dumps(found, default=str))
        return
    for each in found:
        click.echo(f"{each['id']}  {each['name']}")


@client.command("remove")
@click.argument("client_id")
@_config_option
def client_remove(client_id: str, path: Path) -> None:
    """Remove CLIENT_ID and its tokens."""
    from gatewayd import console

    _run(console.remove_client(path, client_id))


@client.command("rotate")
@click.argument("client_id")
@_config_option
@_json_option
def client_rotate(client_id: str, path: Path, *, as_json: bool) -> None:
    """Give CLIENT_ID a new secret; the old one ends at once."""
    from gatewayd import console

    _show_secret(_run(console.rotate_client(path, client_id)), as_json=as_json)


@client.command("version")
@click.argument("client_id")
@click.argument("version")
@_config_option
def client_version(client_id: str, version: str, path: Path) -> None:
    """Let CLIENT_ID speak the API's VERSION when a request names none."""
    from gatewayd import console

    _run(console.pin_client(path, client_id, version))


@cli.command()
@_config_option
def fingerprint(path: Path) -> None:
    """Print the fingerprint of the certificate that HTTPS shows."""
    from gatewayd import console

    click.echo(console.fingerprint(path))


def _show_secret(made: "NewClient", *, as_json: bool) -> None:
    values = {"clientId": made.id, "clientSecret": made.secret, "name": made.name}
    if as_json:
        click.echo(json.dumps(values))
        return
    for name, value in values.items():
        click.echo(f"{name:>13}  {value}")
