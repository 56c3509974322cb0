"""The query parameters of operations that read their query by themselves."""

from typing import Any

Query = dict[str, Any]


def _query(name: str, schema: dict[str, Any], *, is_required: bool = False) -> Query:
    return {"name": name, "in": "query", "required": is_required, "schema": schema}


_TEXT = {"type": "string"}
_TIMESTAMP = {"type": "string", "format": "date-time"}
_LANGUAGES = "en-US en-GB de-DE fr-FR es-ES pt-PT nl-NL nl-BE nb-NO sv-SE da-DK fi-FI ro-RO"
_RESOLUTIONS = "QUARTER_HOUR HALF_HOUR HOUR DAY WEEK MONTH YEAR"
_KINDS = "vehicle charger hvac inverter battery meter"


def _one_of(words: str, **more: object) -> dict[str, Any]:
    return {"type": "string", "enum": words.split(), **more}


PAGING = (
    _query("after", _TEXT),
    _query("before", _TEXT),
    _query("pageSize", {"type": "integer", "exclusiveMinimum": 0, "default": 50}),
)
INTERVENTIONS = (
    _query("language", _one_of(_LANGUAGES)),
    _query("vendorType", _one_of(_KINDS)),
    _query("vendor", _TEXT),
)
SESSIONS = (
    _query("startDate", _TIMESTAMP, is_required=True),
    _query("endDate", _TIMESTAMP),
    _query("locationId", {"type": "string", "format": "uuid"}),
    _query("id", _TEXT),
    _query("type", _one_of("charger vehicle hvac"), is_required=True),
)
STATISTICS = (
    *SESSIONS,
    _query("utcOffset", _TEXT),
    _query("resolution", _one_of(_RESOLUTIONS, default="DAY")),
)
CALENDAR = (
    _query("year", {"type": "integer", "minimum": 1969, "maximum": 2999}, is_required=True),
    _query("month", {"type": "integer", "minimum": 1, "maximum": 12}, is_required=True),
    _query("day", {"type": "integer", "minimum": 1, "maximum": 31}),
)
PERIOD = (_query("startAt", _TIMESTAMP), _query("endAt", _TIMESTAMP))
ASSET_TYPES = (_query("assetTypes", {"type": "string", "default": ",".join(_KINDS.split())}),)
