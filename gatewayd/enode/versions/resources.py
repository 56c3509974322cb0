"""What operations and events are about, so that a step can say how a thing looked, once.

Operations go by the names of their handlers.
"""

ASSETS = {
    "vehicle": "vehicles",
    "charger": "chargers",
    "hvac": "hvacs",
    "inverter": "inverters",
    "battery": "batteries",
    "meter": "meters",
}

# The lists that come in pages.
LISTS = frozenset(
    {
        "get_vehicles",
        *(f"list_{plural}" for plural in ASSETS.values() if plural != "vehicles"),
        *(f"list_user_{plural}" for plural in ASSETS.values()),
        "get_locations",
        "get_userlocations",
        "get_schedules",
        "list_users",
        "list_webhooks",
    }
)

# What a successful answer shows: one, a list or a page of it.
SHOWN = {
    **{f"get_{kind}": kind for kind in ASSETS},
    **{f"update_{kind}": kind for kind in ("charger", "hvac")},
    **{f"list_{plural}": kind for kind, plural in ASSETS.items() if kind != "vehicle"},
    **{f"list_user_{plural}": kind for kind, plural in ASSETS.items()},
    "get_vehicles": "vehicle",
    "get_schedules": "schedule",
    "create_schedule": "schedule",
    "get_schedule": "schedule",
    "update_schedule": "schedule",
    "get_schedule_status": "schedule status",
    "get_vehicles_vehicleid_smartchargingstatus": "smart status",
    "get_vehicles_vehicleid_smartchargingplans": "smart plan",
    "list_interventions": "intervention",
    "get_charging_statistics": "charging sample",
    "get_charging_sessions_statistics": "charging session",
    "post_users_userid_link": "link session",
}

# What a webhook event holds, by the key it has there.
HELD = {
    **{kind: kind for kind in ASSETS},
    "schedule": "schedule",
    "status": "schedule status",
    "smartChargingStatus": "smart status",
}
