"""The roles of a register map: what each reads, bears and can be told."""

from typing import Any

from pydantic import Field, model_validator

from gatewayd.model.asset import AssetKind, Capability
from gatewayd.model.climate import Bounds, HvacCategory, HvacMode, Thermostat
from gatewayd.model.command import Command, StopCharging, required
from gatewayd.model.power import SetExportLimit, SetProductionLimit
from gatewayd.sdk.maps.commands import Safe, Step, Watchdog
from gatewayd.sdk.maps.points import Conditions, Strict
from gatewayd.sdk.maps.sources import Source

# What an asset has beside the fields of its reading.
_OWN_KEYS = frozenset(
    {"kind", "present", "limits", "thermostat", "commands", "needs", "safe", "watchdog"}
)


class Limits(Strict):
    """What the role can bear, and how long a command may take to show.

    A battery's powers are those of `set_power`: the lowest is that of discharging, below 0.
    """

    min_current_a: Source | None = None
    max_current_a: Source | None = None
    min_power_w: Source | None = None
    max_power_w: Source | None = None
    confirm_timeout_s: float = Field(default=60.0, gt=0, le=600)


class ThermostatMap(Strict):
    """What a heater or cooler can be held at, in degrees; each range is [lowest, highest]."""

    modes: list[HvacMode] = Field(min_length=1)
    heat_c: tuple[float, float] | None = None
    cool_c: tuple[float, float] | None = None
    difference_c: tuple[float, float] | None = None
    category: HvacCategory = HvacCategory.HEAT_PUMP
    step_c: float = Field(0.0, ge=0)

    @property
    def thermostat(self) -> Thermostat:
        """The same in the model's words."""
        return Thermostat(
            modes=frozenset(self.modes),
            heat_c=Bounds(*self.heat_c) if self.heat_c else None,
            cool_c=Bounds(*self.cool_c) if self.cool_c else None,
            difference_c=Bounds(*self.difference_c) if self.difference_c else None,
            category=self.category,
            step_c=self.step_c,
        )


class AssetMap(Strict):
    """One role: the fields of its reading, its commands and its watchdog.

    `kind` may be left out where the role is called like its kind. The role is there only if
    `present` holds when the device is identified, and a command only if what it `needs` does.
    """

    kind: AssetKind
    present: Conditions | None = None
    limits: Limits = Field(default_factory=Limits)
    thermostat: ThermostatMap | None = None
    commands: dict[Capability, list[Step]] = Field(default_factory=dict)
    needs: dict[Capability, Conditions] = Field(default_factory=dict)
    safe: Safe | None = None
    watchdog: Watchdog | None = None
    fields: dict[str, Source] = Field(default_factory=dict)

    def is_safe(self, command: Command) -> bool:
        """Whether it stops the asset, gives it back, or is what a fuse asks of a charger.

        Such is written however often the device's memory was. A limit of an inverter is not: it
        follows the home.
        """
        if isinstance(command, SetExportLimit | SetProductionLimit) and command.limit_w is not None:
            return False
        safe = self.safe.do if self.safe is not None else None
        return isinstance(command, StopCharging) or required(command) is safe

    @model_validator(mode="before")
    @classmethod
    def _gather_fields(cls, data: Any) -> Any:  # noqa: ANN401 - whatever the file holds
        if not isinstance(data, dict) or "fields" in data:
            return data
        own = {key: data[key] for key in data if key in _OWN_KEYS}
        return own | {"fields": {key: data[key] for key in data if key not in _OWN_KEYS}}
