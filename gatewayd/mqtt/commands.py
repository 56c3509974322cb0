"""From a message on a command topic to a command for an asset. Pure."""

import json
import math
from collections.abc import Mapping

from gatewayd.errors import InvalidError, NotFoundError
from gatewayd.model.asset import AssetKind
from gatewayd.model.command import (
    Command,
    SetMaxCurrent,
    SetOperationMode,
    StartCharging,
    StopCharging,
)
from gatewayd.model.reading import HvacReading, OperationMode
from gatewayd.model.site import AssetState, Site
from gatewayd.mqtt import thermostat
from gatewayd.mqtt.topics import Place, Target
from gatewayd.plan.ev.words import AlwaysCharge

KEYS = ("charging", "max_current", "operation_mode", *thermostat.KEYS)

_SWITCH: Mapping[str, type[StartCharging] | type[StopCharging]] = {
    "on": StartCharging,
    "true": StartCharging,
    "off": StopCharging,
    "false": StopCharging,
}


def addressee(target: Target, site: Site) -> AssetState:
    """The asset a command topic names. Raises NotFoundError."""
    for state in site.assets.values():
        if Place.of(state.asset) == target.place:
            return state
    raise NotFoundError(f"there is no {target.place.kind} {target.place.slug}")


def command(target: Target, payload: bytes, state: AssetState) -> Command:
    """The command of a scalar payload, or of a JSON object with one key. Raises InvalidError."""
    text = text_of(payload)
    key, value = (target.key, text) if target.key is not None else _pair(text)
    if state.asset.kind is AssetKind.HVAC and key in thermostat.KEYS:
        return thermostat.hold(key, value, state.asset, _reading(state))
    return _command(key, value)


def _reading(state: AssetState) -> HvacReading | None:
    match state.sample and state.sample.reading:
        case HvacReading() as reading:
            return reading
    return None


def text_of(payload: bytes) -> str:
    """The payload as text, without what stands around it. Raises InvalidError."""
    try:
        return payload.decode().strip()
    except UnicodeDecodeError as error:
        raise InvalidError("the payload is not UTF-8 text") from error


def always(payload: bytes) -> AlwaysCharge:
    """Whether a charger on solar charges without sun. Raises InvalidError."""
    text = text_of(payload).lower()
    if text not in list(AlwaysCharge):
        raise InvalidError(f"it is one of {', '.join(AlwaysCharge)}, not {text[:40]!r}")
    return AlwaysCharge(text)


def _pair(text: str) -> tuple[str, str]:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidError("the payload is not JSON") from error
    # A newer command cancels an older one of the same asset, so two at once cannot both be done.
    if not isinstance(body, dict) or len(body) != 1:
        raise InvalidError(f"send a JSON object with one of {', '.join(KEYS)}")
    key, value = next(iter(body.items()))
    return key, str(value)


def _command(key: str, value: str) -> Command:
    match key:
        case "charging":
            return _charging(value)
        case "max_current":
            return SetMaxCurrent(_ampere(value))
        case "operation_mode":
            return SetOperationMode(_mode(value))
    raise InvalidError(f"there is no command {key[:40]!r}, only {', '.join(KEYS)}")


def _charging(value: str) -> Command:
    command = _SWITCH.get(value.lower())
    if command is None:
        raise InvalidError(f"charging is ON or OFF, not {value[:40]!r}")
    return command()


def _ampere(value: str) -> float:
    try:
        ampere = float(value)
    except ValueError as error:
        raise InvalidError(f"max_current is a number of ampere, not {value[:40]!r}") from error
    if not math.isfinite(ampere) or ampere < 0:
        raise InvalidError(f"max_current is a number of ampere from 0, not {value[:40]!r}")
    return ampere


def _mode(value: str) -> OperationMode:
    mode = OperationMode.__members__.get(value.upper())
    if mode is None or mode is OperationMode.UNKNOWN:
        words = ", ".join(m.value for m in OperationMode if m is not OperationMode.UNKNOWN)
        raise InvalidError(f"operation_mode is one of {words}, not {value[:40]!r}")
    return mode
