"""Which requests a set of points needs: neighbours are read together."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from gatewayd.sdk.maps.codec import BlockDecoder, Placed, converter
from gatewayd.sdk.maps.points import Table, Value

# A request may carry 125 registers or 2000 bits. Reading across a short gap costs a few wasted
# words and saves a round trip, 30 to 100 ms on RS-485.
MAX_REGISTERS = 125
MAX_BITS = 2000
MAX_GAP = 8


@dataclass(frozen=True)
class Joining:
    """How far reads may be joined. No block crosses an address in `split_at`."""

    is_allowed: bool = True
    max_registers: int = MAX_REGISTERS
    max_gap: int = MAX_GAP
    split_at: tuple[int, ...] = ()


class Block:
    """One request and the values that come of it, in the order of `keys`.

    An optional block may be one that the device does not have.
    """

    def __init__(self, placed: Sequence[Placed]) -> None:
        first = placed[0].point
        self.unit = first.unit
        self.table: Table = first.table
        self.address = min(item.point.address for item in placed)
        self.count = max(_end(item) for item in placed) - self.address
        self.is_optional = first.optional is not False
        self._decoder = None if first.is_bit else BlockDecoder(self.address, placed)
        self._bits = [(i.point.address - self.address, converter(i.point)) for i in placed]
        keys = tuple(item.key for item in placed)
        self.keys = self._decoder.keys if self._decoder else keys
        self.placed = placed

    def decode(self, found: tuple[int, ...] | tuple[bool, ...]) -> list[Value]:
        """The values in an answer of `count` registers or bits."""
        if self._decoder is not None:
            return self._decoder.decode(found)
        return [convert(found[at]) for at, convert in self._bits]

    @cached_property
    def parts(self) -> list["Block"]:
        """Each value on its own, for a device that has not all of what lies together."""
        return [Block([item]) for item in self.placed]

    def nothing(self) -> list[Value]:
        """The values when the device does not have this block."""
        return [None] * len(self.keys)


def plan(placed: Iterable[Placed], joining: Joining) -> list[Block]:
    """The fewest requests for these settled points, never splitting a value."""
    ordered = sorted(placed, key=_place)
    blocks = []
    for _, together in groupby(ordered, key=lambda item: _place(item)[:3]):
        blocks += [Block(run) for run in _runs(list(together), joining)]
    return blocks


def _place(item: Placed) -> tuple[str, str, str, int, int]:
    point = item.point
    # An optional point stands alone unless it shares the name of its group with others.
    group = "" if point.optional is False else f"{point.optional}"
    if point.optional is True:
        group = f"alone at {point.address}"
    return point.unit or "", point.table, group, point.address, -point.width()


def _runs(items: list[Placed], joining: Joining) -> Iterator[list[Placed]]:
    run = [items[0]]
    for item in items[1:]:
        if _joins(run, item, joining):
            run.append(item)
        else:
            yield run
            run = [item]
    yield run


def _joins(run: list[Placed], item: Placed, joining: Joining) -> bool:
    start, end = run[0].point.address, max(_end(other) for other in run)
    at = item.point.address
    if _end(item) <= end:
        # Another view of what is read anyway.
        return True
    if any(start < limit < _end(item) for limit in joining.split_at):
        return False
    limit = MAX_BITS if item.point.is_bit else joining.max_registers
    return joining.is_allowed and at - end <= joining.max_gap and _end(item) - start <= limit


def _end(item: Placed) -> int:
    return item.point.address + item.point.width()
