"""The demo's MQTT broker: amqtt on loopback, in a process of its own.

A broker inside the daemon would cost it a quarter of a millisecond of every message's time.
"""

import asyncio
import logging
import signal

import click
from amqtt.broker import Broker
from amqtt.session import Session


class _Broker(Broker):  # type: ignore[misc]
    """amqtt 0.12 sends a new client the retained messages of everybody else's subscriptions too."""

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        subscribers = self._subscriptions.get(subscription[0], [])
        if any(subscriber is session for subscriber, _ in subscribers):
            await super()._publish_retained_messages_for_subscription(subscription, session)


def _config(port: int) -> dict[str, object]:
    return {
        "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
        "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
    }


async def serve(port: int) -> None:
    """Serve on loopback until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    broker = _Broker(_config(port))
    await broker.start()
    print("ready", flush=True)  # noqa: T201 (the demo waits for this line)
    await stop.wait()
    await broker.shutdown()


@click.command()
@click.option("--port", type=int, required=True)
def main(port: int) -> None:
    """Serve MQTT 3.1.1 on 127.0.0.1."""
    # amqtt warns of each client that tries MQTT 5 first.
    logging.basicConfig(level=logging.ERROR)
    asyncio.run(serve(port))


if __name__ == "__main__":
    main()
