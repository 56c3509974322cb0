"""How times, commands and roles are written into rows, and read back exactly.

The command codec is closed: `match` names every command, so that a new one does not pass the
type checker before it can be stored.
"""

import json
from datetime import UTC, datetime
from typing import Any, overload

from gatewayd.errors import StorageError
from gatewayd.model.asset import AssetKind, Capability, Role
from gatewayd.model.climate import (
    Bounds,
    FollowSchedule,
    HvacCategory,
    HvacMode,
    PermanentHold,
    Thermostat,
)
from gatewayd.model.command import (
    Command,
    SetMaxCurrent,
    SetOperationMode,
    StartCharging,
    StopCharging,
)
from gatewayd.model.power import (
    Hold,
    HoldCharge,
    PowerCommand,
    SetBatteryPower,
    SetExportLimit,
    SetPhases,
    SetProductionLimit,
    SetReserve,
    SetSgReady,
)
from gatewayd.model.reading import OperationMode, SgReady


@overload
def time_text(at: datetime) -> str: ...
@overload
def time_text(at: None) -> None: ...
def time_text(at: datetime | None) -> str | None:
    """UTC with a fixed width, so that text order is time order."""
    return at.astimezone(UTC).isoformat(timespec="microseconds") if at else None


@overload
def time_of(text: str) -> datetime: ...
@overload
def time_of(text: None) -> None: ...
def time_of(text: str | None) -> datetime | None:
    """The time that `time_text` wrote."""
    return datetime.fromisoformat(text) if text else None


def json_text(value: object) -> str:
    """JSON without spaces."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def command_text(command: Command) -> str:
    """A command as JSON; `type` tells which."""
    match command:
        case StartCharging():
            return json_text({"type": "start_charging"})
        case StopCharging():
            return json_text({"type": "stop_charging"})
        case SetMaxCurrent(current_a=current_a):
            return json_text({"type": "set_max_current", "current_a": current_a})
        case SetOperationMode(mode=mode):
            return json_text({"type": "set_operation_mode", "mode": mode.value})
        case PermanentHold(mode=mode, heat_setpoint_c=heat_c, cool_setpoint_c=cool_c):
            hold = {"mode": mode.value, "heat_c": heat_c, "cool_c": cool_c}
            return json_text({"type": "permanent_hold"} | hold)
        case FollowSchedule():
            return json_text({"type": "follow_schedule"})
    return json_text(_power_body(command))


def _power_body(command: PowerCommand) -> dict[str, object]:
    match command:
        case Hold():
            return {"type": "hold"}
        case HoldCharge():
            return {"type": "hold_charge"}
        case SetBatteryPower(power_w=power_w):
            return {"type": "set_power", "power_w": power_w}
        case SetReserve(reserve_pct=reserve_pct):
            return {"type": "set_reserve", "reserve_pct": reserve_pct}
        case SetProductionLimit(limit_w=limit_w):
            return {"type": "set_production_limit", "limit_w": limit_w}
        case SetExportLimit(limit_w=limit_w):
            return {"type": "set_export_limit", "limit_w": limit_w}
        case SetPhases(phases=phases):
            return {"type": "set_phases", "phases": phases}
        case SetSgReady(level=level):
            return {"type": "set_sg_ready", "level": level.value}


def command_of(text: str, action_id: str) -> Command:
    """The command that `command_text` wrote for an action. Raises StorageError for any other."""
    body = json.loads(text)
    match body:
        case {"type": "start_charging"}:
            return StartCharging()
        case {"type": "stop_charging"}:
            return StopCharging()
        case {"type": "set_max_current", "current_a": float() | int() as current_a}:
            return SetMaxCurrent(current_a)
        case {"type": "set_operation_mode", "mode": str() as mode} if mode in list(OperationMode):
            return SetOperationMode(OperationMode(mode))
        case {
            "type": "permanent_hold",
            "mode": str() as mode,
            "heat_c": float() | int() | None as heat_c,
            "cool_c": float() | int() | None as cool_c,
        } if mode in list(HvacMode):
            return PermanentHold(HvacMode(mode), heat_c, cool_c)
        case {"type": "follow_schedule"}:
            return FollowSchedule()
    command = _power_command(body)
    if command is None:
        raise StorageError(
            f"action {action_id}: this program has no command {text}:"
            " start the version that wrote it"
        )
    return command


def _power_command(body: object) -> PowerCommand | None:
    match body:
        case {"type": "hold"}:
            return Hold()
        case {"type": "hold_charge"}:
            return HoldCharge()
        case {"type": "set_power", "power_w": float() | int() as power_w}:
            return SetBatteryPower(power_w)
        case {"type": "set_reserve", "reserve_pct": float() | int() as reserve_pct}:
            return SetReserve(reserve_pct)
        case {"type": "set_production_limit", "limit_w": float() | int() | None as limit_w}:
            return SetProductionLimit(limit_w)
        case {"type": "set_export_limit", "limit_w": float() | int() | None as limit_w}:
            return SetExportLimit(limit_w)
        case {"type": "set_phases", "phases": int() as phases}:
            return SetPhases(phases)
        case {"type": "set_sg_ready", "level": int() as level} if level in list(SgReady):
            return SetSgReady(SgReady(level))
    return None


def role_text(role: Role) -> str:
    """A role as JSON."""
    return json_text(
        {
            "kind": role.kind.value,
            "capabilities": sorted(role.capabilities),
            "reports": sorted(role.reports),
            "min_current_a": role.min_current_a,
            "max_current_a": role.max_current_a,
            "confirm_timeout_s": role.confirm_timeout_s,
            "thermostat": _thermostat_body(role.thermostat),
            "min_power_w": role.min_power_w,
            "max_power_w": role.max_power_w,
            "safe": role.safe,
            "safe_current_a": role.safe_current_a,
            "model_year": role.model_year,
        }
    )


def role_of(text: str) -> Role:
    """The role that `role_text` wrote."""
    body: dict[str, Any] = json.loads(text)
    return Role(
        kind=AssetKind(body["kind"]),
        # A name that only a newer program knows is left out: the next adoption writes it anew.
        capabilities=frozenset(one for one in Capability if one in body["capabilities"]),
        reports=frozenset(body["reports"]),
        min_current_a=body["min_current_a"],
        max_current_a=body["max_current_a"],
        confirm_timeout_s=body["confirm_timeout_s"],
        # A role written by an older program says less.
        thermostat=_thermostat_of(body.get("thermostat")),
        min_power_w=body.get("min_power_w"),
        max_power_w=body.get("max_power_w"),
        safe=next((one for one in Capability if one == body.get("safe")), None),
        safe_current_a=body.get("safe_current_a"),
        model_year=body.get("model_year"),
    )


def _thermostat_body(thermostat: Thermostat | None) -> dict[str, object] | None:
    if thermostat is None:
        return None
    return {
        "modes": sorted(thermostat.modes),
        "heat_c": _bounds_body(thermostat.heat_c),
        "cool_c": _bounds_body(thermostat.cool_c),
        "difference_c": _bounds_body(thermostat.difference_c),
        "category": thermostat.category.value,
        "step_c": thermostat.step_c,
    }


def _bounds_body(bounds: Bounds | None) -> list[float | None] | None:
    return None if bounds is None else [bounds.min, bounds.max]


def _thermostat_of(body: dict[str, Any] | None) -> Thermostat | None:
    if body is None:
        return None
    return Thermostat(
        modes=frozenset(mode for mode in HvacMode if mode in body["modes"]),
        heat_c=_bounds_of(body["heat_c"]),
        cool_c=_bounds_of(body["cool_c"]),
        difference_c=_bounds_of(body["difference_c"]),
        category=HvacCategory(body["category"]),
        step_c=body.get("step_c", 0.0),
    )


def _bounds_of(body: list[float | None] | None) -> Bounds | None:
    return None if body is None else Bounds(*body)
