"""What a ruling was made from, each with its age: the grid, batteries, the car, the price."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from gatewayd.control.governor import cars
from gatewayd.control.governor.look import Look
from gatewayd.model.asset import AssetKind, MeterUsage
from gatewayd.model.decision import Input
from gatewayd.model.reading import BatteryReading
from gatewayd.model.site import AssetState


def dated(inputs: Iterable[Input], look: Look, state: AssetState, now_s: float) -> list[Input]:
    """Once each, those that were measured with their age, and what else there was to know."""
    found = {one.name: one for one in inputs}
    meters = [s for s in look.site.of_kind(AssetKind.METER) if s.asset.usage is MeterUsage.GRID]
    batteries = look.site.of_kind(AssetKind.BATTERY)
    if look.grid_w is not None or "grid_w" in found:
        found["grid_w"] = Input("grid_w", look.grid_w, _age_s(meters, now_s))
    if "surplus_w" in found:
        age_s = _age_s([*meters, *batteries], now_s)
        found["surplus_w"] = replace(found["surplus_w"], age_s=age_s)
        found |= {one.name: one for battery in batteries for one in _of(battery, now_s)}
    if "soc_pct" in found:
        found["soc_pct"] = replace(found["soc_pct"], age_s=_car_age_s(look, state, now_s))
    if look.price is not None:
        found["price"] = Input("price", float(look.price))
    return [*found.values()]


def _of(battery: AssetState, now_s: float) -> Sequence[Input]:
    reading, name = battery.sample.reading if battery.sample else None, battery.asset.device_id
    if not isinstance(reading, BatteryReading):
        return ()
    age_s = _age_s([battery], now_s)
    told = (("power_w", reading.power_w), ("soc_pct", reading.soc_pct))
    return [Input(f"{name}.{what}", value, age_s) for what, value in told if value is not None]


def _car_age_s(look: Look, charger: AssetState, now_s: float) -> float | None:
    reading = cars.at_charger(charger, look.site, look.terms.cars).reading
    vehicles = look.site.of_kind(AssetKind.VEHICLE)
    return _age_s([s for s in vehicles if s.sample and s.sample.reading is reading], now_s)


def _age_s(states: Iterable[AssetState], now_s: float) -> float | None:
    """The oldest's; None where that is not known."""
    times = [state.sample.at_monotonic for state in states if state.sample]
    oldest_s = min(times, default=-math.inf)
    return round(now_s - oldest_s, 1) if math.isfinite(oldest_s) else None
