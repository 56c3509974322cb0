"""Telling systemd how the daemon is: READY=1, WATCHDOG=1, STATUS=..., STOPPING=1."""

import logging
import os
import socket

log = logging.getLogger(__name__)


def notify(message: str) -> None:
    """Send one message to the service manager; without one, nothing happens."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    # A leading @ stands for the zero byte that begins an abstract socket's name.
    path = "\0" + address[1:] if address.startswith("@") else address
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender:
            sender.sendto(message.encode(), path)
    except OSError as error:
        log.debug("systemd was not told %s: %s", message, error)
