"""A governor that only remembers the modes it was told."""

from dataclasses import dataclass, field, replace

from gatewayd.control.governor.choice import Mode
from gatewayd.errors import InvalidError


@dataclass
class RememberedModes:
    """By asset id."""

    known: dict[str, Mode] = field(default_factory=dict)

    def modes(self) -> dict[str, Mode]:
        return self.known

    async def choose(self, asset_id: str, mode: str) -> None:
        if mode not in self.known[asset_id].offered:
            raise InvalidError("mode must be one of those that are offered")
        self.known[asset_id] = replace(self.known[asset_id], mode=mode)
