"""What the operator has decided about who governs what. Devices by their ids in the config."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
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
from gatewayd.plan.grid.export import ExportRule, FeedIn
from gatewayd.plan.grid.operator import OperatorSettings
from gatewayd.plan.grid.relay import RelaySettings
from gatewayd.plan.guard import storage
from gatewayd.plan.heat.boost import BoostSettings
from gatewayd.plan.heat.compressor import HeatSettings
from gatewayd.plan.heat.levels import can_be_blocked

# What a charger is taken for that does not say what it is made for.
_PLATE_A = 32.0


@dataclass(frozen=True, slots=True)
class ChargerTerms:
    """A device: where it is wired, and how a charger charges. Without a mode it does as it likes.

    `lines` and `priority` are as of a Load. A `circuit` None is none at all; where there are
    circuits elsewhere, such a charger is left with the least. `safe_a` is what a person has
    declared that one may be left at when nobody steers it any more.
    """

    circuit: str | None = None
    lines: tuple[int, ...] | None = None
    priority: int = 0
    max_a: float | None = None
    safe_a: float | None = None
    charging: ChargeSettings | None = None
    arming: Arming = Arming.ARMED

    def plate_a(self, asset: Asset) -> float:
        """What it may draw at most. What is configured cannot raise what it is made for."""
        power_w = storage.said_w(asset.spec.max_power_w)
        by_power_a = None if power_w is None else storage.whole_a(power_w, self.lines)
        known = (asset.spec.max_current_a, by_power_a, self.max_a)
        # A register that is empty is no plate.
        return min((a for a in known if a is not None and 0 < a < math.inf), default=_PLATE_A)


_UNKNOWN = ChargerTerms()


@dataclass(frozen=True, slots=True)
class BatteryTerms:
    """A battery's mode and its rules."""

    settings: BatterySettings
    arming: Arming = Arming.ARMED


@dataclass(frozen=True, slots=True)
class HeatTerms:
    """What a heat pump's compressor bears, what the sun may do, and whether the grid blocks it."""

    settings: HeatSettings = field(default_factory=HeatSettings)
    boost: BoostSettings | None = None
    is_blocked_by_operator: bool = False
    arming: Arming = Arming.ARMED


_SPARED = HeatTerms()


@dataclass(frozen=True, slots=True)
class GridTerms:
    """What the connection to the grid may carry, beside what its fuses bear."""

    export: ExportRule | None = None
    capacity: CapacitySettings | None = None
    operator: OperatorSettings | None = None
    relay: RelaySettings | None = None
    feed_in: FeedIn = field(default_factory=FeedIn)
    export_operator: OperatorSettings | None = None
    export_relay: RelaySettings | None = None

    @property
    def limits_export(self) -> bool:
        """Whether what is fed in is ever limited."""
        return self.export is not None or self.export_operator is not None


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
    heaters: Mapping[str, HeatTerms] = field(default_factory=lambda: MappingProxyType({}))
    grid: GridTerms = GridTerms()
    audited: frozenset[str] = frozenset()
    withheld: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    rule: BatteryRule = field(default_factory=BatteryRule)
    cars: tuple[CarTerms, ...] = ()
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))

    def arming(self, asset: Asset) -> Arming | None:
        """How far a governed asset is trusted to the gateway now; None for one that is not."""
        found = self.terms_of(asset)
        if found is None:
            return None
        return Arming.SHADOW if self.withholds(asset) is not None else found.arming

    def withholds(self, asset: Asset) -> str | None:
        """Why a governed asset that would be armed is not; None for one that is."""
        found = self.terms_of(asset)
        return self.withheld.get(asset.device_id) if found and found.arming.writes else None

    def terms_of(self, asset: Asset) -> ChargerTerms | BatteryTerms | HeatTerms | None:
        """Those of an asset of which something is decided."""
        found = self.charger(asset) or self.battery(asset)
        return found or self.heater(asset) or self.inverter(asset)

    def charger(self, asset: Asset) -> ChargerTerms | None:
        """The terms of a charger that is governed at all."""
        if asset.kind is not AssetKind.CHARGER:
            return None
        found = self.wired(asset.device_id)
        if not found.arming.decides:
            return None
        return found if found.charging or self.circuits else None

    def wired(self, device_id: str) -> ChargerTerms:
        """The terms of a charger; one that is not configured is on no circuit and has no mode.

        Where the whole home may take only so much, what is on no circuit is on the house's own.
        """
        found = self.chargers.get(device_id, _UNKNOWN)
        if found.circuit is not None or self._limited_circuit is None:
            return found
        return replace(found, circuit=self._limited_circuit)

    def is_placed(self, device_id: str) -> bool:
        """Whether somebody has said on which circuit it is."""
        return self.chargers.get(device_id, _UNKNOWN).circuit is not None

    @cached_property
    def _limited_circuit(self) -> str | None:
        if self.grid.operator is None and self.grid.capacity is None:
            return None
        roots = (one for one in self.circuits.values() if one.parent is None and one.meter_id)
        return next((one.id for one in roots), None)

    def battery(self, asset: Asset) -> BatteryTerms | None:
        """The terms of a battery that is governed."""
        found = self.batteries.get(asset.device_id) if asset.kind is AssetKind.BATTERY else None
        return found if found and found.arming.decides else None

    def heater(self, asset: Asset) -> HeatTerms | None:
        """The terms of a heat pump that is governed; one on a circuit is spared all the same."""
        if asset.kind is not AssetKind.HVAC:
            return None
        found = self.heaters.get(asset.device_id, _SPARED if self.guards(asset) else None)
        return found if found and found.arming.decides else None

    def inverter(self, asset: Asset) -> ChargerTerms | None:
        """The terms of an inverter that is held to what may be fed in."""
        if asset.kind is not AssetKind.INVERTER or not self.grid.limits_export:
            return None
        found = self.wired(asset.device_id)
        return found if found.arming.decides else None

    def guards(self, asset: Asset) -> bool:
        """Whether an asset is told what the fuse guard grants."""
        term = self.wired(asset.device_id)
        if term.circuit is None or not term.arming.writes:
            return False
        match asset.kind:
            case AssetKind.CHARGER:
                return True
            case AssetKind.BATTERY:
                return storage.pause(None, asset.capabilities) is not None
            case AssetKind.HVAC:
                # What it draws is only known of one that somebody has placed.
                return can_be_blocked(asset) and self.is_placed(asset.device_id)
        return False

    def governs(self, asset: Asset) -> bool:
        """Whether something is decided of an asset."""
        return self.terms_of(asset) is not None or self.guards(asset)

    def writes(self, asset: Asset) -> bool:
        """Whether an asset is told what is settled: then its actions only claim."""
        found = self.terms_of(asset)
        # Safety does not wait: a load on a circuit is lowered all the same, and an inverter.
        if found is None or self.guards(asset):
            return self.guards(asset)
        is_lowered = asset.kind is AssetKind.INVERTER
        return found.arming.writes and (is_lowered or self.withholds(asset) is None)
