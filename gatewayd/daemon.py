"""The composition root: the only module that constructs services.

Every service is an `async def run()` that lives until it is cancelled, in one TaskGroup. An
unexpected error in one of them ends the process: systemd starts it again, and the journal and the
devices say where things stand.
"""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

from gatewayd import __version__
from gatewayd import config as settings
from gatewayd.clock import Clock, SystemClock
from gatewayd.config import Config
from gatewayd.config.configured import configured
from gatewayd.control.direct import Direct
from gatewayd.control.governor.government import Government
from gatewayd.control.housekeeping import Housekeeping
from gatewayd.control.loop import ControlLoop
from gatewayd.control.notify import notify
from gatewayd.control.statistics import StatisticsRecorder
from gatewayd.control.steering.service import Steering
from gatewayd.control.whereabouts import Whereabouts
from gatewayd.devices.first_picture import first_picture
from gatewayd.devices.linking.linking import Linking
from gatewayd.devices.poller import Poller
from gatewayd.devices.registry import Registry
from gatewayd.enode.app import create_app
from gatewayd.enode.delivery.courier import Courier
from gatewayd.enode.events.announcer import Announcer
from gatewayd.enode.offers import driven
from gatewayd.enode.services import Services, Settings
from gatewayd.enode.versions import NEWEST
from gatewayd.links import tls
from gatewayd.links.http import HttpLink
from gatewayd.links.http_policy import Policy
from gatewayd.links.modbus_proxy import ModbusProxy
from gatewayd.links.mqtt_source import MqttSource
from gatewayd.links.ocpp import ChargePoints
from gatewayd.links.pool import Links
from gatewayd.log import configure
from gatewayd.mqtt.mirror import Mirror
from gatewayd.mqtt.settings import MqttSettings
from gatewayd.server import HttpServer
from gatewayd.signals import stop_signal
from gatewayd.state import assets, history, locations, meta
from gatewayd.state.db import BALLAST_BYTES, Database
from gatewayd.state.history import MinuteRecorder
from gatewayd.state.store import Store
from gatewayd.web.link.page import create_link_pages
from gatewayd.web.page import create_pages

if TYPE_CHECKING:
    from gatewayd.links.ocpp_server import OcppServer

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Rooms:
    """The services that others are built on."""

    clock: Clock
    registry: Registry
    db: Database
    store: Store
    links: Links
    poller: Poller
    linking: Linking
    http: HttpLink
    steering: Steering
    government: Government
    gateway_id: str
    location_id: str | None


async def run(path: Path) -> None:
    """Run the gateway until SIGTERM or SIGINT. Raises ConfigError and StorageError."""
    registry = Registry.load()
    config = settings.load(path, registry)
    _log_as(config)
    stop = stop_signal()
    async with AsyncExitStack() as stack:
        rooms = await _rooms(config, registry, stack)
        servers = _servers(config, rooms, _app(config, rooms))
        for server in servers.values():
            stack.callback(server.close)
        async with asyncio.TaskGroup() as group:
            services = _services(config, rooms) | {
                **{name: server.run() for name, server in servers.items()},
                "config": _follow(path, config, rooms),
            }
            tasks = [group.create_task(work, name=name) for name, work in services.items()]
            await first_picture(rooms.store, config.devices)
            notify("READY=1")
            log.info("ready: %d devices, API on port %d", len(config.devices), config.api.port)
            await stop.wait()
            notify("STOPPING=1")
            await rooms.government.end()
            for task in tasks:
                task.cancel()
    log.info("stopped")


def _log_as(config: Config) -> None:
    secrets = [secret.reveal() for secret in config.secrets]
    configure(level=config.log.level, form=config.log.format, secrets=secrets)


async def _rooms(config: Config, registry: Registry, stack: AsyncExitStack) -> _Rooms:
    clock = SystemClock()
    path = config.storage.directory / "gatewayd.db"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    db = await stack.enter_async_context(Database.open(path, ballast_bytes=BALLAST_BYTES))
    location_id = await _home(config, db, clock)
    store = Store(clock, await db.read(assets.load), await db.read(history.last))
    gateway_id = await db.write(meta.gateway_id)
    broker = config.mqtt.broker(_client_id(gateway_id)) if config.mqtt else None
    options = [device.options for device in config.devices.values()]
    points = config.ocpp.points(options, db, clock) if config.ocpp else ChargePoints()
    links = Links(mqtt=MqttSource(broker, clock), ocpp=points)
    poller = Poller({}, links=links, db=db, store=store, clock=clock)
    government = Government(config.terms, db=db, store=store, poller=poller, clock=clock)
    steering = Steering(db=db, store=store, commander=government.commander, clock=clock)
    await steering.load()
    linking = Linking.over(
        registry=registry,
        links=links,
        db=db,
        store=store,
        poller=poller,
        clock=clock,
        commit=steering.change,
    )
    await linking.roster.configure(configured(config, registry, location_id), location_id)
    return _Rooms(
        clock,
        registry,
        db,
        store,
        links,
        poller,
        linking,
        _http(config.api.webhooks),
        steering,
        government,
        gateway_id,
        location_id,
    )


def _http(webhooks: settings.Webhooks) -> HttpLink:
    """What calls URLs that API clients registered."""
    return HttpLink(Policy.of(webhooks.allow), ca_file=webhooks.ca_file)


async def _home(config: Config, db: Database, clock: Clock) -> str | None:
    """The id of the home's location; None when it or its user is no longer wanted."""
    home, now = config.home, clock.now()
    location = await db.write(
        lambda c: locations.configured_home(
            c, home.user, home.name, home.latitude, home.longitude, home.timezone, now
        )
    )
    return location.id if location else None


def _app(config: Config, rooms: _Rooms) -> FastAPI:
    """The API, with the pages beside it under /ui."""
    app = create_app(
        Services(
            store=rooms.store,
            db=rooms.db,
            commander=rooms.government.commander,
            poke=rooms.poller.poke,
            clock=rooms.clock,
            settings=Settings(
                public_url=config.api.public_url, max_connections=config.api.connections
            ),
            offers=partial(driven, rooms.linking.catalogue),
            devices_changed=rooms.linking.roster.refresh,
            controllers=rooms.steering,
            steering=rooms.steering,
            poller=rooms.poller,
            modes=rooms.government.governor.choices,
            operator=rooms.government.governor.operators,
            problems=rooms.government.problems,
            terms=rooms.government.terms,
            http=rooms.http,
        )
    )
    app.mount("/ui/link", create_link_pages(rooms.linking.linker, allowed_hosts=config.api.names))
    pages = create_pages(
        rooms.store,
        rooms.clock,
        name=config.home.name,
        allowed_hosts=config.api.names,
        links=rooms.poller.links,
        overview=rooms.government.overview,
    )
    app.mount("/ui", pages)
    return app


def _servers(config: Config, rooms: _Rooms, app: FastAPI) -> "dict[str, HttpServer | OcppServer]":
    """By the name its task gets. Where there is TLS, plain HTTP stays on this machine."""
    api, folder, ocpp = config.api, config.storage.directory, config.ocpp
    calls = {"ocpp": ocpp.server(rooms.links.ocpp, folder)} if ocpp else {}
    if not api.tls.enabled:
        return {"http": HttpServer(app, api.listen, api.port), **calls}
    chosen = tls.chosen(api.tls.cert_file, api.tls.key_file, folder, [f"{config.mdns.name}.local"])
    log.info("tls: the certificate's fingerprint is %s", chosen.fingerprint)
    return {
        "http": HttpServer(app, "127.0.0.1", api.port),
        "https": HttpServer(app, api.listen, api.tls.port, tls=chosen.context()),
        **calls,
    }


def _services(config: Config, rooms: _Rooms) -> dict[str, Coroutine[Any, Any, None]]:
    """What runs for ever, by the name its task gets."""
    loop = ControlLoop(
        store=rooms.store,
        poller=rooms.poller,
        commander=rooms.government.commander,
        clock=rooms.clock,
        notify=notify,
        may_renew=rooms.government.bench.renews,
    )
    prices = partial(rooms.steering.prices, rooms.location_id)
    services = rooms.government.services(prices) | {
        "poller": rooms.poller.run(),
        "mqtt devices": rooms.links.mqtt.run(),
        "logins": rooms.linking.logins.run(),
        "control": loop.run(),
        "steering": rooms.steering.run(),
        "statistics": StatisticsRecorder(rooms.store, rooms.db, rooms.clock).run(),
        "history": MinuteRecorder(rooms.store, rooms.db, rooms.clock).run(),
        "housekeeping": Housekeeping(rooms.db, rooms.clock).run(),
        "whereabouts": Whereabouts(rooms.store, rooms.db, rooms.clock).run(),
        "events": _announcer(config, rooms).run(),
        "webhooks": _courier(config, rooms).run(),
    }
    for shared in config.modbus_proxy:
        services[f"modbus proxy {shared.port}"] = _proxy(shared, rooms).run()
    if config.mdns.enabled:
        # Loaded only where it is used: zeroconf takes 4 MB.
        from gatewayd.links.mdns import Announcement

        services["mdns"] = Announcement(config.mdns.name, config.api.lan_port, rooms.clock).run()
    if config.mqtt is not None:
        services["mqtt"] = _mirror(config.mqtt, rooms).run()
    return services


def _mirror(mqtt: settings.Mqtt, rooms: _Rooms) -> Mirror:
    governor = rooms.government.governor
    return Mirror(
        rooms.store,
        Direct(rooms.store, rooms.government.commander, rooms.steering),
        rooms.clock,
        _mqtt(mqtt, rooms.gateway_id),
        modes=governor.choices,
        operator=governor.operators,
    )


def _proxy(shared: settings.ModbusProxy, rooms: _Rooms) -> ModbusProxy:
    return ModbusProxy(
        rooms.links.modbus,
        partial(rooms.poller.options, shared.device),
        rooms.clock,
        listen=shared.listen,
        port=shared.port,
        writable=shared.writable,
    )


def _announcer(config: Config, rooms: _Rooms) -> Announcer:
    return Announcer(
        store=rooms.store,
        db=rooms.db,
        clock=rooms.clock,
        pictured=rooms.poller.pictured,
        policy=rooms.steering.policy,
        updated_every_s=config.api.webhooks.updated_every_s,
        measured_every_s=config.api.webhooks.measured_every_s,
    )


def _courier(config: Config, rooms: _Rooms) -> Courier:
    return Courier(
        db=rooms.db,
        clock=rooms.clock,
        http=rooms.http,
        default_version=NEWEST,
        heartbeat_s=config.api.webhooks.heartbeat_s,
    )


def _client_id(gateway_id: str) -> str:
    return f"gatewayd-{gateway_id[:8]}"


def _mqtt(mqtt: settings.Mqtt, gateway_id: str) -> MqttSettings:
    return MqttSettings(
        broker=mqtt.broker(_client_id(gateway_id)),
        base=mqtt.base,
        gateway_id=gateway_id,
        version=__version__,
        discovery_enabled=mqtt.discovery.enabled,
        discovery_prefix=mqtt.discovery.prefix,
        discovery_exclude=frozenset(mqtt.discovery.exclude),
    )


async def _follow(path: Path, config: Config, rooms: _Rooms) -> None:
    """Take over edits of the file while running: devices at once, the rest is told."""

    def load(changed: Path) -> Config:
        return settings.load(changed, rooms.registry)

    async for edited in settings.changes(path, load, config):
        change = settings.difference(config, edited)
        _log_as(edited)
        devices = configured(edited, rooms.registry, rooms.location_id)
        await rooms.linking.roster.configure(devices, rooms.location_id)
        rooms.government.governor.adopt(edited.terms)
        log.info(
            "config taken over: added %s, removed %s, changed %s",
            *(", ".join(ids) or "none" for ids in (change.added, change.removed, change.changed)),
        )
        if change.needs_restart:
            log.warning("restart gatewayd to apply: %s", ", ".join(change.needs_restart))
        config = edited
