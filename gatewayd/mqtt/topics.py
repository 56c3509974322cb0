"""Where everything is on the broker."""

import re
from dataclasses import dataclass
from typing import NamedTuple

from gatewayd.model.asset import Asset

HOME = "home"
# How an asset is governed, in its state document and as a command.
MODE_KEY = "control_mode"
ALWAYS_KEY = "control_always_charge"

# What Home Assistant accepts in an object id.
_FOREIGN = re.compile(r"[^a-zA-Z0-9_-]+")


class Place(NamedTuple):
    """The two topic levels that name one asset."""

    kind: str
    slug: str

    @classmethod
    def of(cls, asset: Asset) -> "Place":
        return cls(asset.kind.value, asset.slug)


class Target(NamedTuple):
    """What a command topic names; `key` is None where the payload is a JSON object."""

    place: Place
    key: str | None


@dataclass(frozen=True, slots=True)
class Topics:
    """The topic tree below `base`, and Home Assistant's below `discovery`."""

    base: str = "gatewayd"
    discovery: str = "homeassistant"

    @property
    def status(self) -> str:
        return f"{self.base}/status"

    @property
    def info(self) -> str:
        return f"{self.base}/info"

    @property
    def site_state(self) -> str:
        return f"{self.base}/site/{HOME}/state"

    @property
    def birth(self) -> str:
        """Where Home Assistant says that it has started."""
        return f"{self.discovery}/status"

    @property
    def command_filters(self) -> tuple[str, str]:
        return f"{self.base}/+/+/set", f"{self.base}/+/+/set/+"

    def state(self, place: Place) -> str:
        return f"{self._of(place)}/state"

    def availability(self, place: Place) -> str:
        return f"{self._of(place)}/availability"

    def action(self, place: Place) -> str:
        return f"{self._of(place)}/action"

    def error(self, place: Place) -> str:
        return f"{self._of(place)}/error"

    def command(self, place: Place, key: str) -> str:
        return f"{self._of(place)}/set/{key}"

    def config(self, slug: str) -> str:
        """Home Assistant's discovery topic of one device."""
        return f"{self.discovery}/device/{self.object_id(slug)}/config"

    @property
    def gateway_config(self) -> str:
        return f"{self.discovery}/device/{_plain(self.base)}/config"

    def object_id(self, slug: str) -> str:
        return f"{_plain(self.base)}_{_plain(slug)}"

    def target(self, topic: str) -> Target | None:
        """The asset and key a command topic names; None for any other topic."""
        levels = topic.removeprefix(f"{self.base}/").split("/")
        match levels:
            case [kind, slug, "set"]:
                return Target(Place(kind, slug), None)
            case [kind, slug, "set", key]:
                return Target(Place(kind, slug), key)
        return None

    def _of(self, place: Place) -> str:
        return f"{self.base}/{place.kind}/{place.slug}"


def _plain(name: str) -> str:
    return _FOREIGN.sub("_", name)
