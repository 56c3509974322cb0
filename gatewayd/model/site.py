"""The immutable picture of a home at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from gatewayd.model.asset import Asset, AssetKind
from gatewayd.model.command import Action
from gatewayd.model.decision import Decision
from gatewayd.model.reading import Sample


@dataclass(frozen=True, slots=True)
class AssetState:
    """An asset, the last thing it said, and whether it can be asked now.

    A sample stays, with its old time, when the asset becomes unreachable.
    `action` is the newest action of the asset, ended or not, and `decision` the newest reason.
    """

    asset: Asset
    sample: Sample | None = None
    is_reachable: bool = False
    last_seen_at: datetime | None = None
    action: Action | None = None
    decision: Decision | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """All assets of the home, keyed by asset id."""

    assets: Mapping[str, AssetState] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def roster(self) -> tuple[Asset, ...]:
        """The assets themselves: the same over all that they say."""
        return tuple(state.asset for state in self.assets.values())

    def of_kind(self, kind: AssetKind) -> tuple[AssetState, ...]:
        """The assets of one kind, oldest first."""
        found = [state for state in self.assets.values() if state.asset.kind is kind]
        return tuple(sorted(found, key=lambda state: (state.asset.created_at, state.asset.id)))

    def of_device(self, device_id: str) -> tuple[AssetState, ...]:
        """The assets of one device."""
        return tuple(s for s in self.assets.values() if s.asset.device_id == device_id)
