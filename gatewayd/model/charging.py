"""What a vehicle or charger says of charging, whichever of the two it is."""

from dataclasses import dataclass

from gatewayd.model.reading import ChargerReading, PowerDelivery, Reading, VehicleReading

_FULL_PCT = 100.0


@dataclass(frozen=True, slots=True)
class Charging:
    """None is unknown. `is_complete`: the car takes no more, or is known to take none now."""

    is_plugged_in: bool | None = None
    is_charging: bool | None = None
    is_complete: bool = False
    is_initializing: bool = False

    @property
    def needs_charge(self) -> bool:
        """What draws power needs it, whatever the level says."""
        return self.is_charging is True or not self.is_complete


def charging(reading: Reading | None) -> Charging:
    """What is known of charging; nothing, for readings of other kinds."""
    match reading:
        case VehicleReading(power_delivery=delivery):
            is_complete = delivery is PowerDelivery.COMPLETE or is_at_limit(reading)
            return _charging(delivery, is_complete=is_complete)
        case ChargerReading(power_delivery=delivery):
            # A charger cannot tell a full car from one that refuses; starting helps neither.
            is_complete = delivery in (PowerDelivery.COMPLETE, PowerDelivery.NO_POWER)
            return _charging(delivery, is_complete=is_complete)
    return Charging()


def is_at_limit(vehicle: VehicleReading, margin_pct: float = 0.0) -> bool:
    """Whether the level is known and has come within `margin_pct` of the charge limit."""
    return vehicle.soc_pct is not None and vehicle.soc_pct >= limit_pct(vehicle) - margin_pct


def limit_pct(vehicle: VehicleReading) -> float:
    """Up to where the car charges: 100 when it does not say."""
    limit = _FULL_PCT if vehicle.charge_limit_pct is None else vehicle.charge_limit_pct
    return min(limit, _FULL_PCT)


def _charging(delivery: PowerDelivery | None, *, is_complete: bool) -> Charging:
    if delivery in (None, PowerDelivery.UNKNOWN):
        return Charging(is_complete=is_complete)
    return Charging(
        is_plugged_in=delivery is not PowerDelivery.UNPLUGGED,
        is_charging=delivery is PowerDelivery.CHARGING,
        is_complete=is_complete,
        is_initializing=delivery is PowerDelivery.INITIALIZING,
    )
