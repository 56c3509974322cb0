"""The whole home as JSON: what is true, whatever its devices say.

Powers in W, energies in Wh, voltages in V, currents in A, temperatures in degrees Celsius, states
of charge from 0 to 1. Signs are Enode's: grid import +, battery charging +, charger +.
"""

from collections.abc import Sequence

from gatewayd.virtual.home import VirtualHome
from gatewayd.virtual.physics.house import PHASES, House

Json = dict[str, object]


def picture(home: VirtualHome) -> Json:
    """Everything, at this moment."""
    house = home.house
    return {
        "clock": {
            "at": house.local.isoformat(),
            "speed": home.clock.speed,
            "timezone": house.settings.timezone,
        },
        "seed": house.settings.seed,
        "location": {
            "latitude": house.settings.latitude,
            "longitude": house.settings.longitude,
        },
        "sun": _sun(house),
        "pv": {"power": house.pv_w, "strings": list(house.string_w)},
        "load": {**_phases(house.load_w), "extra": _phases(house.extra_w)},
        "battery": {
            "soc": house.battery.soc,
            "power": house.battery.power_w,
            "capacity": house.battery.spec.capacity_wh,
        },
        "inverter": {"power": house.inverter_w, "isCurtailed": house.is_curtailed},
        "grid": {
            **_phases(house.grid_w),
            "voltage": dict(zip(PHASES, house.voltage_v, strict=True)),
            "frequency": house.frequency_hz,
        },
        "car": _car(house),
        "heat": _heat(house),
        "energy": _energy(house),
        "devices": {name: _device(home, name) for name in home.devices},
    }


def _phases(watts: Sequence[float]) -> Json:
    return {"power": sum(watts), **dict(zip(PHASES, watts, strict=True))}


def _sun(house: House) -> Json:
    return {
        "elevation": house.sun.elevation_deg,
        "azimuth": house.sun.azimuth_deg,
        "light": house.transmittance,
        "isForced": house.cloud_factor is not None,
    }


def _car(house: House) -> Json:
    car = house.car
    return {
        "plugged": car.is_plugged,
        "home": car.is_home,
        "paused": car.is_paused,
        "soc": car.soc,
        "power": sum(house.charger_w),
        "current": car.current_a,
        "phases": car.phases,
        "maxCurrentA": car.max_current_a,
        "limit": car.limit,
        "capacity": car.spec.capacity_wh,
    }


def _heat(house: House) -> Json:
    warmth = house.warmth
    return {
        "room": warmth.room_c,
        "outdoor": warmth.outdoor_c,
        "wanted": warmth.wanted_c,
        "heating": warmth.is_heating,
        "power": warmth.power_w,
        "energy": warmth.energy_wh,
    }


def _energy(house: House) -> Json:
    """Counted since the home began, and what was lost on the way."""
    counters, battery = house.counters, house.battery
    return {
        "pv": sum(counters.pv_wh),
        "import": counters.import_wh,
        "export": counters.export_wh,
        "load": sum(counters.load_wh),
        "charger": counters.charger_wh,
        "batteryCharged": battery.charged_wh,
        "batteryDischarged": battery.discharged_wh,
        "conversionLoss": counters.conversion_loss_wh,
        "batteryLoss": battery.loss_wh,
    }


def _device(home: VirtualHome, name: str) -> Json:
    device = home.devices[name]
    return {
        **home.address(name),
        "faults": sorted(device.faults),
        "setpoints": dict(device.settings()),
        "truth": dict(device.truth(home.house)),
    }
