"""`gatewayd client`: who may ask for tokens."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gatewayd.command_line import carry_out, config_option, json_option

if TYPE_CHECKING:
    from gatewayd.state.clients import NewClient


@click.group()
def client() -> None:
    """The API's clients: who may ask for tokens."""


@client.command("add")
@click.argument("name")
@config_option
@json_option
def client_add(name: str, path: Path, *, as_json: bool) -> None:
    """Create the client NAME. Its secret is shown now and never again."""
    from gatewayd import console

    made = carry_out(console.add_client(path, name))
    _show_secret(made, as_json=as_json)


@client.command("list")
@config_option
@json_option
def client_list(path: Path, *, as_json: bool) -> None:
    """List the clients."""
    from gatewayd import console

    found = [asdict(each) for each in carry_out(console.list_clients(path))]
    if as_json:
        click.echo(json.dumps(found, default=str))
        return
    for each in found:
        click.echo(f"{each['id']}  {each['name']}")


@client.command("remove")
@click.argument("client_id")
@config_option
def client_remove(client_id: str, path: Path) -> None:
    """Remove CLIENT_ID and its tokens."""
    from gatewayd import console

    carry_out(console.remove_client(path, client_id))


@client.command("rotate")
@click.argument("client_id")
@config_option
@json_option
def client_rotate(client_id: str, path: Path, *, as_json: bool) -> None:
    """Give CLIENT_ID a new secret; the old one ends at once."""
    from gatewayd import console

    _show_secret(carry_out(console.rotate_client(path, client_id)), as_json=as_json)


@client.command("version")
@click.argument("client_id")
@click.argument("version")
@config_option
def client_version(client_id: str, version: str, path: Path) -> None:
    """Let CLIENT_ID speak the API's VERSION when a request names none."""
    from gatewayd import console

    carry_out(console.pin_client(path, client_id, version))


def _show_secret(made: "NewClient", *, as_json: bool) -> None:
    values = {"clientId": made.id, "clientSecret": made.secret, "name": made.name}
    if as_json:
        click.echo(json.dumps(values))
        return
    for name, value in values.items():
        click.echo(f"{name:>13}  {value}")
