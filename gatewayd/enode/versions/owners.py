"""Whose a thing is: before 2023-08-01 a request for one user found nothing of another's."""

from collections.abc import Mapping

from gatewayd.enode.api import Api
from gatewayd.state import schedules

_ASSETS = ("vehicleId", "chargerId", "hvacId", "inverterId", "batteryId", "meterId", "assetId")


async def owner(api: Api, named: Mapping[str, str]) -> str | None:
    """The user whose the thing is that a path names; None for things of nobody, or unknown."""
    for name, value in named.items():
        if name in _ASSETS:
            return _of_asset(api, value)
        if name == "actionId":
            action = await api.services.commander.get(value.lower())
            return action.user_id if action else None
        if name == "locationId":
            place = (await api.places.all()).get(value.lower())
            return place.user_id if place else None
        if name == "scheduleId":
            return await _of_schedule(api, value.lower())
    return None


def _of_asset(api: Api, asset_id: str) -> str | None:
    assets = api.services.store.site.assets
    state = assets.get(asset_id) or assets.get(asset_id.lower())
    return state.asset.user_id if state else None


async def _of_schedule(api: Api, schedule_id: str) -> str | None:
    known = await api.services.db.read(schedules.load)
    return next((one.user_id for one in known if one.id == schedule_id), None)
