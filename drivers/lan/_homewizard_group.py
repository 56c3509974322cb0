"""How HomeWizard's plug-in batteries are steered: all of a home as one, by their meter."""

from typing import Annotated

from pydantic import AfterValidator

from drivers.lan._homewizard import Part
from gatewayd.errors import UnsupportedError
from gatewayd.model.asset import Capability
from gatewayd.model.command import Command, SetOperationMode
from gatewayd.model.power import Hold, HoldCharge
from gatewayd.model.reading import OperationMode

_CHARGE, _DISCHARGE = "charge_allowed", "discharge_allowed"
_ALWAYS = frozenset({Capability.SELF_RELIANCE, Capability.IMPORT_FOCUS, Capability.HOLD})
CONTROLS = _ALWAYS | {Capability.HOLD_CHARGE, Capability.TIME_OF_USE}

# What may be done, in one order.
Permissions = Annotated[tuple[str, ...], AfterValidator(lambda told: tuple(sorted(told)))]


class Group(Part):
    """What the batteries are told. `permissions` are there from API 2.2 on, the last from 2.3 on.

    What is None is left as it is.
    """

    mode: str | None = None
    permissions: Permissions | None = None
    charge_to_full: bool | None = None

    @property
    def has_cloud(self) -> bool:
        """Whether the firmware knows `predictive`."""
        return self.charge_to_full is not None

    @property
    def is_filling(self) -> bool:
        return self.mode == "to_full" or self.charge_to_full is True

    def operation_mode(self) -> OperationMode | None:
        """Enode's word for it."""
        if self.mode is None:
            return None
        if self.is_filling:
            return OperationMode.IMPORT_FOCUS
        if self.mode == "predictive":
            return OperationMode.TIME_OF_USE
        is_free = self.permissions is None or set(self.permissions) >= {_CHARGE, _DISCHARGE}
        is_usual = self.mode == "zero" and is_free
        return OperationMode.SELF_RELIANCE if is_usual else OperationMode.UNKNOWN

    def is_held(self) -> bool | None:
        """Nothing charges from the grid in `zero`."""
        if self.mode is None:
            return None
        allowed = self.permissions is None or _DISCHARGE in self.permissions
        is_kept = self.mode == "zero" and not allowed
        return not self.is_filling and (self.mode == "standby" or is_kept)

    def is_charge_held(self) -> bool | None:
        """Without permissions it cannot be told so."""
        if self.permissions is None or self.mode is None:
            return None
        return self.mode == "zero" and not self.is_filling and self.permissions == (_DISCHARGE,)

    def controls(self) -> frozenset[Capability]:
        """What this firmware can be told."""
        more = {Capability.HOLD_CHARGE} if self.permissions is not None else set()
        cloud = {Capability.TIME_OF_USE} if self.has_cloud else set()
        return _ALWAYS | more | cloud

    def told(self, command: Command) -> "Group":
        """What to send for a command; UnsupportedError."""
        match command:
            case SetOperationMode(mode=OperationMode.SELF_RELIANCE):
                return self._zero(_CHARGE, _DISCHARGE)
            case SetOperationMode(mode=OperationMode.IMPORT_FOCUS):
                return Group(charge_to_full=True) if self.has_cloud else Group(mode="to_full")
            case SetOperationMode(mode=OperationMode.TIME_OF_USE) if self.has_cloud:
                return Group(mode="predictive", charge_to_full=False)
            case Hold():
                return Group(mode="standby") if self.permissions is None else self._zero(_CHARGE)
            case HoldCharge() if self.permissions is not None:
                return self._zero(_DISCHARGE)
        raise UnsupportedError(f"HomeWizard: the batteries have no {command}")

    def _zero(self, *allowed: str) -> "Group":
        return Group(
            mode="zero",
            permissions=None if self.permissions is None else allowed,
            charge_to_full=False if self.has_cloud else None,
        )

    def shows(self, other: "Group") -> bool:
        """Whether it is as another one says, as far as that says anything."""
        wanted = other.model_dump(exclude_none=True)
        return {**self.model_dump(), **wanted} == self.model_dump()
