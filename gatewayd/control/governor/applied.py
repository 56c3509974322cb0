"""What users have chosen, over what the config says. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gatewayd.control.governor.choice import Mode, Number
from gatewayd.control.governor.terms import Terms
from gatewayd.model.asset import Asset
from gatewayd.plan.battery.modes import BatteryMode, BatterySettings
from gatewayd.plan.ev.words import ChargeMode, ChargeSettings
from gatewayd.state.modes import Chosen

_PCT = Number(0.0, most=100.0)
# Each with the value that stands for none.
_CHARGER = {
    "min_soc_pct": (_PCT, 0.0),
    "limit_soc_pct": (_PCT, 100.0),
    "limit_energy_wh": (Number(0.0, most=200_000.0, step=500.0), 0.0),
}
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
                found = charging[asset.id] = _charging(charger.charging, own)
                charger = replace(charger, charging=found)
                car = parked.get(asset.device_id)
                modes[asset.id] = Mode(found.mode, tuple(ChargeMode), car)
                numbers[asset.id] = _charger_numbers(found)
            chargers[asset.device_id] = charger
        elif battery is not None:
            settings = _battery(battery.settings, own)
            batteries[asset.device_id] = replace(battery, settings=settings)
            modes[asset.id] = Mode(settings.mode, tuple(BatteryMode))
            numbers[asset.id] = _battery_numbers(settings)
    whole = replace(terms, chargers=chargers, batteries=batteries)
    return Applied(whole, charging, modes, numbers)


def _charging(settings: ChargeSettings, chosen: Chosen) -> ChargeSettings:
    known: dict[str, Any] = {
        name: None if value == _CHARGER[name][1] else value
        for name, value in chosen.numbers.items()
        if name in _CHARGER
    }
    plans = {**settings.plans, **chosen.plans}
    return replace(
        settings,
        mode=ChargeMode(chosen.mode) if chosen.mode in list(ChargeMode) else settings.mode,
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
    found = {}
    for name, (number, none) in _CHARGER.items():
        value: float | None = getattr(settings, name)
        found[name] = replace(number, value=none if value is None else value)
    return found


def _battery_numbers(settings: BatterySettings) -> dict[str, Number]:
    return {name: replace(one, value=getattr(settings, name)) for name, one in _BATTERY.items()}
