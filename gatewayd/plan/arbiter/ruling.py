"""What all claims to one asset come to."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gatewayd.model.decision import Grounds
from gatewayd.plan.arbiter.claims import Bounds, Claim, Rank, Wish
from gatewayd.plan.arbiter.narrow import narrowed


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is to be done, by whose wish, and whose bounds made it less than was wished.

    It holds until `valid_until_s`: no longer than any claim it rests on.
    """

    asset_id: str
    wish: Wish
    owner: str
    rank: Rank
    grounds: Grounds
    valid_until_s: float
    bound_by: str | None = None


def settle(claims: Iterable[Claim], now_s: float) -> dict[str, Ruling]:
    """A ruling for each asset that somebody wants something of.

    The strongest wish holds; of equals the one named last. It is narrowed by the bounds of all who
    are as strong or stronger. Claims that have run out do not count.
    """
    by_asset: dict[str, list[Claim]] = {}
    for claim in claims:
        if claim.holds(now_s):
            by_asset.setdefault(claim.asset_id, []).append(claim)
    rulings = (_rule(found) for found in by_asset.values())
    return {ruling.asset_id: ruling for ruling in rulings if ruling is not None}


def _rule(claims: Sequence[Claim]) -> Ruling | None:
    wishing = [(claim, claim.wish) for claim in claims if claim.wish is not None]
    if not wishing:
        return None
    # The last of the strongest: `min` gives the first of equals.
    winner, wished = min(reversed(wishing), key=lambda pair: pair[0].rank)
    binding = [c for c in claims if c.bounds is not None and c.rank <= winner.rank]
    wish = narrowed(wished, _common(binding))
    held_by = _tightest(wished, wish, binding)
    grounds = winner.grounds if held_by is None else held_by.grounds
    return Ruling(
        asset_id=winner.asset_id,
        wish=wish,
        owner=winner.owner,
        rank=winner.rank,
        grounds=Grounds(
            reason=grounds.reason,
            inputs=(*winner.grounds.inputs, *(held_by.grounds.inputs if held_by else ())),
            candidates=tuple(f"{claim.owner}: {claim.grounds.reason}" for claim in claims),
            binding=None if held_by is None else held_by.grounds.binding or held_by.owner,
        ),
        valid_until_s=min(claim.valid_until_s for claim in (winner, *binding)),
        bound_by=None if held_by is None else held_by.owner,
    )


def _common(claims: Iterable[Claim]) -> Bounds:
    bounds = [claim.bounds for claim in claims if claim.bounds is not None]
    return Bounds(
        max((each.least for each in bounds), default=-math.inf),
        min((each.most for each in bounds), default=math.inf),
        next((each.instead for each in bounds if each.instead is not None), None),
    )


def _tightest(wished: Wish, done: Wish, binding: Sequence[Claim]) -> Claim | None:
    """Whose bounds alone come to what is done; else the strongest of those that changed it."""
    if done == narrowed(wished, Bounds()):
        return None
    alone = [c for c in binding if c.bounds is not None and narrowed(wished, c.bounds) == done]
    return min(alone or binding, key=lambda claim: claim.rank)
