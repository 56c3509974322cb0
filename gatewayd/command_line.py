"""What all commands share: where the configuration is, and how their work is run."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import click

T = TypeVar("T")

_CONFIG = Path("/etc/gatewayd/gatewayd.yaml")
config_option = click.option(
    "-c",
    "--config",
    "path",
    type=click.Path(path_type=Path),
    default=_CONFIG,
    envvar="GATEWAYD_CONFIG",
    show_default=True,
    help="The configuration file.",
)
config_argument = click.argument(
    "path", type=click.Path(path_type=Path), default=_CONFIG, envvar="GATEWAYD_CONFIG"
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def carry_out(work: Coroutine[Any, Any, T]) -> T:
    """Run on uvloop where there is one: it halves the network's share of the CPU."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    return uvloop.run(work)
