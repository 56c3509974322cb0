"""A running demo, as an outside program sees it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil

T = TypeVar("T")

_READY_S = 40


@dataclass
class Demo:
    """The demo's process and the places it printed."""

    process: subprocess.Popen[str]
    places: dict[str, str]

    def __post_init__(self) -> None:
        self.api = httpx.Client(base_url=self.places["api"], timeout=10)
        self.home = httpx.Client(base_url=self.places["home"], timeout=10)
        self.authorise()

    def authorise(self) -> None:
        """Get a token as any OAuth2 client does."""
        secret = (self.places["clientId"], self.places["clientSecret"])
        form = {"grant_type": "client_credentials"}
        answer = self.api.post("/oauth2/token", data=form, auth=secret)
        assert answer.status_code == 200, answer.text
        self.api.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def assets(self) -> dict[str, dict[str, Any]]:
        """Every asset by id."""
        kinds = ("batteries", "chargers", "hvacs", "inverters", "meters", "vehicles")
        pages = [self.api.get(f"/{kind}").raise_for_status().json() for kind in kinds]
        return {asset["id"]: asset for page in pages for asset in page["data"]}

    def charger(self) -> dict[str, Any]:
        found: dict[str, Any] = self.api.get("/chargers").raise_for_status().json()["data"][0]
        return found

    def fault(self, device: str, kind: str, *, on: bool) -> None:
        body = {"device": device, "kind": kind, "on": on}
        self.home.post("/fault", json=body).raise_for_status()

    def gateway(self) -> psutil.Process:
        """The daemon's own process."""
        for child in psutil.Process(self.process.pid).children(recursive=True):
            if "run" in child.cmdline() and "gatewayd" in child.cmdline():
                return child
        raise AssertionError("the gateway is not running")


@contextmanager
def running_demo(data: Path) -> Iterator[Demo]:
    """Start a demo on free ports; end it as Ctrl-C does."""
    process = start(data)
    try:
        assert process.stdout is not None
        demo = Demo(process, json.loads(process.stdout.readline()))
        with closing(demo.api), closing(demo.home):
            yield demo
    finally:
        stop(process)


def start(data: Path) -> subprocess.Popen[str]:
    """A demo process whose stdout is to hold one line of JSON."""
    port = _two_free_ports()
    command = [sys.executable, "-m", "gatewayd", "demo", "--json", "--data", str(data)]
    command += ["--port", str(port), "--mqtt-port", str(_free_port())]
    with (data.parent / "demo.log").open("a") as log:
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)


def stop(process: subprocess.Popen[str]) -> int:
    """Ctrl-C; the exit status."""
    process.send_signal(signal.SIGINT)
    try:
        return process.wait(timeout=10)
    finally:
        process.kill()
        if process.stdout:
            process.stdout.close()


def eventually(question: Callable[[], T], is_enough: Callable[[T], bool], within_s: float) -> T:
    """Ask until the answer will do."""
    deadline = time.monotonic() + within_s
    while True:
        answer = question()
        if is_enough(answer):
            return answer
        assert time.monotonic() < deadline, f"after {within_s} s still {answer}"
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _two_free_ports() -> int:
    """A free port whose neighbour is free too. Below the range given to outgoing connections."""
    base = 20000 + (os.getpid() * 7) % 10000
    for port in range(base, base + 2000, 2):
        with socket.socket() as first, socket.socket() as second:
            try:
                first.bind(("127.0.0.1", port))
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    raise AssertionError("no two free ports")
