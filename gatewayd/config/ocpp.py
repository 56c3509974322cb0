"""The section of the config for chargers that call this gateway."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, model_validator

from gatewayd.clock import Clock
from gatewayd.config.secret import Secret, SecretCredential, SecretFile
from gatewayd.config.section import Section
from gatewayd.config.values import ExistingFile, Host, Port, PrivateFile
from gatewayd.links import tls
from gatewayd.links.ocpp import ChargePoints
from gatewayd.sdk.options import DeviceOptions
from gatewayd.state.db import Database

if TYPE_CHECKING:
    from gatewayd.links.ocpp_server import OcppServer


_Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9*\-_=:+|@.]{1,48}$")]


class OcppCharger(Section):
    """A charge point that may call, also while no device names it."""

    password_file: SecretFile | None = Field(
        default=None, description="File with the password it has to give, mode 0600."
    )
    password_credential: SecretCredential | None = Field(
        default=None, description="Name of the systemd credential that holds the password."
    )

    @property
    def password(self) -> Secret | None:
        return self.password_credential or self.password_file

    @model_validator(mode="after")
    def _one_password(self) -> Self:
        if self.password_file and self.password_credential:
            raise ValueError("has password_file and password_credential; keep one of the two")
        return self


class Ocpp(Section):
    """Where chargers call by OCPP. Without this section they cannot."""

    listen: Host = Field(
        default="0.0.0.0",  # noqa: S104
        description="Address to listen on.",
    )
    port: Port = Field(default=8887, description="TCP port; chargers call ws://this:8887/<id>.")
    tls: bool = Field(default=False, description="Encrypt: chargers then call wss://.")
    cert_file: ExistingFile | None = Field(
        default=None, description="Own certificate; left out, the one that HTTPS shows."
    )
    key_file: PrivateFile | None = Field(default=None, description="Its key, mode 0600.")
    chargers: dict[_Id, OcppCharger | None] = Field(
        default={},
        description="Charge points that may call, by the id they call themselves. One that a "
        "device names may too; any other waits for approval.",
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("has one of cert_file and key_file; add the other")
        if self.cert_file and not self.tls:
            raise ValueError("has a certificate but no TLS; add tls: true")
        return self

    def points(self, devices: Iterable[DeviceOptions], db: Database, clock: Clock) -> ChargePoints:
        """The charge points, before any has called; those that devices name are no strangers."""
        points = ChargePoints(
            db,
            clock,
            listed=frozenset(self.chargers),
            passwords={
                id: charger.password.reveal()
                for id, charger in self.chargers.items()
                if charger is not None and charger.password is not None
            },
            is_served=True,
        )
        for options in devices:
            id, password = (
                getattr(options, "charge_point", None),
                getattr(options, "password", None),
            )
            if id is not None:
                points.claim(id, password and password.get_secret_value())
        return points

    def server(self, points: ChargePoints, folder: Path) -> "OcppServer":
        """What they call. `folder` holds our own certificate. Raises ConfigError."""
        # Loaded only where it is used: its libraries take 20 MB.
        from gatewayd.links.ocpp_server import OcppServer

        chosen = tls.chosen(self.cert_file, self.key_file, folder) if self.tls else None
        return OcppServer(
            points,
            self.listen,
            self.port,
            tls=chosen.context() if chosen else None,
        )
