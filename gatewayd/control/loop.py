"""The control loop: looks at one picture per turn, and vouches for the daemon's life.

Devices with a watchdog of their own are kept going from here only, and only on fresh samples: when
readings stop, the device falls back by itself, as it should.
"""

from collections.abc import Callable

from gatewayd.clock import Clock
from gatewayd.devices.commander import Commander
from gatewayd.devices.poller import Poller
from gatewayd.model.site import AssetState
from gatewayd.plan.lease import grant
from gatewayd.state.store import Store

PERIOD_S = 1.0


class ControlLoop:
    """`notify` gets WATCHDOG=1 after every completed turn, and from nowhere else.

    `may_renew` says, by asset id, whether whoever governs an asset knows what it needs to.
    """

    def __init__(
        self,
        *,
        store: Store,
        poller: Poller,
        commander: Commander,
        clock: Clock,
        notify: Callable[[str], None],
        may_renew: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self._store = store
        self._poller = poller
        self._commander = commander
        self._clock = clock
        self._notify = notify
        self._may_renew = may_renew

    async def run(self) -> None:
        """Turn every second until cancelled."""
        while True:
            self._turn()
            self._notify("WATCHDOG=1")
            await self._clock.sleep(PERIOD_S)

    def _turn(self) -> None:
        for state in self._store.site.assets.values():
            self._renew(state)

    def _renew(self, state: AssetState) -> None:
        poll = self._poller.latest(state.asset.device_id)
        watchdog_s = poll.watchdogs.get(state.asset.role) if poll else None
        lease = grant(state.sample, watchdog_s or 0.0, self._clock.monotonic())
        if lease is not None and self._may_renew(state.asset.id):
            self._commander.renew(state.asset.id, lease, PERIOD_S)
