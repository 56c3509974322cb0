"""Where a value comes from: a point, a constant, or one of a closed set of sums over them.

There is no formula language and no template: what these cannot say is a Python driver.

    power_w:        {diff: [charge_w, discharge_w]}
    battery_w:      {case: [{when: {direction: 1}, value: {negate: amount_w}}, {value: amount_w}]}
    power_delivery: {case: [{when: {state: 3}, label: CHARGING}, {label: UNKNOWN}]}
"""

from typing import Annotated

from pydantic import Discriminator, Field, Tag

from gatewayd.sdk.maps.points import Conditions, Label, Point, Strict

_POINT_TABLES = frozenset({"holding", "input", "coil", "discrete"})


class Sum(Strict):
    """All of them together; unknown when one of them is."""

    sum: list["Source"] = Field(min_length=1)


class SumPresent(Strict):
    """Those that are there together, such as the strings of an inverter with fewer than four."""

    sum_present: list["Source"] = Field(min_length=1)


class Diff(Strict):
    """The first less the second."""

    diff: tuple["Source", "Source"]


class Product(Strict):
    """All of them multiplied, such as voltage and current."""

    product: list["Source"] = Field(min_length=2)


class Quotient(Strict):
    """The first by the second, such as a power by what it is a share of; unknown for none of it."""

    quotient: tuple["Source", "Source"]


class Negate(Strict):
    """The other sign."""

    negate: "Source"


class First(Strict):
    """The first that is known."""

    first: list["Source"] = Field(min_length=1)


class Lowest(Strict):
    """The lowest of those that are known."""

    lowest: list["Source"] = Field(min_length=1)


class Highest(Strict):
    """The highest of those that are known."""

    highest: list["Source"] = Field(min_length=1)


class Dotted(Strict):
    """A text of numbers with dots between, such as a version."""

    dotted: list["Source"] = Field(min_length=1)


class Fixed(Strict):
    """A value of its own, for enum, bool and text."""

    label: Label


class Rule(Strict):
    """A value to take when the conditions hold; without conditions, always."""

    when: Conditions | None = None
    label: Label | None = None
    value: "Source | None" = None


class Case(Strict):
    """The first rule that holds. Unknown when a point that had to be looked at is unknown."""

    case: list[Rule] = Field(min_length=1)


_NODES: dict[str, type[Strict]] = {
    "sum": Sum,
    "sum_present": SumPresent,
    "diff": Diff,
    "product": Product,
    "quotient": Quotient,
    "negate": Negate,
    "first": First,
    "lowest": Lowest,
    "highest": Highest,
    "dotted": Dotted,
    "label": Fixed,
    "case": Case,
}


# A mapping with one of these says where a value comes from.
SOURCE_KEYS = frozenset(_NODES) | _POINT_TABLES


def _form(source: object) -> str | None:
    """Which form a source is written in."""
    if isinstance(source, bool):
        return None
    if isinstance(source, int | float):
        return "number"
    if isinstance(source, str):
        return "name"
    if isinstance(source, Point) or (isinstance(source, dict) and source.keys() & _POINT_TABLES):
        return "point"
    if isinstance(source, Strict):
        return next(name for name, node in _NODES.items() if isinstance(source, node))
    if isinstance(source, dict):
        return next((name for name in _NODES if name in source), None)
    return None


Source = Annotated[
    Annotated[float, Tag("number")]
    | Annotated[str, Tag("name")]
    | Annotated[Point, Tag("point")]
    | Annotated[Sum, Tag("sum")]
    | Annotated[SumPresent, Tag("sum_present")]
    | Annotated[Diff, Tag("diff")]
    | Annotated[Product, Tag("product")]
    | Annotated[Quotient, Tag("quotient")]
    | Annotated[Negate, Tag("negate")]
    | Annotated[First, Tag("first")]
    | Annotated[Lowest, Tag("lowest")]
    | Annotated[Highest, Tag("highest")]
    | Annotated[Dotted, Tag("dotted")]
    | Annotated[Fixed, Tag("label")]
    | Annotated[Case, Tag("case")],
    Discriminator(
        _form,
        custom_error_type="source",
        custom_error_message="give a number, a point's name, a register or one of "
        + ", ".join(_NODES),
    ),
]

Rule.model_rebuild()
for _node in _NODES.values():
    _node.model_rebuild()
