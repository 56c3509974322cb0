"""Assets of an Enode-compatible server: Enode's own, another gateway's, a fleet's.

With `asset_id` the device is that asset; with `user_id` it is all of a user's. The server is asked
at the pace of `poll_s`, page by page with `page_gap_s` between. A command is one action there: it
is not repeated while it is PENDING, and fails here when it fails there. A meter whose values stay
those of the same moment for several polls says nothing, for nobody may rely on it.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar
from urllib.parse import quote, urlencode

from pydantic import Field, RootModel, SecretStr, create_model, model_validator

from drivers.lan._enode_asset import Asset, Document
from drivers.lan._enode_assets import KINDS
from gatewayd.errors import (
    AuthError,
    BadReadingError,
    RefusedError,
    UnreachableError,
    UnsupportedError,
)
from gatewayd.links.http import Login
from gatewayd.links.http_device import DeviceHttp, client_credentials
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Identity
from gatewayd.model.climate import FollowSchedule, PermanentHold
from gatewayd.model.command import (
    Command,
    SetMaxCurrent,
    SetOperationMode,
    StartCharging,
    StopCharging,
    required,
)
from gatewayd.model.reading import Reading
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.options import HttpOptions

# What fits into an answer of 64 KiB.
_PAGE_SIZE = 20
_MAX_PAGES = 50
# A call has ten seconds; what takes longer shows in the readings.
_PAUSES_S = (0.5, 1.0, 2.0, 2.0)
_STALE_POLLS = 3
_HTTP_PORT = 80

A = TypeVar("A", bound=Asset)


class Options(HttpOptions):
    """Where the server is, who we are there, and whose assets are meant."""

    port: int = Field(default=443, ge=1, le=65535)
    tls: bool = Field(default=True, description="https instead of http")
    timeout_s: float = Field(default=8.0, gt=0, le=60)
    client_id: str = Field(min_length=1, max_length=200, description="of an API client there")
    client_secret: SecretStr = Field(description="the client's secret")
    oauth_host: str | None = Field(
        default=None, min_length=1, description="where tokens are from, if not from host"
    )
    oauth_path: str = Field(default="/oauth2/token", pattern="^/")
    api_version: str = Field(default="2024-10-01", pattern=r"^\d{4}-\d\d-\d\d$")
    user_id: str | None = Field(default=None, min_length=1, description="all assets of this user")
    asset_id: str | None = Field(default=None, min_length=1, description="this one asset")
    page_gap_s: float = Field(default=0.2, ge=0, le=60, description="pause between two requests")

    @model_validator(mode="before")
    @classmethod
    def _plain_port(cls, block: Any) -> Any:  # noqa: ANN401 (whatever stands in the file)
        if isinstance(block, dict) and block.get("tls") in (False, "false"):
            return {"port": _HTTP_PORT, **block}
        return block

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.user_id is None) == (self.asset_id is None):
            raise ValueError("give either user_id or asset_id")
        return self


class _Cursors(Document):
    after: str | None = Field(default=None, max_length=2000)


class _Page(Document, Generic[A]):
    data: list[A] = Field(max_length=1000)
    pagination: _Cursors = _Cursors()


_PAGES = {
    plural: create_model(f"{asset.__name__}Page", __base__=_Page[asset])  # type: ignore[valid-type]
    for plural, asset in KINDS.items()
}


class _Failure(Document):
    type: str = Field(default="", max_length=200)
    detail: str = Field(default="", max_length=1000)


class _Action(Document):
    id: str = Field(min_length=1, max_length=200)
    state: str = Field(max_length=50)
    failure_reason: _Failure | None = None


class _Order(RootModel[dict[str, str | float]]):
    """A body that asks for something."""


@dataclass(frozen=True)
class _Told:
    """A command on its way."""

    command: Command
    action_id: str


class Enode:
    """One user's assets, or one asset. Keeps what is on its way, by role."""

    def __init__(self, link: DeviceHttp, options: Options) -> None:
        self._link = link
        self._options = options
        self._kinds: tuple[str, ...] = ()
        self._assets: dict[str, Asset] = {}
        self._told: dict[str, _Told] = {}
        self._seen: dict[str, tuple[str | None, int]] = {}

    async def identify(self) -> Identity:
        """Look for the assets; RefusedError when there are none."""
        found = await self._find(tuple(KINDS))
        self._kinds = tuple(dict.fromkeys(_plural(asset) for asset in found))
        self._assets = self._by_role(found)
        if not self._assets:
            raise RefusedError(f"user {self._options.user_id} has no assets at the server")
        roles = {role: asset.role() for role, asset in self._assets.items()}
        if self._options.asset_id is None:
            return Identity("Enode", f"assets of {self._options.user_id}", roles)
        (asset,) = found
        who = asset.information
        return Identity(who.brand or asset.vendor, who.model or asset.kind, roles, asset.serial)

    async def read(self) -> Mapping[str, Reading]:
        """What is reachable of them; UnreachableError when nothing is."""
        found = self._by_role(await self._find(self._kinds or tuple(KINDS)))
        self._assets |= found
        fresh = {role: asset for role, asset in found.items() if self._is_fresh(role, asset)}
        if not any(asset.is_reachable is not False for asset in found.values()):
            raise UnreachableError("the server has lost the device")
        return {role: asset.reading() for role, asset in fresh.items()}

    async def apply(self, role: str, command: Command) -> None:
        """Ask for an action, unless the same one is under way; RefusedError when it has failed."""
        asset = self._assets.get(role)
        if self._options.read_only or asset is None:
            raise UnsupportedError(f"{role}: there is nothing here that can be told")
        if required(command) not in asset.role().capabilities:
            raise UnsupportedError(f"{role} has no command {type(command).__name__}")
        told = self._told.get(role)
        if told is None or told.command != command:
            path, order = _order(command)
            at = f"/{_plural(asset)}/{_part(asset.id)}/{path}"
            action = await self._link.ask(at, order, _Action)
            told = self._told[role] = _Told(command, action.id)
            if self._is_over(role, action):
                return
        await self._follow(role, f"/{_plural(asset)}/actions/{_part(told.action_id)}")

    async def renew(self, role: str) -> None:
        """An asset behind a server has no watchdog."""

    def watchdog_s(self, role: str) -> float | None:  # noqa: ARG002
        return None

    async def _follow(self, role: str, path: str) -> None:
        for pause_s in _PAUSES_S:
            if self._is_over(role, await self._link.get(path, _Action)):
                return
            await asyncio.sleep(pause_s)

    def _is_over(self, role: str, action: _Action) -> bool:
        """RefusedError for one that came to nothing."""
        if action.state == "PENDING":
            return False
        self._told.pop(role, None)
        why = action.failure_reason or _Failure()
        is_done = action.state == "CONFIRMED" or why.type == "UNNECESSARY"
        if not is_done:
            raise RefusedError(f"the action ended {action.state}: {why.type} {why.detail}".strip())
        return True

    async def _find(self, kinds: Iterable[str]) -> list[Asset]:
        if self._options.asset_id is not None:
            return [await self._one(self._options.asset_id, kinds)]
        found: list[Asset] = []
        for plural in kinds:
            found += [asset async for asset in self._all(plural)]
        return found

    async def _one(self, asset_id: str, kinds: Iterable[str]) -> Asset:
        for plural in kinds:
            try:
                return await self._link.get(f"/{plural}/{_part(asset_id)}", KINDS[plural])
            except AuthError:
                raise
            except RefusedError:
                await asyncio.sleep(self._options.page_gap_s)
        raise RefusedError(f"the server has no asset {asset_id}; see asset_id")

    async def _all(self, plural: str) -> AsyncIterator[Asset]:
        after: str | None = None
        for _ in range(_MAX_PAGES):
            query = {"pageSize": _PAGE_SIZE} | ({"after": after} if after else {})
            user = _part(self._options.user_id or "")
            page = await self._link.get(
                f"/users/{user}/{plural}?{urlencode(query)}", _PAGES[plural]
            )
            for asset in page.data:
                yield asset
            await asyncio.sleep(self._options.page_gap_s)
            last, after = after, page.pagination.after
            if after is None:
                return
            if after == last:
                break
        raise BadReadingError(f"the list of {plural} has no end")

    def _by_role(self, assets: Iterable[Asset]) -> dict[str, Asset]:
        """One asset bears its kind's name; of several, each has a part of its id that stays."""
        if self._options.asset_id is not None:
            return {asset.kind.value: asset for asset in assets}
        return {f"{asset.kind}_{_short(asset.id)}": asset for asset in assets}

    def _is_fresh(self, role: str, asset: Asset) -> bool:
        if asset.is_reachable is False:
            return False
        at, polls = self._seen.get(role, (None, 0))
        polls = polls + 1 if asset.seen_at is not None and asset.seen_at == at else 0
        self._seen[role] = asset.seen_at, polls
        return polls < _STALE_POLLS


def _plural(asset: Asset) -> str:
    return next(plural for plural, kind in KINDS.items() if kind.kind is asset.kind)


def _part(text: str) -> str:
    return quote(text, safe="")


def _short(asset_id: str) -> str:
    """What a role's name may have of an id: twelve letters and digits, from both its ends."""
    plain = "".join(c for c in asset_id.lower() if c.isascii() and c.isalnum())
    return plain if len(plain) <= 12 else plain[:6] + plain[-6:]


def _order(command: Command) -> tuple[str, _Order]:
    match command:
        case StartCharging():
            return "charging", _Order({"action": "START"})
        case StopCharging():
            return "charging", _Order({"action": "STOP"})
        case SetMaxCurrent(current_a=current_a):
            return "max-current", _Order({"maxCurrent": current_a})
        case SetOperationMode(mode=mode):
            return "operation-mode", _Order({"operationMode": mode.value})
        case FollowSchedule():
            return "follow-schedule", _Order({})
        case PermanentHold():
            return "permanent-hold", _Order(dict(_hold(command)))
    raise UnsupportedError(f"the API has no {command}")


def _hold(command: PermanentHold) -> Iterator[tuple[str, str | float]]:
    mode = command.mode
    yield "mode", mode.value
    if mode.heats and command.heat_setpoint_c is not None:
        yield "heatSetpoint", command.heat_setpoint_c
    if mode.cools and command.cool_setpoint_c is not None:
        yield "coolSetpoint", command.cool_setpoint_c


@asynccontextmanager
async def _open(options: Options, links: Links) -> AsyncIterator[Driver]:
    login = Login(options.client_id, options.client_secret.get_secret_value())
    office = None
    if options.oauth_host is not None:
        office = links.http.device(options.model_copy(update={"host": options.oauth_host}))
    token = client_credentials(login, options.oauth_path, office)
    link = links.http.device(options, token, {"Enode-Version": options.api_version})
    yield Enode(link, options)


DRIVER = DriverInfo(
    vendor="Enode",
    models=("any asset of an Enode-compatible server",),
    source="the Enode API, version 2024-10-01 and later",
    options=Options,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=60.0,
    kinds=frozenset(AssetKind),
    controls=frozenset(can for kind in KINDS.values() for can in kind.commands.values()),
)
