"""A governor that only remembers what it was told."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gatewayd.control.governor.choice import NO_NUMBERS, Mode, Number, Planned
from gatewayd.errors import InvalidError
from gatewayd.model.ready_by import ReadyBy
from gatewayd.plan.ev.words import AlwaysCharge


@dataclass
class RememberedModes:
    """By asset id."""

    known: dict[str, Mode] = field(default_factory=dict)
    settable: dict[str, dict[str, Number]] = field(default_factory=dict)
    planned: dict[str, dict[str, Planned]] = field(default_factory=dict)

    def modes(self) -> dict[str, Mode]:
        return dict(self.known)

    async def choose(
        self, asset_id: str, mode: str, numbers: Mapping[str, float | None] = NO_NUMBERS
    ) -> None:
        if mode not in self.known[asset_id].offered:
            raise InvalidError("mode must be one of those that are offered")
        await self.set(asset_id, numbers)
        self.known[asset_id] = replace(self.known[asset_id], mode=mode)

    async def charge_always(self, asset_id: str, always: AlwaysCharge) -> None:
        self.known[asset_id] = replace(self.known[asset_id], always_charge=always)

    def numbers(self) -> dict[str, dict[str, Number]]:
        return {asset_id: dict(known) for asset_id, known in self.settable.items()}

    async def set(self, asset_id: str, numbers: Mapping[str, float | None]) -> None:
        for name, value in numbers.items():
            known = self.settable.get(asset_id, {}).get(name)
            if known is None or not known.least <= (value or 0.0) <= known.most:
                raise InvalidError(f"there is no such {name}")
            self.settable[asset_id][name] = replace(known, value=value or 0.0)

    def plans(self) -> dict[str, dict[str, Planned]]:
        return self.planned

    async def plan(self, asset_id: str, name: str, plan: ReadyBy | None) -> None:
        plans = self.planned[asset_id]
        plans.pop(name, None)
        if plan is not None:
            plans[name] = Planned(plan)
