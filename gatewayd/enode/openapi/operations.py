"""What each operation takes and answers; handlers read and build bodies by themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from gatewayd.enode.openapi import queries
from gatewayd.enode.openapi.queries import Query
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
from gatewayd.enode.wire.base import Page


@dataclass(frozen=True, slots=True)
class Operation:
    """`answers` is the body of success, None for a 204; `also` are bodies of other statuses."""

    id: str
    answers: Any = None
    takes: Any = None
    also: Mapping[int, Any] = field(default_factory=dict)
    query: tuple[Query, ...] = ()


def _cancelling(operation_id: str, answers: Any, ended: Any = None) -> Operation:  # noqa: ANN401
    """Cancelling an action that has ended answers with that action."""
    return Operation(operation_id, answers, also={409: ended or answers})


def _listing(operation_id: str, item: type[BaseModel]) -> Operation:
    return Operation(operation_id, Page[item], query=queries.PAGING)  # type: ignore[valid-type]


# By tag of the contract.
OPERATIONS = {
    "Batteries": (
        _listing("listBatteries", battery.Battery),
        _listing("listUserBatteries", battery.Battery),
        Operation("getBattery", battery.Battery),
        Operation("batteriesRefreshHint"),
        Operation(
            "postUserSetOperationMode", action.OperationModeAction, action.OperationModePayload
        ),
        Operation("getBatteriesAction", action.OperationModeAction),
        _cancelling(
            "cancelBatteryAction", action.OperationModeAction, action.EndedOperationModeAction
        ),
    ),
    "Chargers": (
        _listing("listChargers", charger.Charger),
        _listing("listUserChargers", charger.Charger),
        Operation("getCharger", charger.Charger),
        Operation("updateCharger", charger.Charger, charger.ChargerUpdatePayload),
        Operation("chargersRefreshHint"),
        Operation("controlChargerCharging", action.ChargeAction, action.ChargingPayload),
        Operation("postSetChargerMaxCurrent", action.MaxCurrentAction, action.TargetMaxCurrent),
        Operation("getChargersAction", action.ChargerAction),
        _cancelling("cancelChargerAction", action.ChargerAction),
    ),
    "HVAC": (
        _listing("listHVACs", hvac.Hvac),
        _listing("listUserHVACs", hvac.Hvac),
        Operation("getHVAC", hvac.Hvac),
        Operation("updateHVAC", hvac.Hvac, hvac.HvacUpdatePayload),
        Operation("hvacsRefreshHint"),
        Operation("postSetHvacPermanentHold", action.PermanentHoldAction, hold.AnyHold),
        Operation("postSetHvacFollowSchedule", action.FollowScheduleAction),
        Operation("getHvacsAction", action.HvacAction),
        _cancelling("cancelHvacAction", action.HvacAction),
    ),
    "Solar inverters": (
        _listing("listInverters", inverter.Inverter),
        _listing("listUserInverters", inverter.Inverter),
        Operation("getInverter", inverter.Inverter),
        Operation("invertersRefreshHint"),
        Operation(
            "getInverterStatistics",
            statistics.InverterStatistics,
            also={202: statistics.UnfinishedInverterStatistics},
            query=queries.CALENDAR,
        ),
    ),
    "Meters": (
        _listing("listMeters", meter.Meter),
        _listing("listUserMeters", meter.Meter),
        Operation("getMeter", meter.Meter),
        Operation("metersRefreshHint"),
    ),
    "Vehicles": (
        _listing("getVehicles", vehicle.Vehicle),
        _listing("listUserVehicles", vehicle.Vehicle),
        Operation("getVehicle", vehicle.Vehicle),
        Operation("vehiclesRefreshHint"),
        Operation("postVehiclesVehicleidCharging", action.ChargeAction, action.ChargingPayload),
        Operation(
            "postVehiclesVehicleidMaxCurrent", action.MaxCurrentAction, action.TargetMaxCurrent
        ),
        Operation("getVehiclesAction", action.VehicleAction),
        _cancelling("cancelVehicleAction", action.ChargeAction),
        Operation("getVehiclesVehicleidSmartchargingpolicy", vehicle.VehicleSmartChargingPolicy),
        Operation(
            "updateVehicleSmartChargingPolicy",
            vehicle.VehicleSmartChargingPolicy,
            smart_charging.PartialSmartChargingPolicy,
        ),
        Operation("getVehiclesVehicleidSmartchargingstatus", smart_charging.SmartChargingStatus),
        Operation("getVehiclesVehicleidSmartchargingplans", smart_charging.SmartChargingPlan),
        Operation("vehicleCreateSmartOverride", smart_charging.SmartOverride),
        Operation("vehicleEndSmartOverride", smart_charging.SmartOverride),
    ),
    "Schedules": (
        Operation("getSchedules", schedule.SchedulePage, query=queries.PAGING),
        Operation("createSchedule", schedule.ScheduleResponse, schedule.Schedule),
        Operation("getSchedule", schedule.ScheduleResponse),
        Operation("updateSchedule", schedule.ScheduleResponse, schedule.PartialSchedule),
        Operation("deleteSchedule"),
        Operation("getScheduleStatus", schedule_status.ScheduleStatus),
    ),
    "Flex": (
        Operation("createFlexPolicy", flex.FlexPolicy, flex.FlexPolicyPayload),
        Operation("getFlexPolicy", flex.FlexPolicy),
        Operation("deleteFlexPolicy"),
        Operation("createFlexPolicyOverride", flex.FlexOverrideResponse, flex.FlexOverride),
        Operation("deleteFlexPolicyOverride"),
        Operation("getFlexPolicyStatus", flex.FlexPolicyStatus),
        Operation("getFlexShape", flex.FlexShape, query=queries.PERIOD),
        Operation("getFlexIntent", flex.FlexIntent),
        Operation("updateFlexIntent", takes=flex.FlexIntentPayload),
        Operation("previewFlexIntentUpdate", flex.FlexPreview, flex.FlexIntentPreviewPayload),
    ),
    "Interventions": (
        Operation(
            "listInterventions", list[intervention.Intervention], query=queries.INTERVENTIONS
        ),
        Operation("getIntervention", intervention.Intervention, query=queries.INTERVENTIONS),
    ),
    "Locations": (
        _listing("getLocations", location.LocationResponse),
        _listing("getUserlocations", location.LocationResponse),
        Operation("createLocation", location.LocationResponse, location.LocationPayload),
        Operation("getLocation", location.LocationResponse),
        Operation("updateLocation", location.LocationResponse, location.PartialLocation),
        Operation("deleteLocation", location.LocationResponse),
    ),
    "Tariffs": (
        Operation("getTariffInformation", tariff.Tariff),
        Operation("sendTariffInformation", takes=tariff.Tariff),
        Operation("getUserLocationTariff", list[tariff.LocationTariffEntry]),
        Operation("associateUserLocationWithTariff", takes=tariff.LocationTariffInterval),
    ),
    "Statistics": (
        Operation(
            "getChargingStatistics",
            list[statistics.ChargingStatistics],
            query=queries.STATISTICS,
        ),
        Operation(
            "getChargingSessionsStatistics",
            list[statistics.SessionStatistics],
            query=queries.SESSIONS,
        ),
    ),
    "User Management": (
        _listing("listUsers", user.UsersListEntry),
        Operation("getUser", user.UserResponse),
        Operation("deleteUsersUserid"),
        Operation("deleteUsersUseridAuthorization"),
        Operation("disconnectUserVendor"),
        Operation("disconnectUserVendorVendorType"),
        Operation("postUsersUseridLink", link.LinkUserResponse, link.LinkUserPayload),
        Operation("postAssetsAssetidRelink", link.LinkUserResponse, link.RelinkUserPayload),
    ),
    "Webhooks": (
        _listing("listWebhooks", webhook.WebhookResponse),
        Operation("createWebhook", webhook.WebhookResponse, webhook.WebhookCreatePayload),
        Operation("getWebhook", webhook.WebhookResponse),
        Operation("updateWebhook", webhook.WebhookResponse, webhook.WebhookUpdatePayload),
        Operation("deleteWebhook"),
        Operation("testWebhook", webhook.WebhookTestResponse),
    ),
    "Service Health": (
        Operation("getHealthReady"),
        Operation("getHealthVehicleVendors", list[vendor.VendorHealth]),
        Operation("getHealthChargerVendors", list[vendor.VendorHealth]),
        Operation("getHealthHvacVendors", list[vendor.VendorHealth]),
        Operation("getHealthInverterVendors", list[vendor.VendorHealth]),
        Operation("getHealthBatteryVendors", list[vendor.VendorHealth]),
        Operation("getHealthMeterVendors", list[vendor.VendorHealth]),
        Operation("getIntegrations", list[vendor.Integration], query=queries.ASSET_TYPES),
    ),
}
