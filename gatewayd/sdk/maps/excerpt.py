"""What of a register map tells whether a device is one of its kind, and how much that says."""

import math
from collections.abc import Iterable, Iterator

from gatewayd.sdk.maps.expressions import names_in
from gatewayd.sdk.maps.points import CODES, Label, Point, Test
from gatewayd.sdk.maps.schema import IdentityMap, RegisterMap

_NOTHING = IdentityMap()

# What any device may hold by chance says little: nought most of all, then small numbers.
_BITS_OF_NOUGHT = 1.0
_BITS_OF_FEW = 3.0
_FEW = 10
_BITS_MAX = 64.0
# Of a float's bits those that tell its size, less what a range leaves open.
_BITS_OF_FLOAT = 7.0


def excerpt(found: RegisterMap, *, has_identity: bool) -> RegisterMap:
    """The map with its probe, and where the device says who it is, and nothing else."""
    identity = found.identity if has_identity else _NOTHING
    sources = [source for _, source in identity if source is not None]
    names = [*(found.probe or ()), *(name for source in sources for name in names_in(source))]
    values = set(_values(found, names))
    kept = {name: source for name, source in found.values.items() if name in values}
    return found.model_copy(
        update={"assets": {}, "contacts": [], "identity": identity, "values": kept}
    )


def bits_of_probe(found: RegisterMap) -> float:
    """How many times the probe halves the chance that some other device is taken for this one."""
    tests = (found.probe or {}).items()
    return min(_BITS_MAX, sum(_bits(found.points.get(name), wanted) for name, wanted in tests))


def _values(found: RegisterMap, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        if name in found.values:
            yield name
            yield from _values(found, names_in(found.values[name]))


def _bits(point: Point | None, wanted: Label | list[Label] | Test) -> float:
    if isinstance(wanted, Test):
        return _bits_of_test(point, wanted)
    several = wanted if isinstance(wanted, list) else [wanted]
    if all(isinstance(one, str) for one in several):
        return 8.0 * min(len(str(one)) for one in several)
    if point is None or point.enum is not None:
        return _BITS_OF_FEW
    numbers = [float(one) for one in several if not isinstance(one, str)]
    return _bits_of_numbers(point, min(numbers), max(numbers), len(numbers))


def _bits_of_test(point: Point | None, wanted: Test) -> float:
    if wanted.bit is not None:
        return 1.0
    if point is None or wanted.min is None or wanted.max is None:
        return _BITS_OF_FEW if wanted.min else _BITS_OF_NOUGHT
    span = (wanted.max - wanted.min) / abs(point.scale) + 1
    return _bits_of_numbers(point, wanted.min, wanted.max, span)


def _bits_of_numbers(point: Point, low: float, high: float, count: float) -> float:
    """`count` raw numbers from `low` to `high`."""
    if low <= 0 <= high:
        return _BITS_OF_NOUGHT
    if 0 < low / abs(point.scale) <= _FEW:
        return _BITS_OF_FEW
    if point.type in ("f32", "f64"):
        return _BITS_OF_FLOAT
    size = 16 * (point.length or CODES[point.type or "u16"][1] if point.type != "string" else 1)
    return max(_BITS_OF_NOUGHT, size - math.log2(max(count, 1)))
