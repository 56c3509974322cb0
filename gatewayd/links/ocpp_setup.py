"""Finding out what a charge point can do, and having it tell what we need.

Done after each arrival and each boot. Settings are written only where they differ: they may lie in
flash memory.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from gatewayd.errors import BadReadingError, RefusedError, UnsupportedError
from gatewayd.links.ocpp_dialect import Setting
from gatewayd.links.ocpp_payload import number
from gatewayd.links.ocpp_quirks import Quirks
from gatewayd.links.ocpp_station import HEARTBEAT_S, OUR_TAG, Station

_STACK_LEVEL_MAX = 1000
# What a charge point answers to what it does not want or know; the rest works without.
_NO = (RefusedError, UnsupportedError, BadReadingError)


@dataclass(frozen=True, slots=True)
class Abilities:
    """`unit` is that of its limits, A or W; `interval_s` from sample to sample of its meter."""

    unit: str
    stack_level: int
    can_steer: bool
    switches_phases: bool
    interval_s: float
    id_tag: str


async def find_out(station: Station, quirks: Quirks, connector: int, *, may_set: bool) -> Abilities:
    """What it can do. Raises UnreachableError; what it refuses, it cannot."""
    told: dict[Setting, str] = {}
    with suppress(*_NO):
        told |= station.dialect.settings(await station.call(station.dialect.ask_settings()))
    if may_set:
        await _set_up(station, quirks, told)
    if quirks.has_trigger:
        await remind(station, connector)
    return _abilities(told, quirks)


async def remind(station: Station, connector: int) -> None:
    """Have it tell how it is: what it told before we came is not known."""
    for message in ("StatusNotification", "MeterValues"):
        with suppress(*_NO):
            await station.call(station.dialect.trigger(message, connector))


async def introduce(station: Station) -> None:
    """Have it say who it is, when it did so only to somebody before us."""
    with suppress(*_NO):
        await station.call(station.dialect.trigger("BootNotification"))


def _abilities(told: Mapping[Setting, str], quirks: Quirks) -> Abilities:
    units = _words(told.get(Setting.RATE_UNIT, "Current"))
    level = number(told.get(Setting.STACK_LEVEL))
    most = 0 if level is None else max(0, min(int(level), _STACK_LEVEL_MAX))
    features = told.get(Setting.FEATURES)
    return Abilities(
        unit=quirks.rate_unit or ("A" if {"current", "a"} & units else "W"),
        stack_level=most if quirks.stack_level is None else quirks.stack_level,
        can_steer=features is None or "smartcharging" in _words(features),
        switches_phases=told.get(Setting.SWITCHES_PHASES, "").strip().lower() == "true",
        interval_s=number(told.get(Setting.SAMPLE_INTERVAL)) or float(quirks.meter_interval_s),
        id_tag=(told.get(Setting.TAG) or OUR_TAG)[:20],
    )


async def _set_up(station: Station, quirks: Quirks, told: dict[Setting, str]) -> None:
    """Set what is missing; `told` follows."""
    wanted = {
        Setting.SAMPLE_INTERVAL: str(quirks.meter_interval_s),
        Setting.PING_INTERVAL: str(HEARTBEAT_S),
        # Our own start is authorised: the charge point need not ask us whether it may.
        Setting.AUTHORIZE_REMOTE: "false",
    }
    for setting, value in wanted.items():
        is_other = setting in told and told[setting].strip().lower() != value
        if is_other and await _set(station, setting, value):
            told[setting] = value
    known = _words(told.get(Setting.KNOWN_MEASURANDS, ""))
    measurands = [one for one in quirks.measurands if not known or one.lower() in known]
    if not _suffices(_words(told.get(Setting.MEASURANDS, "")), measurands):
        await _set_measurands(station, measurands)


def _suffices(told: set[str], measurands: Sequence[str]) -> bool:
    """Whether it tells all of them, or those that it took when it was set up before."""
    wanted = {one.lower() for one in measurands}
    return told == wanted or (told <= wanted and "power.active.import" in told)


async def _set_measurands(station: Station, measurands: Sequence[str]) -> None:
    """All of them, else as many as it takes: many refuse the list for one unknown word."""
    if await _set(station, Setting.MEASURANDS, ",".join(measurands)):
        return
    taken: list[str] = []
    for one in measurands:
        if await _set(station, Setting.MEASURANDS, ",".join([*taken, one])):
            taken.append(one)


async def _set(station: Station, setting: Setting, value: str) -> bool:
    with suppress(*_NO):
        answer = await station.call(station.dialect.set_setting(setting, value))
        return station.dialect.is_taken(answer)
    return False


def _words(text: str) -> set[str]:
    return {word.lower() for word in re.split(r"[,;\s]+", text) if word}
