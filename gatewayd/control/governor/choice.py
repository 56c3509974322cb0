"""The modes that users can choose: what the doors to them need."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from gatewayd.errors import InvalidError


@dataclass(frozen=True, slots=True)
class Mode:
    """An asset's mode now, and those it can be given."""

    mode: str
    offered: tuple[str, ...]


class Modes(Protocol):
    """The governor, as the doors see it."""

    def modes(self) -> Mapping[str, Mode]:
        """The assets that have a mode, by id."""

    async def choose(self, asset_id: str, mode: str) -> None:
        """Give an asset a mode that outlives a restart. Raises InvalidError, StorageError."""


class NoModes:
    """A home in which nothing is governed."""

    def modes(self) -> Mapping[str, Mode]:
        return {}

    async def choose(self, asset_id: str, mode: str) -> None:
        """Nothing has a mode."""
        raise InvalidError(f"{asset_id} cannot be {mode}: give it a mode in the config first")
