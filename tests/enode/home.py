"""A home behind the API: real rooms, and devices that follow a script."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from gatewayd.control.steering.known import Market
from gatewayd.control.steering.service import Steering
from gatewayd.devices.commander import Commander
from gatewayd.devices.device import ConfiguredDevice
from gatewayd.devices.poller import Poller
from gatewayd.enode.app import create_app
from gatewayd.enode.services import Offer, Services, Settings
from gatewayd.errors import UnreachableError
from gatewayd.links.pool import Links
from gatewayd.model.asset import Asset, AssetKind, Capability, Identity, MeterUsage, Role, Usages
from gatewayd.model.location import Location
from gatewayd.model.reading import (
    BatteryReading,
    BatteryStatus,
    ChargerReading,
    InverterReading,
    MeterReading,
    OperationMode,
    PowerDelivery,
    Reading,
)
from gatewayd.state import clients, locations, users
from gatewayd.state.clients import NewClient
from gatewayd.state.db import Database
from gatewayd.state.store import Store
from tests.enode import contract
from tests.fakes.clock import FakeClock
from tests.fakes.driver import ScriptedBox, configured

USER = "anna"
POLL_S = 2.0
CATEGORIES = {
    "battery": "batteries",
    "charger": "chargers",
    "hvac": "hvacs",
    "vehicle": "vehicles",
}


def say(box: ScriptedBox, role: str, **values: Any) -> None:
    """Change what a device says of one role."""
    box.readings[role] = replace(box.readings[role], **values)


def silence(box: ScriptedBox) -> None:
    """Let a device answer nothing any more."""
    box.faults |= dict.fromkeys(("identify", "read", "apply"), UnreachableError("no answer"))


def wake(box: ScriptedBox) -> None:
    """Let a device answer again."""
    box.faults.clear()


def hybrid() -> ScriptedBox:
    """An inverter with a battery and a grid meter."""
    roles = {
        "inverter": Role(AssetKind.INVERTER, reports=frozenset({"power_w", "energy_wh"})),
        "battery": Role(
            AssetKind.BATTERY,
            frozenset({Capability.SELF_RELIANCE, Capability.TIME_OF_USE}),
            frozenset({"power_w", "soc_pct"}),
        ),
        "meter": Role(AssetKind.METER, reports=frozenset({"power_w"})),
    }
    readings: dict[str, Reading] = {
        "inverter": InverterReading(power_w=4321.4, energy_wh=12_345_678.0),
        "battery": BatteryReading(
            power_w=1500.0,
            soc_pct=55.5,
            capacity_wh=10_240.0,
            status=BatteryStatus.CHARGING,
            operation_mode=OperationMode.SELF_RELIANCE,
            reserve_pct=10.0,
        ),
        "meter": MeterReading(power_w=-820.0),
    }
    return ScriptedBox(Identity("SolarEdge", "SE10K", roles, serial="7E1234"), readings)


def wallbox() -> ScriptedBox:
    """A charger, the car plugged in and not charging."""
    capabilities = {
        Capability.START_CHARGING,
        Capability.STOP_CHARGING,
        Capability.SET_MAX_CURRENT,
    }
    reports = frozenset({"power_delivery", "power_w", "max_current_a"})
    role = Role(AssetKind.CHARGER, frozenset(capabilities), reports, 6.0, 32.0)
    reading = ChargerReading(power_delivery=PowerDelivery.STOPPED, power_w=0.0, max_current_a=16.0)
    return ScriptedBox(
        Identity("KEBA", "P30", {"charger": role}, serial="K42"), {"charger": reading}
    )


@dataclass
class Home:
    """The running rooms, and a client that insists on the contract."""

    clock: FakeClock
    db: Database
    store: Store
    poller: Poller
    app: FastAPI
    client: NewClient
    location: Location
    devices: dict[str, ScriptedBox]
    http: httpx.AsyncClient
    pokes: list[str]
    steering: Steering

    def asset(self, kind: AssetKind) -> Asset:
        """The only asset of a kind."""
        (state,) = self.store.site.of_kind(kind)
        return state.asset

    async def poll(self) -> None:
        """Let every device be read once more, and what follows from it happen."""
        await self.clock.advance(POLL_S)
        await self.idle()

    async def idle(self) -> None:
        """Let what is under way in the database come to its end."""
        for _ in range(3):
            await self.db.write(lambda c: None)
            await self.db.read(lambda c: None)
            await self.clock.advance(0)

    async def until(self, is_so: Callable[[], Awaitable[bool]], within_s: float = 120.0) -> None:
        """Let time pass until something is so."""
        for _ in range(int(within_s / POLL_S)):
            if await is_so():
                return
            await self.poll()
        raise AssertionError(f"not so within {within_s} s")

    async def state_of(self, action: Mapping[str, Any]) -> str:
        """The state of an action now."""
        shown = await self.http.get(f"/{CATEGORIES[action['targetType']]}/actions/{action['id']}")
        return str(shown.json()["state"])

    async def ended(self, action: Mapping[str, Any], within_s: float = 120.0) -> Any:
        """The action once it is no longer PENDING."""

        async def has_ended() -> bool:
            return await self.state_of(action) != "PENDING"

        await self.until(has_ended, within_s)
        path = f"/{CATEGORIES[action['targetType']]}/actions/{action['id']}"
        return (await self.http.get(path)).json()

    async def another_location(self, user_id: str = USER) -> Location:
        """One more location, of a user who is created if needed."""
        now = self.clock.now()
        await self.db.write(lambda c: users.ensure(c, user_id, now))
        body = {
            "name": "Cabin",
            "latitude": 60.5,
            "longitude": 8.2,
            "timezoneName": "Europe/Oslo",
        }
        made = (await self.http.post(f"/users/{user_id}/locations", json=body)).json()
        found = await self.db.read(lambda c: locations.get(c, made["id"]))
        assert found is not None
        return found


@asynccontextmanager
async def home(
    path: Path,
    devices: Mapping[str, ScriptedBox] | None = None,
    market: Market = lambda _place: (),
) -> AsyncIterator[Home]:
    """A home whose devices have been read once, and a client that holds a token."""
    clock, pokes = FakeClock(), list[str]()
    scripted = dict(devices if devices is not None else {"hybrid": hybrid(), "wallbox": wallbox()})
    async with AsyncExitStack() as stack:
        db = await stack.enter_async_context(Database.open(path / "state.db", clock=clock))
        place = await db.write(
            lambda c: (
                users.ensure(c, USER, clock.now()),
                locations.ensure_home(c, USER, "Home", 59.91, 10.75, "Europe/Oslo", clock.now()),
            )[1]
        )
        client = await db.write(lambda c: clients.add(c, "test", clock.now()))
        store = Store(clock, [])
        configured = {name: configure(name, box, place.id) for name, box in scripted.items()}
        poller = Poller(
            configured, links=Links(), db=db, store=store, clock=clock, jitter=lambda: 0.0
        )
        commander = Commander(db=db, store=store, poller=poller, clock=clock)

        def poke(device_id: str) -> None:
            pokes.append(device_id)
            poller.poke(device_id)

        settings = Settings(
            offers=(Offer("DEYE", "Deye", frozenset({AssetKind.INVERTER, AssetKind.BATTERY})),)
        )
        steering = Steering(
            db=db, store=store, commander=commander, clock=clock, currency="NOK", market=market
        )
        await steering.load()
        app = create_app(
            Services(
                store,
                db,
                commander,
                poke,
                clock,
                settings,
                controllers=steering,
                steering=steering,
                poller=poller,
            )
        )
        http = await stack.enter_async_context(
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app),
                base_url="http://gateway",
                event_hooks={"response": [insist]},
            )
        )
        made = Home(clock, db, store, poller, app, client, place, scripted, http, pokes, steering)
        group = await stack.enter_async_context(asyncio.TaskGroup())
        services = (poller.run(), commander.run(), steering.run())
        tasks = [group.create_task(service) for service in services]
        stack.callback(lambda: [task.cancel() for task in tasks])
        await _heard_of(made)
        http.headers["Authorization"] = f"Bearer {await token(http, client)}"
        yield made


def configure(name: str, box: ScriptedBox, location_id: str | None) -> ConfiguredDevice:
    """A scripted device as the configuration would have it."""
    usage = MeterUsage.GRID if "meter" in box.identity.roles else None
    device = configured(name, box, POLL_S)
    return replace(device, user_id=USER, usages=Usages(usage), location_id=location_id)


async def token(http: httpx.AsyncClient, client: NewClient) -> str:
    """A fresh access token."""
    granted = await http.post(
        "/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=(client.id, client.secret),
    )
    return str(granted.json()["access_token"])


async def insist(response: httpx.Response) -> None:
    """Fail on any response that is not as the contract says."""
    await response.aread()
    request = response.request
    if request.url.path == "/oauth2/token":
        return
    media_type = response.headers.get("content-type", "").partition(";")[0]
    found = contract.faults(
        request.method, request.url.path, response.status_code, media_type, response.content
    )
    assert not found, f"{request.method} {request.url.path}: {found}"


async def _heard_of(made: Home) -> None:
    """Wait until every device has been read."""
    for _ in range(100):
        states = made.store.site.assets.values()
        heard = {state.asset.device_id for state in states if state.sample}
        if heard == set(made.devices):
            return
        await made.idle()
    raise AssertionError("the devices were never read")
