"""What the API is given to work with."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from gatewayd.clock import Clock, SystemClock
from gatewayd.control import direct
from gatewayd.control.governor.choice import Modes, NoModes
from gatewayd.control.governor.operator import GridOperators
from gatewayd.control.governor.terms import Terms
from gatewayd.control.steering.service import Steering
from gatewayd.devices.commander import Commander
from gatewayd.devices.poller import Poller
from gatewayd.enode.versions import NEWEST
from gatewayd.links.http import HttpLink
from gatewayd.model.asset import AssetKind
from gatewayd.model.smart_charging import SmartChargingPolicy
from gatewayd.state.db import Database
from gatewayd.state.store import Store


@dataclass(frozen=True, slots=True)
class Offer:
    """A vendor the gateway has drivers for. `vendor` is the machine name, in upper case."""

    vendor: str
    brand: str
    kinds: frozenset[AssetKind]


@dataclass(frozen=True, slots=True)
class Settings:
    """`default_version` is the API version of a request that names none, from a client that is
    pinned to none.

    `public_url` is where browsers find the pages; None means where the caller found the API.
    `max_connections` is how many users may be linked with how many vendors.
    """

    default_version: str = NEWEST
    offers: tuple[Offer, ...] = ()
    public_url: str | None = None
    max_connections: int = 1000


class Controllers(direct.Controllers, Protocol):
    """What decides over assets by itself: schedules and smart charging."""

    def policy(self, vehicle_id: str) -> SmartChargingPolicy:
        """A vehicle's smart charging policy; the default for one that has none."""


class NoControllers:
    """A home where nothing but the user decides."""

    def controlling(self, asset_id: str) -> str | None:  # noqa: ARG002
        return None

    def policy(self, vehicle_id: str) -> SmartChargingPolicy:  # noqa: ARG002
        return SmartChargingPolicy()


async def _no_offers() -> tuple[Offer, ...]:
    return ()


async def _no_devices() -> None:
    pass


def _no_operator() -> GridOperators:
    return GridOperators.of(None, None, SystemClock())


@dataclass(frozen=True, slots=True)
class Services:
    """The rooms behind the API. `poke` asks for an early poll of a device, by device id.

    `controllers` is `steering`, unless something else stands in for it.
    `offers` are the vendors that drivers are there for; `devices_changed` is called after linked
    devices came or went. `problems` are those of the fuse guard and of the wiring that a person
    should mend, `terms` those by which assets are governed now.
    """

    store: Store
    db: Database
    commander: Commander
    poke: Callable[[str], None]
    clock: Clock
    settings: Settings = field(default_factory=Settings)
    controllers: Controllers = field(default_factory=NoControllers)
    http: HttpLink = field(default_factory=HttpLink)
    offers: Callable[[], Awaitable[tuple[Offer, ...]]] = _no_offers
    devices_changed: Callable[[], Awaitable[None]] = _no_devices
    steering: Steering | None = None
    poller: Poller | None = None
    modes: Modes = field(default_factory=NoModes)
    operator: GridOperators = field(default_factory=_no_operator)
    problems: Callable[[], tuple[str, ...]] = tuple
    terms: Callable[[], Terms] = Terms
