"""Sources made runnable: closures over the values of all points."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

from gatewayd.sdk.maps.codec import with_factor
from gatewayd.sdk.maps.points import Conditions, Label, Point, Test, Value
from gatewayd.sdk.maps.sources import (
    Case,
    Diff,
    Dotted,
    First,
    Fixed,
    Highest,
    Lowest,
    Negate,
    Product,
    Quotient,
    Rule,
    Source,
    Sum,
    SumPresent,
)

# Values of all points, each at its place; the index tells the place of a key.
Values = Sequence[Value]
Evaluate = Callable[[Values], Value]
Index = Mapping[str, int]

# A point written where it is used gets the path of that place as its key.
Found = tuple[str, Point]


def points_in(source: Source, path: str) -> Iterator[Found]:
    """The registers written inside a source, with their keys."""
    if isinstance(source, Point):
        yield path, source
    for number, part in enumerate(_parts(source)):
        yield from points_in(part, f"{path}/{number}")


def names_in(source: Source) -> Iterator[str]:
    """The named points a source looks at, itself or through the registers in it."""
    if isinstance(source, str):
        yield source
    elif isinstance(source, Point):
        yield from names_of(source)
    elif isinstance(source, Case):
        for rule in source.case:
            yield from rule.when or ()
    for part in _parts(source):
        yield from names_in(part)


def names_of(point: Point) -> Iterator[str]:
    """The named points that a point itself needs."""
    if point.scale_factor is not None:
        yield point.scale_factor
    yield from point.when or ()


def labels_in(source: Source, named: Mapping[str, Source]) -> Iterator[Label]:
    """Every label that may come out of a source as its value."""
    match source:
        case Fixed(label=label):
            yield label
        case Point(enum=enum):
            yield from (enum or {}).values()
        case str() if source in named:
            yield from labels_in(named[source], named)
        case Case(case=rules):
            for rule in rules:
                if rule.label is not None:
                    yield rule.label
    if isinstance(source, Case | First):
        for part in _parts(source):
            yield from labels_in(part, named)


def _parts(source: Source) -> Sequence[Source]:
    match source:
        case Sum(sum=parts) | Product(product=parts) | First(first=parts):
            return parts
        case SumPresent(sum_present=parts) | Lowest(lowest=parts) | Highest(highest=parts):
            return parts
        case Dotted(dotted=parts):
            return parts
        case Diff(diff=pair) | Quotient(quotient=pair):
            return pair
        case Negate(negate=part):
            return [part]
        case Case(case=rules):
            return [rule.value for rule in rules if rule.value is not None]
    return []


class Compiler:
    """Makes sources runnable. `named` are the map's points, settled, `values` its named sources."""

    def __init__(
        self, named: Mapping[str, Point], values: Mapping[str, Source], index: Index
    ) -> None:
        self._named = named
        self._values = values
        self._index = index

    def source(self, source: Source, path: str) -> Evaluate:
        """How to get a source's value."""
        if isinstance(source, Point):
            return self._point(path, source)
        if isinstance(source, str):
            if source in self._values:
                return self.source(self._values[source], f"values.{source}")
            if source not in self._named:
                return _at(self._index[source])
            return self._point(source, self._named[source])
        if isinstance(source, Fixed):
            return _constant(source.label)
        if isinstance(source, int | float):
            return _constant(source)
        parts = [self.source(part, f"{path}/{i}") for i, part in enumerate(_parts(source))]
        if isinstance(source, Case):
            return self._case(source.case, iter(parts))
        return _OPERATORS[type(source)](parts)

    def conditions(self, conditions: Conditions) -> Callable[[Values], bool | None]:
        """Whether all conditions hold; None when one cannot be told."""
        tests = [(self.source(name, name), _test(wanted)) for name, wanted in conditions.items()]

        def holds(values: Values) -> bool | None:
            for get, test in tests:
                value = get(values)
                if value is None:
                    return None
                if not test(value):
                    return False
            return True

        return holds

    def _point(self, key: str, point: Point) -> Evaluate:
        get = _at(self._index[key])
        if point.scale_factor is not None:
            get = _scaled(get, self.source(point.scale_factor, point.scale_factor))
        if point.when is None:
            return get
        holds = self.conditions(point.when)
        return lambda values: get(values) if holds(values) else None

    def _case(self, rules: Sequence[Rule], parts: Iterator[Evaluate]) -> Evaluate:
        compiled = [
            (
                self.conditions(rule.when) if rule.when else None,
                _constant(rule.label) if rule.value is None else next(parts),
            )
            for rule in rules
        ]

        def first_that_holds(values: Values) -> Value:
            for holds, then in compiled:
                verdict = holds(values) if holds else True
                if verdict is None:
                    return None
                if verdict:
                    return then(values)
            return None

        return first_that_holds


def _at(place: int) -> Evaluate:
    return lambda values: values[place]


def _constant(value: Value) -> Evaluate:
    return lambda _values: value


def _scaled(get: Evaluate, factor: Evaluate) -> Evaluate:
    return lambda values: with_factor(get(values), factor(values))


def _test(wanted: Label | list[Label] | Test) -> Callable[[Value], bool]:
    if isinstance(wanted, Test):
        return lambda value: isinstance(value, int | float) and _passes(wanted, value)
    allowed = wanted if isinstance(wanted, list) else [wanted]
    return lambda value: value in allowed


def _passes(test: Test, value: float) -> bool:
    if test.bit is not None and bool(int(value) >> test.bit & 1) != test.is_:
        return False
    return (test.min is None or value >= test.min) and (test.max is None or value <= test.max)


def _numbers(parts: Sequence[Evaluate], values: Values) -> list[float]:
    found = (part(values) for part in parts)
    return [value for value in found if isinstance(value, int | float)]


def _all_or_none(parts: Sequence[Evaluate], combine: Callable[[list[float]], float]) -> Evaluate:
    def evaluate(values: Values) -> Value:
        numbers = _numbers(parts, values)
        return combine(numbers) if len(numbers) == len(parts) else None

    return evaluate


def _any_or_none(parts: Sequence[Evaluate], combine: Callable[[list[float]], float]) -> Evaluate:
    def evaluate(values: Values) -> Value:
        numbers = _numbers(parts, values)
        return combine(numbers) if numbers else None

    return evaluate


def _quotient(above: Evaluate, below: Evaluate) -> Evaluate:
    def evaluate(values: Values) -> Value:
        number, by = above(values), below(values)
        if not isinstance(number, int | float) or not isinstance(by, int | float):
            return None
        return number / by if by else None

    return evaluate


def _first(parts: Sequence[Evaluate]) -> Evaluate:
    def evaluate(values: Values) -> Value:
        return next((found for part in parts if (found := part(values)) is not None), None)

    return evaluate


def _dotted(parts: Sequence[Evaluate]) -> Evaluate:
    def evaluate(values: Values) -> Value:
        numbers = _numbers(parts, values)
        is_whole = len(numbers) == len(parts)
        return ".".join(str(int(number)) for number in numbers) if is_whole else None

    return evaluate


_OPERATORS: Mapping[type, Callable[[Sequence[Evaluate]], Evaluate]] = {
    Sum: lambda parts: _all_or_none(parts, sum),
    SumPresent: lambda parts: _any_or_none(parts, sum),
    Diff: lambda parts: _all_or_none(parts, lambda pair: pair[0] - pair[1]),
    Product: lambda parts: _all_or_none(parts, math.prod),
    Negate: lambda parts: _all_or_none(parts, lambda one: -one[0]),
    Quotient: lambda parts: _quotient(*parts),
    Lowest: lambda parts: _any_or_none(parts, min),
    Highest: lambda parts: _any_or_none(parts, max),
    First: _first,
    Dotted: _dotted,
}
