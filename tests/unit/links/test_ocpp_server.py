"""The server that charge points call, over real sockets."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from gatewayd.clock import SystemClock
from gatewayd.errors import ConfigError, UnreachableError
from gatewayd.links.ocpp import ChargePoints
from gatewayd.links.ocpp_server import OcppServer
from gatewayd.state import ocpp
from gatewayd.state.db import Database
from gatewayd.virtual.devices.ocpp_calling import calling
from gatewayd.virtual.devices.ocpp_charger import OcppCharger

both = pytest.mark.parametrize("version", ["1.6", "2.0.1"])
BOOT = '[2,"1","BootNotification",{"chargePointVendor":"Acme","chargePointModel":"One"}]'
HEARTBEAT = '[2,"2","Heartbeat",{}]'


@asynccontextmanager
async def serving(points: ChargePoints, **options: Any) -> AsyncIterator[str]:
    server = OcppServer(points, "127.0.0.1", 0, **options)
    task = asyncio.get_running_loop().create_task(server.run())
    try:
        yield f"{'wss' if options.get('tls') else 'ws'}://127.0.0.1:{server.port}"
    finally:
        task.cancel()
        await asyncio.wait([task])
        server.close()


@asynccontextmanager
async def line(url: str, **options: Any) -> AsyncIterator[ClientConnection]:
    options = {"subprotocols": ["ocpp1.6"], "proxy": None, **options}
    async with connect(url, **options) as connection:
        yield connection


async def until(is_so: Callable[[], bool | Awaitable[bool]]) -> None:
    while True:
        found = is_so()
        if found if isinstance(found, bool) else await found:
            return
        await asyncio.sleep(0.005)


def listed(*ids: str, password: str | None = None) -> ChargePoints:
    passwords = {} if password is None else dict.fromkeys(ids, password)
    return ChargePoints(listed=frozenset(ids), passwords=passwords, is_served=True)


@both
async def test_a_known_charge_point_is_let_in(version: str) -> None:
    points = listed("CP1")
    async with (
        serving(points) as url,
        calling(OcppCharger("CP1", SystemClock()), url, version) as speech,
    ):
        await speech.boot()
        await speech.tell_status()

        assert speech.boot_status == "Accepted"
        assert points.station("CP1").connector(1).status == "Available"
        assert points.waiting == ()


@both
async def test_a_stranger_waits_for_approval_and_is_listed(tmp_path: Path, version: str) -> None:
    async with Database.open(tmp_path / "gatewayd.db") as db:
        points = ChargePoints(db, is_served=True)
        async with (
            serving(points) as url,
            calling(OcppCharger("CP9", SystemClock()), f"{url}/ocpp", version) as speech,
        ):
            await speech.boot()
            waiting = await db.read(ocpp.waiting)
            connected = [station.id for station in points.waiting]
            first = speech.boot_status
            points.claim("CP9")
            await speech.boot()

            assert (first, speech.boot_status) == ("Pending", "Accepted")
            assert connected == ["CP9"]
            assert [(one.id, one.vendor, one.version) for one in waiting] == [
                ("CP9", "Virtual", version)
            ]
            assert await db.read(ocpp.waiting) == []
        await until(lambda: points.waiting == ())


async def test_a_stranger_is_told_nothing_of_sessions() -> None:
    async with serving(listed()) as url, line(f"{url}/CP9") as stranger:
        await stranger.send('[2,"7","StartTransaction",{"connectorId":1,"idTag":"A"}]')

        assert str(await stranger.recv()).startswith('[4,"7","SecurityError"')


@pytest.mark.parametrize("given", [None, "wrong", "secret"])
async def test_who_has_a_password_must_give_it(given: str | None) -> None:
    async with serving(listed("CP1", password="secret")) as url:
        box = OcppCharger("CP1", SystemClock())
        if given != "secret":
            with pytest.raises(InvalidStatus) as refused:
                async with calling(box, url, "1.6", password=given):
                    pass
            assert refused.value.response.status_code == 401
            return
        async with calling(box, url, "1.6", password=given) as speech:
            await speech.boot()
            assert speech.boot_status == "Accepted"


async def test_with_tls_it_is_security_profile_2() -> None:
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.configure_trust(client)
    async with (
        serving(listed("CP1", password="secret"), tls=server) as url,
        calling(
            OcppCharger("CP1", SystemClock()), url, "2.0.1", password="secret", tls=client
        ) as speech,
    ):
        await speech.boot()

        assert speech.boot_status == "Accepted"


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (["ocpp2.0.1", "ocpp1.6"], "ocpp2.0.1"),
        (["ocpp1.6", "ocpp2.0.1"], "ocpp1.6"),
        (["ocpp2.1", "ocpp1.6"], "ocpp1.6"),
        (None, None),
    ],
)
async def test_the_charge_point_chooses_the_version(
    offered: list[str] | None, chosen: str | None
) -> None:
    points = listed("CP1")
    async with serving(points) as url, line(f"{url}/CP1", subprotocols=offered) as connection:
        await until(lambda: points.station("CP1").line is not None)
        used = points.station("CP1").line

        assert connection.subprotocol == chosen
        assert used is not None
        assert used.version == (chosen or "ocpp1.6").removeprefix("ocpp")


@pytest.mark.parametrize(
    ("path", "offered", "status"),
    [("/CP1", ["ocpp1.5"], 400), ("/", ["ocpp1.6"], 404), ("/a%20b", ["ocpp1.6"], 404)],
)
async def test_what_is_no_charge_point_is_refused(
    path: str, offered: list[str], status: int
) -> None:
    async with serving(listed("CP1")) as url:
        with pytest.raises(InvalidStatus) as refused:
            async with line(f"{url}{path}", subprotocols=offered):
                pass

    assert refused.value.response.status_code == status


async def test_only_so_many_strangers_find_a_place() -> None:
    async with serving(listed("CP1")) as url:
        held = [connect(f"{url}/S{n}", subprotocols=["ocpp1.6"], proxy=None) for n in range(16)]  # type: ignore[list-item]
        connections = await asyncio.gather(*held)
        with pytest.raises(InvalidStatus) as refused:
            async with line(f"{url}/S99"):
                pass
        async with line(f"{url}/CP1") as known:
            await known.send(HEARTBEAT)
            assert "currentTime" in str(await known.recv())
        for connection in connections:
            await connection.close()

    assert refused.value.response.status_code == 503


async def test_who_says_nothing_gives_way_to_who_does() -> None:
    async with serving(listed("CP1")) as url:
        port = int(url.rpartition(":")[2])
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(70)]
        async with line(f"{url}/CP1") as known:
            await known.send(HEARTBEAT)
            assert "currentTime" in str(await known.recv())
        for _, writer in silent:
            writer.close()


async def test_a_charge_point_that_calls_again_is_heard_on_the_new_line() -> None:
    points = listed("CP1")
    async with serving(points) as url, line(f"{url}/CP1") as old:
        await old.send(HEARTBEAT)
        await old.recv()
        async with line(f"{url}/CP1") as new:
            await new.send(HEARTBEAT)
            await new.recv()
            with pytest.raises(ConnectionClosed):
                await old.recv()

            assert points.station("CP1").line is not None
            points.station("CP1").check()


async def test_a_question_ends_with_the_connection() -> None:
    points = listed("CP1")
    async with serving(points) as url, line(f"{url}/CP1") as far:
        await far.send(HEARTBEAT)
        await far.recv()
        station = points.station("CP1")

        async def hang_up() -> None:
            await far.recv()
            await far.close()

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(hang_up())
            with pytest.raises(UnreachableError):
                await station.call(station.dialect.ask_settings())


async def test_a_message_that_is_too_long_ends_the_connection() -> None:
    async with serving(listed("CP1")) as url, line(f"{url}/CP1") as far:
        await far.send('[2,"1","DataTransfer",{"vendorId":"' + "x" * 300_000 + '"}]')
        with pytest.raises(ConnectionClosed) as closed:
            await far.recv()

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


async def test_an_address_that_is_taken_is_told() -> None:
    server = OcppServer(listed(), "127.0.0.1", 0)
    try:
        with pytest.raises(ConfigError, match="choose another"):
            OcppServer(listed(), "127.0.0.1", server.port)
    finally:
        server.close()
