"""How a scan finds a driver's devices: what a driver declares in `DriverInfo.probes`.

A probe only asks. It judges what a box says, whoever made it: None for what is none of the
driver's, else a `Likeness`. What it found is then confirmed by opening the driver, read only.
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from gatewayd.sdk.driver import ModbusReader


@dataclass(frozen=True, slots=True)
class Likeness:
    """That a box looks like one of a driver's. What it does not say is None.

    `bits` tell how much agreed: each halves the chance that any other box would look like this.
    `options` are those of the driver's that the box tells, beside its address.
    """

    bits: float
    vendor: str | None = None
    model: str | None = None
    serial: str | None = None
    firmware: str | None = None
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModbusProbe:
    """A device behind Modbus. `unit` is the one it has when nobody changed it.

    `ask` reads little, and raises RefusedError where the device has not what it looks for. Each
    register is read once in a scan, whoever asks. The rest is where it is by default;
    `more_units` are where else such devices, or parts of them, often are. `framing` is that of a
    gateway which all of them are behind, else None.
    """

    ask: "Callable[[ModbusReader], Awaitable[Likeness | None]]"
    unit: int = 1
    more_units: tuple[int, ...] = ()
    port: int = 502
    baudrate: int = 9600
    parity: str = "N"
    stopbits: int = 1
    framing: str | None = None


@dataclass(frozen=True, slots=True)
class HttpProbe:
    """A device that answers a GET of `path` without a login. `judge` gets the document."""

    path: str
    judge: Callable[[str], Likeness | None]
    port: int = 80
    tls: bool = False


@dataclass(frozen=True, slots=True)
class UdpProbe:
    """Devices that answer a datagram sent to all; `local_port` where they answer to one of ours."""

    port: int
    question: bytes
    judge: Callable[[bytes], Likeness | None]
    local_port: int = 0


@dataclass(frozen=True, slots=True)
class GroupProbe:
    """Devices that tell a multicast group of themselves. `key_of` tells whose a datagram is."""

    group: str
    port: int
    key_of: Callable[[bytes], Hashable | None]
    judge: Callable[[bytes], Likeness | None]


@dataclass(frozen=True, slots=True)
class MdnsProbe:
    """Devices announced as a service, `_acme._tcp`. `judge` gets the name and its properties."""

    service: str
    judge: Callable[[str, Mapping[str, str]], Likeness | None]


Probe: TypeAlias = ModbusProbe | HttpProbe | UdpProbe | GroupProbe | MdnsProbe
