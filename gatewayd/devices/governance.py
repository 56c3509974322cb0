"""What the commander asks of whoever settles what governed assets do."""

from typing import Protocol

from gatewayd.model.command import Command
from gatewayd.plan.governed import Answer


class Governance(Protocol):
    """The say over some assets, which actions only claim."""

    def answer(self, asset_id: str, command: Command) -> Answer | None:
        """What is done for an action with this command; None where it is told to the device."""

    def safe_a(self, asset_id: str) -> float | None:
        """What a charger that nobody steers may be left at; None for whatever it was at."""


class Ungoverned:
    """Every action is told to its device."""

    def answer(self, _asset_id: str, _command: Command) -> Answer | None:
        return None

    def safe_a(self, _asset_id: str) -> float | None:
        return None
