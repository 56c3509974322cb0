"""The retained topics that change seldom: discovery, availability, actions and the gateway's card.

The tree knows what it has published, so that whatever goes is also taken off the broker. Over a
restart that knowledge is on the broker itself, in the gateway's card.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, NamedTuple

from pydantic import BaseModel, StringConstraints, ValidationError

from gatewayd.control.governor.choice import Mode, Modes, NoModes, Number
from gatewayd.links.mqtt_wire import Message
from gatewayd.model.asset import Asset, AssetKind
from gatewayd.model.power import PowerCommand
from gatewayd.model.remembered import Remembered
from gatewayd.model.site import AssetState, Site
from gatewayd.mqtt import discovery, snapshot
from gatewayd.mqtt.schema import DeviceConfig, Platform
from gatewayd.mqtt.settings import MqttSettings
from gatewayd.mqtt.topics import Place

log = logging.getLogger(__name__)

Slug = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", max_length=100)]


class _KnownAsset(BaseModel):
    id: str
    kind: AssetKind
    slug: Slug


class Info(BaseModel):
    """The gateway's card: who it is, its assets, and the components of each discovery topic.

    `noughts` are the counters of assets that are still at 0.
    """

    version: str
    id: str
    assets: list[_KnownAsset]
    components: dict[str, dict[str, Platform]] = {}
    noughts: list[tuple[str, str]] = []


class _Offer(NamedTuple):
    """What Home Assistant is told of modes and numbers, which is not what they are at."""

    modes: Mapping[str, tuple[str, ...]]
    numbers: Mapping[str, Mapping[str, Number]]
    always: frozenset[str] = frozenset()


def _offers(modes: Mapping[str, Mode], numbers: Mapping[str, Mapping[str, Number]]) -> _Offer:
    return _Offer(
        {asset_id: mode.offered for asset_id, mode in modes.items()},
        {
            asset_id: {name: replace(number, value=0.0) for name, number in known.items()}
            for asset_id, known in numbers.items()
        },
        frozenset(id_ for id_, mode in modes.items() if mode.always_charge is not None),
    )


class Tree:
    """What is on the broker, at QoS 1 and retained, beside the state documents."""

    def __init__(
        self,
        settings: MqttSettings,
        modes: Modes | None = None,
        counters: snapshot.Counters | None = None,
    ) -> None:
        self._settings = settings
        self._modes = modes or NoModes()
        self._offers = Remembered(_offers)
        self._offer = _Offer({}, {})
        self._counters = counters or snapshot.Counters()
        self._noughts = self._counters.noughts
        self._topics = settings.topics
        self._sent: dict[str, str] = {}
        self._shown: dict[str, AssetState] = {}
        self._places: set[Place] = set()
        self._components: dict[str, dict[str, Platform]] = {}
        self._assets: tuple[Asset, ...] | None = None
        self._configs: dict[str, DeviceConfig] = {}
        self._is_settled = False

    def repeat(self) -> None:
        """Everything is due again."""
        self._sent.clear()
        self._shown.clear()
        self._is_settled = False

    def recall(self, card: bytes) -> None:
        """Take what an earlier life published for published, so that leftovers are cleared."""
        try:
            info = Info.model_validate_json(card)
        except ValidationError:
            log.warning("%s holds something that is not ours", self._topics.info)
            return
        self._places |= {Place(known.kind.value, known.slug) for known in info.assets}
        self._counters.recall(info.noughts)
        for topic, components in info.components.items():
            if topic.startswith(f"{self._topics.discovery}/device/"):
                self._remember(topic, components)

    def messages(self, site: Site) -> list[Message]:
        """What is to be published to make the broker show this site."""
        assets, offer = site.roster, self._offers(self._modes.modes(), self._modes.numbers())
        if (assets, offer) != (self._assets, self._offer):
            self._assets, self._offer = assets, offer
            self._configs = self._announcements(site)
            self._is_settled = False
        if self._noughts != self._counters.noughts:
            self._noughts = self._counters.noughts
            self._is_settled = False
        news = [*self._announcing(site), *self._leaves(site)]
        return [Message(topic, payload, qos=1, retain=True) for topic, payload in news]

    def _remember(self, topic: str, components: dict[str, Platform]) -> None:
        now = self._components.get(topic, {})
        if components.keys() - now.keys():
            self._components[topic] = {**components, **now}
            self._sent.pop(topic, None)
        self._is_settled = False

    def _announcements(self, site: Site) -> dict[str, DeviceConfig]:
        if not self._settings.discovery_enabled:
            return {}
        # The gateway comes first, because the others name it as the way to them.
        configs = {self._topics.gateway_config: discovery.of_gateway(site, self._settings)}
        for state in site.assets.values():
            if self._settings.is_announced(state.asset):
                topic = self._topics.config(state.asset.slug)
                modes = self._offer.modes.get(state.asset.id, ())
                numbers = self._offer.numbers.get(state.asset.id, {})
                configs[topic] = discovery.of_asset(
                    state.asset,
                    self._settings,
                    modes,
                    numbers,
                    has_always=state.asset.id in self._offer.always,
                )
        return {topic: config for topic, config in configs.items() if config.components}

    def _announcing(self, site: Site) -> Iterator[tuple[str, str]]:
        """What changes only with the assets themselves, which is nothing nearly always."""
        if self._is_settled:
            return
        self._is_settled = True
        self._shown.clear()
        yield from self._clearing({Place.of(state.asset) for state in site.assets.values()})
        for topic, config in self._configs.items():
            payloads = discovery.steps(self._components.get(topic, {}), config)
            if self._is_news(topic, payloads[-1]):
                self._components[topic] = discovery.platforms(config)
                yield from ((topic, payload) for payload in payloads)
        card = self._card()
        if self._is_news(self._topics.info, card):
            yield self._topics.info, card

    def _clearing(self, places: set[Place]) -> Iterator[tuple[str, str]]:
        """An empty payload takes a retained message off the broker, and a device off its user."""
        topics = self._topics
        gone = [*(self._components.keys() - self._configs.keys())]
        for place in self._places - places:
            gone += [topics.state(place), topics.availability(place), topics.action(place)]
        for topic in gone:
            self._components.pop(topic, None)
            self._sent.pop(topic, None)
            yield topic, ""
        self._places = places

    def _leaves(self, site: Site) -> Iterator[tuple[str, str]]:
        for state in site.assets.values():
            if self._shown.get(state.asset.id) is not state:
                self._shown[state.asset.id] = state
                leaves = self._leaves_of(state)
                yield from (leaf for leaf in leaves if self._is_news(*leaf))

    def _leaves_of(self, state: AssetState) -> Iterator[tuple[str, str]]:
        place = Place.of(state.asset)
        yield self._topics.availability(place), "online" if state.is_reachable else "offline"
        # Enode has no word for what only the home's own control says.
        if state.action and not isinstance(state.action.command, PowerCommand):
            yield self._topics.action(place), json.dumps(snapshot.action(state.action))

    def _card(self) -> str:
        info = Info(
            version=self._settings.version,
            id=self._settings.gateway_id,
            assets=[_KnownAsset(id=a.id, kind=a.kind, slug=a.slug) for a in self._assets or ()],
            components=self._components,
            noughts=sorted(self._noughts),
        )
        return info.model_dump_json()

    def _is_news(self, topic: str, payload: str) -> bool:
        is_news = self._sent.get(topic) != payload
        self._sent[topic] = payload
        return is_news
