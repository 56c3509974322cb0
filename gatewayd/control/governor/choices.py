"""What users have chosen: modes, numbers and plans, over what the config says."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from sqlite3 import Connection
from typing import Any

from gatewayd.clock import Clock
from gatewayd.control.governor.choice import NO_NUMBERS, Mode, Number, Planned
from gatewayd.control.governor.claims import Memory
from gatewayd.control.governor.terms import BatteryTerms, ChargerTerms, Terms
from gatewayd.errors import InvalidError
from gatewayd.model.asset import Asset
from gatewayd.model.ready_by import ReadyBy
from gatewayd.plan.battery.modes import BatteryMode, BatterySettings
from gatewayd.plan.ev.ready import next_deadline
from gatewayd.plan.ev.words import ChargeMode, ChargeSettings
from gatewayd.state import modes
from gatewayd.state.db import Database
from gatewayd.state.modes import Chosen
from gatewayd.state.store import Store

PLANS_MAX = 20

_NAME = re.compile(r"[a-z0-9_]{1,32}")
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


class Choices:
    """See `Modes`. `terms` are the config's; `memory` is what the last look left."""

    def __init__(
        self,
        terms: Terms,
        store: Store,
        db: Database,
        clock: Clock,
        memory: Memory,
    ) -> None:
        self.terms = terms
        self._store = store
        self._db = db
        self._clock = clock
        self._memory = memory
        self._chosen: dict[str, Chosen] = {}

    async def load(self) -> None:
        """Know what is on the disk."""
        self._chosen = await self._db.read(modes.load)

    def of(self, asset_id: str) -> Chosen:
        """What was chosen of an asset."""
        return self._chosen.get(asset_id, Chosen())

    def applied(self) -> Terms:
        """The terms with all that users have chosen."""
        chargers, batteries = dict(self.terms.chargers), dict(self.terms.batteries)
        for asset in self._assets():
            charger, battery = self._charger(asset), self.terms.battery(asset)
            if charger is not None:
                chargers[asset.device_id] = charger
            elif battery is not None:
                chosen = _battery(battery.settings, self.of(asset.id))
                batteries[asset.device_id] = replace(battery, settings=chosen)
        return replace(self.terms, chargers=chargers, batteries=batteries)

    def modes(self) -> dict[str, Mode]:
        found = {}
        for asset in self._assets():
            charger, battery = self._charger(asset), self._battery(asset)
            if charger and charger.charging:
                car = self._memory.parked.get(asset.device_id)
                found[asset.id] = Mode(charger.charging.mode, tuple(ChargeMode), car)
            elif battery:
                found[asset.id] = Mode(battery.mode, tuple(BatteryMode))
        return found

    async def choose(
        self, asset_id: str, mode: str, numbers: Mapping[str, float | None] = NO_NUMBERS
    ) -> None:
        known = self.modes().get(asset_id)
        if known is None:
            raise InvalidError("this asset has no mode: give it one in the config first")
        if mode not in known.offered:
            raise InvalidError(f"mode must be one of {', '.join(known.offered)}")
        kept, now = self._kept(asset_id, numbers), self._clock.now()

        def write(c: Connection) -> None:
            modes.choose(c, asset_id, mode, now)
            modes.put_numbers(c, asset_id, kept)

        await self._db.write(write)
        self._chosen[asset_id] = replace(self.of(asset_id), mode=mode, since=now, numbers=kept)

    async def forget_wants(self, asset_id: str, at: datetime) -> None:
        """The car has left: what was asked for it is over. Raises StorageError."""
        await self._db.write(lambda c: modes.forget_wants(c, asset_id, at))
        self._chosen[asset_id] = replace(self.of(asset_id), since=at)

    def numbers(self) -> dict[str, dict[str, Number]]:
        found = {}
        for asset in self._assets():
            charger, battery = self._charger(asset), self._battery(asset)
            if charger and charger.charging:
                found[asset.id] = _charger_numbers(charger.charging)
            elif battery:
                found[asset.id] = {
                    name: replace(one, value=getattr(battery, name))
                    for name, one in _BATTERY.items()
                }
        return found

    async def set(self, asset_id: str, numbers: Mapping[str, float | None]) -> None:
        kept = self._kept(asset_id, numbers)
        await self._db.write(lambda c: modes.put_numbers(c, asset_id, kept))
        self._chosen[asset_id] = replace(self.of(asset_id), numbers=kept)

    def plans(self) -> dict[str, dict[str, Planned]]:
        now, found = self._clock.now(), {}
        for asset in self._assets():
            charger = self._charger(asset)
            if charger and charger.charging:
                ready = self._memory.planned.get(asset.device_id)
                found[asset.id] = {
                    name: Planned(
                        plan,
                        next_deadline(plan, now, self.terms.zone),
                        ready if ready and ready.plan_id == name else None,
                    )
                    for name, plan in charger.charging.plans.items()
                }
        return found

    async def plan(self, asset_id: str, name: str, plan: ReadyBy | None) -> None:
        known = self.plans().get(asset_id)
        if known is None:
            raise InvalidError("this asset has no plans: give it a mode in the config first")
        if not _NAME.fullmatch(name):
            raise InvalidError("a plan's name is 1 to 32 of a to z, 0 to 9 and _")
        if plan is not None and len(known.keys() | {name}) > PLANS_MAX:
            raise InvalidError(f"there are {PLANS_MAX} plans already: delete one first")
        merged = {**self.of(asset_id).plans, name: plan}
        of_config = self._of_config(asset_id)
        kept = {key: one for key, one in merged.items() if one or key in of_config}
        await self._db.write(lambda c: modes.put_plans(c, asset_id, kept))
        self._chosen[asset_id] = replace(self.of(asset_id), plans=kept)

    def _kept(self, asset_id: str, numbers: Mapping[str, float | None]) -> dict[str, float]:
        """All of an asset's numbers with these. InvalidError."""
        known = self.numbers().get(asset_id, {})
        for name, value in numbers.items():
            _check(name, value, known)
        merged = {**self.of(asset_id).numbers, **numbers}
        return {name: value for name, value in merged.items() if value is not None}

    def _assets(self) -> list[Asset]:
        return [state.asset for state in self._store.site.assets.values()]

    def _charger(self, asset: Asset) -> ChargerTerms | None:
        found = self.terms.charger(asset)
        if found is None or found.charging is None:
            return found
        return replace(found, charging=_charging(found.charging, self.of(asset.id)))

    def _battery(self, asset: Asset) -> BatterySettings | None:
        found: BatteryTerms | None = self.terms.battery(asset)
        return _battery(found.settings, self.of(asset.id)) if found else None

    def _of_config(self, asset_id: str) -> Mapping[str, ReadyBy]:
        state = self._store.site.assets[asset_id]
        charging = self.terms.wired(state.asset.device_id).charging
        return charging.plans if charging else {}


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


def _check(name: str, value: float | None, known: Mapping[str, Number]) -> None:
    """Written so that NaN, which compares false with everything, is refused."""
    number = known.get(name)
    if number is None:
        told = f"only {', '.join(known)}" if known else "give it a mode in the config first"
        raise InvalidError(f"this asset has no {name[:40]!r} to set: {told}")
    if value is not None and not number.least <= value <= number.most:
        raise InvalidError(f"{name} must be from {number.least:g} to {number.most:g}")
