"""What the controls of SunSpec models are set to, whoever set them. Pure."""

from gatewayd.model.reading import OperationMode
from gatewayd.sdk.sunspec.chain import ModelValues
from gatewayd.sdk.sunspec.roles import Fields

_FULL_PCT = 100.0


def of_storage(storage: ModelValues) -> Fields:
    """A battery's fields by model 124."""
    rates = _rates(storage)
    if rates is None:
        is_known = storage.number("StorCtl_Mod") is not None
        mode = OperationMode.UNKNOWN if is_known else None
        nothing = dict.fromkeys(("setpoint_w", "is_held", "is_charge_held"))
        return {"operation_mode": mode, **nothing}
    charge, discharge = rates
    is_exact = charge == -discharge
    most_w = storage.number("WChaMax")
    return {
        "operation_mode": _mode(charge, discharge),
        "setpoint_w": charge / _FULL_PCT * most_w + 0.0 if is_exact and most_w else None,
        # A grid that may charge is not prevented from it.
        "is_held": discharge == 0 and charge >= 0 and storage.number("ChaGriSet") != 1,
        "is_charge_held": charge == 0 and discharge >= 0,
    }


def _rates(storage: ModelValues) -> tuple[float, float] | None:
    """Charge and discharge rate in force, None where they are not known."""
    active = storage.number("StorCtl_Mod")
    if active is None:
        return None
    bits = int(active) & 3
    charge = storage.number("InWRte") if bits & 1 else _FULL_PCT
    discharge = storage.number("OutWRte") if bits & 2 else _FULL_PCT
    return None if charge is None or discharge is None else (charge, discharge)


def _mode(charge: float, discharge: float) -> OperationMode:
    """A negative discharge rate forces charging, a negative charge rate forces discharging."""
    if discharge < 0 <= charge:
        return OperationMode.IMPORT_FOCUS
    if charge < 0 <= discharge:
        return OperationMode.EXPORT_FOCUS
    is_free = charge >= _FULL_PCT and discharge >= _FULL_PCT
    return OperationMode.SELF_RELIANCE if is_free else OperationMode.UNKNOWN
