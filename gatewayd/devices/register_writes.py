"""Writes a command's registers, with care for memory that wears out."""

import asyncio
from collections.abc import Mapping, Sequence

from gatewayd.errors import RefusedError, UnsupportedError
from gatewayd.sdk.driver import ModbusWriter
from gatewayd.sdk.maps.codec import Words
from gatewayd.sdk.maps.commands import Step
from gatewayd.sdk.maps.points import Value
from gatewayd.sdk.registers import StepRun
from gatewayd.sdk.wear import Wear, Worn

# A unit's name in the map, and the address there.
_Place = tuple[str | None, int]


class Writes:
    """The only holder of the units' write methods. Knows what it wrote last to each address.

    A register of memory that wears out takes `per_day` writes in any 24 hours, counted since the
    driver was opened. Only the safe command may go beyond: a device that nobody can give back to
    itself is worse than a worn one.
    """

    def __init__(self, units: Mapping[str | None, ModbusWriter], per_day: int) -> None:
        self._units = units
        self._written: dict[_Place, Words] = {}
        self._wear = Wear[_Place](per_day)

    async def write(
        self,
        steps: Sequence[StepRun],
        values: Sequence[Value],
        *,
        is_safe: bool = False,
    ) -> None:
        """Check all steps, then write them in order. RefusedError before the first write.

        What is already there is not written to anything but RAM.
        """
        due = [(run.step, words) for run in steps if (words := run.words(values)) is not None]
        for step, words in due:
            if step.unit not in self._units:
                raise UnsupportedError(f"the device's unit {step.unit} is not configured")
            if not is_safe and self._is_spent(step) and not await self._is_there(step, words):
                told = self._wear.words(step.address)
                raise RefusedError(f"{told}, or raise the map's nvm_writes_per_day")
        for step, words in due:
            if await self._write_step(step, words) and step.pause_s:
                await asyncio.sleep(step.pause_s)

    def worn(self) -> tuple[Worn, ...]:
        """How often each register that wears out was written in the last 24 hours."""
        return self._wear.worn()

    async def _write_step(self, step: Step, words: Words) -> bool:
        """Whether there was something to write."""
        present = await self._present(step)
        words = _masked(step, words, present)
        if present == words and step.memory != "ram":
            return False
        # Forgotten first: after an error nobody knows what the register holds.
        self._written.pop(_place(step), None)
        if step.memory != "ram":
            self._wear.note(_place(step))
        await self._send(step, words)
        self._written[_place(step)] = words
        return True

    async def _is_there(self, step: Step, words: Words) -> bool:
        present = await self._present(step)
        return present == _masked(step, words, present)

    async def _present(self, step: Step) -> Words | None:
        """What the register holds, as far as it matters and can be known."""
        if step.coil is not None or (step.memory == "ram" and step.mask is None):
            return None
        if not step.readable:
            return self._written.get(_place(step))
        return await self._units[step.unit].read_holding(step.address, step.width())

    async def _send(self, step: Step, words: Words) -> None:
        unit = self._units[step.unit]
        if step.coil is not None:
            await unit.write_coil(step.coil, value=bool(words[0]))
        elif step.function == 16 or len(words) > 1:
            await unit.write_registers(step.address, words)
        else:
            await unit.write_register(step.address, words[0])

    def _is_spent(self, step: Step) -> bool:
        return step.memory != "ram" and self._wear.is_spent(_place(step))


def _place(step: Step) -> _Place:
    return step.unit, step.address


def _masked(step: Step, words: Words, present: Words | None) -> Words:
    if step.mask is None or present is None:
        return words
    return ((present[0] & ~step.mask & 0xFFFF) | (words[0] & step.mask),)
