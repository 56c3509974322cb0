"""A SunSpec device as it was before it was steered: also what the controls say while they are off.

Of controls beside the models, nothing is kept: what a maker's own ones overwrite are settings of
theirs in memory that wears out, for which a release of theirs has an equal.
"""

from collections.abc import Collection, Sequence

from gatewayd.errors import UnsupportedError
from gatewayd.model.command import Command
from gatewayd.model.power import SetReserve
from gatewayd.sdk.driver import Held
from gatewayd.sdk.maps.codec import Words
from gatewayd.sdk.sunspec.control import Control, Place, Registers

_NOTHING: frozenset[Words] = frozenset({(0xFFFF,), (0x8000,), (0x8000, 0), (0xFFFF, 0xFFFF)})


class Restoring:
    """What makes a driver `Restorable`. `_controls` are by role."""

    _controls: dict[str, Control]
    _registers: Registers | None

    async def held(self, role: str, command: Command, known: Collection[str]) -> Held:
        """See `Restorable`. A reserve stands alone, and is told."""
        if isinstance(command, SetReserve):
            return {}
        found: dict[str, int] = {}
        for place in self._places(role):
            if not set(place.names()) <= set(known):
                words = await self._writing.read(place)
                # What means nothing is not written back.
                if words not in _NOTHING:
                    found |= zip(place.names(), words, strict=True)
        return {name: word for name, word in found.items() if name not in known}

    async def revised(self, role: str, held: Held) -> Held:
        """See `Restorable`."""
        found = dict(held)
        for place in self._places(role):
            now = zip(place.names(), await self._writing.read(place), strict=True)
            ours = self._writing.written
            found |= {n: word for n, word in now if n in held and ours.get(n, word) != word}
        return found

    async def restore(self, role: str, command: Command | None, held: Held) -> bool:
        """See `Restorable`."""
        places = self._places(role)
        if command is not None:
            # Of what was not held nothing was written, so it stays as it is.
            held = {**await self.held(role, command, held.keys()), **held}
        is_whole = held.keys() >= {name for place in places for name in place.names()}
        is_whole = is_whole and bool(places) and not isinstance(command, SetReserve)
        if command is not None and not is_whole:
            await self._controls[role].apply(command)
        is_same = await self._write_back(places, held)
        return is_same if command is None else is_whole

    async def _write_back(self, places: Sequence[Place], held: Held) -> bool:
        """Whether nothing differed. The last place is what puts the others in force."""
        is_same = True
        for place in places:
            if held.keys() >= set(place.names()):
                words: Words = tuple(held[name] for name in place.names())
                is_there = await self._writing.read(place) == words
                is_same = is_same and is_there
                if not is_there or (place == places[-1] and not is_same and not place.wears):
                    await self._writing.put_back(place, words)
        return is_same

    def _places(self, role: str) -> Sequence[Place]:
        return self._controls[role].places if role in self._controls else ()

    @property
    def _writing(self) -> Registers:
        if self._registers is None:
            raise UnsupportedError("the device has not said yet what it has")
        return self._registers
