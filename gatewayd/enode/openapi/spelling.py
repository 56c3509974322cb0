"""Descriptions are docstrings: the keys they name are spelled here as callers see them."""

import re
from typing import Any

from pydantic.alias_generators import to_camel

_KEY = re.compile(r"(?<=`)[a-z0-9]+(?:_[a-z0-9]+)+(?=`)")
_TEXTS = ("description", "summary")


def spelled(node: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """A document with `snake_case` in its texts as `snakeCase`."""
    if isinstance(node, list):
        return [spelled(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _KEY.sub(lambda found: to_camel(found[0]), one)
        if key in _TEXTS and isinstance(one, str)
        else spelled(one)
        for key, one in node.items()
    }
