"""Commands that somebody gives directly: one rule for every door that takes them."""

from typing import Protocol

from gatewayd.devices.commander import Commander
from gatewayd.errors import ControlledError
from gatewayd.model.asset import Asset
from gatewayd.model.command import Action, Command
from gatewayd.plan.asked import overruled
from gatewayd.plan.given import DirectGiven
from gatewayd.state.store import Store


class Controllers(Protocol):
    """What decides over assets by itself: schedules and smart charging."""

    def controlling(self, asset_id: str) -> str | None:
        """What controls an asset now, in words for the caller; None when nothing does."""


def check_direct(asset: Asset, command: Command, controllers: Controllers) -> DirectGiven:
    """What speaks for letting it pass, for the record.

    Raises ControlledError while a schedule or plan decides over what the command changes.
    """
    given = DirectGiven(controllers.controlling(asset.id))
    why_not = overruled(asset, command, given.controller)
    if why_not is not None:
        raise ControlledError(why_not)
    return given


class Direct:
    """Hands on to the commander what the rule allows."""

    def __init__(self, store: Store, commander: Commander, controllers: Controllers) -> None:
        self._store = store
        self._commander = commander
        self._controllers = controllers

    async def submit(self, asset_id: str, command: Command, owner: str) -> Action:
        """As the commander's. Raises ControlledError too."""
        state = self._store.site.assets.get(asset_id)
        given = check_direct(state.asset, command, self._controllers) if state else None
        return await self._commander.submit(asset_id, command, owner, cause=given)
