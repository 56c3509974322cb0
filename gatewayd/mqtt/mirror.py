"""The home, mirrored to a broker and steered from there.

The broker is not our storage: everything is published again after every reconnect, and whenever
Home Assistant says that it has started.
"""

import asyncio
import json
import logging
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from gatewayd.clock import Clock
from gatewayd.control.governor.choice import Mode, Modes, NoModes, Number
from gatewayd.errors import GatewayError
from gatewayd.links.mqtt import MqttSession
from gatewayd.links.mqtt_link import MqttLink
from gatewayd.links.mqtt_wire import Incoming, Message
from gatewayd.model.asset import Asset
from gatewayd.model.command import Action, Command
from gatewayd.model.flow import flow
from gatewayd.model.remembered import Remembered
from gatewayd.model.site import AssetState, Site
from gatewayd.mqtt import commands, grid, numbers, snapshot
from gatewayd.mqtt.pace import Pace
from gatewayd.mqtt.settings import MqttSettings
from gatewayd.mqtt.snapshot import Counters, Document
from gatewayd.mqtt.topics import ALWAYS_KEY, HOME, MODE_KEY, Place, Target
from gatewayd.mqtt.tree import Tree
from gatewayd.state.store import Store

log = logging.getLogger(__name__)

OWNER = "mqtt"

_TICK_S = 1.0


class Orders(Protocol):
    """Who carries out commands: the commander."""

    async def submit(self, asset_id: str, command: Command, owner: str) -> Action:
        """Take a command. Raises GatewayError."""


def _moment() -> float:
    """Gateways of one street must not all answer a restarted Home Assistant at once."""
    return random.uniform(0.2, 3.0)  # noqa: S311 (it spreads load, it hides nothing)


class Mirror:
    """Publishes the store's picture and hands commands on. `delay_s` is drawn per birth message."""

    def __init__(
        self,
        store: Store,
        commander: Orders,
        clock: Clock,
        settings: MqttSettings,
        delay_s: Callable[[], float] = _moment,
        modes: Modes | None = None,
        operator: grid.Operators | None = None,
    ) -> None:
        self._store = store
        self._commander = commander
        self._clock = clock
        self._settings = settings
        self._topics = settings.topics
        self._delay_s = delay_s
        self._modes = modes or NoModes()
        self._operator = operator
        self._counters = Counters(store.site.assets)
        self._tree = Tree(settings, self._modes, self._counters)
        self._pace = Pace(settings.interval_s, settings.heartbeat_s)
        self._seen: dict[str, tuple[AssetState, Document]] = {}
        self._repeat_at: float | None = None
        self._turn = asyncio.Lock()
        self._chosen = Remembered(_chosen)

    async def run(self) -> None:
        """Mirror until cancelled; a broker that is away is waited for."""
        will = Message(self._topics.status, "offline", qos=1, retain=True)
        await MqttLink(self._settings.broker, will, self._clock).run(self._session)

    async def _session(self, session: MqttSession) -> None:
        # Asked for first, so that the card of an earlier life comes before ours replaces it.
        await session.subscribe(
            [self._topics.info, self._topics.birth, *self._topics.command_filters]
        )
        self._repeat()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen(session), name="mqtt listen")
            group.create_task(self._follow(session), name="mqtt follow")
            group.create_task(self._tick(session), name="mqtt tick")

    def _repeat(self) -> None:
        self._repeat_at = None
        self._tree.repeat()
        self._pace.repeat()

    async def _follow(self, session: MqttSession) -> None:
        # After who is away: else what lasted from before would seem to be of now.
        await self._publish(session)
        await session.publish([Message(self._topics.status, "online", qos=1, retain=True)])
        async for _ in self._store.watch():
            await self._publish(session)

    async def _tick(self, session: MqttSession) -> None:
        """Send what was held back or is due anyway."""
        while True:
            await self._clock.sleep(_TICK_S)
            if self._repeat_at is not None and self._clock.monotonic() >= self._repeat_at:
                self._repeat()
            await self._publish(session)

    async def _publish(self, session: MqttSession) -> None:
        async with self._turn:
            site = self._store.site
            await session.publish(self._tree.messages(site))
            await session.publish(list(self._states(site)))

    def _states(self, site: Site) -> Iterator[Message]:
        now = self._clock.monotonic()
        for asset_id in self._seen.keys() - site.assets.keys():
            del self._seen[asset_id]
            self._pace.forget(asset_id)
            self._counters.forget(asset_id)
        chosen = self._chosen(self._modes.modes(), self._modes.numbers())
        for state in site.assets.values():
            yield from self._state(state, now, chosen.get(state.asset.id, {}))
        document = {**snapshot.home(flow(site)), **grid.document(self._operator)}
        if self._pace.take(HOME, document, now):
            yield _retained(self._topics.site_state, document)

    def _state(self, state: AssetState, now: float, chosen: Document) -> Iterator[Message]:
        asset = state.asset
        before, then = self._seen.get(asset.id, (None, chosen))
        is_old = before is state and then == chosen
        self._seen[asset.id] = state, chosen
        # Making a document costs more than all else here, and most assets said nothing new.
        if state.sample is None or (is_old and self._pace.is_quiet(asset.id, now)):
            return
        document = {**snapshot.snapshot(state, state.sample, self._counters), **chosen}
        if self._pace.take(asset.id, document, now):
            yield _retained(self._topics.state(Place.of(asset)), document)

    async def _listen(self, session: MqttSession) -> None:
        async for incoming in session.incoming():
            if incoming.topic == self._topics.birth:
                self._born(incoming)
            elif incoming.topic == self._topics.info:
                self._recall(incoming)
            elif target := self._topics.target(incoming.topic):
                await session.publish(await self._obey(target, incoming))

    def _born(self, incoming: Incoming) -> None:
        # A retained one tells of some earlier start, and we have just published everything.
        if incoming.payload == b"online" and not incoming.is_retained:
            log.info("home assistant has started: publishing everything again")
            self._repeat_at = self._clock.monotonic() + self._delay_s()

    def _recall(self, incoming: Incoming) -> None:
        # What is not retained is our own card, on its way back to us.
        if incoming.is_retained and incoming.payload:
            self._tree.recall(incoming.payload)

    async def _obey(self, target: Target, incoming: Incoming) -> list[Message]:
        """Carry out a command; the answers to publish."""
        if incoming.is_retained:
            # It would be carried out again at each reconnect, for ever.
            log.warning("ignored a retained command: clear %s", incoming.topic)
            return []
        try:
            if target == grid.TARGET and self._operator is not None:
                text = commands.text_of(incoming.payload)
                return _reply(incoming, json.dumps(grid.hear(text, self._operator)))
            state = commands.addressee(target, self._store.site)
            if target.key == MODE_KEY:
                mode = commands.text_of(incoming.payload).lower()
                await self._modes.choose(state.asset.id, mode)
                return _reply(incoming, json.dumps({MODE_KEY: mode}))
            if target.key == ALWAYS_KEY:
                always = commands.always(incoming.payload)
                await self._modes.charge_always(state.asset.id, always)
                return _reply(incoming, json.dumps({ALWAYS_KEY: always}))
            if numbers.is_number(target.key):
                return _reply(incoming, json.dumps(await self._set(target, incoming, state.asset)))
            command = commands.command(target, incoming.payload, state)
            action = await self._commander.submit(state.asset.id, command, OWNER)
        except GatewayError as error:
            log.warning("refused the command on %s: %s", incoming.topic, error)
            answer = json.dumps({"topic": incoming.topic, "error": str(error)})
            told = Message(self._topics.error(target.place), answer)
            return [told, *_reply(incoming, answer)]
        return _reply(incoming, json.dumps(snapshot.action(action)))

    async def _set(self, target: Target, incoming: Incoming, asset: Asset) -> dict[str, float]:
        text, known = commands.text_of(incoming.payload), self._modes.numbers().get(asset.id, {})
        found = numbers.given(target.key or "", text, known, asset)
        await self._modes.set(asset.id, found)
        return found


def _chosen(
    modes: Mapping[str, Mode], numbers_of: Mapping[str, Mapping[str, Number]]
) -> dict[str, Document]:
    """What users have chosen, by asset id."""
    found = {asset_id: numbers.document(known) for asset_id, known in numbers_of.items()}
    return {
        **found,
        **{id_: {**_words(mode), **found.get(id_, {})} for id_, mode in modes.items()},
    }


def _words(mode: Mode) -> dict[str, str]:
    always = {} if mode.always_charge is None else {ALWAYS_KEY: str(mode.always_charge)}
    return {MODE_KEY: mode.mode, **always}


def _retained(topic: str, document: Document) -> Message:
    return Message(topic, json.dumps(document), retain=True)


def _reply(question: Incoming, payload: str) -> list[Message]:
    """The answer MQTT 5 clients may ask for; nothing for those who did not."""
    topic = question.response_topic
    if not topic or "+" in topic or "#" in topic:
        return []
    return [Message(topic, payload, qos=1, correlation=question.correlation)]
