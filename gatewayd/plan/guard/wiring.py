"""Which load draws through which circuits, and which of two loads is served first."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from gatewayd.errors import InvalidError
from gatewayd.model.circuit import PHASES, Circuit, Load


@dataclass(frozen=True)
class Wiring:
    """The circuits and the loads on them, by id. InvalidError names what cannot be."""

    circuits: Mapping[str, Circuit]
    loads: Mapping[str, Load]

    def __post_init__(self) -> None:
        for circuit in self.circuits.values():
            _check_circuit(circuit)
            self._above(circuit.id)
        for load in self.loads.values():
            check_load(load, self.circuits)

    @cached_property
    def chain(self) -> Mapping[str, tuple[Circuit, ...]]:
        """The circuits that each load draws through, the nearest first."""
        return {load.id: self._above(load.circuit) for load in self.loads.values()}

    @cached_property
    def below(self) -> Mapping[str, tuple[Load, ...]]:
        """The loads that draw through each circuit."""
        return {
            circuit.id: tuple(
                load for load in self.loads.values() if circuit in self.chain[load.id]
            )
            for circuit in self.circuits.values()
        }

    @cached_property
    def neighbours(self) -> Mapping[str, tuple[Load, ...]]:
        """The other loads that share a circuit with each load."""
        return {
            load_id: tuple(
                other
                for other in self.loads.values()
                if other.id != load_id and not set(self.chain[other.id]).isdisjoint(chain)
            )
            for load_id, chain in self.chain.items()
        }

    @cached_property
    def by_priority(self) -> tuple[tuple[Load, ...], ...]:
        """The loads, those served first in front; equals together."""
        ranks = sorted({load.priority for load in self.loads.values()}, reverse=True)
        return tuple(
            tuple(load for load in self.loads.values() if load.priority == rank) for rank in ranks
        )

    def _above(self, circuit_id: str) -> tuple[Circuit, ...]:
        found: list[Circuit] = []
        next_id: str | None = circuit_id
        while next_id is not None:
            circuit = self.circuits.get(next_id)
            if circuit is None:
                raise InvalidError(f"circuit {found[-1].id}: there is no circuit {next_id}")
            if circuit in found:
                raise InvalidError(f"circuit {circuit_id}: it is its own parent")
            found.append(circuit)
            next_id = circuit.parent
        return tuple(found)


def _check_circuit(circuit: Circuit) -> None:
    for name in ("limit_a", "limit_w", "unbalance_a"):
        value = getattr(circuit, name)
        # What is missing, and what may be, is None; a limit of 0 is a mistake, not freedom.
        if (value is not None or name == "limit_a") and not (value and 0 < value < math.inf):
            raise InvalidError(f"circuit {circuit.id}: {name} must be above 0")
    if not 0 <= circuit.assumed_base_a < math.inf:
        raise InvalidError(f"circuit {circuit.id}: assumed_base_a must be 0 or more")


def check_load(load: Load, circuits: Mapping[str, Circuit]) -> None:
    """InvalidError where it cannot be wired to one of the circuits."""
    if load.circuit not in circuits:
        raise InvalidError(f"{load.id}: there is no circuit {load.circuit}")
    if not 0 <= load.min_a <= load.max_a < math.inf or not load.max_a > 0:
        raise InvalidError(f"{load.id}: min_a must be at least 0, and max_a no less and above 0")
    if not 0 < load.step_a < math.inf:
        raise InvalidError(f"{load.id}: step_a must be above 0")
    if load.lines is not None and (
        not load.lines
        or len(set(load.lines)) < len(load.lines)
        or not set(load.lines) <= set(PHASES)
    ):
        raise InvalidError(f"{load.id}: lines must name different ones of 0, 1 and 2")
