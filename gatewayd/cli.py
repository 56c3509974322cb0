"""The command line: arguments in, exit status out.

Exit status: 0 done, 1 it failed while running, 2 wrong usage, 78 the configuration must be edited.
Output that is data goes to stdout (one JSON document with --json); everything else to stderr.
"""

import json
import os
import sys
from datetime import datetime
from pathlib import Path

import click

from gatewayd import __version__
from gatewayd.client_commands import client
from gatewayd.command_line import carry_out, config_argument, config_option, json_option
from gatewayd.errors import ConfigError, GatewayError


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


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def cli() -> None:
    """The energy gateway of the home."""


@cli.command()
@config_argument
def run(path: Path) -> None:
    """Run the gateway on the configuration PATH."""
    from gatewayd.daemon import run as daemon

    carry_out(daemon(path))


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
@json_option
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
    sys.exit(carry_out(room.demo(options)))


@cli.command()
@config_argument
@json_option
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
@config_option
@json_option
def devices(path: Path, *, as_json: bool) -> None:
    """List the configured devices and the assets known of each."""
    from gatewayd import console

    listed = carry_out(console.devices(path))
    if as_json:
        click.echo(json.dumps(listed, default=str))
        return
    for device in listed:
        click.echo(f"{device['id']}  {device['driver']}")
        for asset in device["assets"]:
            click.echo(f"  {asset['kind']:9} {asset['id']}  {asset['name']}")


@cli.command()
@click.argument("device")
@config_option
@json_option
def read(device: str, path: Path, *, as_json: bool) -> None:
    """Read DEVICE once, directly, and print what it says."""
    from gatewayd.shell import read as room

    answer = carry_out(room.read(path, device))
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
@config_option
@json_option
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
    result = carry_out(room.scan(path, wish, lambda text: click.echo(text, err=True)))
    click.echo(json.dumps(result.to_json()) if as_json else room.told(result))
    if add:
        click.echo(f"{path}: {room.add(path, result)} devices added", err=True)


@cli.command()
@click.argument("device")
@click.option("--redact/--no-redact", default=True, help="Leave out what names you.")
@config_option
def dump(device: str, path: Path, *, redact: bool) -> None:
    """Print what DEVICE answers as a fixture for its driver's tests."""
    from gatewayd.shell import dump as room

    click.echo(carry_out(room.dump(path, device, is_redacted=redact)), nl=False)


@cli.command()
@config_option
@json_option
def doctor(path: Path, *, as_json: bool) -> None:
    """Look for what cannot be right: signs, scales, counters, settings. Exit status 1 if any."""
    from gatewayd.shell import doctor as room

    findings = carry_out(room.doctor(path))
    click.echo(json.dumps(room.to_json(findings)) if as_json else room.shown(findings))
    sys.exit(1 if findings else 0)


@cli.command()
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--asset", help="Only this asset: its id, or its name in topics.")
@config_option
@json_option
def replay(day: datetime, asset: str | None, path: Path, *, as_json: bool) -> None:
    """Decide again what was decided on DAY, by the home's clock, from what was known then.

    Exit status 1 if anything comes out differently.
    """
    from gatewayd.shell import replay as room

    result = carry_out(room.replay(path, day.date(), asset))
    click.echo(json.dumps(room.to_json(result)) if as_json else room.shown(result))
    sys.exit(0 if result.is_well else 1)


@cli.command()
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="A day by the home's clock.")
@config_option
@json_option
def shadow(since: datetime | None, path: Path, *, as_json: bool) -> None:
    """Tell what assets in shadow would have saved, in the last 30 days or since a day."""
    from gatewayd.shell import shadow as room

    report = carry_out(room.shadow(path, since.date() if since else None))
    click.echo(report.model_dump_json(by_alias=True) if as_json else room.shown(report))


@cli.command()
@config_option
def fingerprint(path: Path) -> None:
    """Print the fingerprint of the certificate that HTTPS shows."""
    from gatewayd import console

    click.echo(console.fingerprint(path))


cli.add_command(client)
