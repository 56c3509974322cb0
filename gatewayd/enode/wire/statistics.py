"""Statistics on the wire."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    Field,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    WithJsonSchema,
    model_serializer,
)

from gatewayd.enode.wire.base import EnodeModel, OpenModel, Timestamp, Uuid


def _iso_local(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")


# With the inverter's own offset: the day it belongs to is to be seen.
LocalTimestamp = Annotated[AwareDatetime, PlainSerializer(_iso_local, return_type=str)]
_Number = Annotated[int, WithJsonSchema({"type": "number"})]


class Aggregates(EnodeModel):
    """Over one time: of power in kW, or of prices per kWh."""

    min: float
    max: float
    mean: float


class NullableAggregates(EnodeModel):
    """The same, None where nothing was."""

    min: float | None
    max: float | None
    mean: float | None


class ConsumptionStatistics(EnodeModel):
    """What was used, and its cost; the last two are None without smart charging."""

    kw: Aggregates
    kwh_sum: float
    price: Aggregates
    cost_sum: float
    non_smart_price: NullableAggregates
    estimated_savings: float | None


class ChargingStatistics(ConsumptionStatistics):
    """A part of a time series, from `date` on."""

    date: Timestamp


class SessionStatistics(ConsumptionStatistics):
    """A session of the asset `id`."""

    id: str
    location_id: Uuid | None
    from_: Timestamp = Field(validation_alias="from", serialization_alias="from")
    to: Timestamp


class ProductionEntry(OpenModel):
    """Energy from `date` on; None where it is not known."""

    date: LocalTimestamp
    value: float | None


class ResolutionEntry(OpenModel):
    """A series of production."""

    unit: Literal["kWh"]
    data: list[ProductionEntry] | None


_ABSENT = ResolutionEntry(unit="kWh", data=None)


class Resolutions(OpenModel):
    """A day by quarters of an hour, or a month by days: the one that is not asked for is absent."""

    quarter_hour: ResolutionEntry = Field(
        default=_ABSENT, validation_alias="QUARTER_HOUR", serialization_alias="QUARTER_HOUR"
    )
    day: ResolutionEntry = Field(default=_ABSENT, validation_alias="DAY", serialization_alias="DAY")

    @model_serializer(mode="wrap")
    def _without_absent(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        entries: dict[str, Any] = serialise(self)
        return {key: entry for key, entry in entries.items() if entry["data"] is not None}


class InverterStatistics(OpenModel):
    """Production of an inverter, cut in its own time zone (IANA)."""

    timezone: str
    resolutions: Resolutions


class UnfinishedInverterStatistics(InverterStatistics):
    """The same while some of it may still change; ask again after `retry_after`."""

    retry_after: Timestamp


class ChangedInverterStatistics(InverterStatistics):
    """What changed: a month where `day` is None."""

    inverter_id: str
    year: _Number
    month: _Number | None
    day: _Number | None
