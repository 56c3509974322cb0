"""The operations, one file per tag of the contract; a handler is named after its operationId."""

from gatewayd.enode.routes import (
    batteries,
    chargers,
    inverters,
    link,
    locations,
    meters,
    oauth,
    service_health,
    users,
    webhooks,
)

ROUTERS = (
    batteries.router,
    chargers.router,
    inverters.router,
    meters.router,
    locations.router,
    users.router,
    link.router,
    service_health.router,
    oauth.router,
    webhooks.router,
)
