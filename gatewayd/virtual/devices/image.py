"""A device that is nothing but its register image, as the tests keep one of each driver.

What is written to it stays, and has the effects that the image tells of; nothing else moves. The
file's form is told in `tests/drivers/images.py`.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, ClassVar

from gatewayd.clock import Clock
from gatewayd.errors import ConfigError
from gatewayd.virtual.devices.device import Device, Refusal, Registers, Table, WritableDevice
from gatewayd.virtual.physics.house import House
from gatewayd.virtual.yaml_file import read

_TABLES = {
    "coil": Table.COILS,
    "discrete": Table.DISCRETE,
    "holding": Table.HOLDING,
    "input": Table.INPUT,
}
# Where an effect shows itself, by the end of its key.
_SHOWN = {"": Table.HOLDING, "_input": Table.INPUT}


class RegisterImage(WritableDevice):
    """The device of one image, which answers as any unit that no `others` of it is."""

    driver: ClassVar[str] = "modbus"
    unit: ClassVar[int] = 1
    functions: ClassVar[frozenset[int]] = frozenset({1, 2, 3, 4, 5, 6, 15, 16})
    has_signed_power: ClassVar[bool] = False

    def __init__(self, clock: Clock, content: Mapping[str, Any], driver: str) -> None:
        super().__init__(clock)
        self._driver = driver
        self._options: dict[str, str | int] = dict(content.get("options", {}))
        self._effects: list[dict[str, Any]] = list(content.get("effects", []))
        self._stored = _registers(content["registers"])
        self._written: dict[str, int] = {}
        self._others = {
            int(unit): RegisterImage(clock, {"registers": tables}, driver)
            for unit, tables in content.get("others", {}).items()
        }
        self.restart()

    @classmethod
    def load(cls, clock: Clock, path: Path) -> "RegisterImage":
        """The device of a file, whose driver is its name up to the first dash. ConfigError."""
        content = read(path)
        try:
            return cls(clock, content, path.stem.partition("-")[0])
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ConfigError([f"{path}: is no register image: {error}; see drivers/"]) from error

    @property
    def told(self) -> dict[str, str | int]:
        """Its unit is the one that its driver assumes."""
        return {"driver": self._driver, **self._options}

    def part(self, unit: int) -> Device | None:
        return self._others.get(unit, self)

    def measure(self, house: House) -> Registers:
        del house
        return self.registers

    def restart(self) -> None:
        self.registers = deepcopy(self._stored)
        self._written.clear()

    def write(self, table: Table, address: int, values: Sequence[int]) -> Refusal | None:
        for at, value in enumerate(values, address):
            self.registers[table][at] = value
            self._written[f"{table.value} {at}"] = value
            for effect in self._effects:
                if effect["write"] == at and effect.get("value", value) == value:
                    self._take_effect(effect, value)
        return None

    def settings(self) -> Mapping[str, int]:
        return self._written

    def truth(self, house: House) -> Mapping[str, float]:
        del house
        return {}

    def _take_effect(self, effect: Mapping[str, Any], value: int) -> None:
        for end, table in _SHOWN.items():
            if f"to{end}" in effect:
                self.registers[table][effect[f"to{end}"]] = value
            self.registers[table].update(effect.get(f"set{end}", {}))


def _registers(told: Mapping[str, Mapping[int, Sequence[int]]]) -> Registers:
    found: Registers = {table: {} for table in Table}
    for name, runs in told.items():
        for start, words in runs.items():
            found[_TABLES[name]].update(enumerate(words, start))
    return found
