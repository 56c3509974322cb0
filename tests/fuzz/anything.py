"""JSON and queries at random, in the words of the API's versions."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from gatewayd.enode import versions
from tests.enode import contract
from tests.fuzz.cases import Json

_KEY = re.compile(r'"([a-z]+[A-Z]\w+|[a-z]{3,12})"')
_VALUES = ["START", "AUTO", "hvac", "charger", "all", "22:00", "2026-06-21T10:00:00Z"]
# What names things of the home, see `settled`.
_THINGS = ["chargerId", "hvacId", "locationId", "vehicleId"]
_QUERY = [
    "after",
    "before",
    "chargingLocationId",
    "day",
    "endDate",
    "field[]",
    "id",
    "month",
    "pageSize",
    "resolution",
    "startDate",
    "type",
    "utcOffset",
    "year",
]


@cache
def bodies() -> st.SearchStrategy[Any]:
    """Mostly objects."""
    keys = st.sampled_from(_words())
    scalars = (
        st.none()
        | st.booleans()
        | st.integers(-10, 2000)
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=5)
        | st.sampled_from([*_VALUES, *_THINGS])
        | keys
    )
    anything = st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=5),
        max_leaves=12,
    )
    return st.dictionaries(keys, anything, max_size=10) | anything


@cache
def queries() -> st.SearchStrategy[dict[str, str]]:
    """What could stand behind a path."""
    numbers = st.integers(0, 3000).map(str)
    values = st.text(max_size=8) | numbers | st.sampled_from(_VALUES)
    return st.dictionaries(st.sampled_from(_QUERY), values, max_size=5)


def settled(body: Any, ids: Json) -> Any:
    """The body, naming things of the home."""
    if not isinstance(body, dict):
        return body
    return {
        key: ids.get(value, value) if isinstance(value, str) else value
        for key, value in body.items()
    }


@cache
def _words() -> list[str]:
    """What the versions' code speaks of, and the newest contract's keys."""
    sources = "".join(p.read_text() for p in Path(versions.__file__).parent.glob("*.py"))
    schemas = contract.spec()["components"]["schemas"].values()
    keys = {key for schema in schemas for key in schema.get("properties", {})}
    return sorted({*_KEY.findall(sources), *keys})
