"""A task that is ended while it connects does end."""

import asyncio
from contextlib import suppress

import pytest

from gatewayd.links.modbus_wire import Wire, tcp


class _Forgetful(Wire):
    """Loses the cancellation that comes together with the connection."""

    is_closed = False

    async def connect(self) -> bool:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
        return True

    def close(self, reconnect: bool = False) -> None:
        self.is_closed = True
        super().close(reconnect=reconnect)


async def test_a_cancellation_that_meets_the_connection_is_not_lost() -> None:
    wire = _Forgetful(tcp("127.0.0.1", 1, 1.0), None)

    with pytest.raises(asyncio.CancelledError):
        await wire.open()

    task = asyncio.current_task()
    assert task is not None
    task.uncancel()
    assert wire.is_closed
