"""Giving an asset back as it was: by its readings, or at once, as it may be the last chance."""

from dataclasses import replace

from gatewayd.clock import Clock
from gatewayd.devices.as_it_was import AsItWas
from gatewayd.devices.governance import Governance
from gatewayd.devices.telling import Telling
from gatewayd.model.asset import Asset
from gatewayd.model.command import Command
from gatewayd.model.reading import Reading
from gatewayd.plan import keeping
from gatewayd.plan.keeping import KeepMemory
from gatewayd.plan.steer import Before, completed, restoring


class Leaving:
    """One asset's.

    `is_parting`: it is to be told all at once. `is_at_rest`: it is held lower than it was by what
    is safe, and stays so. `has_begun`: it was told something, and no action since.
    """

    def __init__(
        self,
        memory: KeepMemory,
        was: AsItWas,
        telling: Telling,
        *,
        clock: Clock,
        governance: Governance,
    ) -> None:
        self.is_parting = False
        self.is_at_rest = False
        self.has_begun = False
        self._memory = memory
        self._was = was
        self._telling = telling
        self._clock = clock
        self._governance = governance

    @property
    def is_due(self) -> bool:
        """Whether it is to be as it was, and is not known to be."""
        return self._was.before is not None and not self.is_at_rest

    async def look_on(self, asset: Asset) -> None:
        """It can be told nothing: it is as it was once it shows that somebody has seen to it."""
        before, reading = self._was.before, self._telling.seen(asset)
        if before is None or reading is None:
            return
        able = replace(asset, is_writable=True)
        if not keeping.parting(completed(before, able), reading, able, self._memory):
            await self._forget()

    async def part(self, asset: Asset) -> None:
        """Tell it all, by what it said last."""
        before, reading = self._was.before, self._telling.said(asset)
        if not self.is_parting or before is None or reading is None:
            return
        self.is_parting = False
        for command in keeping.parting(completed(before, asset), reading, asset, self._memory):
            await self._tell(command, reading, asset)

    async def give_back(self, reading: Reading, asset: Asset) -> None:
        """Tell it what is due, and forget how it was once it is so again."""
        if self._was.before is None or self.is_at_rest:
            return
        most_a, now_s = self._governance.safe_a(asset.id), self._clock.monotonic()
        registers = self._was.registers
        # What an older release has stored may lack a battery's mode.
        told = completed(self._was.before, asset).commands
        before = Before(tuple(c for c in told if not registers.is_as_before(c)))
        is_back, command = keeping.give_back(before, reading, asset, self._memory, now_s, most_a)
        if command is not None:
            self.has_begun = True
            await self._tell(command, reading, asset)
        elif is_back and restoring(before, reading) is not None:
            # That is remembered for whoever comes.
            self.is_at_rest = True
        elif is_back and await registers.are_back(asset):
            await self._forget()
        elif is_back:
            self._telling.look_again(asset)

    async def _tell(self, command: Command, reading: Reading, asset: Asset) -> None:
        await self._telling.tell(command, reading, asset, self._was.registers.give_back)

    async def _forget(self) -> None:
        await self._was.forget()
        self._memory.forget()
