"""Assets: the Enode-typed roles of a home's devices, and what each can do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from gatewayd.model.climate import Thermostat


class AssetKind(StrEnum):
    """The six asset types of the Enode API."""

    BATTERY = "battery"
    CHARGER = "charger"
    HVAC = "hvac"
    INVERTER = "inverter"
    METER = "meter"
    VEHICLE = "vehicle"


class Capability(StrEnum):
    """Something an asset can be told."""

    START_CHARGING = "start_charging"
    STOP_CHARGING = "stop_charging"
    SET_MAX_CURRENT = "set_max_current"
    SELF_RELIANCE = "self_reliance"
    TIME_OF_USE = "time_of_use"
    IMPORT_FOCUS = "import_focus"
    EXPORT_FOCUS = "export_focus"
    SET_PERMANENT_HOLD = "set_permanent_hold"
    SET_FOLLOW_SCHEDULE = "set_follow_schedule"
    HOLD = "hold"
    HOLD_CHARGE = "hold_charge"
    SET_POWER = "set_power"
    SET_RESERVE = "set_reserve"
    SET_PRODUCTION_LIMIT = "set_production_limit"
    SET_EXPORT_LIMIT = "set_export_limit"
    SET_PHASES = "set_phases"
    SET_SG_READY = "set_sg_ready"


# What the Enode API has no word for: only the home's own control uses it (see `model.power`).
LOCAL = frozenset(
    {
        Capability.HOLD,
        Capability.HOLD_CHARGE,
        Capability.SET_POWER,
        Capability.SET_RESERVE,
        Capability.SET_PRODUCTION_LIMIT,
        Capability.SET_EXPORT_LIMIT,
        Capability.SET_PHASES,
        Capability.SET_SG_READY,
    }
)


class MeterUsage(StrEnum):
    """What a meter stands in front of; only a grid meter tells import and export."""

    GRID = "grid"
    LOAD = "load"
    GENERATION = "generation"
    CHARGER = "charger"


@dataclass(frozen=True, slots=True)
class Usages:
    """What the `first` of a device's meters stands in front of, and others `by_role`."""

    first: MeterUsage | None = None
    by_role: Mapping[str, MeterUsage] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, role: str, meters: Sequence[str]) -> MeterUsage | None:
        """That of one of the device's `meters`, which are roles in their order."""
        if role not in meters:
            return None
        return self.by_role.get(role, self.first if role == meters[0] else None)


class Consent(StrEnum):
    """Whether API clients may know of an asset and use it. The home itself always may."""

    GRANTED = "GRANTED"
    # The device refuses the login it was linked with.
    INVALID = "INVALID"
    # The user took the clients' authorisation back; a new link restores it.
    WITHDRAWN = "WITHDRAWN"
    # Nobody has linked it, or somebody has disconnected it.
    NONE = "NONE"


@dataclass(frozen=True, slots=True)
class Role:
    """What a driver says of one asset of its device.

    `reports` names the reading fields the device can fill at all, so that nothing is announced
    which never gets a value. Current limits are the device's own, in ampere per phase; power limits
    a battery's (charging +). `safe` is the command that gives the device back to itself, which a
    battery or inverter stays without for ever if nobody gives it; a charger's has `safe_current_a`.
    `confirm_timeout_s` is how long the device may take to show a command's effect. Only heaters and
    coolers have a thermostat. `model_year` is a vehicle's or charger's.
    """

    kind: AssetKind
    capabilities: frozenset[Capability] = frozenset()
    reports: frozenset[str] = frozenset()
    min_current_a: float | None = None
    max_current_a: float | None = None
    confirm_timeout_s: float = 60.0
    thermostat: Thermostat | None = None
    min_power_w: float | None = None
    max_power_w: float | None = None
    safe: Capability | None = None
    safe_current_a: float | None = None
    model_year: int | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who answers at a device's address. `roles` is keyed by role name, usually the kind."""

    vendor: str
    model: str
    roles: Mapping[str, Role]
    serial: str | None = None
    firmware: str | None = None


@dataclass(frozen=True, slots=True)
class Asset:
    """One asset, with the id it keeps for life.

    `slug` is stable and safe in topics and URLs: the device's config id, followed by the role
    where a device has several. `vendor` is Enode's machine name (upper case), `brand` the name
    people know; a vehicle's `serial` is its VIN. `is_writable` is false for a device configured
    `read_only`, and for one in whose place another box answers (`is_stranger`). `is_yielded`: it is
    left to somebody else who steers it too, for a while.
    """

    id: str
    device_id: str
    role: str
    slug: str
    user_id: str
    vendor: str
    brand: str
    model: str
    spec: Role
    created_at: datetime
    serial: str | None = None
    firmware: str | None = None
    name: str | None = None
    usage: MeterUsage | None = None
    installed_at: datetime | None = None
    location_id: str | None = None
    location_updated_at: datetime | None = None
    is_writable: bool = True
    scopes: tuple[str, ...] = field(default=())
    is_stranger: bool = False
    is_yielded: bool = False
    consent: Consent = Consent.GRANTED

    @property
    def kind(self) -> AssetKind:
        return self.spec.kind

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can be told right now."""
        return self.spec.capabilities if self.is_writable else frozenset()

    @property
    def display_name(self) -> str:
        return self.name or f"{self.brand} {self.model}".strip()
