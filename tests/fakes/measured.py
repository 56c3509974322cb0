"""Minutes in the history, as if a device had been heard all the time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from sqlite3 import Connection
from typing import Any

from gatewayd.model.asset import Asset, AssetKind
from gatewayd.model.reading import ChargerReading, InverterReading, Sample, VehicleReading
from gatewayd.state import history
from gatewayd.state.minute import RoleMinute

_READINGS: dict[AssetKind, Callable[..., Any]] = {
    AssetKind.CHARGER: ChargerReading,
    AssetKind.INVERTER: InverterReading,
    AssetKind.VEHICLE: VehicleReading,
}


def put_minute(c: Connection, asset: Asset, start: datetime, **said: Any) -> None:
    """One minute of an asset, said at its end."""
    at = start + timedelta(seconds=58)
    minute = RoleMinute(asset.kind, at)
    minute.add(Sample(_READINGS[asset.kind](**said), at, 0.0))
    history.put_minutes(c, {(history.minute_of(start), asset.device_id): {asset.role: minute}})


def run_at(
    c: Connection,
    asset: Asset,
    start: datetime,
    minutes: int,
    power_w: float,
    counter_wh: float = 0.5,
) -> float:
    """Steady power for some minutes; returns what the counter shows at the end."""
    for number in range(minutes):
        counter_wh += power_w / 60
        at = start + timedelta(minutes=number)
        put_minute(c, asset, at, power_w=power_w, energy_wh=counter_wh)
    return counter_wh
