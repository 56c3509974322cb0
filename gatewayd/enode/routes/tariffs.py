"""Tariffs, and which one holds at a location."""

from sqlite3 import Connection
from typing import Annotated

from fastapi import Path, Response

from gatewayd.enode.answers import listed, nothing, ok
from gatewayd.enode.api import Ask
from gatewayd.enode.bodies import payload
from gatewayd.enode.routes.parameters import LocationId
from gatewayd.enode.routing import client_router
from gatewayd.enode.views import tariff as view
from gatewayd.enode.wire import tariff as wire
from gatewayd.errors import NotFoundError
from gatewayd.model.tariff import Tariff
from gatewayd.plan.tariff import check_intervals, check_rates
from gatewayd.state import locations, tariffs

router = client_router()

TariffId = Annotated[str, Path(alias="tariffId", pattern=r"^[A-Za-z0-9_-]+$", max_length=36)]


@router.get("/tariffs/{tariffId}")
async def get_tariff_information(ask: Ask, tariff_id: TariffId) -> Response:
    """A tariff's rates, as last sent."""
    return ok(view.tariff(await ask.api.services.db.read(lambda c: _known(c, tariff_id))))


@router.put("/tariffs/{tariffId}")
async def send_tariff_information(ask: Ask, tariff_id: TariffId) -> Response:
    """Create a tariff, or replace its rates from now on."""
    tariff = view.tariff_of(tariff_id, await payload(ask, wire.Tariff))
    check_rates(tariff.rates)
    now = ask.api.services.clock.now()
    await ask.api.services.db.write(lambda c: tariffs.put(c, tariff, now))
    return nothing()


@router.get("/locations/{locationId}/tariff", responses={404: {}})
async def get_user_location_tariff(ask: Ask, location_id: LocationId) -> Response:
    """The week of a location's tariff, in local time; empty where none is linked."""

    def read(c: Connection) -> list[wire.LocationTariffEntry]:
        locations.known(c, location_id)
        return view.schedule(tariffs.linked(c, location_id))

    return listed(await ask.api.services.db.read(read))


@router.put("/locations/{locationId}/tariff", responses={400: {}, 404: {}})
async def associate_user_location_with_tariff(ask: Ask, location_id: LocationId) -> Response:
    """Replace the whole tariff of a location from now on."""
    await ask.api.services.db.read(lambda c: locations.known(c, location_id))
    link = view.link_of(await payload(ask, wire.LocationTariffInterval))
    now = ask.api.services.clock.now()

    def write(c: Connection) -> None:
        locations.known(c, location_id)
        check_intervals(_known(c, link.tariff_id), link.intervals)
        tariffs.link(c, location_id, link, now)

    await ask.api.services.db.write(write)
    return nothing()


def _known(c: Connection, tariff_id: str) -> Tariff:
    found = tariffs.get(c, tariff_id)
    if found is None:
        raise NotFoundError(f"Could not find tariff with ID {tariff_id[:50]}")
    return found
