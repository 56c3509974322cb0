"""One connection to an MQTT broker; `mqtt_link` makes it again for ever.

Sessions are clean: a command sent while we were away is lost, not carried out late.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TypeVar

import aiomqtt
from aiomqtt import ProtocolVersion
from paho.mqtt.client import Client as PahoClient
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gatewayd.errors import UpstreamError
from gatewayd.links.mqtt_inbox import MAX_PAYLOAD, Inbox
from gatewayd.links.mqtt_wire import Broker, Incoming, Message, Version

log = logging.getLogger(__name__)

_ANSWER_S = 5.0
_GREETING_S = 2.0

# Reason codes: "unsupported protocol version" in MQTT 5 and in 3.1.1, the first that is a failure.
_WRONG_VERSION = (132, 1)
_FIRST_FAILURE = 128
_VERSIONS = {"5": ProtocolVersion.V5, "3.1.1": ProtocolVersion.V311}

T = TypeVar("T")

# The library reports each failure as an error of its own; we say once that the broker is away.
_library_log = logging.getLogger(f"{__name__}.library")
_library_log.setLevel(logging.CRITICAL)


class MisunderstoodError(UpstreamError):
    """The broker may not know the version of MQTT it was greeted in."""


class MqttSession:
    """One connection. Every method raises UpstreamError once the broker is gone."""

    def __init__(self, client: "_Client") -> None:
        self._client = client

    async def subscribe(self, filters: Iterable[str]) -> None:
        """Ask for topics, at QoS 1. What the broker forbids is logged as an error."""
        wanted = list(filters)
        with _translated():
            codes = await self._client.subscribe([(name, 1) for name in wanted])
        refused = [name for name, code in zip(wanted, codes, strict=True) if _is_failure(code)]
        if refused:
            log.error("broker forbids reading %s: check its access list", ", ".join(refused))

    async def unsubscribe(self, filters: Iterable[str]) -> None:
        """Ask for topics no longer."""
        with _translated():
            await self._client.unsubscribe(list(filters))

    async def publish(self, messages: Iterable[Message]) -> None:
        """Send all of them together; return when the last has left (QoS 1: is acknowledged).

        Order is kept among the messages of one QoS.
        """
        batch = list(messages)
        if not batch:
            return
        with _translated():
            for message in batch[:-1]:
                self._client.queue(message)
            await self._client.send(batch[-1])

    async def incoming(self) -> AsyncIterator[Incoming]:
        """What arrives, until the connection ends."""
        with _translated():
            async for message in self._client.messages:
                yield _incoming(message)


@asynccontextmanager
async def connected(
    broker: Broker, will: Message | None, version: Version
) -> AsyncIterator[MqttSession]:
    """One connection. Raises UpstreamError, or MisunderstoodError where another version may do.

    The will is also published when we leave on purpose: brokers keep it to themselves then.
    """
    tls = await asyncio.to_thread(_tls_context, broker) if broker.tls else None
    client = _Client(broker, will, _VERSIONS[version], tls)
    with _translated(), _understood():
        await client.enter()
    try:
        yield MqttSession(client)
    finally:
        # An error here would replace the cancellation that brought us here.
        with suppress(aiomqtt.MqttError):
            await client.leave(will)


class _Client(aiomqtt.Client):
    """Adds publishing without waiting: aiomqtt waits for each message, its greatest cost."""

    def __init__(
        self,
        broker: Broker,
        will: Message | None,
        version: ProtocolVersion,
        tls: ssl.SSLContext | None,
    ) -> None:
        super().__init__(
            broker.host,
            broker.port,
            username=broker.username,
            password=broker.password,
            identifier=broker.client_id,
            protocol=version,
            will=aiomqtt.Will(will.topic, will.payload, will.qos, will.retain) if will else None,
            # paho pings after this much silence, waits as long again, and looks once a second.
            keepalive=max(1, broker.keepalive_s - 1),
            queue_type=Inbox[aiomqtt.Message],
            tls_context=tls,
            properties=_limits() if version is ProtocolVersion.V5 else None,
            # Without it the end of a batch waits for the broker's delayed acknowledgement.
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
            logger=_library_log,
        )
        self._was_forbidden = False

    async def enter(self) -> None:
        self.timeout = _GREETING_S
        try:
            await self.__aenter__()
            self.timeout = _ANSWER_S
        except BaseException:
            # aiomqtt leaves the socket open when the broker accepts but does not answer.
            self._client.disconnect()
            raise

    async def leave(self, will: Message | None) -> None:
        if will and self._client.is_connected():
            # At QoS 0 it is written in front of the DISCONNECT, whatever waits for answers.
            self._client.publish(will.topic, will.payload, 0, will.retain)
        await self.__aexit__(None, None, None)

    def queue(self, message: Message) -> None:
        info = self._client.publish(*_arguments(message))
        if info.rc:
            raise aiomqtt.MqttCodeError(info.rc, "cannot publish")

    async def send(self, message: Message) -> None:
        await self.publish(*_arguments(message))

    async def _wait_for(self, fut: Awaitable[T], timeout: float | None) -> T:  # noqa: ASYNC109
        # asyncio.wait_for, which aiomqtt uses, loses a cancellation that comes together with the
        # answer, up to Python 3.11: the service would never stop.
        try:
            async with asyncio.timeout(self.timeout if timeout is None else timeout):
                return await fut
        except TimeoutError as error:
            raise aiomqtt.MqttError("no answer in time") from error

    def _on_publish(
        self,
        client: PahoClient,
        userdata: object,
        mid: int,
        reason_code: ReasonCode,
        properties: Properties,
    ) -> None:
        if reason_code.is_failure and not self._was_forbidden:
            self._was_forbidden = True
            log.error("broker forbids publishing (%s): check its access list", reason_code)
        super()._on_publish(client, userdata, mid, reason_code, properties)


def _arguments(message: Message) -> tuple[str, str, int, bool, Properties | None]:
    properties = None
    if message.correlation is not None:
        properties = _properties(PacketTypes.PUBLISH)
        properties.CorrelationData = message.correlation
    return message.topic, message.payload, message.qos, message.retain, properties


def _incoming(message: aiomqtt.Message) -> Incoming:
    properties = message.properties
    return Incoming(
        message.topic.value,
        message.payload,
        message.retain,
        getattr(properties, "ResponseTopic", None),
        getattr(properties, "CorrelationData", None),
    )


def _limits() -> Properties:
    """What the broker may send us: it keeps to itself what would fill our memory."""
    properties = _properties(PacketTypes.CONNECT)
    properties.MaximumPacketSize = 2 * MAX_PAYLOAD
    return properties


def _properties(packet: int) -> Properties:
    return Properties(packet)  # type: ignore[no-untyped-call]


def _tls_context(broker: Broker) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=broker.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if broker.cert_file:
            context.load_cert_chain(broker.cert_file, broker.key_file)
    except OSError as error:
        raise UpstreamError(f"cannot load the certificates for {broker}: {error}") from error
    return context


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except aiomqtt.MqttError as error:
        # The reason sits in the error below when the connection ended by itself.
        cause = error.__cause__ or error
        raise UpstreamError(str(cause) or str(error)) from cause


@contextmanager
def _understood() -> Iterator[None]:
    """Some brokers refuse a version they do not know, some (amqtt) fall silent."""
    try:
        yield
    except aiomqtt.MqttError as error:
        code = error.rc if isinstance(error, aiomqtt.MqttCodeError) else None
        number = code.value if isinstance(code, ReasonCode) else code
        if number in _WRONG_VERSION or isinstance(error.__cause__, TimeoutError):
            raise MisunderstoodError(str(error)) from error
        raise


def _is_failure(code: object) -> bool:
    number = code.value if isinstance(code, ReasonCode) else code
    return isinstance(number, int) and number >= _FIRST_FAILURE
