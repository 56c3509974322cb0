"""The grid operator's limit by contacts that he closes (§ 14a EnWG and others)."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contacts:
    """The limit while all `closed` are, and no `opened` is, counted from 1. None: no limit."""

    limit_w: float | None
    closed: frozenset[int] = frozenset()
    opened: frozenset[int] = frozenset()

    def fits(self, seen: Sequence[bool | None]) -> bool:
        """Whether they are so; what is not known is neither closed nor open."""
        wanted = [(number, True) for number in self.closed]
        wanted += [(number, False) for number in self.opened]
        return all(number <= len(seen) and seen[number - 1] is is_so for number, is_so in wanted)


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """What the contacts of a device stand for: the first that fits holds."""

    device_id: str
    states: tuple[Contacts, ...]


def told(settings: RelaySettings, seen: Sequence[bool | None]) -> Contacts | None:
    """What the contacts say; None for nothing that is known."""
    return next((state for state in settings.states if state.fits(seen)), None)
