"""What every virtual device is: tables of registers, moved by the physics, open to writes."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from enum import IntEnum, StrEnum
from typing import ClassVar

from gatewayd.clock import Clock
from gatewayd.virtual.physics.house import House


class Table(StrEnum):
    """The four address spaces of Modbus."""

    COILS = "coils"
    DISCRETE = "discrete"
    HOLDING = "holding"
    INPUT = "input"


class Refusal(IntEnum):
    """Modbus exception codes."""

    ILLEGAL_FUNCTION = 1
    ILLEGAL_ADDRESS = 2
    ILLEGAL_VALUE = 3
    DEVICE_FAILURE = 4


class Fault(StrEnum):
    """What can go wrong with a device; see `gatewayd.virtual.modbus` for how each looks.

    `silent`: no connection, like pulled power; the physics behind it goes on.
    `late`: answers when the client has given up.
    `wrong_unit`: answers in another unit's name.
    `torn`: answers come byte by byte, every second one is cut off.
    `frozen`: registers stay as they are while the physics moves.
    `sign`: power registers have the wrong sign, as with a current clamp put on backwards.
    `refuse_write`: every write is refused with exception 4.
    `ignore_write`: writes are acknowledged and do nothing.
    `reboot`: gone for some seconds, then back with its volatile registers at their defaults.
    """

    SILENT = "silent"
    LATE = "late"
    WRONG_UNIT = "wrong_unit"
    TORN = "torn"
    FROZEN = "frozen"
    SIGN = "sign"
    REFUSE_WRITE = "refuse_write"
    IGNORE_WRITE = "ignore_write"
    REBOOT = "reboot"


Registers = dict[Table, dict[int, int]]


class Device(ABC):
    """One box on the network. Subclasses say what it measures and what a write does.

    `functions` are the Modbus functions it knows; `faults` are the ones it shows now.
    Timers of a device (failsafe, reversion, reboot) run on `clock`, that is in wall time even when
    the home runs faster, because whoever polls the device lives in wall time.
    """

    driver: ClassVar[str]
    unit: ClassVar[int]
    functions: ClassVar[frozenset[int]]
    max_read: ClassVar[int] = 125
    has_signed_power: ClassVar[bool] = True

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.faults: set[Fault] = set()
        self.registers: Registers = {table: {} for table in Table}

    @property
    def told(self) -> dict[str, str | int]:
        """What a gateway must be told of it, beside where it listens."""
        return {"driver": self.driver} | ({"unit": self.unit} if self.unit else {})

    def part(self, unit: int) -> "Device | None":
        """What answers as a Modbus unit here."""
        return self if unit == self.unit else None

    @property
    def is_running(self) -> bool:
        return Fault.REBOOT not in self.faults

    @property
    def sign(self) -> float:
        """What signed power registers are multiplied by."""
        return -1.0 if Fault.SIGN in self.faults else 1.0

    def steer(self, house: House) -> None:  # noqa: B027
        """Turn settings and timers into orders, before the physics moves. A meter has none."""

    def show(self, house: House) -> None:
        """Let the registers follow, after the physics moved."""
        if Fault.FROZEN not in self.faults:
            self.registers = self.measure(house)

    @abstractmethod
    def measure(self, house: House) -> Registers:
        """All registers as they are now."""

    def read(self, table: Table, address: int, count: int) -> Sequence[int] | Refusal:
        """The words (or bits) of a block, each of which must exist."""
        words = self.registers.get(table, {})
        wanted = range(address, address + count)
        if not all(register in words for register in wanted):
            return Refusal.ILLEGAL_ADDRESS
        return [words[register] for register in wanted]

    def restart(self) -> None:  # noqa: B027
        """Forget what is not stored, as after a loss of power."""

    @abstractmethod
    def settings(self) -> Mapping[str, int]:
        """What the device has been told, raw, by the vendor's names."""

    @abstractmethod
    def truth(self, house: House) -> Mapping[str, float]:
        """What really flows through the device, in W, V, A and Wh, whatever its registers say."""


class WritableDevice(Device):
    """A device that can also be told something."""

    @abstractmethod
    def write(self, table: Table, address: int, values: Sequence[int]) -> Refusal | None:
        """Take over a block as a whole, or refuse it as a whole."""

    def patch(self, table: Table, words: Mapping[int, int]) -> None:
        """Show a setting at once, as devices do, and not only when the physics moves."""
        if Fault.FROZEN not in self.faults:
            self.registers[table].update(words)
