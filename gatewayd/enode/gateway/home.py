"""What `/gateway/` may show of the home, by the same consent as the rest of the API."""

from gatewayd.devices.device import ConfiguredDevice
from gatewayd.devices.poller import Poller
from gatewayd.enode.api import Api, is_linked
from gatewayd.enode.gateway import views, wire
from gatewayd.errors import NotFoundError
from gatewayd.model.asset import Asset, Consent


def poller(api: Api) -> Poller:
    """Who reads the devices."""
    found = api.services.poller
    if found is None:
        raise LookupError("the API was made without a poller")
    return found


def devices(api: Api) -> list[ConfiguredDevice]:
    """Every device that is read, configured or linked, by id.

    How a box answers is no data of its user, so consent hides only the assets of it.
    """
    return sorted(poller(api).devices(), key=lambda device: device.id)


def device(api: Api, configured: ConfiguredDevice) -> wire.Device:
    """One of them as it is now."""
    reads = poller(api)
    of_it = api.services.store.site.of_device(configured.id)
    return views.device(
        configured,
        reads.health(configured.id),
        reads.latest(configured.id),
        reads.driver(configured.id),
        [state.asset for state in of_it if is_linked(state)],
        api.services.terms(),
        api.services.clock.now(),
    )


def assets(api: Api) -> list[Asset]:
    """The assets of which clients may know what they were told."""
    states = api.services.store.site.assets.values()
    return [state.asset for state in states if may_tell(state.asset)]


def asset(api: Api, asset_id: str) -> Asset:
    """One of them; raises NotFoundError."""
    for one in assets(api):
        if one.id == asset_id:
            return one
    raise NotFoundError(f"Could not find asset with ID {asset_id}")


def may_tell(one: Asset) -> bool:
    """Whether its user lets clients know what it says and does."""
    return one.consent not in (Consent.NONE, Consent.WITHDRAWN)
