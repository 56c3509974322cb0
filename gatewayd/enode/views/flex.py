"""Flex, between the model and the wire."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from gatewayd.enode.views.base import kilo
from gatewayd.enode.wire import flex as wire
from gatewayd.model.flex import (
    FlexAgreement,
    FlexDay,
    FlexIntent,
    FlexIntentRule,
    FlexOverride,
    FlexPolicy,
    FlexPreview,
    FlexShape,
    FlexStatus,
    ImmediateStart,
    NextDaySchedule,
)
from gatewayd.model.hour_minute import format_hour_minute, parse_hour_minute
from gatewayd.plan.flex.load import CHUNK

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def policy_of(asked: wire.FlexPolicyPayload, policy_id: str) -> FlexPolicy:
    """A new policy, as a payload asks for."""
    days = [getattr(asked.schedule, day) for day in _DAYS]
    return FlexPolicy(
        id=policy_id,
        location_id=asked.location_id,
        vehicle_id=asked.vehicle_id,
        battery_reserve_pct=asked.battery_reserve,
        week=tuple(
            FlexDay(parse_hour_minute(day.deadline), day.minimum_charge_target) for day in days
        ),
    )


def policy(found: FlexPolicy) -> wire.FlexPolicy:
    """A policy as Enode shows it."""
    week = {
        name: {
            "deadline": format_hour_minute(day.deadline_minute),
            "minimumChargeTarget": day.minimum_charge_target_pct,
        }
        for name, day in zip(_DAYS, found.week, strict=True)
    }
    return wire.FlexPolicy(
        id=found.id,
        location_id=found.location_id,
        vehicle_id=found.vehicle_id,
        battery_reserve=found.battery_reserve_pct,
        schedule=wire.FlexWeek.model_validate(week),
    )


def override_of(asked: wire.FlexOverride, now: datetime) -> FlexOverride:
    """What a payload asks for beside the policy."""
    if isinstance(asked, wire.ImmediateStart):
        return ImmediateStart(now, asked.target)
    sent = asked.model_fields_set
    return NextDaySchedule(
        now,
        parse_hour_minute(asked.deadline) if "deadline" in sent else None,
        asked.minimum_charge_target if "minimum_charge_target" in sent else None,
    )


def override(found: FlexOverride, policy_id: str) -> wire.FlexOverrideResponse:
    """An override as Enode shows it."""
    if isinstance(found, ImmediateStart):
        return wire.ImmediateStartResponse.model_validate(
            {"type": "IMMEDIATE_START", "target": found.target_pct, "policyId": policy_id}
        )
    body: dict[str, Any] = {"type": "NEXT_DAY_SCHEDULE", "policyId": policy_id}
    if found.deadline_minute is not None:
        body["deadline"] = format_hour_minute(found.deadline_minute)
    if found.minimum_charge_target_pct is not None:
        body["minimumChargeTarget"] = found.minimum_charge_target_pct
    return wire.NextDayScheduleResponse.model_validate(body)


def status(found: FlexStatus, agreement: FlexAgreement) -> wire.FlexPolicyStatus:
    """Where a policy stands."""
    return wire.FlexPolicyStatus(
        policy_id=found.policy_id,
        state=found.state,
        reason=found.reason,
        target=found.target_pct,
        deadline=found.deadline_at,
        override=override(found.override, found.policy_id) if found.override else None,
        updated_at=agreement.updated_at,
    )


def shape(found: FlexShape) -> wire.FlexShape:
    """The shape in kW."""
    return wire.FlexShape(
        computed_at=found.computed_at,
        start_at=found.start_at,
        end_at=found.end_at,
        chunk_size_minutes=CHUNK.total_seconds() / 60,
        chunks=[
            wire.FlexChunk(
                timestamp=chunk.start,
                expected_kw=kilo(chunk.expected_w) or 0.0,
                minimum_kw=kilo(chunk.minimum_w) or 0.0,
                maximum_kw=kilo(chunk.maximum_w) or 0.0,
            )
            for chunk in found.chunks
        ],
    )


def rules_of(asked: Iterable[wire.FlexIntentRule]) -> tuple[FlexIntentRule, ...]:
    """The rules that a payload asks for."""
    return tuple(FlexIntentRule(rule.kind, rule.timestamp, rule.pressure) for rule in asked)


def intent(found: FlexIntent) -> wire.FlexIntent:
    """The rules in force."""
    rules = [
        wire.FlexIntentRule.model_validate(
            {"kind": rule.kind, "timestamp": rule.at, "pressure": rule.pressure}
        )
        for rule in found.rules
    ]
    return wire.FlexIntent(rules=rules, revision_id=found.revision_id)


def preview(found: FlexPreview) -> wire.FlexPreview:
    """What rules would lead to."""
    return wire.FlexPreview(
        is_valid=found.is_valid,
        errors=list(found.errors),
        resultant_shape=shape(found.shape),
        cost_components=[
            wire.FlexCost(denomination=cost.denomination, amount=float(round(cost.amount, 6)))
            for cost in found.costs
        ],
    )
