"""The sections of the config and what each key means.

Descriptions here are what the JSON schema, and with it the operator's editor, shows.
"""

import os
import re
from datetime import date
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, JsonValue, model_validator

from gatewayd.config.governed import CircuitSection, Governed, Grid, Identifier
from gatewayd.config.ocpp import Ocpp
from gatewayd.config.secret import Secret, SecretCredential, SecretFile
from gatewayd.config.section import Section
from gatewayd.config.solar import Solar
from gatewayd.config.values import (
    ExistingFile,
    FilePath,
    Host,
    Label,
    Origin,
    Port,
    PrivateFile,
    Reach,
    Timezone,
    Topic,
)
from gatewayd.config.vehicles import Vehicle
from gatewayd.links.mqtt_wire import Broker
from gatewayd.model.asset import MeterUsage

DEVICE_ID = re.compile(r"[a-z0-9_]{1,32}")


def _state_directory() -> Path:
    """Where systemd gave us a place (it may name several), else where Debian's unit puts it."""
    return Path(os.environ.get("STATE_DIRECTORY", "").split(":")[0] or "/var/lib/gatewayd")


class Home(Section):
    """The home itself."""

    name: str = Field(
        default="Home", min_length=1, max_length=100, description="What people call it."
    )
    timezone: Timezone = Field(
        description="IANA name, such as Europe/Amsterdam; schedules and tariffs run in it."
    )
    latitude: float = Field(ge=-90, le=90, description="Degrees north; two decimals are enough.")
    longitude: float = Field(ge=-180, le=180, description="Degrees east; two decimals are enough.")
    user: str = Field(
        default="home",
        min_length=1,
        max_length=100,
        description="The Enode user that owns the devices.",
    )


class Device(Governed):
    """What every device has; all other keys belong to its driver."""

    driver: str = Field(description="How to talk to it: the name of a driver.")
    name: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="What people call it, instead of its model.",
    )
    usage: MeterUsage | None = Field(default=None, description="What a meter stands in front of.")
    meters: dict[str, MeterUsage] = Field(
        default_factory=dict,
        description="The same of each of several meters, by role; `usage` is the first one's.",
    )
    installed_on: date | None = Field(default=None, description="The day it was installed.")


class Discovery(Section):
    """Home Assistant's MQTT discovery."""

    enabled: bool = Field(default=True, description="Announce every asset to Home Assistant.")
    prefix: Topic = Field(default="homeassistant", description="Home Assistant's discovery prefix.")
    exclude: tuple[str, ...] = Field(
        default=(), description="Ids of devices or assets not to announce."
    )


class Mqtt(Section):
    """The broker everything is mirrored to. Without this section there is no MQTT."""

    host: Host = Field(description="Host name or address of the broker.")
    tls: bool = Field(default=False, description="Encrypt, and always verify the certificate.")
    ca_file: ExistingFile | None = Field(default=None, description="Own authority's certificate.")
    cert_file: ExistingFile | None = Field(default=None, description="Our certificate, if asked.")
    key_file: PrivateFile | None = Field(default=None, description="Its key, mode 0600.")
    port: Port = Field(
        default_factory=lambda known: 8883 if known.get("tls") else 1883,
        description="1883, or 8883 with TLS, when not given.",
    )
    username: str | None = Field(
        default=None, min_length=1, description="The broker's user for gatewayd."
    )
    password_file: SecretFile | None = Field(
        default=None, description="File with the password, relative to this file, mode 0600."
    )
    password_credential: SecretCredential | None = Field(
        default=None, description="Name of the systemd credential that holds the password."
    )
    protocol: Literal["auto", "3.1.1", "5", 5] = Field(
        default="auto",
        description="Version of MQTT; auto asks in 5, then in 3.1.1, which costs brokers that fall "
        "silent at 5 two seconds.",
    )
    base: Topic = Field(default="gatewayd", description="Where our topics begin.")
    discovery: Discovery = Field(
        default=Discovery(), description="How assets are shown to Home Assistant."
    )

    @property
    def password(self) -> Secret | None:
        return self.password_credential or self.password_file

    def broker(self, client_id: str) -> Broker:
        """Where it is and how to enter, for one of our connections."""
        return Broker(
            host=self.host,
            port=self.port,
            client_id=client_id,
            username=self.username,
            password=self.password.reveal() if self.password else None,
            tls=self.tls,
            ca_file=str(self.ca_file) if self.ca_file else None,
            cert_file=str(self.cert_file) if self.cert_file else None,
            key_file=str(self.key_file) if self.key_file else None,
            version="5" if self.protocol == 5 else self.protocol,
        )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.password_file and self.password_credential:
            raise ValueError("has password_file and password_credential; keep one of the two")
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("has one of cert_file and key_file; add the other")
        if not self.tls and (self.ca_file or self.cert_file):
            raise ValueError("has certificates but no TLS; add tls: true")
        return self


class Webhooks(Section):
    """Events delivered to URLs that API clients register."""

    allow: tuple[Reach, ...] = Field(
        default=(),
        description="Hosts, addresses and networks that may be called although they are not "
        "public, and by http too. Everything else must be https at a public address.",
    )
    ca_file: ExistingFile | None = Field(
        default=None, description="Own authority's certificate, trusted beside the system's."
    )
    heartbeat_s: float = Field(
        default=300, ge=10, le=86_400, description="Seconds from one system:heartbeat to the next."
    )
    updated_every_s: float = Field(
        default=5,
        ge=1,
        le=3_600,
        description="An asset has at most one updated event in so many seconds.",
    )
    measured_every_s: float = Field(
        default=60,
        ge=1,
        le=3_600,
        description="The same in the long run, where only measured values changed; each event is "
        "a write to the disk.",
    )


class Tls(Section):
    """HTTPS in the local network."""

    enabled: bool = Field(
        default=False,
        description="Serve HTTPS; plain HTTP then answers on this machine alone.",
    )
    port: Port = Field(default=8443, description="TCP port of HTTPS.")
    cert_file: ExistingFile | None = Field(
        default=None, description="Own certificate; left out, one is made at the first start."
    )
    key_file: PrivateFile | None = Field(default=None, description="Its key, mode 0600.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("has one of cert_file and key_file; add the other")
        if self.cert_file and not self.enabled:
            raise ValueError("has a certificate but is not enabled; add enabled: true")
        return self


class Api(Section):
    """Where the Enode API and the local pages are served."""

    listen: Host = Field(
        default="0.0.0.0",  # noqa: S104
        description="Address to listen on; 127.0.0.1 keeps the API on this machine.",
    )
    port: Port = Field(default=8480, description="TCP port.")
    allowed_hosts: tuple[Host, ...] = Field(
        default=(),
        description="Names beside localhost, *.local and addresses that may be in a URL.",
    )
    public_url: Origin | None = Field(
        default=None,
        description="Where browsers find the pages; left out, where the caller finds the API.",
    )
    connections: int = Field(
        default=1000, ge=1, description="How many users may be linked with how many vendors."
    )
    tls: Tls = Field(default=Tls(), description="Whether and how HTTPS is served.")
    webhooks: Webhooks = Field(
        default=Webhooks(), description="How events reach those who asked for them."
    )

    @property
    def names(self) -> tuple[str, ...]:
        """The names it answers to beside those that are ours anyway."""
        public = urlsplit(self.public_url or "").hostname
        return (*self.allowed_hosts, *([public] if public else []))

    @property
    def lan_port(self) -> int:
        """Where the local network reaches it."""
        return self.tls.port if self.tls.enabled else self.port

    @model_validator(mode="after")
    def _two_ports(self) -> Self:
        if self.tls.enabled and self.tls.port == self.port:
            raise ValueError("has one port for HTTP and HTTPS; choose another tls.port")
        return self


class Storage(Section):
    """Where the database lives."""

    directory: FilePath = Field(
        default_factory=_state_directory, description="Folder of the database."
    )


class ModbusProxy(Section):
    """One device whose only Modbus connection is shared with others in the home."""

    device: str = Field(description="The id of a Modbus device.")
    listen: Host = Field(description="Address of ours to listen on; 0.0.0.0 is every one.")
    port: Port = Field(description="TCP port; below 1024 the service must be allowed to.")
    writable: bool = Field(
        default=False,
        description="Pass writes on too, from everybody who can reach the port.",
    )


class Mdns(Section):
    """The announcement on the local network."""

    enabled: bool = Field(default=True, description="Announce the API by mDNS.")
    name: Label = Field(
        default="gatewayd", description="The API is found at this name followed by .local."
    )


class Log(Section):
    """What is told of the daemon's own doings, on stderr."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "journal", "console"] = Field(
        default="auto",
        description="auto: journal under systemd, console on a terminal, else JSON lines.",
    )


class File(Section):
    """The whole file, its devices not yet judged by their drivers."""

    version: Literal[1] = Field(description="The form of this file.")
    home: Home
    devices: dict[str, JsonValue] = Field(
        default={}, description="Every device, by an id of your choice."
    )
    vehicles: dict[Identifier, Vehicle] = Field(
        default={}, description="The home's cars, by a name of your choice."
    )
    circuits: dict[Identifier, CircuitSection] = Field(
        default={}, description="What each breaker protects, by an id of your choice."
    )
    solar: Solar = Field(default=Solar(), description="What of the sun is for cars.")
    grid: Grid = Field(default=Grid(), description="What the connection to the grid may carry.")
    mqtt: Mqtt | None = None
    modbus_proxy: tuple[ModbusProxy, ...] = Field(
        default=(), description="Devices whose connection is shared with others, by Modbus TCP."
    )
    ocpp: Ocpp | None = None
    api: Api = Api()
    storage: Storage = Field(default_factory=Storage)
    mdns: Mdns = Mdns()
    log: Log = Log()
