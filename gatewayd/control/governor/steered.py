"""What assets are kept at, by what is settled of them."""

from collections.abc import Callable

from gatewayd.control.governor.safety import is_bound
from gatewayd.control.governor.terms import Terms
from gatewayd.control.governor.withholding import only_lowers
from gatewayd.model.asset import AssetKind
from gatewayd.model.site import AssetState
from gatewayd.plan.arbiter.ruling import Ruling
from gatewayd.plan.keeping import Kept

Steer = Callable[[str, Kept | None], None]


class Steered:
    """Has rulings kept once somebody steers, who gives an asset back that he is told None of."""

    def __init__(self) -> None:
        self._steer: Steer = _nowhere
        self._kept: set[str] = set()

    def begin(self, steer: Steer) -> None:
        """Have rulings carried out from now on."""
        self._steer = steer

    def end(self) -> None:
        """Have nothing carried out any more, nor given back."""
        self._steer = _nowhere

    def keep(self, terms: Terms, state: AssetState, ruling: Ruling, most_a: float | None) -> None:
        """Have a ruling kept; `most_a` is what safety allows, None for anything."""
        asset_id = state.asset.id
        kept = Kept(
            ruling.wish,
            ruling.owner,
            ruling.valid_until_s,
            may_yield=not is_bound(ruling),
            most_a=most_a,
            only_lowers=only_lowers(terms, state, ruling),
        )
        # What is not armed must not stay in what it was forced to.
        is_lowered = state.asset.kind in (AssetKind.CHARGER, AssetKind.INVERTER)
        self._steer(asset_id, kept if is_lowered or not kept.only_lowers else None)
        self._kept.add(asset_id)

    def leave(self, asset_id: str) -> None:
        """What is ruled of it is not told it now: give it back, if it was kept."""
        if asset_id in self._kept:
            self.free(asset_id)

    def free(self, asset_id: str) -> None:
        """Nothing is ruled of it any more."""
        self._kept.discard(asset_id)
        self._steer(asset_id, None)


def _nowhere(_asset_id: str, _kept: Kept | None) -> None:
    """Before anybody steers."""
