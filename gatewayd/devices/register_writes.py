"""Writes a command's registers, with care for memory that wears out."""

import asyncio
from collections.abc import Sequence

from gatewayd.sdk.driver import ModbusWriter
from gatewayd.sdk.maps.codec import Words
from gatewayd.sdk.maps.commands import Step
from gatewayd.sdk.maps.points import Value
from gatewayd.sdk.registers import StepRun


class Writes:
    """The only holder of the unit's write methods. Knows what it wrote last to each address."""

    def __init__(self, unit: ModbusWriter) -> None:
        self._unit = unit
        self._written: dict[int, Words] = {}

    async def write(
        self, steps: Sequence[StepRun], values: Sequence[Value], *, always: bool = False
    ) -> None:
        """Check all steps, then write them in order. RefusedError before the first write.

        What is already there is not written to anything but RAM, unless `always`, as for a
        watchdog that wants to hear the same again and again.
        """
        due = [(run.step, words) for run in steps if (words := run.words(values)) is not None]
        for step, words in due:
            if await self._write_step(step, words, always=always) and step.pause_s:
                await asyncio.sleep(step.pause_s)

    async def _write_step(self, step: Step, words: Words, *, always: bool) -> bool:
        """Whether there was something to write."""
        present = await self._present(step)
        if step.mask is not None and present is not None:
            words = ((present[0] & ~step.mask & 0xFFFF) | (words[0] & step.mask),)
        if present == words and not always and step.memory != "ram":
            return False
        # Forgotten first: after an error nobody knows what the register holds.
        self._written.pop(step.address, None)
        await self._send(step, words)
        self._written[step.address] = words
        return True

    async def _present(self, step: Step) -> Words | None:
        """What the register holds, as far as it matters and can be known."""
        if step.coil is not None or (step.memory == "ram" and step.mask is None):
            return None
        if not step.readable:
            return self._written.get(step.address)
        return await self._unit.read_holding(step.address, step.width())

    async def _send(self, step: Step, words: Words) -> None:
        if step.coil is not None:
            await self._unit.write_coil(step.coil, value=bool(words[0]))
        elif step.function == 16 or len(words) > 1:
            await self._unit.write_registers(step.address, words)
        else:
            await self._unit.write_register(step.address, words[0])
