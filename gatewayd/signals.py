"""What the daemon does when it is sent a signal."""

import asyncio
import logging
import signal

log = logging.getLogger(__name__)


def stop_signal() -> asyncio.Event:
    """Set by SIGTERM and SIGINT.

    SIGHUP, a reload or a terminal that closes, ends nothing: edits of the config are taken over by
    themselves.
    """
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, log.info, "edits of the config need no reload")
    return stop
