"""The operations, one file per tag of the contract; a handler is named after its operationId."""

from gatewayd.enode.routes import (
    batteries,
    chargers,
    hvacs,
    interventions,
    inverters,
    link,
    locations,
    meters,
    oauth,
    service_health,
    statistics,
    tariffs,
    users,
    vehicles,
    webhooks,
)

ROUTERS = (
    batteries.router,
    chargers.router,
    hvacs.router,
    inverters.router,
    meters.router,
    vehicles.router,
    interventions.router,
    locations.router,
    tariffs.router,
    statistics.router,
    users.router,
    link.router,
    service_health.router,
    oauth.router,
    webhooks.router,
)
