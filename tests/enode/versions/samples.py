"""One body of every thing whose form has changed over the versions, in the newest's form."""

from typing import Any

AT = "2026-06-21T10:00:00.000Z"
ID = "6560fa37-b7ec-4ace-81ca-a8b64279f8d2"
PLACE = "11111111-2222-4333-8444-555555555555"
CAPABLE = {"isCapable": True, "interventionIds": []}
INCAPABLE = {"isCapable": False, "interventionIds": []}
COMMON = {"id": ID, "userId": "anna", "lastSeen": AT, "isReachable": True}
POSITION = {"id": PLACE, "longitude": 10.75, "latitude": 59.91, "lastUpdated": AT}
SCOPES = {"scopes": ["battery:read:data"]}
PRODUCT = {"brand": "Tesla", "model": "X", "siteName": "Home", "installationDate": AT}
AGGREGATES = {"min": 0.1, "max": 0.3, "mean": 0.2}
UNKNOWN = {"min": None, "max": None, "mean": None}

VEHICLE: dict[str, Any] = {
    **COMMON,
    **SCOPES,
    "vendor": "TESLA",
    "information": {
        "vin": "2HGFB2F5XEH542858",
        "brand": "Tesla",
        "model": "Model S P85",
        "year": 2020,
        "displayName": "Batmobile",
    },
    "chargeState": {
        "batteryLevel": 66,
        "range": 228,
        "isPluggedIn": True,
        "isCharging": True,
        "isFullyCharged": False,
        "batteryCapacity": 48.1,
        "chargeLimit": 90,
        "chargeRate": 1.79,
        "chargeTimeRemaining": 285,
        "lastUpdated": AT,
        "maxCurrent": 16,
        "powerDeliveryState": "PLUGGED_IN:CHARGING",
    },
    "smartChargingPolicy": {"isEnabled": True, "deadline": "08:00", "minimumChargeLimit": 10},
    "odometer": {"distance": 65393, "lastUpdated": AT},
    "capabilities": dict.fromkeys(
        (
            "information",
            "chargeState",
            "location",
            "odometer",
            "setMaxCurrent",
            "startCharging",
            "stopCharging",
            "smartCharging",
        ),
        CAPABLE,
    ),
    "location": POSITION,
}
CHARGER: dict[str, Any] = {
    **COMMON,
    **SCOPES,
    "vendor": "ZAPTEC",
    "chargeState": {
        "isPluggedIn": True,
        "isCharging": False,
        "chargeRate": None,
        "lastUpdated": AT,
        "maxCurrent": 16,
        "powerDeliveryState": "PLUGGED_IN:STOPPED",
    },
    "capabilities": dict.fromkeys(
        ("information", "chargeState", "startCharging", "stopCharging", "setMaxCurrent"), CAPABLE
    ),
    "information": {"brand": "Zaptec", "model": "Pro", "year": None, "serialNumber": "Z1"},
    "location": {"id": PLACE, "lastUpdated": AT},
}
HVAC: dict[str, Any] = {
    **COMMON,
    **SCOPES,
    "vendor": "TADO",
    "consumptionRate": 1.8,
    "information": {
        "brand": "Tado",
        "model": None,
        "displayName": "Bedroom",
        "groupName": None,
        "category": "HEATING",
    },
    "temperatureState": {"currentTemperature": 20.8, "isActive": True, "lastUpdated": AT},
    "thermostatState": {
        "mode": "HEAT",
        "heatSetpoint": 22,
        "coolSetpoint": None,
        "holdType": "PERMANENT",
        "lastUpdated": AT,
    },
    "capabilities": {
        "capableModes": ["HEAT", "OFF"],
        "coolSetpointRange": None,
        "heatSetpointRange": {"min": 15, "max": 25},
        "setpointDifferenceRange": None,
        "setFollowSchedule": INCAPABLE,
        "setPermanentHold": CAPABLE,
    },
    "location": {"id": PLACE},
}
INVERTER: dict[str, Any] = {
    **COMMON,
    **SCOPES,
    "vendor": "SMA",
    "productionState": {
        "productionRate": 2.1,
        "isProducing": True,
        "totalLifetimeProduction": 100152.5,
        "lastUpdated": AT,
    },
    "timezone": "Europe/Oslo",
    "capabilities": {"productionState": CAPABLE, "productionStatistics": CAPABLE},
    "information": {"id": "7E1234", "sn": "7E1234", **PRODUCT},
    "location": POSITION,
}
BATTERY: dict[str, Any] = {
    **COMMON,
    **SCOPES,
    "vendor": "TESLA",
    "chargeState": {
        "status": "CHARGING",
        "batteryCapacity": 13.5,
        "batteryLevel": 80,
        "chargeRate": 2,
        "dischargeLimit": 10,
        "lastUpdated": AT,
    },
    "config": {"operationMode": "SELF_RELIANCE", "lastUpdated": AT},
    "information": {"id": "T1", **PRODUCT},
    "capabilities": dict.fromkeys(
        ("exportFocus", "importFocus", "timeOfUse", "selfReliance"), CAPABLE
    ),
    "location": POSITION,
}
METER: dict[str, Any] = {
    **COMMON,
    **SCOPES,
    "vendor": "TESLA",
    "information": PRODUCT,
    "energyState": {"power": -2.4, "lastUpdated": AT},
    "location": POSITION,
    "capabilities": {"measuresConsumption": CAPABLE, "measuresProduction": CAPABLE},
}

RULE_TIMES = {"hourMinute": {"from": "22:00", "to": "06:00"}, "weekdays": [4]}
CHARGE_SCHEDULE: dict[str, Any] = {
    "id": ID,
    "isEnabled": True,
    "defaultShouldCharge": True,
    "rules": [{**RULE_TIMES, "shouldCharge": False}],
    "targetId": "v1",
    "targetType": "vehicle",
    "locationId": PLACE,
}
AUTO = {"holdType": "PERMANENT", "mode": "AUTO", "heatSetpoint": 20, "coolSetpoint": 24}
HEAT = {"holdType": "PERMANENT", "mode": "HEAT", "heatSetpoint": 21}
SCHEDULED = {"holdType": "SCHEDULED"}
TEMPERATURE_SCHEDULE: dict[str, Any] = {
    "id": ID,
    "isEnabled": True,
    "targetId": "h1",
    "targetType": "hvac",
    "defaultTargetState": AUTO,
    "rules": [{**RULE_TIMES, "targetState": HEAT}, {"weekdays": [5], "targetState": SCHEDULED}],
}
OVERRIDE = {
    "createdAt": AT,
    "endedAt": None,
    "targetType": "vehicle",
    "targetId": "v1",
    "vendorActionId": None,
}
CHARGE_STATUS: dict[str, Any] = {
    "scheduleId": ID,
    "scheduleType": "CHARGE",
    "changedAt": AT,
    "state": "INACTIVE:OVERRIDDEN",
    "isCharging": True,
    "isChargingExpected": False,
    "isChargingExpectedParts": {"needsCharge": True, "isPluggedIn": True, "shouldCharge": False},
    "upcomingTransitions": [{"at": AT, "shouldCharge": True}],
    "smartOverride": OVERRIDE,
}
TEMPERATURE_STATUS: dict[str, Any] = {
    "scheduleId": ID,
    "scheduleType": "TEMPERATURE",
    "changedAt": AT,
    "state": "ALIGNED",
    "current": HEAT,
    "expected": HEAT,
    "upcomingTransitions": [{"at": AT, "target": AUTO}],
}
PLAN: dict[str, Any] = {
    "id": ID,
    "vehicleId": "v1",
    "userId": "anna",
    "locationId": PLACE,
    "vendor": "TESLA",
    "currency": "NOK",
    "nonSmartCost": 20,
    "smartCost": 12,
    "stopAt": AT,
    "startAt": AT,
    "estimatedFinishAt": AT,
    "stopConfirmedAt": AT,
    "startConfirmedAt": None,
    "endedAt": AT,
    "finalState": "PLAN:ENDED:FAILED",
    "failureCondition": "CHARGE_INTERRUPTED",
}
SMART_STATUS: dict[str, Any] = {
    "updatedAt": AT,
    "vehicleId": "v1",
    "userId": "anna",
    "vendor": "TESLA",
    "state": "PLAN:ENDED:FAILED",
    "stateChangedAt": AT,
    "consideration": None,
    "plan": PLAN,
    "smartOverride": OVERRIDE,
}
CONSIDERATION = {
    "isPluggedIn": True,
    "isCharging": True,
    "atChargingLocation": False,
    "hasTimeEstimate": True,
}
CONSIDERING: dict[str, Any] = {
    **SMART_STATUS,
    "state": "CONSIDERING",
    "plan": None,
    "consideration": CONSIDERATION,
    "smartOverride": None,
}
SAMPLE: dict[str, Any] = {
    "kw": AGGREGATES,
    "kwhSum": 3.0,
    "price": AGGREGATES,
    "costSum": 0.6,
    "nonSmartPrice": {"min": 0.3, "max": 0.3, "mean": 0.3},
    "estimatedSavings": 0.3,
    "date": AT,
}
SESSION: dict[str, Any] = {
    "kw": AGGREGATES,
    "kwhSum": 3.0,
    "price": AGGREGATES,
    "costSum": 0.6,
    "id": "v1",
    "locationId": PLACE,
    "from": AT,
    "to": AT,
    "nonSmartPrice": UNKNOWN,
    "estimatedSavings": None,
}
INTERVENTION: dict[str, Any] = {
    "id": ID,
    "vendor": "TESLA",
    "vendorType": "battery",
    "brand": "Tesla",
    "introducedAt": AT,
    "domain": "Device",
    "resolution": {
        "title": "Switch it on",
        "description": "The battery is off.",
        "access": "Physical",
        "agent": "User",
        "action": None,
    },
}
AGNOSTIC: dict[str, Any] = {**INTERVENTION, "vendor": None, "vendorType": None, "brand": None}
LINK: dict[str, Any] = {"linkUrl": "http://gateway/ui/link/abc", "linkToken": "abc"}
PROBLEM: dict[str, Any] = {
    "type": "https://developers.enode.com/api/problems/not-found",
    "title": "Not Found",
    "detail": "no such thing",
}

ASSETS = {
    "vehicle": VEHICLE,
    "charger": CHARGER,
    "hvac": HVAC,
    "inverter": INVERTER,
    "battery": BATTERY,
    "meter": METER,
}


def page(*items: Any) -> dict[str, Any]:
    """A page that is the only one."""
    return {"data": list(items), "pagination": {"after": None, "before": None}}


# Of every operation whose answers differ between versions: one in the newest's form.
ANSWERS: dict[str, Any] = {
    **{f"get_{kind}": body for kind, body in ASSETS.items()},
    "update_charger": CHARGER,
    "update_hvac": HVAC,
    "get_vehicles": page(VEHICLE),
    "list_user_vehicles": page(VEHICLE),
    "list_user_chargers": page(CHARGER),
    "list_user_hvacs": page(HVAC),
    "list_user_inverters": page(INVERTER),
    "list_user_batteries": page(BATTERY),
    "list_user_meters": page(METER),
    "get_schedules": page(CHARGE_SCHEDULE, TEMPERATURE_SCHEDULE),
    "get_schedule": CHARGE_SCHEDULE,
    "create_schedule": TEMPERATURE_SCHEDULE,
    "update_schedule": CHARGE_SCHEDULE,
    "get_schedule_status": CHARGE_STATUS,
    "get_vehicles_vehicleid_smartchargingstatus": SMART_STATUS,
    "get_vehicles_vehicleid_smartchargingplans": PLAN,
    "list_interventions": [INTERVENTION, AGNOSTIC],
    "get_intervention": INTERVENTION,
    "get_charging_statistics": [SAMPLE],
    "get_charging_sessions_statistics": [SESSION],
    "post_users_userid_link": LINK,
}


def event(name: str, **held: Any) -> dict[str, Any]:
    """A webhook event in the newest's form."""
    return {
        "event": name,
        "createdAt": AT,
        "version": "2025-10-01",
        "user": {"id": "anna"},
        **held,
    }
