"""Bodies of operations that have ended."""

from gatewayd.enode.wire.base import EnodeModel, Payload, Timestamp
from gatewayd.enode.wire.statistics import Aggregates
from gatewayd.enode.wire.webhook import Secret, Url


class FirehosePayload(Payload):
    """Where to send all events."""

    url: Url
    secret: Secret


class ProductionStatistics(EnodeModel):
    """A part of a time series of production, from `date` on."""

    kw: Aggregates
    kwh_sum: float
    price: Aggregates
    earnings_sum: float
    date: Timestamp
