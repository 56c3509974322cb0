"""Smart charging, between the model and the wire."""

from dataclasses import replace
from decimal import Decimal

from gatewayd.enode.views.base import vendor
from gatewayd.enode.wire import smart_charging as wire
from gatewayd.model.asset import Asset
from gatewayd.model.hour_minute import parse_hour_minute
from gatewayd.model.smart_charging import (
    Consideration,
    SmartChargingPlan,
    SmartChargingPolicy,
    SmartChargingStatus,
    SmartOverride,
)


def policy_of(
    change: wire.PartialSmartChargingPolicy, known: SmartChargingPolicy
) -> SmartChargingPolicy:
    """A policy with what a payload names replaced."""
    sent = change.model_fields_set
    wanted = known
    if "is_enabled" in sent:
        wanted = replace(wanted, is_enabled=change.is_enabled)
    if "deadline" in sent:
        wanted = replace(wanted, deadline_minute=parse_hour_minute(change.deadline))
    if "minimum_charge_limit" in sent:
        wanted = replace(wanted, minimum_charge_limit_pct=change.minimum_charge_limit)
    return wanted


def status(found: SmartChargingStatus) -> wire.SmartChargingStatus:
    """Where a vehicle stands."""
    charging = found.charging
    known = plan(charging.plan, found) if charging.plan else None
    return wire.SmartChargingStatus(
        updated_at=found.updated_at,
        vehicle_id=found.vehicle_id,
        user_id=found.user_id,
        vendor=vendor(found.vendor),
        state=charging.state,
        state_changed_at=charging.state_changed_at,
        consideration=_consideration(charging.consideration),
        plan=known,
        smart_override=override_status(found.override),
    )


def plan(made: SmartChargingPlan, of: SmartChargingStatus) -> wire.SmartChargingPlan:
    """A plan of the vehicle that a status is about."""
    return wire.SmartChargingPlan.model_validate(
        {
            "id": made.id,
            "vehicle_id": of.vehicle_id,
            "user_id": of.user_id,
            "location_id": made.location_id,
            "vendor": vendor(of.vendor),
            "currency": made.currency,
            "non_smart_cost": _money(made.non_smart_cost),
            "smart_cost": None if made.smart_cost is None else _money(made.smart_cost),
            "stop_at": made.stop_at,
            "start_at": made.start_at,
            "estimated_finish_at": made.estimated_finish_at,
            "stop_confirmed_at": made.stop_confirmed_at,
            "start_confirmed_at": made.start_confirmed_at,
            "ended_at": made.ended_at,
            "final_state": made.final_state,
            "failure_condition": made.failure_condition,
        }
    )


def override(found: SmartOverride, vehicle: Asset) -> wire.SmartOverride:
    """An override of a vehicle."""
    shown = _override_status(found)
    return wire.SmartOverride(**dict(shown), user_id=vehicle.user_id, vendor=vendor(vehicle.vendor))


def override_status(found: SmartOverride | None) -> wire.SmartOverrideStatus | None:
    """An override within a status."""
    return _override_status(found) if found else None


def _override_status(found: SmartOverride) -> wire.SmartOverrideStatus:
    return wire.SmartOverrideStatus(
        created_at=found.created_at,
        ended_at=found.ended_at,
        target_type="vehicle",
        target_id=found.target_id,
        vendor_action_id=found.vendor_action_id,
    )


def _consideration(found: Consideration | None) -> wire.Consideration | None:
    if found is None:
        return None
    return wire.Consideration(
        is_plugged_in=found.is_plugged_in,
        is_charging=found.is_charging,
        at_charging_location=found.at_charging_location,
        has_time_estimate=found.has_time_estimate,
    )


def _money(amount: Decimal) -> float:
    return float(round(amount, 6))
