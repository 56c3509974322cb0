"""Locations."""

from collections.abc import Callable
from sqlite3 import Connection

from fastapi import Response

from gatewayd.enode import missing
from gatewayd.enode.answers import ok
from gatewayd.enode.api import Api, Ask
from gatewayd.enode.bodies import payload
from gatewayd.enode.paging import PageRequest, Paging, key_of, page
from gatewayd.enode.routes import assets
from gatewayd.enode.routes.parameters import LocationId, UserId
from gatewayd.enode.routing import client_router
from gatewayd.enode.views.location import location
from gatewayd.enode.wire.base import Page
from gatewayd.enode.wire.location import LocationPayload, LocationResponse, PartialLocation
from gatewayd.model.asset import Asset
from gatewayd.model.location import Location
from gatewayd.state import locations, users
from gatewayd.state.assets import detach

router = client_router()


@router.get("/locations")
async def get_locations(ask: Ask, paging: Paging) -> Response:
    """Locations of all users."""
    return await _listed(ask.api, None, paging)


@router.get("/users/{userId}/locations")
async def get_userlocations(ask: Ask, user_id: UserId, paging: Paging) -> Response:
    """One user's locations; none for an unknown user."""
    return await _listed(ask.api, user_id, paging)


@router.post("/users/{userId}/locations")
async def create_location(ask: Ask, user_id: UserId) -> Response:
    """A new location of a user who exists."""
    await ask.api.services.db.read(lambda c: _check_user(c, user_id))
    values = _values(await payload(ask, LocationPayload))
    now = ask.api.services.clock.now()

    def add(c: Connection) -> Location:
        _check_user(c, user_id)
        return locations.add(c, user_id, values, now)

    return ok(location(await _write(ask.api, add)))


@router.get("/locations/{locationId}")
async def get_location(ask: Ask, location_id: LocationId) -> Response:
    """One location."""
    return ok(location(await _known(ask.api, location_id)))


@router.put("/locations/{locationId}")
async def update_location(ask: Ask, location_id: LocationId) -> Response:
    """Replace what the body names and keep the rest."""
    await _known(ask.api, location_id)
    changes = await payload(ask, PartialLocation)
    values = _values(changes, changes.model_fields_set)
    changed = await _write(ask.api, lambda c: locations.change(c, location_id, values))
    return ok(location(changed))


@router.delete("/locations/{locationId}")
async def delete_location(ask: Ask, location_id: LocationId) -> Response:
    """Remove a location, detaching its assets, and show it a last time."""
    now = ask.api.services.clock.now()

    def remove(c: Connection) -> tuple[list[Asset], Location]:
        return detach(c, location_id, now), locations.remove(c, location_id)

    detached, gone = await ask.api.services.db.write(remove)
    assets.move(ask.api, detached)
    ask.api.places.changed()
    return ok(location(gone))


async def _listed(api: Api, user_id: str | None, paging: PageRequest) -> Response:
    found = await api.services.db.read(lambda c: locations.load(c, user_id))
    shown, cursors = page(found, lambda place: key_of(place.created_at, place.id), paging)
    models = [location(place) for place in shown]
    return ok(Page[LocationResponse](data=models, pagination=cursors))


async def _known(api: Api, location_id: str) -> Location:
    return await api.services.db.read(lambda c: locations.known(c, location_id))


async def _write(api: Api, change: Callable[[Connection], Location]) -> Location:
    written = await api.services.db.write(change)
    api.places.changed()
    return written


def _check_user(c: Connection, user_id: str) -> None:
    if users.get(c, user_id) is None:
        raise missing.user(user_id)


def _values(
    body: LocationPayload | PartialLocation, keys: set[str] | None = None
) -> dict[str, object]:
    """The body's values by column."""
    values = body.model_dump(include=keys)
    if "timezone_name" in values:
        values["timezone"] = values.pop("timezone_name")
    return values
