"""Where everything was while it was one user's, named by token or by Enode-User-Id."""

from gatewayd.enode.versions.resources import ASSETS
from gatewayd.enode.versions.step import Moved

_PLACES = "/charging-locations"
_PLACE = "/charging-locations/{locationId}"

MOVED = (
    *(Moved("GET", f"/{plural}", f"list_user_{plural}") for plural in ASSETS.values()),
    Moved("GET", "/me", "get_user"),
    Moved("DELETE", "/me/vendors/{vendor}", "disconnect_user_vendor"),
    Moved("GET", _PLACES, "get_userlocations"),
    Moved("POST", _PLACES, "create_location"),
    Moved("GET", _PLACE, "get_location"),
    Moved("PUT", _PLACE, "update_location"),
    Moved("DELETE", _PLACE, "delete_location"),
    Moved("GET", f"{_PLACE}/tariff", "get_user_location_tariff"),
    Moved("PUT", f"{_PLACE}/tariff", "associate_user_location_with_tariff"),
    Moved("GET", "/schedules", "get_schedules"),
    Moved("POST", "/schedules", "create_schedule"),
    Moved("GET", "/statistics/charging", "get_charging_statistics"),
    Moved("GET", "/statistics/charging/sessions", "get_charging_sessions_statistics"),
    Moved("GET", "/statistics/production", "get_production_statistics"),
)

NEW = frozenset(
    {
        *(f"list_{plural}" for plural in ASSETS.values() if plural != "vehicles"),
        *(f"{plural}_refresh_hint" for plural in ASSETS.values()),
        "get_vehicles",
        "get_locations",
        "list_users",
    }
)
