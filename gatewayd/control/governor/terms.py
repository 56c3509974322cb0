"""What the operator has decided about who governs what. Devices by their ids in the config."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from zoneinfo import ZoneInfo

from gatewayd.model.asset import Asset, AssetKind
from gatewayd.model.circuit import Circuit
from gatewayd.plan.arming import Arming
from gatewayd.plan.battery.modes import BatterySettings
from gatewayd.plan.ev.cars import CarTerms
from gatewayd.plan.ev.surplus import BatteryRule
from gatewayd.plan.ev.words import ChargeSettings
from gatewayd.plan.grid.capacity import CapacitySettings
from gatewayd.plan.grid.export import ExportRule
from gatewayd.plan.grid.operator import OperatorSettings

# What a charger is taken for that does not say what it is made for.
_PLATE_A = 32.0


@dataclass(frozen=True, slots=True)
class ChargerTerms:
    """A charger: where it is wired, and how it charges. Without a mode it does as it likes.

    `lines` and `priority` are as of a Load. A `circuit` None is none at all; where there are
    circuits elsewhere, such a charger is left with the least.
    """

    circuit: str | None = None
    lines: tuple[int, ...] | None = None
    priority: int = 0
    max_a: float | None = None
    charging: ChargeSettings | None = None
    arming: Arming = Arming.ARMED

    def plate_a(self, asset: Asset) -> float:
        """What it may draw at most. What is configured cannot raise what it is made for."""
        known = [a for a in (asset.spec.max_current_a, self.max_a) if a is not None]
        return min(known, default=_PLATE_A)


_UNKNOWN = ChargerTerms()


@dataclass(frozen=True, slots=True)
class BatteryTerms:
    """A battery's mode and its rules."""

    settings: BatterySettings
    arming: Arming = Arming.ARMED


@dataclass(frozen=True, slots=True)
class GridTerms:
    """What the connection to the grid may carry, beside what its fuses bear."""

    export: ExportRule | None = None
    capacity: CapacitySettings | None = None
    operator: OperatorSettings | None = None


@dataclass(frozen=True)
class Terms:
    """All of it. `meter_lines` are the phases that a circuit's meter measures, by circuit.

    `audited` are devices that a person has checked. `withheld` is what the audit has against a
    device, in words, by device: until then a charger on a circuit is only lowered, and of others
    it is only decided.

    `zone` is that of the home's clock.
    """

    circuits: Mapping[str, Circuit] = field(default_factory=lambda: MappingProxyType({}))
    meter_lines: Mapping[str, tuple[int, ...]] = field(default_factory=lambda: MappingProxyType({}))
    chargers: Mapping[str, ChargerTerms] = field(default_factory=lambda: MappingProxyType({}))
    batteries: Mapping[str, BatteryTerms] = field(default_factory=lambda: MappingProxyType({}))
    grid: GridTerms = GridTerms()
    audited: frozenset[str] = frozenset()
    withheld: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    rule: BatteryRule = field(default_factory=BatteryRule)
    cars: tuple[CarTerms, ...] = ()
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))

    def withholds(self, asset: Asset) -> str | None:
        """Why a governed asset that would be armed is not; None for one that is."""
        found = self.charger(asset) or self.battery(asset)
        return self.withheld.get(asset.device_id) if found and found.arming.writes else None

    def charger(self, asset: Asset) -> ChargerTerms | None:
        """The terms of a charger that is governed at all."""
        if asset.kind is not AssetKind.CHARGER:
            return None
        found = self.wired(asset.device_id)
        if not found.arming.decides:
            return None
        return found if found.charging or self.circuits else None

    def wired(self, device_id: str) -> ChargerTerms:
        """The terms of a charger; one that is not configured is on no circuit and has no mode."""
        return self.chargers.get(device_id, _UNKNOWN)

    def battery(self, asset: Asset) -> BatteryTerms | None:
        """The terms of a battery that is governed."""
        found = self.batteries.get(asset.device_id) if asset.kind is AssetKind.BATTERY else None
        return found if found and found.arming.decides else None

    def limits(self, asset: Asset) -> bool:
        """Whether an inverter is held to what may be fed in."""
        return asset.kind is AssetKind.INVERTER and self.grid.export is not None

    def writes(self, asset: Asset) -> bool:
        """Whether an asset is told what is settled: then its actions only claim."""
        found = self.charger(asset) or self.battery(asset)
        if found is None:
            return self.limits(asset)
        # Safety does not wait: on a circuit a charger is lowered all the same.
        is_guarded = isinstance(found, ChargerTerms) and found.circuit is not None
        return found.arming.writes and (is_guarded or self.withholds(asset) is None)
