import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from gatewayd.control.governor.choice import Mode, Number
from gatewayd.control.governor.operator import GridOperators
from gatewayd.errors import ConflictError, RequestError
from gatewayd.links.mqtt_wire import Broker
from gatewayd.model.asset import AssetKind
from gatewayd.model.command import Action, Command, SetMaxCurrent, StartCharging
from gatewayd.mqtt.mirror import Mirror
from gatewayd.mqtt.settings import MqttSettings
from gatewayd.plan.ev.words import AlwaysCharge
from gatewayd.plan.grid.operator import OperatorSettings
from gatewayd.state.store import Store
from tests.fakes.clock import FakeClock
from tests.fakes.home import METER, READINGS, SINCE, asset, every_asset
from tests.fakes.home_assistant import HomeAssistant
from tests.fakes.modes import RememberedModes
from tests.fakes.mosquitto import Listener, Mosquitto, listening, mosquitto, until

METER_STATE = "gatewayd/meter/meter/state"
METER_CONFIG = "homeassistant/device/gatewayd_meter/config"
SET_CURRENT = "gatewayd/charger/charger/set/max_current"


@dataclass
class Commander:
    """Takes every command, or answers with `refusal`."""

    taken: list[tuple[str, Command, str]] = field(default_factory=list)
    refusal: RequestError | None = None
    is_open: asyncio.Event = field(default_factory=asyncio.Event)

    async def submit(self, asset_id: str, command: Command, owner: str) -> Action:
        self.taken.append((asset_id, command, owner))
        await self.is_open.wait()
        if self.refusal:
            raise self.refusal
        return Action("a1", "home", asset_id, AssetKind.CHARGER, command, owner, SINCE, SINCE)


@dataclass
class Home:
    """A store with one asset of each kind, and the clock it lives by."""

    clock: FakeClock = field(default_factory=FakeClock)
    commander: Commander = field(default_factory=Commander)
    modes: RememberedModes = field(default_factory=RememberedModes)

    def __post_init__(self) -> None:
        self.store = Store(self.clock, every_asset())
        self.operator = GridOperators.of(OperatorSettings(4200.0), None, self.clock)
        self.commander.is_open.set()

    def poll(self, kind: AssetKind, **changes: Any) -> None:
        self.store.put(kind.value, {kind.value: replace(READINGS[kind], **changes)})

    def poll_all(self) -> None:
        for kind in AssetKind:
            self.poll(kind)

    @asynccontextmanager
    async def mirrored(self, port: int, **settings: Any) -> AsyncIterator[None]:
        where = MqttSettings(Broker("127.0.0.1", port, keepalive_s=2), version="1", **settings)
        mirror = Mirror(
            self.store,
            self.commander,
            self.clock,
            where,
            lambda: 2.0,
            modes=self.modes,
            operator=self.operator,
        )
        async with asyncio.TaskGroup() as group:
            task = group.create_task(mirror.run())
            yield
            task.cancel()

    async def tick_until(self, condition: Callable[[], bool]) -> None:
        """Let the home's time pass, one second per look."""
        async with asyncio.timeout(15):
            while not condition():
                await self.clock.advance(1.0)
                await asyncio.sleep(0.01)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with mosquitto(tmp_path) as running:
        yield running


@pytest.fixture
def home() -> Home:
    return Home()


def seen_by_home_assistant(heard: Listener) -> HomeAssistant:
    shown = HomeAssistant()
    for message in heard.messages:
        shown.hear(message.topic.value, bytes(message.payload).decode())
    return shown


def is_complete(heard: Listener) -> bool:
    states = {f"gatewayd/{kind}/{kind}/state" for kind in AssetKind}
    return {*states, "gatewayd/info", "gatewayd/site/home/state"} <= heard.topics()


async def test_an_ordinary_client_finds_the_whole_home(broker: Mosquitto, home: Home) -> None:
    home.poll_all()
    async with home.mirrored(broker.port), listening(broker.port, "#") as heard:
        await heard.until(lambda: is_complete(heard))

    shown = seen_by_home_assistant(heard)
    assert shown.state("sensor.meter_power") == "1250"
    assert shown.state("sensor.battery_power") == "-1500"
    assert shown.state("switch.charger_charging") == "ON"
    assert shown.state("sensor.gatewayd_battery_power") == "-1500"
    assert shown.state("sensor.gatewayd_grid_power") == "1250"
    assert "unavailable" not in {shown.state(entity_id) for entity_id in shown.entities}
    assert heard.json("gatewayd/info")["id"] == "gatewayd"


async def test_everything_is_retained_for_those_who_come_later(
    broker: Mosquitto, home: Home
) -> None:
    home.poll_all()
    async with home.mirrored(broker.port):
        async with listening(broker.port, "#") as first:
            await first.until(lambda: is_complete(first))
        async with listening(broker.port, "#") as later:
            await later.until(lambda: first.topics() <= later.topics())

    assert {m.topic.value for m in later.messages if m.retain} >= first.topics()


async def test_a_new_reading_arrives(broker: Mosquitto, home: Home) -> None:
    home.poll_all()
    async with home.mirrored(broker.port), listening(broker.port, METER_STATE) as heard:
        await heard.until(lambda: bool(heard.messages))

        home.poll(AssetKind.METER, power_w=-2000.0)
        await home.tick_until(lambda: heard.json(METER_STATE)["power_w"] == -2000)


async def test_power_comes_once_a_second_and_the_last_value_always(
    broker: Mosquitto, home: Home
) -> None:
    home.poll_all()
    async with home.mirrored(broker.port), listening(broker.port, METER_STATE) as heard:
        await heard.until(lambda: len(heard.messages) == 1)
        for power in range(50):
            home.poll(AssetKind.METER, power_w=float(power))
            await asyncio.sleep(0)
        await home.clock.advance(1.0)
        await heard.until(lambda: heard.json(METER_STATE)["power_w"] == 49)

    assert len(heard.messages) == 2


async def test_a_word_comes_at_once(broker: Mosquitto, home: Home) -> None:
    home.poll_all()
    topic = "gatewayd/inverter/inverter/state"
    async with home.mirrored(broker.port), listening(broker.port, topic) as heard:
        await heard.until(lambda: bool(heard.messages))

        home.poll(AssetKind.INVERTER, has_fault=True)
        await heard.until(lambda: heard.json(topic)["status"] == "FAULT")


async def test_silence_is_broken_by_a_heartbeat(broker: Mosquitto, home: Home) -> None:
    home.poll_all()
    async with home.mirrored(broker.port), listening(broker.port, METER_STATE) as heard:
        await heard.until(lambda: len(heard.messages) == 1)
        await home.clock.advance(59.0)
        await home.clock.advance(1.0)
        await heard.until(lambda: len(heard.messages) == 2)


async def test_an_asset_that_is_lost_becomes_unavailable_and_keeps_its_values(
    broker: Mosquitto, home: Home
) -> None:
    home.poll_all()
    async with home.mirrored(broker.port), listening(broker.port, "#") as heard:
        await heard.until(lambda: is_complete(heard))
        home.store.lose("meter")
        await heard.until(lambda: heard.last("gatewayd/meter/meter/availability") == "offline")

    shown = seen_by_home_assistant(heard)
    assert shown.state("sensor.meter_power") == "unavailable"
    assert shown.state("sensor.battery_level") == "64.0"
    assert heard.json(METER_STATE)["power_w"] == 1250


async def test_a_counter_outlives_a_bad_poll_and_an_outage_of_the_broker(
    broker: Mosquitto, home: Home
) -> None:
    home.poll_all()
    async with home.mirrored(broker.port):
        async with listening(broker.port, METER_STATE) as heard:
            await heard.until(lambda: bool(heard.messages))
        broker.restart()
        home.poll(AssetKind.METER, import_wh=0.0, export_wh=None)
        async with listening(broker.port, METER_STATE) as heard:
            await home.tick_until(lambda: bool(heard.messages))

    assert heard.json(METER_STATE)["imported_kwh"] == 4000.0
    assert heard.json(METER_STATE)["exported_kwh"] == 1000.0


async def test_after_a_broker_lost_its_memory_everything_is_published_again(
    broker: Mosquitto, home: Home
) -> None:
    home.poll_all()
    async with home.mirrored(broker.port):
        async with listening(broker.port, "#") as before:
            await before.until(lambda: is_complete(before))
        broker.restart()
        async with listening(broker.port, "#") as after:
            await home.tick_until(lambda: is_complete(after))

    assert after.topics() >= before.topics()
    assert seen_by_home_assistant(after).state("sensor.meter_power") == "1250"


async def test_home_assistants_birth_brings_everything_again(broker: Mosquitto, home: Home) -> None:
    home.poll_all()
    async with home.mirrored(broker.port), listening(broker.port, "#") as heard:
        await heard.until(lambda: is_complete(heard))
        before = len(heard.all(METER_CONFIG))
        heard.messages.clear()

        await heard.say("homeassistant/status", "online")
        await until(lambda: bool(heard.messages))
        await home.tick_until(lambda: is_complete(heard))

    assert len(heard.all(METER_CONFIG)) == before == 1


async def test_a_retained_birth_is_old_news(broker: Mosquitto, home: Home) -> None:
    home.poll_all()
    async with listening(broker.port, "#") as heard:
        await heard.say("homeassistant/status", "online", retain=True)
        async with home.mirrored(broker.port):
            await heard.until(lambda: is_complete(heard))
            await home.clock.advance(30.0)
            home.poll(AssetKind.METER, power_w=7.0)
            await home.tick_until(lambda: heard.json(METER_STATE)["power_w"] == 7)

    assert len(heard.all(METER_CONFIG)) == 1


async def test_who_is_away_is_known_before_the_gateway_is_there(
    broker: Mosquitto, home: Home
) -> None:
    async with listening(broker.port, "gatewayd/#") as heard, home.mirrored(broker.port):
        await heard.until(lambda: heard.last("gatewayd/status") == "online")

    said = [message.topic.value for message in heard.messages]
    assert heard.last("gatewayd/meter/meter/availability") == "offline"
    assert said.index("gatewayd/meter/meter/availability") < said.index("gatewayd/status")


async def test_a_clean_stop_says_offline(broker: Mosquitto, home: Home) -> None:
    async with listening(broker.port, "gatewayd/status") as heard:
        async with home.mirrored(broker.port):
            await heard.until(lambda: heard.last("gatewayd/status") == "online")
        await heard.until(lambda: heard.last("gatewayd/status") == "offline")


async def test_the_broker_says_offline_when_we_are_killed(broker: Mosquitto) -> None:
    code = (
        "import asyncio\n"
        "from gatewayd.clock import SystemClock\n"
        "from gatewayd.links.mqtt_wire import Broker\n"
        "from gatewayd.mqtt.mirror import Mirror\n"
        "from gatewayd.mqtt.settings import MqttSettings\n"
        "from gatewayd.state.store import Store\n"
        "clock = SystemClock()\n"
        f"settings = MqttSettings(Broker('127.0.0.1', {broker.port}))\n"
        "asyncio.run(Mirror(Store(clock, []), None, clock, settings).run())\n"
    )
    async with listening(broker.port, "gatewayd/status") as heard:
        daemon = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
        await heard.until(lambda: heard.last("gatewayd/status") == "online")
        daemon.kill()
        await daemon.wait()
        await heard.until(lambda: heard.last("gatewayd/status") == "offline")


@pytest.mark.parametrize(
    ("topic", "payload", "expected"),
    [
        (SET_CURRENT, "10", SetMaxCurrent(10.0)),
        ("gatewayd/charger/charger/set", '{"charging": "ON"}', StartCharging()),
    ],
)
async def test_a_command_reaches_the_commander(
    broker: Mosquitto, home: Home, topic: str, payload: str, expected: Command
) -> None:
    async with home.mirrored(broker.port), listening(broker.port, "gatewayd/info") as other:
        await other.until(lambda: bool(other.messages))
        await other.say(topic, payload)
        await until(lambda: bool(home.commander.taken))

    assert home.commander.taken == [(asset(AssetKind.CHARGER).id, expected, "mqtt")]


async def test_modes_and_numbers_are_shown_and_chosen(broker: Mosquitto, home: Home) -> None:
    charger, topic = asset(AssetKind.CHARGER).id, "gatewayd/charger/charger/state"
    home.modes.known[charger] = Mode("off", ("off", "solar"), None, AlwaysCharge.OFF)
    home.modes.settable[charger] = {"limit_soc_pct": Number(90.0, most=100.0)}
    home.poll_all()
    # A device that is seldom asked says nothing new; what was chosen is shown all the same.
    quiet = home.mirrored(broker.port, heartbeat_s=1e9)
    async with quiet, listening(broker.port, "#") as heard:
        await heard.until(lambda: is_complete(heard))
        shown = seen_by_home_assistant(heard).state("select.charger_control_mode")
        await heard.say("gatewayd/charger/charger/set/control_mode", "Solar")
        await heard.say("gatewayd/charger/charger/set/control_always_charge", "never")
        await heard.say("gatewayd/charger/charger/set/control_always_charge", "once")
        await heard.say("gatewayd/charger/charger/set/control_limit_soc_pct", "120")
        await heard.say("gatewayd/charger/charger/set/control_limit_soc_pct", "80")
        await home.tick_until(lambda: heard.json(topic)["control_limit_soc_pct"] == 80.0)
        limit = seen_by_home_assistant(heard).state("number.charger_level_limit")
        always = seen_by_home_assistant(heard).state("select.charger_always_charge")

    assert home.modes.known[charger].mode == "solar"
    assert (shown, limit, always) == ("Off", "80.0", "Once")


async def test_a_grid_operator_is_heard_but_never_by_what_was_left_behind(
    broker: Mosquitto, home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    topic, shown = "gatewayd/site/home/set/grid_limit", "gatewayd/site/home/state"
    async with listening(broker.port, "gatewayd/#") as other:
        await other.say(topic, "none", retain=True)
        async with home.mirrored(broker.port):
            await until(lambda: "ignored a retained command" in caplog.text)
            await other.until(lambda: shown in other.topics())
            assert other.json(shown)["grid_operator"] == "init"
            await other.say(topic, "6900")
            home.poll_all()
            await home.tick_until(lambda: other.json(shown)["grid_limit_w"] == 6900.0)


async def test_a_retained_command_is_ignored(
    broker: Mosquitto, home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    async with listening(broker.port, "gatewayd/#") as other:
        await other.say(SET_CURRENT, "16", retain=True)
        async with home.mirrored(broker.port):
            await until(lambda: "ignored a retained command" in caplog.text)
            await other.say(SET_CURRENT, "8")
            await until(lambda: bool(home.commander.taken))

    assert [command for _, command, _ in home.commander.taken] == [SetMaxCurrent(8.0)]


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        (SET_CURRENT, b"lots", "number of ampere"),
        (SET_CURRENT, b"\xff", "UTF-8"),
        ("gatewayd/charger/nowhere/set/charging", b"ON", "no charger nowhere"),
    ],
)
async def test_garbage_is_answered_with_the_reason(
    broker: Mosquitto, home: Home, topic: str, payload: bytes, reason: str
) -> None:
    error = topic.partition("/set")[0] + "/error"
    async with home.mirrored(broker.port), listening(broker.port, "gatewayd/#") as other:
        await other.until(lambda: "gatewayd/info" in other.topics())
        await other.say(topic, payload)
        await other.until(lambda: bool(other.all(error)))

    assert reason in other.json(error)["error"]
    assert home.commander.taken == []


async def test_a_refusal_is_answered_with_the_reason(broker: Mosquitto, home: Home) -> None:
    home.commander.refusal = ConflictError("the car is not plugged in")
    async with home.mirrored(broker.port), listening(broker.port, "gatewayd/#") as other:
        await other.until(lambda: "gatewayd/info" in other.topics())
        await other.say(SET_CURRENT, "8")
        await other.until(lambda: bool(other.all("gatewayd/charger/charger/error")))

    told = other.json("gatewayd/charger/charger/error")
    assert told == {"topic": SET_CURRENT, "error": "the car is not plugged in"}


async def test_whoever_asks_for_an_answer_gets_the_action(broker: Mosquitto, home: Home) -> None:
    properties = aiomqtt.client.Properties(aiomqtt.client.mqtt.PacketTypes.PUBLISH)  # type: ignore[attr-defined,no-untyped-call]
    properties.ResponseTopic = "me/answers"
    properties.CorrelationData = b"7"
    async with home.mirrored(broker.port), listening(broker.port, "#") as other:
        await other.until(lambda: "gatewayd/info" in other.topics())
        await other.say(SET_CURRENT, "8", properties=properties)
        await other.until(lambda: bool(other.all("me/answers")))

    assert other.json("me/answers") == {
        "id": "a1",
        "kind": "MAX_CURRENT",
        "state": "PENDING",
        "failureReason": None,
    }


async def test_the_newest_action_is_retained(broker: Mosquitto, home: Home) -> None:
    topic = "gatewayd/charger/charger/action"
    wallbox = asset(AssetKind.CHARGER)
    asked = Action(
        "a9", "home", wallbox.id, AssetKind.CHARGER, StartCharging(), "api", SINCE, SINCE
    )
    async with home.mirrored(broker.port):
        home.store.acted(asked)
        async with listening(broker.port, topic) as heard:
            await heard.until(lambda: bool(heard.messages))

    assert heard.json(topic)["id"] == "a9"


async def test_a_flood_of_commands_ends_with_the_newest(broker: Mosquitto, home: Home) -> None:
    home.commander.is_open.clear()
    async with home.mirrored(broker.port), listening(broker.port, "gatewayd/info") as other:
        await other.until(lambda: bool(other.messages))
        for ampere in range(2000):
            await other.client.publish(SET_CURRENT, str(ampere))
        await other.say(SET_CURRENT, "6")
        await asyncio.sleep(0.05)
        home.commander.is_open.set()
        await until(lambda: home.commander.taken[-1][1] == SetMaxCurrent(6.0))

    assert len(home.commander.taken) < 100


async def test_a_frozen_broker_does_not_hold_up_the_home(broker: Mosquitto, home: Home) -> None:
    home.poll_all()
    async with home.mirrored(broker.port), listening(broker.port, METER_STATE) as heard:
        await heard.until(lambda: bool(heard.messages))
        broker.freeze()
        for power in range(200):
            home.poll(AssetKind.METER, power_w=float(power))
            await home.clock.advance(1.0)
        broker.thaw()
        await home.tick_until(lambda: heard.json(METER_STATE)["power_w"] == 199)


async def test_an_asset_removed_while_we_were_down_is_cleared(
    broker: Mosquitto, home: Home
) -> None:
    home.poll_all()
    async with listening(broker.port, "#") as heard:
        async with home.mirrored(broker.port):
            await heard.until(lambda: is_complete(heard))
        heard.messages.clear()
        restarted = Home()
        restarted.store.forget([asset(AssetKind.METER).id])
        async with restarted.mirrored(broker.port):
            await restarted.tick_until(lambda: heard.last(METER_STATE) == "")

    assert heard.last(METER_CONFIG) == ""


async def test_an_asset_that_comes_back_shows_its_state_at_once(
    broker: Mosquitto, home: Home
) -> None:
    home.poll_all()
    async with home.mirrored(broker.port), listening(broker.port, METER_STATE) as heard:
        await heard.until(lambda: bool(heard.messages))
        home.store.forget([asset(AssetKind.METER).id])
        await heard.until(lambda: heard.last(METER_STATE) == "")
        home.store.adopt([asset(AssetKind.METER)])
        home.poll(AssetKind.METER)
        await heard.until(lambda: bool(heard.last(METER_STATE)))

    assert heard.json(METER_STATE)["power_w"] == 1250


async def test_readings_of_before_a_restart_seed_the_counters(
    broker: Mosquitto, home: Home
) -> None:
    home.store = Store(home.clock, every_asset(), {"meter": {"meter": (SINCE, METER)}})
    async with home.mirrored(broker.port), listening(broker.port, METER_STATE) as heard:
        await heard.until(lambda: bool(heard.messages))
        home.poll(AssetKind.METER, import_wh=None, power_w=1.0)
        await home.tick_until(lambda: heard.json(METER_STATE)["power_w"] == 1)

    assert [json.loads(text)["imported_kwh"] for text in heard.all(METER_STATE)] == [4000.0, 4000.0]
