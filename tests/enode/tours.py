"""What an application does with each part of the API, by a generated client."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from gatewayd.enode.services import Offer, Settings
from gatewayd.model.asset import AssetKind
from gatewayd.model.reading import PowerDelivery
from tests.enode import test_link, test_schedules, test_statistics
from tests.enode.generated import Package, arguments, as_json, is_typed, plain
from tests.enode.home import USER, Home, hybrid, say, wallbox
from tests.enode.hooks import SECRET, Hooks
from tests.enode.test_flex import policy
from tests.fakes.driver import ScriptedBox, car_box, thermostat_box

RATES = [{"name": "dear", "cost": "0.40"}, {"name": "cheap", "cost": "0.10"}]
NIGHT = {
    "tariffId": "night",
    "tariffIntervals": [
        {"name": "dear", "from": "00:00", "to": "13:00"},
        {"name": "cheap", "from": "13:00", "to": "24:00"},
    ],
}
SESSION = {"language": "en-US", "redirectUri": "app://linked"}
# Names that the contract knows: its clients read no others.
OFFERS = (
    Offer("DEYE", "Deye", frozenset({AssetKind.INVERTER})),
    Offer("KEBA", "KEBA", frozenset({AssetKind.CHARGER})),
    Offer("NIBE", "NIBE", frozenset({AssetKind.HVAC})),
    Offer("SOLAREDGE", "SolarEdge", frozenset({AssetKind.BATTERY, AssetKind.METER})),
    Offer("VOLVO", "Volvo", frozenset({AssetKind.VEHICLE})),
)


def devices() -> dict[str, ScriptedBox]:
    """One device of each kind; the car charges."""
    car, heat = car_box(), thermostat_box()
    car.identity = replace(car.identity, vendor="Volvo")
    heat.identity = replace(heat.identity, vendor="NIBE")
    say(car, "vehicle", power_delivery=PowerDelivery.CHARGING, power_w=11_000.0)
    return {"hybrid": hybrid(), "wallbox": wallbox(), "car": car, "heat": heat}


def offering(home: Home) -> None:
    """Let the home offer vendors of all kinds."""
    api = home.app.state.api
    services = replace(api.services, settings=Settings(offers=OFFERS))
    home.app.state.api = replace(api, services=services)


@dataclass
class Tour:
    """A walk through a home; `package` is for an operation, `clients` are by package."""

    hooks: Hooks
    package: Callable[[str], Package]
    clients: Mapping[str, Any]
    called: set[str] = field(default_factory=set)

    @property
    def home(self) -> Home:
        return self.hooks.home

    def id(self, kind: AssetKind) -> str:
        """The id of the only asset of a kind."""
        return self.home.asset(kind).id

    async def call(self, operation_id: str, **given: Any) -> Any:
        """What a success was read as; it says all that was sent, and nothing else."""
        package = self.package(operation_id)
        function = package.operation(operation_id).asyncio_detailed
        client = self.clients[package.name]
        answer = await function(client=client, **arguments(function, given))
        where = f"{operation_id}: {answer.status_code} {answer.content!r}"
        if answer.status_code == 204:
            assert answer.content == b"", where
        else:
            assert answer.status_code in (200, 202), where
            assert is_typed(answer.parsed), where
            assert plain(as_json(answer.parsed)) == plain(json.loads(answer.content)), where
        self.called.add(operation_id)
        return answer.parsed


async def batteries(tour: Tour) -> None:
    battery_id = tour.id(AssetKind.BATTERY)
    tour.home.devices["hybrid"].obeys = False
    await tour.call("listBatteries", page_size=1)
    await tour.call("listUserBatteries", user_id=USER)
    await tour.call("getBattery", battery_id=battery_id)
    await tour.call("batteriesRefreshHint", battery_id=battery_id)
    body = {"operationMode": "TIME_OF_USE"}
    action = await tour.call("postUserSetOperationMode", battery_id=battery_id, body=body)
    await tour.call("getBatteriesAction", action_id=action.id)
    ended = await tour.call("cancelBatteryAction", action_id=action.id)
    assert ended.state == "CANCELLED"


async def chargers(tour: Tour) -> None:
    charger_id = tour.id(AssetKind.CHARGER)
    tour.home.devices["wallbox"].obeys = False
    await tour.call("listChargers")
    await tour.call("listUserChargers", user_id=USER)
    await tour.call("getCharger", charger_id=charger_id)
    place = {"locationId": tour.home.location.id}
    await tour.call("updateCharger", charger_id=charger_id, body=place)
    await tour.call("chargersRefreshHint", charger_id=charger_id)
    body = {"maxCurrent": 10.0}
    limit = await tour.call("postSetChargerMaxCurrent", charger_id=charger_id, body=body)
    await tour.call("getChargersAction", action_id=limit.id)
    start = {"action": "START"}
    action = await tour.call("controlChargerCharging", charger_id=charger_id, body=start)
    ended = await tour.call("cancelChargerAction", action_id=action.id)
    assert ended.state == "CANCELLED"


async def hvacs(tour: Tour) -> None:
    hvac_id = tour.id(AssetKind.HVAC)
    tour.home.devices["heat"].obeys = False
    await tour.call("listHVACs")
    await tour.call("listUserHVACs", user_id=USER)
    await tour.call("getHVAC", hvac_id=hvac_id)
    await tour.call("updateHVAC", hvac_id=hvac_id, body={"locationId": tour.home.location.id})
    await tour.call("hvacsRefreshHint", hvac_id=hvac_id)
    hold = {"mode": "AUTO", "coolSetpoint": 25.0, "heatSetpoint": 20.0}
    held = await tour.call("postSetHvacPermanentHold", hvac_id=hvac_id, body=hold)
    await tour.call("getHvacsAction", action_id=held.id)
    action = await tour.call("postSetHvacFollowSchedule", hvac_id=hvac_id)
    ended = await tour.call("cancelHvacAction", action_id=action.id)
    assert ended.state == "CANCELLED"


async def inverters(tour: Tour) -> None:
    inverter_id = tour.id(AssetKind.INVERTER)
    await tour.call("listInverters")
    await tour.call("listUserInverters", user_id=USER)
    await tour.call("getInverter", inverter_id=inverter_id)
    await tour.call("invertersRefreshHint", inverter_id=inverter_id)
    now = tour.home.clock.now()
    month = now.replace(day=1) - timedelta(days=10)
    await test_statistics.installed(tour.home, month)
    await test_statistics.ran(tour.home, month, 30, kind=AssetKind.INVERTER)
    for at, is_finished in ((month, True), (now, False)):
        period = {"year": at.year, "month": at.month}
        shown = await tour.call("getInverterStatistics", inverter_id=inverter_id, **period)
        assert ("retryAfter" in shown.to_dict()) is not is_finished


async def meters(tour: Tour) -> None:
    meter_id = tour.id(AssetKind.METER)
    await tour.call("listMeters")
    await tour.call("listUserMeters", user_id=USER)
    await tour.call("getMeter", meter_id=meter_id)
    await tour.call("metersRefreshHint", meter_id=meter_id)


async def vehicles(tour: Tour) -> None:
    vehicle_id, car = tour.id(AssetKind.VEHICLE), tour.home.devices["car"]
    await tour.call("getVehicles")
    await tour.call("listUserVehicles", user_id=USER)
    await tour.call("getVehicle", vehicle_id=vehicle_id)
    await tour.call("vehiclesRefreshHint", vehicle_id=vehicle_id)
    car.obeys = False
    body = {"maxCurrent": 10.0}
    limit = await tour.call("postVehiclesVehicleidMaxCurrent", vehicle_id=vehicle_id, body=body)
    await tour.call("getVehiclesAction", action_id=limit.id)
    stop = {"action": "STOP"}
    action = await tour.call("postVehiclesVehicleidCharging", vehicle_id=vehicle_id, body=stop)
    ended = await tour.call("cancelVehicleAction", action_id=action.id)
    assert ended.state == "CANCELLED"
    car.obeys = True
    await _smart_charging(tour, vehicle_id)


async def _smart_charging(tour: Tour, vehicle_id: str) -> None:
    await tariffs(tour)
    wanted = {"isEnabled": True, "deadline": "20:00", "minimumChargeLimit": 20.0}
    await tour.call("updateVehicleSmartChargingPolicy", vehicle_id=vehicle_id, body=wanted)
    await tour.call("getVehiclesVehicleidSmartchargingpolicy", vehicle_id=vehicle_id)
    await test_schedules.polled(tour.home)
    of_vehicle = "getVehiclesVehicleidSmartchargingstatus"
    status = await tour.call(of_vehicle, vehicle_id=vehicle_id)
    plan = {"smart_charging_plan_id": "latest", "vehicle_id": vehicle_id}
    latest = await tour.call("getVehiclesVehicleidSmartchargingplans", **plan)
    assert latest.id == status.plan.id
    await tour.call("vehicleCreateSmartOverride", vehicle_id=vehicle_id)
    await test_schedules.polled(tour.home)
    ended = await tour.call("vehicleEndSmartOverride", vehicle_id=vehicle_id)
    assert ended.ended_at is not None


async def interventions(tour: Tour) -> None:
    battery = tour.home.asset(AssetKind.BATTERY)
    tour.home.store.adopt([replace(battery, scopes=("battery:read:data",))])
    shown = await tour.call("getBattery", battery_id=battery.id)
    (needed,) = shown.capabilities.self_reliance.intervention_ids
    await tour.call("listInterventions")
    await tour.call("listInterventions", language="de-DE", vendor_type="battery")
    await tour.call("getIntervention", intervention_id=needed)


async def locations(tour: Tour) -> None:
    await tour.call("getLocations")
    await tour.call("getUserlocations", user_id=USER)
    body = {"name": "Hut", "latitude": 60.5, "longitude": 8.2, "timezoneName": "Europe/Oslo"}
    made = await tour.call("createLocation", user_id=USER, body=body)
    await tour.call("getLocation", location_id=made.id)
    changed = await tour.call("updateLocation", location_id=made.id, body={"name": "Cabin"})
    assert changed.name == "Cabin"
    await tour.call("deleteLocation", location_id=made.id)


async def schedules(tour: Tour) -> None:
    hour = {"hourMinute": {"from": "22:00", "to": "06:00"}, "weekdays": [0, 4]}
    night = {"shouldCharge": False, "fromTimestamp": "2026-06-22T10:00:00+00:00"} | hour
    warm = {"holdType": "PERMANENT", "mode": "HEAT", "heatSetpoint": 21.5}
    wanted = (
        test_schedules.body(tour.home, rules=[night]),
        test_schedules.warmth(tour.home, rules=[{"targetState": warm} | hour]),
    )
    for body in wanted:
        made = await tour.call("createSchedule", user_id=USER, body=body)
        assert made.target_id == body["targetId"]
        await tour.call("getSchedules", user_id=USER)
        await tour.call("getSchedule", schedule_id=made.id)
        await tour.call("getScheduleStatus", schedule_id=made.id)
        change = {"isEnabled": False, "rules": []}
        changed = await tour.call("updateSchedule", schedule_id=made.id, body=change)
        assert changed.is_enabled is False
        await tour.call("deleteSchedule", schedule_id=made.id)


async def statistics(tour: Tour) -> None:
    now = tour.home.clock.now()
    await test_statistics.ran(tour.home, now - timedelta(hours=3), 30)
    period = {"user_id": USER, "start_date": now - timedelta(days=1), "end_date": now}
    await tour.call("getChargingStatistics", type_="charger", resolution="HOUR", **period)
    await tour.call("getChargingSessionsStatistics", type_="charger", **period)


async def tariffs(tour: Tour) -> None:
    place = {"location_id": tour.home.location.id}
    await tour.call("sendTariffInformation", tariff_id="night", body=RATES)
    await tour.call("getTariffInformation", tariff_id="night")
    await tour.call("associateUserLocationWithTariff", body=NIGHT, **place)
    await tour.call("getUserLocationTariff", **place)


async def users(tour: Tour) -> None:
    await tour.call("listUsers")
    await tour.call("getUser", user_id=USER)
    body = {"vendorType": "battery", "scopes": ["battery:read:data"]} | SESSION
    await tour.call("postUsersUseridLink", user_id="ben", body=body)
    charger = tour.home.asset(AssetKind.CHARGER)
    await test_link.invalidate(tour.home, charger.device_id)
    await tour.call("postAssetsAssetidRelink", asset_id=charger.id, body=SESSION)
    one = {"user_id": USER, "vendor": "SOLAREDGE"}
    await tour.call("disconnectUserVendorVendorType", vendor_type="battery", **one)
    await tour.call("disconnectUserVendor", **one)
    await tour.call("deleteUsersUseridAuthorization", user_id=USER)
    await tour.call("deleteUsersUserid", user_id=USER)


async def webhooks(tour: Tour) -> None:
    header = {"headerName": "x-mine", "headerValue": "yes"}
    body = {"url": tour.hooks.receiver.url, "secret": SECRET, "authentication": header}
    made = await tour.call("createWebhook", body=body)
    await tour.call("listWebhooks")
    change = {"events": ["user:charger:updated"]}
    await tour.call("updateWebhook", webhook_id=made.id, body=change)
    await tour.call("getWebhook", webhook_id=made.id)
    tested = await tour.call("testWebhook", webhook_id=made.id)
    assert tested.status == "SUCCESS"
    await tour.call("deleteWebhook", webhook_id=made.id)


async def service_health(tour: Tour) -> None:
    await tour.call("getHealthReady")
    for kind in ("Battery", "Charger", "Hvac", "Inverter", "Meter", "Vehicle"):
        await tour.call(f"getHealth{kind}Vendors")
    await tour.call("getIntegrations")


async def flex(tour: Tour) -> None:
    made = await tour.call("createFlexPolicy", body=policy(tour.home))
    of_policy = {"policy_id": made.id}
    await tour.call("getFlexPolicy", **of_policy)
    for override in (
        {"type": "NEXT_DAY_SCHEDULE", "deadline": "18:00", "minimumChargeTarget": 90.0},
        {"type": "IMMEDIATE_START", "target": 70.0},
    ):
        await tour.call("createFlexPolicyOverride", body=override, **of_policy)
        await tour.call("getFlexPolicyStatus", **of_policy)
    await tour.call("deleteFlexPolicyOverride", **of_policy)
    await _flex_intent(tour)
    await tour.call("deleteFlexPolicy", **of_policy)


async def _flex_intent(tour: Tour) -> None:
    soon = tour.home.clock.now() + timedelta(hours=1)
    await tour.call("getFlexShape", start_at=soon, end_at=soon + timedelta(hours=2))
    before = await tour.call("getFlexIntent")
    rule = {"kind": "CHUNK_PRESSURE", "timestamp": soon.isoformat(), "pressure": 1.0}
    rules = {"rules": [rule]}
    preview = rules | {"previousRevisionId": before.revision_id}
    await tour.call("previewFlexIntentUpdate", body=preview)
    await tour.call("updateFlexIntent", body=rules)
    after = await tour.call("getFlexIntent")
    assert len(after.rules) == 1


# By tag of the contract.
TOURS: dict[str, Callable[[Tour], Awaitable[None]]] = {
    "Batteries": batteries,
    "Chargers": chargers,
    "Flex": flex,
    "HVAC": hvacs,
    "Interventions": interventions,
    "Locations": locations,
    "Meters": meters,
    "Schedules": schedules,
    "Service Health": service_health,
    "Solar inverters": inverters,
    "Statistics": statistics,
    "Tariffs": tariffs,
    "User Management": users,
    "Vehicles": vehicles,
    "Webhooks": webhooks,
}
