"""Where SunSpec stands when the operator has not said so, and how a scan knows it."""

from collections.abc import Awaitable, Callable

from gatewayd.errors import BusyError, RefusedError, UnreachableError
from gatewayd.sdk import sunspec
from gatewayd.sdk.driver import ModbusReader
from gatewayd.sdk.finding import Likeness
from gatewayd.sdk.sunspec import ModelAt, roles

Open = Callable[[int], Awaitable[ModbusReader]]
Chain = tuple[ModelAt, ...]

# SMA 126, FIMER 2 and 247, others 3, KOSTAL 71.
_DEVICES = (126, 2, 3, 71, 247)
# Fronius: GEN24 200 and up, Datamanager 240.
_METERS = ((200, 201, 202, 203), (240,))
# Of units that are not there, gateways tell one or the other, or nothing.
_ABSENT = (RefusedError, BusyError, UnreachableError)


_LIKENESS_BITS = 40.0
_ROLES = frozenset((*roles.INVERTERS, *roles.METERS, *roles.BATTERIES))


async def recognise(unit: ModbusReader) -> Likeness | None:
    """By the mark, of 32 bits, and a chain of models that makes a role."""
    chain = await sunspec.walk(unit)
    if not any(at.id in _ROLES for at in chain):
        return None
    if chain[0].id != 1:
        return Likeness(_LIKENESS_BITS)
    common = await sunspec.fetch(unit, chain[0], 125)
    vendor, model, serial, firmware = map(common.text, ("Mn", "Md", "SN", "Vr"))
    return Likeness(_LIKENESS_BITS, vendor, model, serial, firmware)


async def device(unit: ModbusReader, open_unit: Open, bases: tuple[int, ...]) -> ModbusReader:
    """The unit itself or, where it has no SunSpec, the first other one that has."""
    try:
        await sunspec.walk(unit, bases)
    except RefusedError:
        for number in _DEVICES:
            try:
                other = await open_unit(number)
                if await sunspec.walk(other, bases):
                    return other
            except (RefusedError, BusyError):
                continue
            except UnreachableError:
                # Each silent unit would cost the whole time of an answer.
                break
        raise
    return unit


async def meters(open_unit: Open, bases: tuple[int, ...]) -> list[ModbusReader]:
    """Units with a meter in them."""
    for numbers in _METERS:
        found: list[ModbusReader] = []
        for number in numbers:
            unit = await open_unit(number)
            if not any(at.id in roles.METERS for at in await _chain(unit, bases)):
                break
            found.append(unit)
        if found:
            return found
    return []


async def _chain(unit: ModbusReader, bases: tuple[int, ...]) -> Chain:
    try:
        return await sunspec.walk(unit, bases)
    except _ABSENT:
        return ()
