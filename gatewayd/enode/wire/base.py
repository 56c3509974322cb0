"""What all wire models share: spelling, timestamps, ids, pages."""

import re
from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)


class EnodeModel(BaseModel):
    """A closed object: camelCase outside, snake_case inside."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        frozen=True,
        # Made when first used: all validators at once were a fifth of the start.
        defer_build=True,
    )


class OpenModel(EnodeModel):
    """An object that the contract lets grow."""

    model_config = ConfigDict(extra="ignore")


class Payload(EnodeModel):
    """A request body: only the contract's own spelling, no coercion, no infinities."""

    model_config = ConfigDict(populate_by_name=False, strict=True, allow_inf_nan=False)


def _uuid(text: str) -> str:
    lower = text.lower()
    if not _UUID.fullmatch(lower):
        raise PydanticCustomError("uuid_parsing", "must be a UUID")
    return lower


def iso_ms(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, as Enode writes it: `2026-06-21T10:00:00.000Z`."""
    utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    return utc.isoformat(timespec="milliseconds")[:-6] + "Z"


Uuid = Annotated[str, AfterValidator(_uuid), WithJsonSchema({"type": "string", "format": "uuid"})]
Timestamp = Annotated[
    AwareDatetime,
    PlainSerializer(iso_ms, return_type=str),
    # Else it is described as any string where it is answered.
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


class Capability(EnodeModel):
    """Whether an asset can do something, and what the user must do where it cannot yet."""

    is_capable: bool
    intervention_ids: list[Uuid]


class PlaceOfAsset(EnodeModel):
    """Where an asset is: the Location it belongs to."""

    id: Uuid | None
    last_updated: Timestamp | None


class PositionOfAsset(PlaceOfAsset):
    """Where an asset is, with coordinates in degrees."""

    longitude: float | None
    latitude: float | None


class Cursors(EnodeModel):
    """Where the neighbouring pages begin; None where there is no neighbour."""

    after: str | None
    before: str | None


T = TypeVar("T")


class Page(EnodeModel, Generic[T]):
    """One page of a list, newest first."""

    data: list[T]
    pagination: Cursors
