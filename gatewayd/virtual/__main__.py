"""`python -m gatewayd.virtual`: a virtual home as a process of its own."""

import asyncio
import json
import math
import os
import signal
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from gatewayd.errors import ConfigError
from gatewayd.virtual.clock import FASTEST, SLOWEST, moment
from gatewayd.virtual.control import serve_control
from gatewayd.virtual.home import virtual_home
from gatewayd.virtual.roster import EVERYONE, MOVING, roster


class _Moment(click.ParamType[datetime]):
    """A time in ISO 8601; without an offset it is the home's local time."""

    name = "iso time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        try:
            return moment(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _finite(ctx: click.Context, param: click.Parameter, value: float) -> float:
    """A range does not keep nan out: it compares as if it were inside."""
    if math.isnan(value):
        raise click.BadParameter("nan is no number", ctx, param)
    return value


_PORT = click.IntRange(0, 65535)


@dataclass(frozen=True, slots=True)
class _Options:
    control_port: int
    seed: int
    speed: float
    start: datetime | None
    host: str
    inverter_port: int
    meter_port: int
    charger_port: int
    heat_pump_port: int
    car_port: int
    home: Path | None
    port: tuple[tuple[str, int], ...]
    exit_with_parent: bool


@click.command()
@click.option(
    "--control-port", type=_PORT, default=8481, show_default=True, help="0: any free one."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Decides weather and loads.")
@click.option(
    "--speed",
    type=click.FloatRange(SLOWEST, FASTEST),
    callback=_finite,
    default=1.0,
    show_default=True,
    help="How many times faster than the machine the home lives.",
)
@click.option("--start", type=_Moment(), help="When the home's clock starts; now if not given.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where the devices listen.")
@click.option("--inverter-port", type=_PORT, default=0, help="0: any free one.")
@click.option("--meter-port", type=_PORT, default=0, help="0: any free one.")
@click.option("--charger-port", type=_PORT, default=0, help="0: any free one.")
@click.option("--heat-pump-port", type=_PORT, default=0, help="0: any free one.")
@click.option("--car-port", type=_PORT, default=0, help="0: any free one.")
@click.option("--port", type=(str, _PORT), multiple=True, help="A device's name and its port.")
@click.option(
    "--home",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A list of devices, instead of those above; see gatewayd/virtual/roster.py.",
)
@click.option("--exit-with-parent", is_flag=True, help="End when standard input is closed.")
def main(**options: object) -> None:
    """Run a virtual home: devices behind real Modbus TCP servers, moved by physics.

    Prints one line of JSON when everything listens.
    """
    try:
        asyncio.run(_serve(_Options(**options)))  # type: ignore[arg-type]
    except ConfigError as error:
        raise click.ClickException(str(error)) from None


async def _serve(options: _Options) -> None:
    stop = asyncio.Event()
    _stop_on_signals(stop)
    if options.exit_with_parent:
        _stop_with_parent(stop)
    ports = {name: getattr(options, f"{name}_port") for name in MOVING} | dict(options.port)
    async with (
        virtual_home(
            seed=options.seed,
            start=options.start,
            speed=options.speed,
            host=options.host,
            ports=ports,
            members=roster(options.home) if options.home else EVERYONE,
        ) as home,
        serve_control(home, options.control_port) as url,
    ):
        ready = {"home": url, "devices": {name: home.address(name) for name in home.devices}}
        click.echo(json.dumps(ready))
        await stop.wait()


def _stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)


def _stop_with_parent(stop: asyncio.Event) -> None:
    """Whoever started us holds the other end of our standard input, until it dies."""
    loop = asyncio.get_running_loop()
    source = sys.stdin.fileno()

    def drained() -> None:
        if not os.read(source, 4096):
            loop.remove_reader(source)
            stop.set()

    try:
        loop.add_reader(source, drained)
    except OSError as error:
        problem = "--exit-with-parent: standard input is a file, which never closes; give it a pipe"
        raise ConfigError([problem]) from error


if __name__ == "__main__":
    main()
