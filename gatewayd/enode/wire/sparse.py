"""Objects whose keys may be left out, though not be null."""

from datetime import datetime
from typing import Any

from pydantic import model_serializer

from gatewayd.enode.wire.base import EnodeModel, iso_ms

# The default of such a key. Whether it was there, `model_fields_set` tells.
ABSENT: Any = None


class Sparse(EnodeModel):
    """An object that shows only the keys it was given."""

    @model_serializer(mode="plain")
    def _shown(self) -> dict[str, Any]:
        fields = type(self).model_fields.items()
        return {
            field.serialization_alias or name: _plain(getattr(self, name))
            for name, field in fields
            if name in self.model_fields_set
        }


def _plain(value: object) -> object:
    return iso_ms(value) if isinstance(value, datetime) else value
