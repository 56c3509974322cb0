"""Values of the model as JSON in one column, read back exactly.

The text has the names of the fields, so a field may be added with a default and never renamed.
"""

from typing import Generic, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")


class Record(Generic[T]):
    """How values of one type are written."""

    def __init__(self, kind: type[T]) -> None:
        self._adapter = TypeAdapter(kind)

    def text(self, value: T) -> str:
        """A value as JSON."""
        return self._adapter.dump_json(value).decode()

    def of(self, text: str) -> T:
        """The value that `text` wrote."""
        return self._adapter.validate_json(text)
