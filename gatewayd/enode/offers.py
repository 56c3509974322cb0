"""The vendors this gateway offers: what it has drivers for, and what is in the home."""

from gatewayd.devices.linking.catalogue import Catalogue
from gatewayd.enode.api import Api
from gatewayd.enode.services import Offer
from gatewayd.enode.views import vendor as view
from gatewayd.model.asset import Consent
from gatewayd.state.assets import machine_name


async def driven(catalogue: Catalogue) -> tuple[Offer, ...]:
    """The vendors whose devices the drivers talk to."""
    return tuple(
        Offer(machine_name(brand), brand, entry.info.kinds)
        for entry in await catalogue.entries()
        for brand in entry.brands
    )


async def offered(api: Api, *, with_home: bool = True) -> list[Offer]:
    """Every vendor once; only who holds a token may learn of the home's own."""
    services = api.services
    known = (*services.settings.offers, *await services.offers())
    states = services.store.site.assets.values() if with_home else ()
    home = [state.asset for state in states if state.asset.consent is not Consent.NONE]
    return view.offered(known, home)
