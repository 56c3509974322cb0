"""A heat pump with the SG Ready label, by two contacts that relays in the LAN close.

Facts from the label's rules: of the contacts (1, 2) open is 0 and closed is 1; 1:0 blocks, 0:0 is
normal, 0:1 recommends to run and 1:1 forces it. Facts of the relays from their makers: Shelly's
`Switch.Set` and `Switch.GetStatus` (from the second generation on) and `/relay/0?turn=on` (the
first), Tasmota's `/cm?cmnd=Power1 On`, each answered with the state that there is then.

Both relays should be set to open when they get their power back.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Literal, Protocol, Self
from urllib.parse import quote, urlencode

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from gatewayd.errors import BadReadingError, UnsupportedError
from gatewayd.links.http import Login
from gatewayd.links.http_device import Basic, DeviceHttp, Digest
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Capability, Identity, Role
from gatewayd.model.command import Command
from gatewayd.model.power import SetSgReady
from gatewayd.model.reading import HvacReading, Reading, SgReady
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.options import HttpOptions

_ROLE = "hvac"
_USER = "admin"
_CAN = frozenset({Capability.SET_SG_READY})

Contacts = tuple[bool, bool]

_CONTACTS: Mapping[SgReady, Contacts] = {
    SgReady.BLOCKED: (True, False),
    SgReady.NORMAL: (False, False),
    SgReady.RECOMMENDED: (False, True),
    SgReady.FORCED: (True, True),
}
_LEVELS = {contacts: level for level, contacts in _CONTACTS.items()}

Channel = Annotated[int, Field(ge=0, le=31)]


class SgReadyOptions(HttpOptions):
    """The relays: two channels of one box, or one channel of each of two."""

    relay: Literal["shelly", "shelly_gen1", "tasmota"] = Field(
        description="what the relays are; shelly: from the second generation on"
    )
    password: SecretStr | None = Field(default=None, description="the relays' password")
    contact_1: Channel = Field(default=0, description="the channel of the contact that blocks")
    contact_2: Channel = Field(default=1, description="the channel of the contact that encourages")
    host_2: str | None = Field(
        default=None, min_length=1, description="where the second contact is, if in another box"
    )
    model: str = Field(default="SG Ready", description="the heat pump's name")

    @model_validator(mode="after")
    def _two_contacts(self) -> Self:
        if self.host_2 in (None, self.host) and self.contact_1 == self.contact_2:
            raise ValueError("has one relay for both contacts; give contact_2 another channel")
        return self


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Output(_Part):
    output: bool


class _Turn(BaseModel):
    id: int
    on: bool


class _Turned(_Part):
    was_on: bool


class _IsOn(_Part):
    ison: bool


class Relay(Protocol):
    """One contact."""

    async def is_closed(self) -> bool: ...

    async def turn(self, *, is_closed: bool) -> None: ...


class _Shelly:
    def __init__(self, link: DeviceHttp, channel: int) -> None:
        self._link = link
        self._channel = channel

    async def is_closed(self) -> bool:
        path = f"/rpc/Switch.GetStatus?id={self._channel}"
        return (await self._link.get(path, _Output)).output

    async def turn(self, *, is_closed: bool) -> None:
        await self._link.ask("/rpc/Switch.Set", _Turn(id=self._channel, on=is_closed), _Turned)


class _ShellyGen1:
    def __init__(self, link: DeviceHttp, channel: int) -> None:
        self._link = link
        self._path = f"/relay/{channel}"

    async def is_closed(self) -> bool:
        return (await self._link.get(self._path, _IsOn)).ison

    async def turn(self, *, is_closed: bool) -> None:
        await self._link.get(f"{self._path}?turn={'on' if is_closed else 'off'}", _IsOn)


class _Tasmota:
    def __init__(self, link: DeviceHttp, channel: int, login: Mapping[str, str]) -> None:
        self._link = link
        self._login = login
        # Its relays count from 1; one that has a single one calls it POWER.
        self._name = f"Power{channel + 1}"

    async def is_closed(self) -> bool:
        return await self._ask(self._name)

    async def turn(self, *, is_closed: bool) -> None:
        await self._ask(f"{self._name} {'On' if is_closed else 'Off'}")

    async def _ask(self, words: str) -> bool:
        asked = urlencode({**self._login, "cmnd": words}, quote_via=quote)
        told = await self._link.get(f"/cm?{asked}", _TasmotaAnswer)
        return told.state(self._name.upper())


class _TasmotaAnswer(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)

    def state(self, name: str) -> bool:
        """The relay's; BadReadingError for an answer without it."""
        found = self.model_extra or {}
        match found.get(name, found.get("POWER")):
            case "ON":
                return True
            case "OFF":
                return False
        raise BadReadingError(f"tasmota: {name} is neither ON nor OFF; is there such a relay?")


class SgReadyContacts:
    """One heat pump."""

    def __init__(self, relays: tuple[Relay, Relay], options: SgReadyOptions) -> None:
        self._relays = relays
        self._options = options

    async def identify(self) -> Identity:
        """What the operator calls it: relays know nothing of what hangs on them."""
        await self.read()
        can = frozenset() if self._options.read_only else _CAN
        safe = None if self._options.read_only else Capability.SET_SG_READY
        role = Role(AssetKind.HVAC, can, frozenset({"sg_ready"}), safe=safe)
        return Identity("SG Ready", self._options.model, {_ROLE: role})

    async def read(self) -> Mapping[str, Reading]:
        """The level that both contacts make."""
        first, second = self._relays
        contacts = await first.is_closed(), await second.is_closed()
        return {_ROLE: HvacReading(sg_ready=_LEVELS[contacts])}

    async def apply(self, role: str, command: Command) -> None:
        """First what opens, and of two that close the one that encourages.

        So between two levels nothing is blocked, or forced, that is neither before nor after.
        """
        if role != _ROLE or not isinstance(command, SetSgReady):
            raise UnsupportedError(f"{role} has no command {type(command).__name__}")
        if self._options.read_only:
            raise UnsupportedError(f"{role}: the device is read only; see its `read_only` option")
        for number, is_closed in _in_order(_CONTACTS[command.level]):
            await self._relays[number].turn(is_closed=is_closed)

    async def renew(self, role: str) -> None:
        """Relays stay as they are."""

    def watchdog_s(self, role: str) -> float | None:  # noqa: ARG002
        return None


def _in_order(contacts: Contacts) -> list[tuple[int, bool]]:
    opening = [(number, False) for number, is_closed in enumerate(contacts) if not is_closed]
    closing = [(number, True) for number, is_closed in enumerate(contacts) if is_closed]
    return opening + closing[::-1]


def _relay(options: SgReadyOptions, links: Links, host: str, channel: int) -> Relay:
    at = options.model_copy(update={"host": host})
    secret = options.password and options.password.get_secret_value()
    match options.relay:
        case "shelly":
            return _Shelly(
                links.http.device(at, Digest(Login(_USER, secret)) if secret else None), channel
            )
        case "shelly_gen1":
            return _ShellyGen1(
                links.http.device(at, Basic(Login(_USER, secret)) if secret else None), channel
            )
    login = {"user": _USER, "password": secret} if secret else {}
    return _Tasmota(links.http.device(at, secrets=[secret or ""]), channel, login)


@asynccontextmanager
async def _open(options: SgReadyOptions, links: Links) -> AsyncIterator[Driver]:
    first = _relay(options, links, options.host, options.contact_1)
    second = _relay(options, links, options.host_2 or options.host, options.contact_2)
    yield SgReadyContacts((first, second), options)


DRIVER = DriverInfo(
    vendor="SG Ready",
    models=("heat pumps with two contacts, by relays of Shelly or with Tasmota",),
    source="rules of the SG Ready label; Shelly's and Tasmota's documentation of their HTTP",
    options=SgReadyOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=5.0,
    kinds=frozenset({AssetKind.HVAC}),
    controls=_CAN,
)
