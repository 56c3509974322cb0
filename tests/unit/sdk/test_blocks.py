"""Which requests a set of points needs."""

from hypothesis import given
from hypothesis import strategies as st

from gatewayd.sdk.maps.blocks import Block, Joining, plan
from gatewayd.sdk.maps.codec import Placed
from gatewayd.sdk.maps.points import Defaults, Point

KINDS = st.sampled_from(["u16", "u32", "u64", "f32"])


def placed(address: int, kind: str = "u16", **more: object) -> Placed:
    given = {"holding": address, "type": kind, **more}
    return Placed(f"{address} {kind} {more}", Point.model_validate(given).settled(Defaults()))


def requests(blocks: list[Block]) -> list[tuple[int, int]]:
    return [(block.address, block.count) for block in blocks]


def test_neighbours_are_joined_across_a_short_gap_only() -> None:
    points = [placed(10, "u32"), placed(20), placed(30)]

    assert requests(plan(points, Joining())) == [(10, 11), (30, 1)]
    assert requests(plan(points, Joining(max_gap=9))) == [(10, 21)]


def test_a_device_may_forbid_joining_but_shares_what_is_the_same() -> None:
    points = [placed(10, "u32"), placed(12, "u32"), placed(10, "u32", bits=[0, 7])]

    assert requests(plan(points, Joining(is_allowed=False))) == [(10, 2), (12, 2)]


def test_no_block_crosses_a_border() -> None:
    points = [placed(998), placed(999), placed(1000), placed(1001)]

    assert requests(plan(points, Joining(split_at=(1000,)))) == [(998, 2), (1000, 2)]


def test_an_optional_point_stands_alone_unless_it_has_a_group() -> None:
    alone = [placed(1), placed(2, optional=True), placed(3, optional=True)]
    together = [placed(1), placed(2, optional="b"), placed(3, optional="b")]

    assert sorted(requests(plan(alone, Joining()))) == [(1, 1), (2, 1), (3, 1)]
    assert sorted(requests(plan(together, Joining()))) == [(1, 1), (2, 2)]


def test_tables_are_never_mixed() -> None:
    points = [
        Placed("a", Point(holding=1).settled(Defaults())),
        Placed("b", Point(input=2).settled(Defaults())),
        Placed("c", Point(coil=3).settled(Defaults())),
    ]

    assert {block.table for block in plan(points, Joining())} == {"holding", "input", "coil"}


def test_coils_are_booleans() -> None:
    points = [Placed(str(i), Point(coil=i).settled(Defaults())) for i in (3, 5)]
    (block,) = plan(points, Joining())

    assert (block.address, block.count) == (3, 3)
    assert block.decode((True, True, False)) == [True, False]


@given(
    st.lists(st.tuples(st.integers(0, 600), KINDS), min_size=1, max_size=60, unique=True),
    st.integers(4, 125),
    st.integers(0, 16),
)
def test_every_value_lies_whole_in_one_block_within_the_limits(
    points: list[tuple[int, str]], max_registers: int, max_gap: int
) -> None:
    items = [placed(address, kind) for address, kind in points]

    blocks = plan(items, Joining(max_registers=max_registers, max_gap=max_gap))

    homes = {key: block for block in blocks for key in block.keys}
    assert sum(len(block.keys) for block in blocks) == len(items)
    for item in items:
        home = homes[item.key]
        assert home.address <= item.point.address
        assert item.point.address + item.point.width() <= home.address + home.count
    assert max(block.count for block in blocks) <= max_registers
