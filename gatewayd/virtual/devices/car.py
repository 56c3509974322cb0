"""The car itself, as its own telematics tell: a small JSON document over HTTP.

GET /vehicle tells everything; POST /vehicle/command takes one of the commands of `can`. The same
form as the driver `car_json` reads, see there.
"""

from collections.abc import Mapping
from typing import ClassVar

from gatewayd.clock import Clock
from gatewayd.virtual.devices.device import Device, Fault, Registers
from gatewayd.virtual.physics import car
from gatewayd.virtual.physics.house import House

Json = dict[str, object]

_VIN, _OTHER_VIN = "VRTUALCAR00000001", "VRTUALCAR00000002"
_WH_PER_M = 0.17
# Where the car is when it is away: ten kilometres to the north.
_AWAY_DEG = 0.09
COMMANDS = ("start_charging", "stop_charging", "set_max_current")


class CarTelemetry(Device):
    """What the car knows of itself; it pauses and goes on, whatever the charger offers."""

    driver: ClassVar[str] = "car_json"
    unit: ClassVar[int] = 0
    functions: ClassVar[frozenset[int]] = frozenset()
    has_signed_power: ClassVar[bool] = False

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.document: Json = {}
        self._orders: list[tuple[str, float]] = []

    def order(self, command: str, current_a: float) -> None:
        """Take a command; it is carried out when the physics moves next."""
        if Fault.IGNORE_WRITE not in self.faults:
            self._orders.append((command, current_a))

    def steer(self, house: House) -> None:
        for command, current_a in self._orders:
            if command == "set_max_current":
                house.car.max_current_a = current_a
            else:
                house.car.is_paused = command == "stop_charging"
        self._orders.clear()

    def show(self, house: House) -> None:
        if Fault.FROZEN not in self.faults:
            self.document = self._document(house)

    def measure(self, house: House) -> Registers:  # noqa: ARG002
        """It has no registers."""
        return {}

    def _document(self, house: House) -> Json:
        vehicle, spec = house.car, house.car.spec
        away = 0.0 if vehicle.is_home else _AWAY_DEG
        return {
            "vin": _OTHER_VIN if Fault.WRONG_UNIT in self.faults else _VIN,
            "brand": "Virtual",
            "model": "Roadster",
            "can": list(COMMANDS),
            "min_current_a": car.MIN_CURRENT_A,
            "hardware_current_a": car.MAX_CURRENT_A,
            "soc_pct": round(vehicle.soc * 100.0, 1),
            "range_m": round(vehicle.soc * spec.capacity_wh / _WH_PER_M),
            "capacity_wh": spec.capacity_wh,
            "charge_limit_pct": round(vehicle.limit * 100.0, 1),
            "power_delivery": _delivery(house),
            "power_w": round(sum(house.charger_w)),
            "max_current_a": vehicle.max_current_a,
            "charge_remaining_s": _remaining_s(house),
            "odometer_m": round(vehicle.odometer_m),
            "latitude": house.settings.latitude + away,
            "longitude": house.settings.longitude,
        }

    def settings(self) -> Mapping[str, int]:
        return {}

    def truth(self, house: House) -> Mapping[str, float]:
        return {"soc": house.car.soc, "paused": float(house.car.is_paused)}


def _delivery(house: House) -> str:
    if not house.car.is_plugged:
        return "UNPLUGGED"
    if house.car.current_a:
        return "PLUGGED_IN:CHARGING"
    if house.car.is_full:
        return "PLUGGED_IN:COMPLETE"
    if not house.offered_a:
        return "PLUGGED_IN:NO_POWER"
    return "PLUGGED_IN:STOPPED" if house.car.is_paused else "PLUGGED_IN:INITIALIZING"


def _remaining_s(house: House) -> int | None:
    vehicle = house.car
    power_w = sum(house.charger_w) * vehicle.spec.efficiency
    if power_w <= 0.0:
        return None
    left_wh = max(0.0, vehicle.limit - vehicle.soc) * vehicle.spec.capacity_wh
    return round(left_wh / power_w * 3600.0)
