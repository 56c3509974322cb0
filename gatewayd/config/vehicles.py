"""The home's cars in the config: how chargers know them, and what each bears."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from gatewayd.config.problems import shown, suggestion
from gatewayd.config.section import Section
from gatewayd.config.source import Source
from gatewayd.plan.ev.cars import CarTerms, plain

Percent = Annotated[float, Field(ge=0, le=100)]


class Vehicle(Section):
    """A car; what is given here goes before what its charger is set to."""

    identities: tuple[Annotated[str, Field(min_length=2, max_length=64)], ...] = Field(
        default=(),
        description="What chargers tell of it: its card, its own address (Autocharge) or contract.",
    )
    device: str | None = Field(default=None, description="The device that tells its level, if any.")
    capacity_wh: Annotated[float, Field(ge=1_000, le=1_000_000)] | None = Field(
        default=None, description="Of its battery, where it does not say."
    )
    min_soc_pct: Percent | None = Field(
        default=None, description="Below this it charges at once, wherever it is plugged in."
    )
    limit_soc_pct: Percent | None = Field(default=None, description="At this it has enough.")
    max_a: Annotated[float, Field(ge=6, le=80)] | None = Field(
        default=None, description="The most it takes, per phase."
    )
    phases: Literal[1, 3] | None = Field(default=None, description="On how many it charges.")

    def terms(self, name: str) -> CarTerms:
        """The car, as chargers know it."""
        return CarTerms(
            name,
            frozenset(plain(one) for one in self.identities),
            self.device,
            self.capacity_wh,
            self.min_soc_pct,
            self.limit_soc_pct,
            self.max_a,
            self.phases,
        )


def check_vehicles(
    source: Source, vehicles: Mapping[str, Vehicle], devices: Mapping[str, object]
) -> None:
    """Add to the source what cannot be."""
    taken: dict[str, str] = {}
    for name, vehicle in vehicles.items():
        at = ("vehicles", name)
        device = vehicle.device
        if device is not None and device not in devices:
            known = ("devices", device)
            if source.known(known) != known:
                told = f"there is no device {shown(device)}; {suggestion(device, devices)}"
                source.fault((*at, "device"), told)
        for number, identity in enumerate(vehicle.identities):
            first = taken.setdefault(plain(identity), name)
            if first != name:
                source.fault(
                    (*at, "identities", number),
                    f"is {first}'s too; remove it from one of the two",
                )
