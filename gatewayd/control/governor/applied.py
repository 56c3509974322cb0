"""What users have chosen, over what the config says. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gatewayd.control.governor.choice import Mode, Number
from gatewayd.control.governor.terms import Terms
from gatewayd.model.asset import Asset
from gatewayd.plan.battery.modes import BatteryMode, BatterySettings
from gatewayd.plan.ev.words import AlwaysCharge, ChargeMode, ChargeSettings
from gatewayd.state.modes import Chosen

_PCT = Number(0.0, most=100.0)
_LEAST_A = 6.0
# Each with the value that stands for none.
_LIMITS = {
    "min_soc_pct": (_PCT, 0.0),
    "limit_soc_pct": (_PCT, 100.0),
    "limit_energy_wh": (Number(0.0, most=200_000.0, step=500.0), 0.0),
}
_PRIORITY = Number(0.0, least=-100.0, most=100.0)
_BATTERY = {
    "reserve_pct": _PCT,
    "target_pct": _PCT,
    "power_w": Number(0.0, most=50_000.0, step=100.0),
}


@dataclass(frozen=True, slots=True)
class Applied:
    """The terms with all that is chosen, and what of it can be chosen, by asset id."""

    terms: Terms
    charging: Mapping[str, ChargeSettings]
    modes: Mapping[str, Mode]
    numbers: Mapping[str, Mapping[str, Number]]


def applied(
    terms: Terms,
    assets: Iterable[Asset],
    chosen: Mapping[str, Chosen],
    parked: Mapping[str, str | None],
) -> Applied:
    """`terms` are the config's; `parked` is which of the home's cars is where, by device."""
    chargers, batteries = dict(terms.chargers), dict(terms.batteries)
    charging, modes, numbers = {}, {}, {}
    for asset in assets:
        own = chosen.get(asset.id, Chosen())
        charger, battery = terms.charger(asset), terms.battery(asset)
        if charger is not None:
            if charger.charging:
                settings = replace(charger.charging, priority=charger.priority)
                found = charging[asset.id] = _charging(settings, own)
                charger = replace(charger, charging=found, priority=found.priority)
                car = parked.get(asset.device_id)
                modes[asset.id] = Mode(found.mode, tuple(ChargeMode), car, found.always_charge)
                numbers[asset.id] = _charger_numbers(found)
            chargers[asset.device_id] = charger
        elif battery is not None:
            kept = _battery(battery.settings, own)
            batteries[asset.device_id] = replace(battery, settings=kept)
            modes[asset.id] = Mode(kept.mode, tuple(BatteryMode))
            numbers[asset.id] = _battery_numbers(kept)
    whole = replace(terms, chargers=chargers, batteries=batteries)
    return Applied(whole, charging, modes, numbers)


def _charging(settings: ChargeSettings, chosen: Chosen) -> ChargeSettings:
    known: dict[str, Any] = {
        name: None if value == _LIMITS[name][1] else value
        for name, value in chosen.numbers.items()
        if name in _LIMITS
    }
    always, known_always = chosen.always_charge, list(AlwaysCharge)
    plans = {**settings.plans, **chosen.plans}
    return replace(
        settings,
        mode=ChargeMode(chosen.mode) if chosen.mode in list(ChargeMode) else settings.mode,
        always_charge=AlwaysCharge(always) if always in known_always else settings.always_charge,
        min_a=min(settings.max_a, chosen.numbers.get("min_a", settings.min_a)),
        priority=round(chosen.numbers.get("priority", settings.priority)),
        plans={name: plan for name, plan in plans.items() if plan is not None},
        **known,
    )


def _battery(settings: BatterySettings, chosen: Chosen) -> BatterySettings:
    known: dict[str, Any] = {
        name: value for name, value in chosen.numbers.items() if name in _BATTERY
    }
    mode = BatteryMode(chosen.mode) if chosen.mode in list(BatteryMode) else settings.mode
    return replace(settings, mode=mode, **known)


def _charger_numbers(settings: ChargeSettings) -> dict[str, Number]:
    found = {"priority": replace(_PRIORITY, value=float(settings.priority))}
    if settings.max_a > _LEAST_A:
        found["min_a"] = Number(settings.min_a, least=_LEAST_A, most=settings.max_a)
    for name, (number, none) in _LIMITS.items():
        value: float | None = getattr(settings, name)
        found[name] = replace(number, value=none if value is None else value)
    return found


def _battery_numbers(settings: BatterySettings) -> dict[str, Number]:
    return {name: replace(one, value=getattr(settings, name)) for name, one in _BATTERY.items()}
