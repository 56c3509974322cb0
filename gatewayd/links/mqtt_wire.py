"""What is said to and by an MQTT broker."""

from dataclasses import dataclass, field
from typing import Literal

Version = Literal["5", "3.1.1"]
Wanted = Literal["auto", "5", "3.1.1"]


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is and how to enter.

    With `tls` the broker's certificate is always verified, against `ca_file` or the system's
    authorities. A silent broker is noticed within twice `keepalive_s`, which is 2 or more. With
    the version `auto` a broker that does not understand MQTT 5 is asked again in 3.1.1.
    """

    host: str = "localhost"
    port: int = 1883
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    client_id: str = "gatewayd"
    keepalive_s: int = 15
    version: Wanted = "auto"

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Message:
    """Something to publish. `correlation` goes back to whoever asked for an answer."""

    topic: str
    payload: str
    qos: int = 0
    retain: bool = False
    correlation: bytes | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """Something received; `response_topic` is where MQTT 5 clients want their answer."""

    topic: str
    payload: bytes
    is_retained: bool = False
    response_topic: str | None = None
    correlation: bytes | None = None
