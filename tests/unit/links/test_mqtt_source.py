"""Devices that tell of themselves over MQTT, through a real Mosquitto."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gatewayd.errors import RefusedError, UnreachableError
from gatewayd.links.mqtt_source import MqttSource, TopicReader, TopicWriter, matches
from gatewayd.links.mqtt_wire import Broker, Incoming
from tests.fakes.clock import FakeClock
from tests.fakes.mosquitto import Mosquitto, listening, mosquitto, until

PATIENCE_S = 30.0


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with mosquitto(tmp_path) as running:
        yield running


@asynccontextmanager
async def sourced(broker: Mosquitto, clock: FakeClock) -> AsyncIterator[MqttSource]:
    source = MqttSource(Broker("127.0.0.1", broker.port, client_id="g"), clock)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(source.run())
        yield source
        task.cancel()


async def test_the_newest_of_each_topic_is_kept_and_wildcards_are_maps(broker: Mosquitto) -> None:
    async with sourced(broker, FakeClock()) as source, listening(broker.port) as plug:
        await plug.say("solar/1/power", "99", retain=True)
        async with source.topics(["solar/+/power", "plug/SENSOR"], read_only=True) as topics:
            await until(lambda: source.is_connected)
            assert await topics.get("solar/1/power", timeout_s=PATIENCE_S) == b"99"
            await plug.say("solar/2/power", "1")
            await plug.say("solar/2/power", "2")
            await plug.say("other/2/power", "3")
            await plug.say("plug/SENSOR", "{}")
            assert await topics.get("plug/SENSOR", timeout_s=PATIENCE_S) == b"{}"
            assert {name: a.payload for name, a in topics.arrivals().items()} == {
                "solar/1/power": b"99",
                "solar/2/power": b"2",
                "plug/SENSOR": b"{}",
            }
            assert topics.arrivals()["solar/1/power"].is_retained


async def test_what_a_device_is_told_is_never_retained(broker: Mosquitto) -> None:
    async with (
        sourced(broker, FakeClock()) as source,
        listening(broker.port, "plug/cmnd") as plug,
        source.topics(["plug/SENSOR"], read_only=False) as topics,
    ):
        await until(lambda: source.is_connected)
        assert isinstance(topics, TopicWriter)
        await topics.publish("plug/cmnd", "ON")
        await plug.until(lambda: bool(plug.messages))
    async with listening(broker.port, "plug/cmnd", "mark") as late:
        await late.say("mark", "now")
        await late.until(lambda: bool(late.messages))

    assert [str(message.topic) for message in plug.messages] == ["plug/cmnd"]
    assert [str(message.topic) for message in late.messages] == ["mark"]


async def test_a_broker_that_is_away_makes_its_devices_unreachable_and_they_come_back(
    broker: Mosquitto,
) -> None:
    clock = FakeClock()
    async with (
        sourced(broker, clock) as source,
        source.topics(["plug/SENSOR"], read_only=False) as topics,
    ):
        await until(lambda: source.is_connected)
        broker.kill()
        await until(lambda: not source.is_connected)
        with pytest.raises(UnreachableError, match="is away"):
            await topics.get("plug/SENSOR", timeout_s=0.2)
        assert isinstance(topics, TopicWriter)
        with pytest.raises(UnreachableError):
            await topics.publish("plug/cmnd", "ON")
        broker.start()
        while not source.is_connected:
            await clock.advance(5)
            await asyncio.sleep(0.01)
        async with listening(broker.port) as plug:
            await plug.say("plug/SENSOR", "back")
            assert await topics.get("plug/SENSOR", timeout_s=PATIENCE_S) == b"back"


async def test_who_asks_before_the_broker_is_there_waits_for_it(broker: Mosquitto) -> None:
    source = MqttSource(Broker("127.0.0.1", broker.port, client_id="g"), FakeClock())
    async with listening(broker.port) as plug, source.topics(["a"], read_only=True) as topics:
        await plug.say("a", "1", retain=True)
        async with asyncio.TaskGroup() as group:
            asked = group.create_task(topics.get("a", timeout_s=PATIENCE_S))
            await asyncio.sleep(0)
            running = group.create_task(source.run())
            assert await asked == b"1"
            running.cancel()


async def test_a_device_that_left_is_heard_no_more(broker: Mosquitto) -> None:
    async with sourced(broker, FakeClock()) as source, listening(broker.port) as plug:
        async with source.topics(["a", "b"], read_only=True) as first:
            await until(lambda: source.is_connected)
            async with source.topics(["b", "c"], read_only=True) as second:
                await plug.say("c", "1")
                await second.get("c", timeout_s=PATIENCE_S)
            await plug.say("b", "1")
            assert await first.get("b", timeout_s=PATIENCE_S) == b"1"
        assert second.arrivals().keys() == {"c"}


async def test_without_a_broker_in_the_config_a_device_is_refused() -> None:
    with pytest.raises(RefusedError, match="section mqtt"):
        async with MqttSource().topics(["a"], read_only=True):
            pass


def test_a_reader_has_no_way_to_publish() -> None:
    assert not hasattr(TopicReader, "publish")


class Online(MqttSource):
    """A source whose connection stands."""

    is_connected = True

    def session(self) -> None:  # type: ignore[override]
        pass


def heard(reader: TopicReader, payload: bytes, *, kept: bool = False, topic: str = "a") -> None:
    reader.hear(Incoming(topic, payload, is_retained=kept))


async def test_an_old_message_does_not_pass_for_a_new_one() -> None:
    clock = FakeClock()
    reader = TopicReader(Online(None, clock), ["a"])
    heard(reader, b"1")
    await clock.advance(10)

    assert await reader.get("a") == b"1"
    with pytest.raises(UnreachableError, match="nothing heard on a"):
        await reader.get("a", max_age_s=9, timeout_s=0.01)


async def test_a_kept_message_that_comes_again_does_not_get_younger() -> None:
    clock = FakeClock()
    reader = TopicReader(Online(None, clock), ["a"])
    heard(reader, b"1")
    await clock.advance(10)
    heard(reader, b"1", kept=True)
    assert reader.arrivals()["a"].at_s == 0
    heard(reader, b"2", kept=True)
    assert reader.arrivals()["a"].at_s == 10
    await clock.advance(10)
    heard(reader, b"2")
    assert reader.arrivals()["a"].at_s == 20


def test_a_flood_of_topics_or_bytes_does_not_fill_the_memory() -> None:
    reader = TopicReader(Online(None, FakeClock()), ["#"])
    for number in range(1000):
        heard(reader, b"1", topic=f"t/{number}")
    heard(reader, b"2", topic="t/0")
    heard(reader, b"3" * 100_000, topic="t/1")

    assert len(reader.arrivals()) == 256
    assert reader.arrivals()["t/0"].payload == b"2"
    assert reader.arrivals()["t/1"].payload == b"1"


@pytest.mark.parametrize(
    ("pattern", "topic", "is_match"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/b/c", False),
        ("a/b/c", "a/b", False),
        ("a/+", "a/b", True),
        ("a/+", "a/", True),
        ("a/+", "a", False),
        ("a/+/c", "a/b/c", True),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("a/#", "ab/c", False),
        ("a/b/#", "a", False),
        ("#", "a/b", True),
        ("#", "$SYS/load", False),
        ("+/load", "$SYS/load", False),
        ("$SYS/#", "$SYS/load", True),
        ("A", "a", False),
    ],
)
def test_filters_are_understood_as_the_broker_does(
    pattern: str, topic: str, is_match: bool
) -> None:
    assert matches(pattern, topic) is is_match
