"""Writes a command's registers, with care for memory that wears out."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence

from gatewayd.errors import RefusedError, UnsupportedError
from gatewayd.sdk.driver import Held, ModbusWriter
from gatewayd.sdk.maps.codec import Words
from gatewayd.sdk.maps.commands import Step
from gatewayd.sdk.maps.points import Value
from gatewayd.sdk.registers import StepRun
from gatewayd.sdk.wear import Wear

# A unit's name in the map, and the address there.
_Place = tuple[str | None, int]


class Writes:
    """The only holder of the units' write methods. Knows what it wrote last to each address.

    A register of memory that wears out takes so many writes in any 24 hours as `wear` says. Only
    the safe command, and what gives the device back as it was, may go beyond: a device that nobody
    can give back to itself is worse than a worn one.
    """

    def __init__(self, units: Mapping[str | None, ModbusWriter], wear: Wear) -> None:
        self._units = units
        self._written: dict[_Place, Words] = {}
        self._looked: dict[str, int] = {}
        self._unreadable: set[_Place] = set()
        self._wear = wear

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
                told = self._wear.words(_names(step)[0])
                raise RefusedError(f"{told}, or raise the map's nvm_writes_per_day")
        for step, words in due:
            await self._write_step(step, words)

    async def held(self, steps: Iterable[Step], known: Collection[str]) -> dict[str, int]:
        """What the registers of the steps hold, save those `known` and those nobody can read."""
        found = await self._held(steps, known)
        self._looked |= found
        return found

    async def _held(self, steps: Iterable[Step], known: Collection[str] = ()) -> dict[str, int]:
        found: dict[str, int] = {}
        for step in filter(_can_be_restored, steps):
            names = _names(step)
            if all(name in known or name in found for name in names):
                continue
            words = zip(names, await self._read(step) or (), strict=False)
            found |= {name: word for name, word in words if name not in known}
        return found

    async def revised(self, steps: Sequence[Step], held: Held) -> dict[str, int]:
        """What was held, but what is there now where that is not what was written last."""
        ours = dict(self._looked)
        for step in steps:
            ours |= zip(_names(step), self._written.get(_place(step), ()), strict=False)
        present = await self._held([step for step in steps if held.keys() & set(_names(step))])
        foreign = (name for name in held if name in ours and present.get(name) != ours[name])
        return {**held, **{name: present[name] for name in foreign if name in present}}

    async def restore(
        self,
        runs: Sequence[StepRun],
        all_steps: Sequence[Step],
        values: Sequence[Value],
        held: Held,
    ) -> bool:
        """Write the steps with what was held for their words, then what of the rest differs.

        Of a register that was not held nothing was written, so it stays as it is. `all_steps` are
        all those that what was held may come from. Whether that was the words of all the steps;
        without steps, whether nothing had to be written.
        """
        due = [run for run in runs if run.is_due(values)]
        held = {**held, **await self._held((run.step for run in due), held)}
        old = [_words(run.step, held) for run in due]
        found = [before or run.words(values) for run, before in zip(due, old, strict=True)]
        for step, words in zip((run.step for run in due), found, strict=True):
            if words is not None:
                await self._write_step(step, words)
        has_rest = await self._put_rest(all_steps, held)
        return None not in old and (bool(due) or not has_rest)

    async def _put_rest(self, steps: Sequence[Step], held: Held) -> bool:
        """Write what differs from what was held; whether anything did."""
        has_rest = False
        for step in _merged(steps):
            words = _words(step, held)
            present = await self._read(step) if words is not None else None
            if words and present and not self._is_so(step, words, present):
                await self._put(step, _masked(step, words, present))
                has_rest = True
        return has_rest

    async def _read(self, step: Step) -> Words | None:
        """What its registers hold; None where the device has said once that it has them not."""
        if step.unit not in self._units or _place(step) in self._unreadable:
            return None
        try:
            return await self._units[step.unit].read_holding(step.address, step.width())
        except RefusedError:
            self._unreadable.add(_place(step))
            return None

    async def _write_step(self, step: Step, words: Words) -> None:
        present = await self._present(step)
        if step.memory == "ram" or not self._is_so(step, words, present):
            await self._put(step, _masked(step, words, present))

    async def _put(self, step: Step, words: Words) -> None:
        # Forgotten first: after an error nobody knows what the register holds.
        self._written.pop(_place(step), None)
        if step.memory != "ram":
            self._wear.note(_names(step)[0])
        await self._send(step, words)
        self._written[_place(step)] = words
        if step.pause_s:
            await asyncio.sleep(step.pause_s)

    async def _is_there(self, step: Step, words: Words) -> bool:
        return self._is_so(step, words, await self._present(step))

    def _is_so(self, step: Step, words: Words, present: Words | None) -> bool:
        """By what it says and, as it may say so late, by what was written to it last."""
        ours = self._written.get(_place(step), words)
        return present == _masked(step, words, present) and ours == _masked(step, words, ours)

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
        return step.memory != "ram" and self._wear.is_spent(_names(step)[0])


def _place(step: Step) -> _Place:
    return step.unit, step.address


def _masked(step: Step, words: Words, present: Words | None) -> Words:
    if step.mask is None or present is None:
        return words
    return ((present[0] & ~step.mask & 0xFFFF) | (words[0] & step.mask),)


def _names(step: Step) -> list[str]:
    """Its registers, as they are kept."""
    unit = "" if step.unit is None else f"{step.unit}:"
    return [f"{unit}{address}" for address in range(step.address, step.address + step.width())]


def _can_be_restored(step: Step) -> bool:
    return step.coil is None and step.readable


def _words(step: Step, held: Held) -> Words | None:
    """What was held of a step, if it was all of it."""
    if not _can_be_restored(step):
        return None
    names = _names(step)
    return tuple(held[name] for name in names) if held.keys() >= set(names) else None


def _merged(steps: Iterable[Step]) -> Iterable[Step]:
    """One step for all that write the same registers, with the bits of all of them."""
    found: dict[tuple[_Place, int], Step] = {}
    for step in steps:
        key = _place(step), step.width()
        before = found.get(key, step).mask
        mask = before | step.mask if before is not None and step.mask is not None else None
        found[key] = found.get(key, step).model_copy(update={"mask": mask})
    return found.values()
