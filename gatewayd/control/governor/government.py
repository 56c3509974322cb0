"""The bench, the guard's loop and the governor, put together."""

from collections.abc import Callable, Coroutine
from datetime import datetime
from decimal import Decimal
from typing import Any

from gatewayd.clock import Clock
from gatewayd.control.governor.bench import Bench
from gatewayd.control.governor.governor import Governor
from gatewayd.control.governor.guard_loop import Devices, GuardLoop
from gatewayd.devices.commander import Commander
from gatewayd.state.db import Database
from gatewayd.state.store import Store


class Government:
    """All of it over one bench, which the commander asks and the governor fills."""

    def __init__(
        self,
        bench: Bench,
        *,
        store: Store,
        db: Database,
        commander: Commander,
        devices: Devices,
        clock: Clock,
        price: Callable[[datetime], Decimal | None],
    ) -> None:
        self.bench = bench
        self.governor = Governor(
            bench=bench, store=store, db=db, commander=commander, clock=clock, price=price
        )
        self._guard = GuardLoop(bench=bench, store=store, devices=devices, clock=clock)

    def services(self) -> dict[str, Coroutine[Any, Any, None]]:
        """What runs for ever, by the name its task gets."""
        return {"fuse guard": self._guard.run(), "governor": self.governor.run()}
