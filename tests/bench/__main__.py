"""`./run bench [--json]`: every figure, in about five minutes."""

import asyncio
import json
import sys

import click

from tests.bench import api, daemon, modbus


async def _all() -> dict[str, float]:
    return {
        "api_get_cpu_us_over_empty": api.api_get_cpu_us_over_empty(),
        "modbus_cpu_ratio": await modbus.modbus_cpu_ratio(),
        **await daemon.figures(),
    }


def main() -> None:
    """Print the figures: one JSON object, or a line each."""
    if not daemon.is_quiet():
        click.echo("the machine is busy: the figures will be too high", err=True)
    found = asyncio.run(_all())
    if "--json" in sys.argv[1:]:
        click.echo(json.dumps(found))
        return
    for name, value in found.items():
        click.echo(f"{name:32} {value:>10}")


if __name__ == "__main__":
    main()
