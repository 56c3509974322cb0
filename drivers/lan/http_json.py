"""Any device by HTTP, with a map in the config: what its answers hold, and what it can be told.

heater:
  driver: http_json
  host: 192.168.1.40
  map:
    vendor: Acme
    models: [One]
    assets: {hvac: {temperature_c: {get: /status, path: room.temperature}}}
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Self

from pydantic import Field, PlainValidator, SecretStr, model_validator

from drivers.lan._items import by_paths, only
from gatewayd.links.http import Login
from gatewayd.links.http_device import Basic, Credentials, Digest
from gatewayd.links.pool import Links
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.maps.items import ItemMap, item_map
from gatewayd.sdk.options import HttpOptions


def _map(given: object) -> ItemMap:
    return only("get", item_map(given))


class HttpJsonOptions(HttpOptions):
    """Where the device is, its login if it wants one, and its map."""

    map: Annotated[ItemMap, PlainValidator(_map, json_schema_input_type=dict[str, Any])] = Field(
        description="a map of paths as in drivers/README.md"
    )
    username: str | None = Field(default=None, min_length=1, max_length=128)
    password: SecretStr | None = None
    digest: bool = Field(default=False, description="the login is by HTTP digest")

    @model_validator(mode="after")
    def _whole_login(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password belong together")
        return self

    @property
    def credentials(self) -> Credentials | None:
        """The login, if there is one."""
        if self.username is None or self.password is None:
            return None
        login = Login(self.username, self.password.get_secret_value())
        return Digest(login) if self.digest else Basic(login)


@asynccontextmanager
async def _open(options: HttpJsonOptions, links: Links) -> AsyncIterator[Driver]:
    link = links.http.device(options, options.credentials)
    yield by_paths(options.map, link, read_only=options.read_only)


DRIVER = DriverInfo(
    vendor="HTTP",
    models=("any device, by a map of paths in the config",),
    source="the operator's own map",
    options=HttpJsonOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=10.0,
)
