"""What drivers have in common whose devices can only be read."""

from collections.abc import Mapping
from dataclasses import asdict

from gatewayd.errors import UnsupportedError
from gatewayd.model.asset import AssetKind, Role
from gatewayd.model.command import Command
from gatewayd.model.reading import Reading


class ReadOnly:
    """A device that takes no command and has no watchdog."""

    async def apply(self, role: str, command: Command) -> None:
        """UnsupportedError, whatever the command."""
        raise UnsupportedError(f"{role} is only read: it takes no {type(command).__name__}")

    async def renew(self, role: str) -> None:
        """There is nothing to feed."""

    def watchdog_s(self, role: str) -> float | None:  # noqa: ARG002
        return None


def roles_of(readings: Mapping[str, Reading]) -> dict[str, Role]:
    """Roles called like their kind, which report the fields that hold something."""
    return {
        name: Role(
            AssetKind(name),
            reports=frozenset(f for f, value in asdict(reading).items() if value is not None),
        )
        for name, reading in readings.items()
    }
