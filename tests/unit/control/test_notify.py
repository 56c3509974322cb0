"""What systemd gets to hear, on real sockets."""

import socket
from pathlib import Path
from uuid import uuid4

import pytest

from gatewayd.control.notify import notify


def heard_at(address: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(address)
    listener.setblocking(False)
    return listener


@pytest.mark.parametrize("message", ["READY=1", "STOPPING=1", "STATUS=3 devices, ärger"])
def test_a_message_reaches_the_service_manager(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, message: str
) -> None:
    path = str(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", path)
    with heard_at(path) as listener:
        notify(message)

        assert listener.recv(1000).decode() == message


def test_an_abstract_socket_is_reached_too(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"gatewayd-{uuid4()}"
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
    with heard_at(f"\0{name}") as listener:
        notify("WATCHDOG=1")

        assert listener.recv(1000) == b"WATCHDOG=1"


def test_without_a_service_manager_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)

    notify("READY=1")


def test_a_service_manager_that_is_gone_disturbs_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))

    notify("WATCHDOG=1")


def test_a_service_manager_that_does_not_listen_blocks_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", path)
    with heard_at(path):
        for _ in range(10_000):
            notify("WATCHDOG=1")
