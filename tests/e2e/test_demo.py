"""The demo from outside: an HTTP client, an MQTT client, a signal."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.demo import Demo, eventually, running_demo, start, stop

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running_demo(tmp_path_factory.mktemp("demo") / "data") as running:
        yield running


@pytest.fixture
def stopped_charger(demo: Demo) -> dict[str, Any]:
    """A charger with a car plugged in that is not charging."""
    demo.home.post("/car", json={"plugged": True, "soc": 0.4}).raise_for_status()
    if demo.charger()["chargeState"]["isCharging"]:
        _end(demo, _order(demo, "STOP"))
    return eventually(demo.charger, lambda c: c["chargeState"]["isCharging"] is False, 15)


def _order(demo: Demo, action: str) -> dict[str, Any]:
    charger_id = demo.charger()["id"]
    answer = demo.api.post(f"/chargers/{charger_id}/charging", json={"action": action})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert (found["state"], found["completedAt"]) == ("PENDING", None)
    return found


def _action(demo: Demo, action_id: str) -> dict[str, Any]:
    found: dict[str, Any] = demo.api.get(f"/chargers/actions/{action_id}").json()
    return found


# A fuse guard that has just begun gives nothing before it has seen the room for half a minute.
def _end(demo: Demo, action: dict[str, Any], within_s: float = 100) -> dict[str, Any]:
    return eventually(
        lambda: _action(demo, action["id"]), lambda a: a["state"] != "PENDING", within_s
    )


def _enable(demo: Demo) -> int:
    """The KEBA's own enable register, as the virtual home has it."""
    enable: int = demo.home.get("/state").json()["devices"]["charger"]["setpoints"]["enable"]
    return enable


def _offered_a(demo: Demo) -> float:
    """What the charger offers the car, by the virtual home."""
    offered: float = demo.home.get("/state").json()["devices"]["charger"]["truth"]["offered"]
    return offered


def _messages(demo: Demo, topic: str, count: int) -> dict[str, str]:
    """Retained messages, by topic, read by a stock client."""
    port = demo.places["mqtt"].rpartition(":")[2]
    command = ["mosquitto_sub", "-p", port, "-t", topic, "-v", "-C", str(count), "-W", "10"]
    output = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return dict(line.split(" ", 1) for line in output.splitlines())


def test_every_role_of_the_home_is_an_asset(demo: Demo) -> None:
    kinds = ("batteries", "chargers", "hvacs", "inverters", "meters", "vehicles")

    counts = {kind: len(demo.api.get(f"/{kind}").json()["data"]) for kind in kinds}

    assert counts == {kind: 2 if kind == "meters" else 1 for kind in kinds}
    assert all(asset["isReachable"] for asset in demo.assets().values())
    assert demo.api.get(f"/users/{demo.places['userId']}").status_code == 200


def _setpoints(demo: Demo) -> dict[str, int]:
    """The heat pump's own registers, as the virtual home has them."""
    found: dict[str, int] = demo.home.get("/state").json()["devices"]["heat_pump"]["setpoints"]
    return found


def test_a_hold_reaches_the_heat_pump_and_its_schedule_comes_back(demo: Demo) -> None:
    def ended(path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        answer = demo.api.post(f"/hvacs/{hvac['id']}/{path}", json=body)
        assert answer.status_code == 200, answer.text
        where = f"/hvacs/actions/{answer.json()['id']}"
        found: dict[str, Any] = eventually(
            lambda: demo.api.get(where).json(), lambda a: a["state"] != "PENDING", 30
        )
        return found

    hvac = demo.api.get("/hvacs").json()["data"][0]
    held = ended("permanent-hold", {"mode": "HEAT", "heatSetpoint": 18.5})
    while_held = _setpoints(demo)
    followed = ended("follow-schedule", None)

    assert (held["state"], followed["state"]) == ("CONFIRMED", "CONFIRMED")
    assert (while_held["operating_mode"], while_held["comfort"]) == (3, 185)
    assert _setpoints(demo)["operating_mode"] == 2


def test_a_vehicle_is_where_it_says_it_is(demo: Demo) -> None:
    def place() -> Any:
        return demo.api.get("/vehicles").json()["data"][0]["location"]["id"]

    home_id = demo.api.get("/locations").json()["data"][0]["id"]
    assert eventually(place, lambda found: found == home_id, 15)
    demo.home.post("/car", json={"home": False}).raise_for_status()
    assert eventually(place, lambda found: found is None, 20) is None
    demo.home.post("/car", json={"home": True}).raise_for_status()
    assert eventually(place, lambda found: found == home_id, 20)


def test_a_command_reaches_the_register_and_is_confirmed_by_a_reading(
    demo: Demo, stopped_charger: dict[str, Any]
) -> None:
    assert _enable(demo) == 0

    action = _end(demo, _order(demo, "START"))

    assert action["state"] == "CONFIRMED"
    assert _enable(demo) == 1
    assert demo.charger()["chargeState"]["powerDeliveryState"] == "PLUGGED_IN:CHARGING"


def _explained(demo: Demo) -> str:
    asked = {"asset": demo.charger()["id"]}
    text: str = demo.api.get("/gateway/explain", params=asked).raise_for_status().json()["text"]
    return text


def test_an_overloaded_phase_lowers_the_charger_and_says_why(
    demo: Demo, stopped_charger: dict[str, Any]
) -> None:
    _end(demo, _order(demo, "START"))
    before_a = _offered_a(demo)

    demo.home.post("/load", json={"watts": 6500, "phase": "a"}).raise_for_status()
    try:
        lowered_a = eventually(lambda: _offered_a(demo), lambda a: a < before_a, 20)
        reason = eventually(lambda: _explained(demo), lambda text: "main: phase a" in text, 20)
        told = _messages(demo, "gatewayd/charger/charger/state", 1)
    finally:
        demo.home.post("/load", json={"watts": 0, "phase": "a"}).raise_for_status()

    assert before_a >= 6.0
    assert lowered_a < before_a
    assert "fuse guard" in reason
    assert "fuse guard" in json.loads(told["gatewayd/charger/charger/state"])["reason"]


# Half a minute of real time; on a fake clock the same is tested in every run.
@pytest.mark.nightly
def test_a_device_that_ignores_a_command_fails_it(
    demo: Demo, stopped_charger: dict[str, Any]
) -> None:
    demo.fault("charger", "ignore_write", on=True)
    try:
        action = _end(demo, _order(demo, "START"), within_s=90)
    finally:
        demo.fault("charger", "ignore_write", on=False)

    assert (action["state"], action["failureReason"]["type"]) == ("FAILED", "NO_RESPONSE")


def test_a_dead_device_is_unreachable_in_time_and_comes_back_in_time(demo: Demo) -> None:
    demo.fault("charger", "silent", on=True)
    try:
        lost = eventually(demo.charger, lambda c: not c["isReachable"], 10)
    finally:
        demo.fault("charger", "silent", on=False)

    eventually(demo.charger, lambda c: bool(c["isReachable"]), 10)
    assert lost["chargeState"]["isPluggedIn"] is not None


def test_home_assistant_finds_everything_on_mqtt(demo: Demo) -> None:
    assets = len(demo.assets())

    configs = _messages(demo, "homeassistant/device/+/config", assets + 1)
    states = _messages(demo, "gatewayd/+/+/state", assets + 1)
    availability = _messages(demo, "gatewayd/+/+/availability", assets)

    assert len(configs) == assets + 1
    for payload in configs.values():
        document = json.loads(payload)
        topics = {c["state_topic"] for c in document["components"].values() if "state_topic" in c}
        assert topics <= states.keys() | availability.keys() | {"gatewayd/status", "gatewayd/info"}
    assert set(availability.values()) == {"online"}


def test_the_page_shows_the_home(demo: Demo) -> None:
    # The guard and the audit look first.
    page = eventually(
        lambda: httpx.get(demo.places["web"]),
        lambda found: "Main" in found.text and 'aria-current="step">armed' in found.text,
        60,
    )

    assert page.status_code == 200
    assert "KEBA" in page.text
    assert "http://" not in page.text.replace("http://www.w3.org", "")


def test_a_killed_daemon_ends_its_command_once_and_keeps_every_id(
    demo: Demo, stopped_charger: dict[str, Any]
) -> None:
    before = set(demo.assets())
    action = _order(demo, "START")

    demo.gateway().kill()

    def listed() -> set[str]:
        try:
            return set(demo.assets())
        except httpx.TransportError:
            return set()

    after = eventually(listed, bool, 20)
    ended = _end(demo, action)
    assert after == before
    assert ended["state"] == "CONFIRMED"
    assert _action(demo, action["id"]) == ended


def test_a_demo_says_one_line_and_ends_with_status_0(tmp_path: Path) -> None:
    process = start(tmp_path / "data")
    assert process.stdout is not None
    line = json.loads(process.stdout.readline())
    process.send_signal(signal.SIGINT)
    rest = process.stdout.read()

    assert stop(process) == 0
    assert rest == ""
    assert set(line) == {"web", "api", "mqtt", "clientId", "clientSecret", "userId", "home"}


def test_a_demo_on_a_busy_port_says_so(demo: Demo, tmp_path: Path) -> None:
    port = demo.places["api"].rpartition(":")[2]
    command = ["gatewayd", "demo", "--port", port, "--data", str(tmp_path / "data")]

    ended = subprocess.run(
        [sys.executable, "-m", *command], capture_output=True, text=True, check=False, timeout=30
    )

    assert ended.returncode == 78
    assert f"port {port} is in use" in ended.stderr
