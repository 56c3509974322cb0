"""What a driver is.

A driver turns one device's answers into readings and commands into writes. It has no clock, no
retries and no state of its own beyond what the protocol needs: the poller stamps, retries and
backs off; the commander confirms by the next reading. Errors are `gatewayd.errors.DeviceError`s.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from gatewayd.model.asset import AssetKind, Capability, Identity
from gatewayd.model.command import Command
from gatewayd.model.reading import Reading
from gatewayd.sdk.finding import Probe
from gatewayd.sdk.options import DeviceOptions


class Driver(Protocol):
    """One open device. `role` is a key of `Identity.roles`."""

    async def identify(self) -> Identity:
        """Ask who answers; called once after opening and again after every outage."""

    async def read(self) -> Mapping[str, Reading]:
        """Everything the device says now, by role, flipped to Enode's signs."""

    async def apply(self, role: str, command: Command) -> None:
        """Write one command. Returning means written, not confirmed."""

    async def renew(self, role: str) -> None:
        """Feed the device's own watchdog once. Does nothing where the device has none."""

    def watchdog_s(self, role: str) -> float | None:
        """The device's own watchdog as last read, in seconds; None when it has none or is off."""


# What registers hold, by place: the address, behind the unit's name and a colon where it has one.
Held = Mapping[str, int]


@runtime_checkable
class Restorable(Protocol):
    """A driver whose device can be had as it was, down to what no reading shows."""

    async def held(self, role: str, command: Command, known: Collection[str]) -> Held:
        """What the registers hold that the command would write, save those `known`.

        What cannot be read, or means nothing afterwards, is left out.
        """

    async def revised(self, role: str, held: Held) -> Held:
        """The same, but what it holds now where that is not what we wrote last."""

    async def restore(self, role: str, command: Command | None, held: Held) -> bool:
        """Write the command with what was held in the place of its own values, then all the rest.

        Only what differs is written, of RAM perhaps more. Whether what was held is all of the
        command: then the device is as it was, whatever it reports. Without a command: whether
        nothing had to be written.
        """


@runtime_checkable
class ModbusReader(Protocol):
    """One Modbus unit that can only be read. Counts are registers, 1 to 125 (bits: 1 to 2000)."""

    async def read_holding(self, address: int, count: int) -> tuple[int, ...]: ...

    async def read_input(self, address: int, count: int) -> tuple[int, ...]: ...

    async def read_coils(self, address: int, count: int) -> tuple[bool, ...]: ...

    async def read_discrete(self, address: int, count: int) -> tuple[bool, ...]: ...


@runtime_checkable
class ModbusWriter(ModbusReader, Protocol):
    """One Modbus unit that can be written too: function codes 6, 16 and 5."""

    async def write_register(self, address: int, value: int) -> None: ...

    async def write_registers(self, address: int, values: tuple[int, ...]) -> None: ...

    async def write_coil(self, address: int, *, value: bool) -> None: ...


@dataclass(frozen=True)
class DriverInfo:
    """A driver's manifest: the module constant `DRIVER` of a Python driver.

    `options` validates the device's block in the config; `open` takes those options and the link
    pool. `poll_s` and `timeout_s` are what suits the device when the config is silent.
    `quality` is evidence: `captured` true when the fixture comes from a real device. `kinds` are
    the assets it can make, none when that is not known; `brands` are whose devices it talks to,
    where that is not `vendor` alone. One that `sleeps` has no power at night: then it is silent,
    which is no fault. `controls` is what its assets can be told, some of it by some models only.
    `probes` are how a scan finds its devices; without one they are not found. `pair` gets the
    options as a person typed them, missing secrets empty, and returns those secrets that the device
    grants to who stands before it; RefusedError says what to do there. Of a box that is found by
    several drivers, this one `yields_to` those.
    """

    vendor: str
    models: tuple[str, ...]
    source: str
    options: type[DeviceOptions]
    open: Callable[[Any, Any], AbstractAsyncContextManager[Driver]]
    quality: Mapping[str, bool]
    poll_s: float = 2.0
    kinds: frozenset[AssetKind] = frozenset()
    brands: tuple[str, ...] = ()
    sleeps: bool = False
    controls: frozenset[Capability] = frozenset()
    probes: tuple[Probe, ...] = ()
    pair: Callable[[Any, Any], Awaitable[Mapping[str, str]]] | None = None
    yields_to: tuple[str, ...] = ()
