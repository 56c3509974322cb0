"""The operations and the wire models against the published contract."""

import json
import re
from typing import Any

import pytest
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from gatewayd.enode.routes import ROUTERS
from gatewayd.enode.routing import ClientRoute, PublicRoute
from gatewayd.enode.wire import (
    action,
    battery,
    charger,
    flex,
    hold,
    hvac,
    intervention,
    inverter,
    link,
    location,
    meter,
    schedule,
    schedule_status,
    smart_charging,
    statistics,
    tariff,
    user,
    vehicle,
    vendor,
    webhook,
)
from gatewayd.enode.wire.base import Capability, Cursors, Page, PositionOfAsset
from gatewayd.enode.wire.problem import Problem
from gatewayd.model.asset import AssetKind
from gatewayd.model.command import ActionState
from gatewayd.model.flex import FlexDenomination, FlexIntentKind
from gatewayd.model.reading import PowerDelivery
from gatewayd.model.schedule import ScheduleState
from gatewayd.model.smart_charging import SmartChargeState
from tests.enode import contract
from tests.enode.shapes import shape

_SCHEMAS = "#/components/schemas/"

# Every named schema that a served operation refers to, and our type for it.
NAMED: dict[str, Any] = {
    "ChargeSchedule": schedule.ChargeSchedule,
    "ChargeScheduleResponse": schedule.ChargeScheduleResponse,
    "ChargeScheduleStatus": schedule_status.ChargeScheduleStatus,
    "ChargeableVendor": str,
    "Consideration": smart_charging.Consideration | None,
    "CurrencyCode": str,
    "MonetaryAmount": float,
    "NullableTemperatureTargetState": schedule.TargetState | None,
    "PaginatedScheduleList": schedule.SchedulePage,
    "PartialChargeSchedule": schedule.PartialChargeSchedule,
    "PartialSchedule": schedule.PartialSchedule,
    "PartialTemperatureSchedule": schedule.PartialTemperatureSchedule,
    "PartialVehicleSmartChargingPolicy": smart_charging.PartialSmartChargingPolicy,
    "Schedule": schedule.Schedule,
    "ScheduleResponse": schedule.ScheduleResponse,
    "ScheduleState": ScheduleState,
    "ScheduleStatus": schedule_status.ScheduleStatus,
    "SmartChargeState": SmartChargeState,
    "SmartChargingPlan": smart_charging.SmartChargingPlan,
    "TemperatureSchedule": schedule.TemperatureSchedule,
    "TemperatureScheduleResponse": schedule.TemperatureScheduleResponse,
    "TemperatureScheduleStatus": schedule_status.TemperatureScheduleStatus,
    "TemperatureTargetState": schedule.TargetState,
    "ActionState": ActionState,
    "Aggregates": statistics.Aggregates,
    "Battery": battery.Battery,
    "BatteryCapabilities": battery.BatteryCapabilities,
    "BatteryChargeState": battery.BatteryChargeState,
    "BatteryConfig": battery.BatteryConfig,
    "BatteryHealth": vendor.VendorHealth,
    "BatteryInformation": battery.BatteryInformation,
    "BatteryLocation": PositionOfAsset,
    "BatteryVendor": str,
    "Brand": str,
    "Capability": Capability,
    "ChargeAction": action.ChargeAction,
    "ChargeableVendorType": action.ChargeableKind,
    "Charger": charger.Charger,
    "ChargerAction": action.ChargerAction,
    "ChargerCapabilities": charger.ChargerCapabilities,
    "ChargerChargeState": charger.ChargerChargeState,
    "ChargerHealth": vendor.VendorHealth,
    "ChargerInformation": charger.ChargerInformation,
    "ChargerPowerDeliveryState": charger.ChargerPowerDelivery,
    "ChargerUpdatePayload": charger.ChargerUpdatePayload,
    "ChargerVendor": str,
    "ChargingAction": action.ChargingKind,
    "AutoPermanentHold": hold.AutoHold,
    "AutoTargetState": hold.AutoState,
    "ConnectionsLimitReachedProblem": Problem,
    "CoolPermanentHold": hold.CoolHold,
    "CoolTargetState": hold.CoolState,
    "FlexCostDenomination": FlexDenomination,
    "FlexIntentPayload": flex.FlexIntentPayload,
    "FlexIntentPreviewPayload": flex.FlexIntentPreviewPayload,
    "FlexIntentResponse": flex.FlexIntent,
    "FlexIntentRuleKind": FlexIntentKind,
    "FlexPolicy": flex.FlexPolicy,
    "FlexPolicyOverride": flex.FlexOverride,
    "FlexPolicyOverrideImmediateStart": flex.ImmediateStart,
    "FlexPolicyOverrideImmediateStartResponse": flex.ImmediateStartResponse,
    "FlexPolicyOverrideNextDaySchedule": flex.NextDaySchedule,
    "FlexPolicyOverrideNextDayScheduleResponse": flex.NextDayScheduleResponse,
    "FlexPolicyOverrideResponse": flex.FlexOverrideResponse,
    "FlexPolicyPayload": flex.FlexPolicyPayload,
    "FlexPreviewIntentResponse": flex.FlexPreview,
    "FlexShape": flex.FlexShape,
    "HVACSetPermanentHoldPayload": hold.AnyHold,
    "HeatPermanentHold": hold.HeatHold,
    "HeatTargetState": hold.HeatState,
    "HvacAction": action.HvacAction,
    "HvacActionFollowSchedule": action.FollowScheduleAction,
    "HvacActionPermanentHold": action.PermanentHoldAction,
    "HvacHealth": vendor.VendorHealth,
    "HvacMode": hvac.HvacMode,
    "HvacVendor": str,
    "Integration": vendor.Integration,
    "Intervention": intervention.Intervention,
    "InterventionsList": list[intervention.Intervention],
    "Inverter": inverter.Inverter,
    "InverterCapabilities": inverter.InverterCapabilities,
    "InverterHealth": vendor.VendorHealth,
    "InverterInformation": inverter.InverterInformation,
    "InverterLocation": PositionOfAsset,
    "InverterProductionState": inverter.InverterProductionState,
    "InverterStatistics": statistics.InverterStatistics,
    "InverterStatisticsResolutionEntry": statistics.ResolutionEntry,
    "InverterVendor": str,
    "LinkUserPayload": link.LinkUserPayload,
    "LinkUserResponse": link.LinkUserResponse,
    "LocationPayload": location.LocationPayload,
    "LocationResponse": location.LocationResponse,
    "LocationTariffInterval": tariff.LocationTariffInterval,
    "LocationTariffSchedule": list[tariff.LocationTariffEntry],
    "MaxCurrentAction": action.MaxCurrentAction,
    "MeterCapabilities": meter.MeterCapabilities,
    "MeterEnergyState": meter.MeterEnergyState,
    "MeterHealth": vendor.VendorHealth,
    "MeterInformation": meter.MeterInformation,
    "MeterLocation": PositionOfAsset,
    "MeterVendor": str,
    "NullableTemperatureDifferenceRange": hvac.TemperatureRange | None,
    "NullableTemperatureRange": hvac.TemperatureRange | None,
    "OffPermanentHold": hold.OffHold,
    "OffTargetState": hold.OffState,
    "NullableAggregates": statistics.NullableAggregates,
    "OperationModeAction": action.OperationModeAction,
    "PaginatedBatteryList": Page[battery.Battery],
    "PaginatedChargerList": Page[charger.Charger],
    "PaginatedHVACList": Page[hvac.Hvac],
    "PaginatedInverterList": Page[inverter.Inverter],
    "PaginatedLocationList": Page[location.LocationResponse],
    "PaginatedMeterList": Page[meter.Meter],
    "PaginatedUsersListResponse": Page[user.UsersListEntry],
    "PaginatedWebhookList": Page[webhook.WebhookResponse],
    "PaginatedVehicleList": Page[vehicle.Vehicle],
    "PaginationCursors": Cursors,
    "PartialLocation": location.PartialLocation,
    "PermanentHoldTargetState": hold.HoldState,
    "Problem": Problem,
    "ScheduledTargetState": hold.ScheduledState,
    "RelinkUserPayload": link.RelinkUserPayload,
    "Scopes": vendor.Scope,
    "Tariff": tariff.Tariff,
    "TariffIntervalCost": tariff.Cost,
    "TariffRate": tariff.TariffRate,
    "TariffRateInterval": tariff.TariffRateInterval,
    "TariffRateName": str,
    "TargetMaxCurrent": action.TargetMaxCurrent,
    "TestFirehoseWebhook": webhook.WebhookTestResponse,
    "UserResponse": user.UserResponse,
    "UsersListEntry": user.UsersListEntry,
    "VehicleAction": action.VehicleAction,
    "VehicleCapabilities": vehicle.VehicleCapabilities,
    "VehicleChargeState": vehicle.VehicleChargeState,
    "VehicleHealth": vendor.VendorHealth,
    "VehicleInformation": vehicle.VehicleInformation,
    "VehicleOdometer": vehicle.VehicleOdometer,
    "VehiclePowerDeliveryState": PowerDelivery,
    "VehicleSmartChargingPolicy": vehicle.VehicleSmartChargingPolicy,
    "VehicleVendor": str,
    "VendorType": AssetKind,
    "WebhookCreatePayload": webhook.WebhookCreatePayload,
    "WebhookNotFoundProblem": Problem,
    "WebhookNotValidProblem": Problem,
    "WebhookResponse": webhook.WebhookResponse,
    "WebhookUpdatePayload": webhook.WebhookUpdatePayload,
    "hvacUpdatePayload": hvac.HvacUpdatePayload,
    "chargingStatisticsTimeseries": list[statistics.ChargingStatistics],
    "sessionsStatisticsTimeseries": list[statistics.SessionStatistics],
    "setBatteryOperationModePayload": action.OperationModePayload,
}

# Bodies the contract spells out in the operation, by operationId and status (or "request").
INLINE: dict[tuple[str, str], Any] = {
    # No content, of any kind.
    ("deleteFlexPolicy", "204"): Any,
    ("getVehiclesVehicleidSmartchargingstatus", "200"): smart_charging.SmartChargingStatus,
    ("updateVehicleSmartChargingPolicy", "400"): Problem,
    ("vehicleCreateSmartOverride", "200"): smart_charging.SmartOverride,
    ("vehicleEndSmartOverride", "200"): smart_charging.SmartOverride,
    ("cancelBatteryAction", "409"): action.EndedOperationModeAction,
    ("controlChargerCharging", "request"): action.ChargingPayload,
    ("getHealthBatteryVendors", "200"): list[vendor.VendorHealth],
    ("getHealthChargerVendors", "200"): list[vendor.VendorHealth],
    ("getHealthHvacVendors", "200"): list[vendor.VendorHealth],
    ("getHealthInverterVendors", "200"): list[vendor.VendorHealth],
    ("getHealthMeterVendors", "200"): list[vendor.VendorHealth],
    ("getHealthVehicleVendors", "200"): list[vendor.VendorHealth],
    ("getIntegrations", "200"): list[vendor.Integration],
    ("getInverterStatistics", "202"): statistics.UnfinishedInverterStatistics,
    ("getInverterStatistics", "400"): Problem,
    ("getInverterStatistics", "404"): Problem,
    ("getHVAC", "200"): hvac.Hvac,
    ("getMeter", "200"): meter.Meter,
    ("getVehicle", "200"): vehicle.Vehicle,
    ("postVehiclesVehicleidCharging", "request"): action.ChargingPayload,
    ("updateHVAC", "200"): hvac.Hvac,
}

ROUTES = [
    (method, route)
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute) and route.path != "/oauth2/token"
    for method in sorted(route.methods or ())
]
BY_OPERATION = {described["operationId"]: described for _, _, described in contract.operations()}


def ours(wire_type: Any) -> Any:
    schema = TypeAdapter(wire_type).json_schema(by_alias=True, mode="validation")
    return shape(schema, schema)


def theirs(schema: Any) -> Any:
    return shape(schema, contract.spec())


def served() -> dict[str, Any]:
    """The contract's description of every operation that has a route."""
    found = {}
    for method, route in ROUTES:
        described = contract.spec()["paths"][route.path_format][method.lower()]
        found[described["operationId"]] = described
    return found


def bodies(described: Any) -> dict[str, Any]:
    """The schemas of an operation's JSON bodies, by status or "request"."""
    parts = {**described["responses"], "request": described.get("requestBody") or {}}
    return {
        which: next(iter(part["content"].values()))["schema"]
        for which, part in parts.items()
        if part.get("content")
    }


def references(node: Any) -> set[str]:
    """The named schemas reached from a node."""
    text = json.dumps(node)
    names = set(re.findall(rf'"{_SCHEMAS}(\w+)"', text))
    schemas = contract.spec()["components"]["schemas"]
    return names.union(*(references(schemas[name]) for name in names)) if names else names


@pytest.mark.parametrize(
    ("method", "route"), ROUTES, ids=lambda value: getattr(value, "name", value)
)
def test_an_operation_is_in_the_contract_under_its_name(method: str, route: APIRoute) -> None:
    described = contract.spec()["paths"][route.path_format][method.lower()]

    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", described["operationId"]).lower()
    assert route.name == snake


def test_no_operation_is_served_twice() -> None:
    paths = [(method, route.path_format) for method, route in ROUTES]

    assert len(set(paths)) == len(paths)


@pytest.mark.parametrize(
    ("method", "route"), ROUTES, ids=lambda value: getattr(value, "name", value)
)
def test_a_token_is_asked_for_unless_the_contract_says_public(method: str, route: APIRoute) -> None:
    described = contract.spec()["paths"][route.path_format][method.lower()]
    is_public = described.get("security") == []

    assert type(route) is (PublicRoute if is_public else ClientRoute)


@pytest.mark.parametrize(
    ("method", "route"), ROUTES, ids=lambda value: getattr(value, "name", value)
)
def test_the_declared_problems_are_those_of_the_contract(method: str, route: APIRoute) -> None:
    described = contract.spec()["paths"][route.path_format][method.lower()]
    problem = theirs({"$ref": _SCHEMAS + "Problem"})

    as_json = {
        status: answer["content"]["application/json"]["schema"]
        for status, answer in described["responses"].items()
        if "application/json" in (answer.get("content") or {})
    }
    expected = {
        status
        for status, schema in as_json.items()
        if schema.get("$ref", "").endswith("Problem") or theirs(schema) == problem
    }
    assert {str(status) for status in route.responses} == expected


@pytest.mark.parametrize("name", NAMED)
def test_a_wire_model_equals_its_schema(name: str) -> None:
    assert ours(NAMED[name]) == theirs({"$ref": _SCHEMAS + name})


@pytest.mark.parametrize(("operation_id", "which"), INLINE)
def test_a_body_spelled_out_in_an_operation_equals_our_type(operation_id: str, which: str) -> None:
    schema = bodies(BY_OPERATION[operation_id])[which]

    assert ours(INLINE[operation_id, which]) == theirs(schema)


def test_every_schema_of_the_served_operations_is_compared() -> None:
    wanted = references([bodies(described) for described in served().values()])

    assert wanted == set(NAMED)


def test_every_inline_body_of_the_served_operations_is_compared() -> None:
    inline = {
        (operation_id, which)
        for operation_id, described in served().items()
        for which, schema in bodies(described).items()
        if "$ref" not in schema
    }

    assert inline == set(INLINE)
