"""Signals as systemd and people send them, to this process."""

import asyncio
import os
import signal

import pytest

from gatewayd.signals import stop_signal


@pytest.mark.parametrize("ends", [signal.SIGTERM, signal.SIGINT])
async def test_a_reload_ends_nothing_and_a_stop_does(ends: signal.Signals) -> None:
    stop, heard = stop_signal(), asyncio.Event()
    try:
        os.kill(os.getpid(), signal.SIGHUP)
        asyncio.get_running_loop().call_soon(heard.set)
        await heard.wait()
        assert not stop.is_set()

        os.kill(os.getpid(), ends)
        await stop.wait()
    finally:
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().remove_signal_handler(number)
