import asyncio
import gc
import logging
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import pytest
from amqtt.broker import Broker as AmqttBroker

from gatewayd.errors import UpstreamError
from gatewayd.links.mqtt import MqttSession
from gatewayd.links.mqtt_inbox import MAX_PAYLOAD, Inbox
from gatewayd.links.mqtt_link import MqttLink, pause_s
from gatewayd.links.mqtt_wire import Broker, Incoming, Message, Wanted
from tests.fakes.clock import FakeClock
from tests.fakes.mosquitto import Mosquitto, listening, mosquitto, until

WILL = Message("t/status", "offline", qos=1, retain=True)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with mosquitto(tmp_path) as running:
        yield running


@asynccontextmanager
async def linked(
    where: Broker, session: Callable[[MqttSession], Awaitable[None]], clock: FakeClock | None = None
) -> AsyncIterator[MqttLink]:
    link = MqttLink(where, WILL, clock or FakeClock())
    async with asyncio.TaskGroup() as group:
        task = group.create_task(link.run(session))
        yield link
        task.cancel()


def at(broker: Mosquitto, **options: object) -> Broker:
    return Broker("127.0.0.1", broker.port, **options)  # type: ignore[arg-type]


async def collect(session: MqttSession, into: list[Incoming]) -> None:
    await session.subscribe(["in/#"])
    await session.publish([Message("t/status", "online", qos=1, retain=True)])
    async for message in session.incoming():
        into.append(message)  # noqa: PERF401 (it is read while it grows)


async def test_a_batch_arrives_whole_and_in_order(broker: Mosquitto) -> None:
    async def talk(session: MqttSession) -> None:
        await session.publish([Message(f"n/{n}", str(n), qos=n % 2) for n in range(200)])
        await asyncio.Event().wait()

    async with listening(broker.port, "n/+") as heard, linked(at(broker), talk):
        await heard.until(lambda: len(heard.messages) >= 200)

    numbers = [int(bytes(m.payload)) for m in heard.messages]
    assert sorted(numbers) == list(range(200))
    assert [n for n in numbers if n % 2] == list(range(1, 200, 2))
    assert [n for n in numbers if not n % 2] == list(range(0, 200, 2))


async def test_what_arrives_is_handed_over_with_its_flags(broker: Mosquitto) -> None:
    got: list[Incoming] = []
    async with listening(broker.port) as other:
        await other.say("in/kept", "old", retain=True)

        async with linked(at(broker), lambda session: collect(session, got)):
            await until(lambda: len(got) == 1)
            await other.say("in/new", b"\xff\x00")
            await until(lambda: len(got) == 2)

    assert got == [Incoming("in/kept", b"old", is_retained=True), Incoming("in/new", b"\xff\x00")]


async def test_leaving_on_purpose_publishes_the_will(broker: Mosquitto) -> None:
    async with listening(broker.port, "t/status") as heard:
        async with linked(at(broker), lambda session: collect(session, [])):
            await heard.until(lambda: heard.last("t/status") == "online")

        await heard.until(lambda: heard.last("t/status") == "offline")


async def test_a_stop_is_never_lost_however_the_answers_come(broker: Mosquitto) -> None:
    async def talk(session: MqttSession) -> None:
        while True:
            await session.publish([Message("t/x", "", qos=1)])

    for turns in range(60):
        link = MqttLink(at(broker), WILL, FakeClock())
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            task = group.create_task(link.run(talk))
            await asyncio.sleep(0.005 + turns * 0.0002)
            task.cancel()


async def test_a_stop_is_not_lost_to_a_failure_that_comes_with_it(broker: Mosquitto) -> None:
    started = asyncio.Event()

    async def fail_at_the_end() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise UpstreamError("gone")

    async def fail(session: MqttSession) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail_at_the_end())

    async with asyncio.timeout(10), linked(at(broker), fail):
        await started.wait()


async def test_a_broker_that_returns_finds_us_again(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    sessions: list[MqttSession] = []

    async def stay(session: MqttSession) -> None:
        sessions.append(session)
        async for _ in session.incoming():
            pass

    caplog.set_level(logging.INFO, logger="gatewayd.links.mqtt_link")
    async with linked(at(broker), stay, clock):
        await until(lambda: len(sessions) == 1)
        broker.kill()
        for _ in range(5):
            await asyncio.sleep(0.02)
            await clock.advance(60)
        broker.start()
        await advance_until(clock, lambda: len(sessions) == 2)

    away = [r.levelname for r in caplog.records if r.name == "gatewayd.links.mqtt_link"]
    assert away == ["WARNING", "INFO"]


async def test_a_frozen_broker_is_noticed(broker: Mosquitto) -> None:
    ended = asyncio.Event()

    async def stay(session: MqttSession) -> None:
        try:
            async for _ in session.incoming():
                pass
        except UpstreamError:
            ended.set()
            raise

    async with linked(at(broker, keepalive_s=2), stay):
        await asyncio.sleep(0.1)
        broker.freeze()
        await until(ended.is_set)
        broker.thaw()


async def test_a_broker_that_accepts_but_never_answers_does_not_hold_us_up() -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        with_open.append(writer)

    with_open: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, linked(Broker("127.0.0.1", port), lambda session: collect(session, [])):
        await until(lambda: bool(with_open))
    with_open[0].close()


async def test_a_broker_without_mqtt_5_is_asked_again_in_3_1_1() -> None:
    versions: list[int] = []

    async def old(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connect = await reader.read(1024)
        versions.append(connect[8])
        writer.write(b"\x20\x02\x00" + (b"\x01" if connect[8] == 5 else b"\x00"))
        await reader.read()
        writer.close()

    server = await asyncio.start_server(old, "127.0.0.1", 0)
    started = asyncio.Event()

    async def stay(session: MqttSession) -> None:
        started.set()
        async for _ in session.incoming():
            pass

    async with server, linked(Broker("127.0.0.1", server.sockets[0].getsockname()[1]), stay):
        await until(started.is_set)

    assert versions == [5, 4]


@pytest.mark.parametrize("version", ["auto", "3.1.1"])
async def test_the_embedded_broker_is_served_in_3_1_1(version: Wanted) -> None:
    server = AmqttBroker(
        {
            "listeners": {"default": {"type": "tcp", "bind": "127.0.0.1:0"}},
            "plugins": {
                "amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}
            },
        }
    )
    await server.start()
    port = _port_of(server)
    got: list[Incoming] = []
    where = Broker("127.0.0.1", port, version=version)
    try:
        async with (
            linked(where, lambda session: collect(session, got)),
            listening(port, "t/#", version=aiomqtt.ProtocolVersion.V311) as other,
        ):
            await other.until(lambda: other.last("t/status") == "online")
            await other.say("in/x", "1")
            await until(lambda: bool(got))
    finally:
        await server.shutdown()

    assert got == [Incoming("in/x", b"1")]


async def test_an_answer_carries_the_correlation_of_its_question(broker: Mosquitto) -> None:
    async def answer(session: MqttSession) -> None:
        await session.subscribe(["in/#"])
        async for question in session.incoming():
            assert question.response_topic
            await session.publish(
                [Message(question.response_topic, "yes", correlation=question.correlation)]
            )

    async with listening(broker.port, "answers") as heard, linked(at(broker), answer):
        properties = aiomqtt.client.Properties(aiomqtt.client.mqtt.PacketTypes.PUBLISH)  # type: ignore[attr-defined,no-untyped-call]
        properties.ResponseTopic = "answers"
        properties.CorrelationData = b"42"
        await asyncio.sleep(0.1)
        await heard.say("in/q", "?", properties=properties)
        await heard.until(lambda: heard.last("answers") == "yes")

    assert getattr(heard.messages[0].properties, "CorrelationData", None) == b"42"


async def test_what_the_broker_forbids_is_said_aloud(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rights = tmp_path / "acl"
    rights.write_text("topic read nothing\n")
    rights.chmod(0o600)
    with mosquitto(tmp_path, f"allow_anonymous true\nacl_file {rights}") as broker:
        async with linked(at(broker), lambda session: collect(session, [])):
            await until(lambda: "forbids publishing" in caplog.text)

    assert caplog.text.count("forbids publishing") == 1


async def test_two_clients_with_one_id_are_noticed(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    lives: list[str] = []

    async def stay(session: MqttSession) -> None:
        lives.append("began")
        try:
            async for _ in session.incoming():
                pass
        finally:
            lives.append("ended")

    async with linked(at(broker), stay, clock):
        for n in range(5):
            await advance_until(clock, lambda n=n: len(lives) == 2 * n + 1, step_s=1)  # type: ignore[misc]
            async with aiomqtt.Client("127.0.0.1", broker.port, identifier="gatewayd"):
                await until(lambda n=n: len(lives) == 2 * n + 2)  # type: ignore[misc]

    assert caplog.text.count("does another client use the id 'gatewayd' too?") == 1


async def test_wrong_certificates_are_an_outage_not_a_crash(
    caplog: pytest.LogCaptureFixture,
) -> None:
    where = Broker("127.0.0.1", 1, tls=True, ca_file="/nonexistent/ca.pem")

    async with linked(where, lambda session: collect(session, [])):
        await until(lambda: "cannot load the certificates" in caplog.text)


@pytest.mark.parametrize(("password", "comes_in"), [("right", True), ("wrong", False)])
async def test_a_broker_may_ask_for_a_password(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, password: str, comes_in: bool
) -> None:
    users = tmp_path / "users"
    users.write_text("gateway:right\n")
    users.chmod(0o600)
    subprocess.run(["mosquitto_passwd", "-U", str(users)], check=True)
    seen = asyncio.Event()

    async def greet(session: MqttSession) -> None:
        seen.set()
        await asyncio.Event().wait()

    with mosquitto(tmp_path, f"allow_anonymous false\npassword_file {users}") as broker:
        async with linked(at(broker, username="gateway", password=password), greet):
            await until(lambda: seen.is_set() or "away" in caplog.text)

    assert seen.is_set() is comes_in
    assert password not in caplog.text


# paho drops the socket of a failed handshake without closing it; the collector does.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("is_trusted", [True, False])
async def test_with_tls_only_a_broker_with_the_right_certificate_is_spoken_to(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, is_trusted: bool
) -> None:
    ours, other = certificate(tmp_path, "ours"), certificate(tmp_path, "other")
    seen = asyncio.Event()

    async def greet(session: MqttSession) -> None:
        seen.set()
        await asyncio.Event().wait()

    config = f"allow_anonymous true\ncertfile {ours}.pem\nkeyfile {ours}.key"
    trusted = ours if is_trusted else other
    with mosquitto(tmp_path, config) as broker:
        async with linked(at(broker, tls=True, ca_file=f"{trusted}.pem"), greet):
            await until(lambda: seen.is_set() or "away" in caplog.text)

    assert seen.is_set() is is_trusted
    gc.collect()


def certificate(folder: Path, name: str) -> Path:
    """A self-signed certificate for the loopback address: `<path>.pem` and `<path>.key`."""
    path = folder / name
    told = f"-keyout {path}.key -out {path}.pem -days 1 -subj /CN={name}"
    subprocess.run(
        (
            f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes {told}"
            " -addext subjectAltName=IP:127.0.0.1"
        ).split(),
        check=True,
        capture_output=True,
    )
    return path


def test_the_password_is_never_shown() -> None:
    assert "s3cret" not in repr(Broker(password="s3cret"))


@pytest.mark.parametrize(("failures", "expected"), [(1, 0.5), (2, 1.0), (4, 4.0), (5, 5.0)])
def test_pauses_grow_to_five_seconds(failures: int, expected: float) -> None:
    assert pause_s(failures) == expected


def test_a_broker_away_for_weeks_does_not_break_the_arithmetic() -> None:
    assert pause_s(10**6) == 5.0


def message(topic: str, payload: bytes = b"") -> aiomqtt.Message:
    return aiomqtt.Message(topic, payload, 1, False, 0, None)


async def drained(inbox: Inbox[aiomqtt.Message]) -> list[aiomqtt.Message]:
    return [inbox.get_nowait() for _ in range(inbox.qsize())]


async def test_an_ordinary_burst_is_kept_whole() -> None:
    inbox: Inbox[aiomqtt.Message] = Inbox()

    for n in range(30):
        inbox.put_nowait(message("a", str(n).encode()))

    assert [int(m.payload) for m in await drained(inbox)] == list(range(30))


async def test_a_flood_on_one_topic_keeps_the_newest_and_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    inbox: Inbox[aiomqtt.Message] = Inbox()

    for n in range(10_000):
        inbox.put_nowait(message("a", str(n).encode()))
    assert inbox.qsize() <= 32
    left = await drained(inbox)

    assert left[-1].payload == b"9999"
    assert [r.levelname for r in caplog.records] == ["WARNING", "WARNING"]
    assert "9968 messages were not carried out" in caplog.text


async def test_a_flood_on_many_topics_stays_bounded() -> None:
    inbox: Inbox[aiomqtt.Message] = Inbox()

    for n in range(10_000):
        inbox.put_nowait(message(f"t/{n}"))

    assert inbox.qsize() == 256


async def test_a_payload_beyond_the_limit_is_not_handed_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    inbox: Inbox[aiomqtt.Message] = Inbox()

    inbox.put_nowait(message("a", b"x" * (MAX_PAYLOAD + 1)))
    inbox.put_nowait(message("a", b"x" * MAX_PAYLOAD))

    assert inbox.qsize() == 1
    assert "longer than 64 KiB" in caplog.text


async def advance_until(
    clock: FakeClock, condition: Callable[[], bool], step_s: float = 60
) -> None:
    async with asyncio.timeout(15):
        while not condition():
            await clock.advance(step_s)
            await asyncio.sleep(0.01)


def _port_of(server: AmqttBroker) -> int:
    listener = next(iter(server._servers.values()))
    port: int = listener.instance.sockets[0].getsockname()[1]
    return port
