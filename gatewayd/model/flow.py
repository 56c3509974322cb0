"""The home's power flow: who gives and who takes, at one moment."""

from collections.abc import Iterable
from dataclasses import dataclass

from gatewayd.model.asset import AssetKind, MeterUsage
from gatewayd.model.reading import (
    BatteryReading,
    ChargerReading,
    InverterReading,
    MeterReading,
)
from gatewayd.model.site import AssetState, Site


@dataclass(frozen=True, slots=True)
class Flow:
    """Power in watt: grid import +, battery charging +. None where a needed part is unknown.

    What does not answer is unknown, not 0; only a kind that the home has none of counts as 0.
    """

    pv_w: float | None
    grid_w: float | None
    battery_w: float | None
    charger_w: float | None
    home_w: float | None


def flow(site: Site) -> Flow:
    """Where the power goes now; the home is what remains of grid, sun, battery and chargers."""
    pv_w = _total(site.of_kind(AssetKind.INVERTER))
    battery_w = _total(site.of_kind(AssetKind.BATTERY))
    charger_w = _total(site.of_kind(AssetKind.CHARGER))
    meters = site.of_kind(AssetKind.METER)
    grid_w = _total([m for m in meters if m.asset.usage is MeterUsage.GRID])
    home_w = _home(
        grid_w,
        pv_w if site.of_kind(AssetKind.INVERTER) else 0.0,
        battery_w if site.of_kind(AssetKind.BATTERY) else 0.0,
        charger_w if site.of_kind(AssetKind.CHARGER) else 0.0,
    )
    return Flow(pv_w, grid_w, battery_w, charger_w, home_w)


def _home(
    grid_w: float | None, pv_w: float | None, battery_w: float | None, charger_w: float | None
) -> float | None:
    if grid_w is None or pv_w is None or battery_w is None or charger_w is None:
        return None
    return max(0.0, grid_w + pv_w - battery_w - charger_w)


def _total(states: Iterable[AssetState]) -> float | None:
    """The sum, or None when there is nothing to sum or one part is unknown."""
    powers = [_power_w(state) for state in states]
    known = [power for power in powers if power is not None]
    return sum(known) if known and len(known) == len(powers) else None


def _power_w(state: AssetState) -> float | None:
    if state.sample is None or not state.is_reachable:
        return None
    match state.sample.reading:
        case BatteryReading() | ChargerReading() | InverterReading() | MeterReading() as reading:
            return reading.power_w
    return None
