"""The current picture of the home, and who gets told when it changes.

The picture is replaced whole, from the event loop only, so whoever holds a Site can trust it not
to move. Watchers skip to the newest picture: a slow one loses pictures, never memory.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from gatewayd.clock import Clock
from gatewayd.model.asset import Asset
from gatewayd.model.command import Action
from gatewayd.model.decision import Decision
from gatewayd.model.reading import Reading, Sample
from gatewayd.model.site import AssetState, Site

# By role: when it was said, and what.
LastReadings = Mapping[str, tuple[datetime, Reading]]


class Store:
    """Holds the Site. `last` fills it with what was known before a restart, unreachable."""

    def __init__(
        self,
        clock: Clock,
        assets: Iterable[Asset],
        last: Mapping[str, LastReadings] | None = None,
    ) -> None:
        self._clock = clock
        self._changed = asyncio.Event()
        known = last or {}
        self._site = _site({asset.id: _restored(asset, known) for asset in assets})

    @property
    def site(self) -> Site:
        """The picture now."""
        return self._site

    def adopt(self, assets: Iterable[Asset]) -> None:
        """Add assets, or replace what is said of known ones; their samples stay."""
        states = dict(self._site.assets)
        for asset in assets:
            known = states.get(asset.id)
            if known is None:
                states[asset.id] = AssetState(asset)
            else:
                kept = replace(asset, is_yielded=known.asset.is_yielded)
                states[asset.id] = replace(known, asset=kept)
        self._show(states)

    def forget(self, asset_ids: Iterable[str]) -> None:
        """Take assets out of the picture."""
        gone = set(asset_ids)
        self._show({key: state for key, state in self._site.assets.items() if key not in gone})

    def put(self, device_id: str, readings: Mapping[str, Reading]) -> None:
        """Take what a device just said, by role; a role it left out keeps its older sample."""
        at, at_monotonic = self._clock.now(), self._clock.monotonic()
        states = dict(self._site.assets)
        for state in self._site.of_device(device_id):
            reading = readings.get(state.asset.role)
            sample = Sample(reading, at, at_monotonic) if reading else state.sample
            states[state.asset.id] = replace(
                state, sample=sample, is_reachable=True, last_seen_at=at
            )
        self._show(states)

    def lose(self, device_id: str) -> None:
        """Mark a device unreachable; its last samples stay, with their old time."""
        lost = [state for state in self._site.of_device(device_id) if state.is_reachable]
        if lost:
            changed = {state.asset.id: replace(state, is_reachable=False) for state in lost}
            self._show({**self._site.assets, **changed})

    def acted(self, action: Action) -> None:
        """Show an action as the newest of its asset, or its new state."""
        state = self._site.assets.get(action.asset_id)
        if state:
            self._show({**self._site.assets, action.asset_id: replace(state, action=action)})

    def decided(self, decision: Decision) -> None:
        """Show a decision as the newest of its asset."""
        state = self._site.assets.get(decision.asset_id)
        if state:
            changed = replace(state, decision=decision)
            self._show({**self._site.assets, decision.asset_id: changed})

    def yielded(self, asset_id: str, *, is_yielded: bool) -> None:
        """Show that an asset is left to somebody else, or no longer."""
        state = self._site.assets.get(asset_id)
        if state and state.asset.is_yielded != is_yielded:
            changed = replace(state, asset=replace(state.asset, is_yielded=is_yielded))
            self._show({**self._site.assets, asset_id: changed})

    async def watch(self) -> AsyncIterator[Site]:
        """The picture now, then the newest one after each change; pictures between are skipped."""
        while True:
            # Taken before the yield: a change while the watcher works must wake it afterwards.
            changed = self._changed
            yield self._site
            await changed.wait()

    def _show(self, states: dict[str, AssetState]) -> None:
        self._site = _site(states)
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


def _site(states: dict[str, AssetState]) -> Site:
    return Site(MappingProxyType(states))


def _restored(asset: Asset, last: Mapping[str, LastReadings]) -> AssetState:
    """An asset as it was before the restart.

    Its age cannot be known (a Pi boots with a wrong clock), so it counts as infinitely old:
    no decision may take it for fresh.
    """
    known = last.get(asset.device_id, {}).get(asset.role)
    if known is None:
        return AssetState(asset)
    at, reading = known
    return AssetState(asset, Sample(reading, at, -math.inf), last_seen_at=at)
