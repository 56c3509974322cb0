import json
from dataclasses import replace

import pytest

from gatewayd.links.mqtt_wire import Message
from gatewayd.model.asset import AssetKind
from gatewayd.model.command import Action, StartCharging
from gatewayd.model.site import AssetState, Site
from gatewayd.mqtt.settings import MqttSettings
from gatewayd.mqtt.snapshot import Counters
from gatewayd.mqtt.tree import Tree
from tests.fakes.home import SINCE, asset, state

METER_CONFIG = "homeassistant/device/gatewayd_meter/config"
GATEWAY_CONFIG = "homeassistant/device/gatewayd/config"


def site(*states: AssetState) -> Site:
    return Site({s.asset.id: s for s in states})


def by_topic(messages: list[Message]) -> dict[str, str]:
    return {message.topic: message.payload for message in messages}


HOME = site(state(AssetKind.METER), state(AssetKind.CHARGER))


def test_the_whole_tree_is_retained_and_acknowledged() -> None:
    messages = Tree(MqttSettings()).messages(HOME)

    assert {(message.qos, message.retain) for message in messages} == {(1, True)}
    assert by_topic(messages).keys() == {
        GATEWAY_CONFIG,
        METER_CONFIG,
        "homeassistant/device/gatewayd_charger/config",
        "gatewayd/meter/meter/availability",
        "gatewayd/charger/charger/availability",
        "gatewayd/info",
    }
    assert messages[0].topic == GATEWAY_CONFIG


def test_what_was_sent_is_not_sent_again() -> None:
    tree = Tree(MqttSettings())
    tree.messages(HOME)

    assert tree.messages(HOME) == []


def test_after_a_repeat_all_of_it_goes_out_again() -> None:
    tree = Tree(MqttSettings())
    first = tree.messages(HOME)
    tree.repeat()

    assert tree.messages(HOME) == first


def test_losing_an_asset_changes_its_availability_only() -> None:
    tree = Tree(MqttSettings())
    tree.messages(site(state(AssetKind.METER)))

    lost = tree.messages(site(state(AssetKind.METER, is_reachable=False)))

    assert by_topic(lost) == {"gatewayd/meter/meter/availability": "offline"}


def test_the_newest_action_is_shown() -> None:
    tree = Tree(MqttSettings())
    wallbox = state(AssetKind.CHARGER)
    tree.messages(site(wallbox))
    asked = Action(
        "a1", "home", wallbox.asset.id, AssetKind.CHARGER, StartCharging(), "mqtt", SINCE, SINCE
    )

    news = by_topic(tree.messages(site(replace(wallbox, action=asked))))

    assert json.loads(news["gatewayd/charger/charger/action"])["state"] == "PENDING"


def test_an_asset_that_goes_leaves_no_ghost() -> None:
    tree = Tree(MqttSettings())
    tree.messages(HOME)

    news = by_topic(tree.messages(site(state(AssetKind.CHARGER))))

    assert news[METER_CONFIG] == ""
    assert news["gatewayd/meter/meter/state"] == ""
    assert news["gatewayd/meter/meter/availability"] == ""
    assert news["gatewayd/meter/meter/action"] == ""
    assert "meter" not in news["gatewayd/info"]


def test_an_asset_that_comes_back_is_announced_again() -> None:
    tree = Tree(MqttSettings())
    tree.messages(HOME)
    tree.messages(site(state(AssetKind.CHARGER)))

    news = by_topic(tree.messages(HOME))

    assert json.loads(news[METER_CONFIG])["components"]
    assert news["gatewayd/meter/meter/availability"] == "online"


def test_a_control_that_becomes_a_sensor_is_taken_away_first() -> None:
    tree = Tree(MqttSettings())
    tree.messages(site(state(AssetKind.CHARGER)))
    read_only = state(AssetKind.CHARGER, asset=asset(AssetKind.CHARGER, is_writable=False))

    news = [m for m in tree.messages(site(read_only)) if m.topic.endswith("charger/config")]

    assert [json.loads(m.payload)["components"].get("switch_charging") for m in news] == [
        {"platform": "switch"},
        None,
    ]


def test_what_an_earlier_life_left_behind_is_cleared() -> None:
    earlier = Tree(MqttSettings())
    card = by_topic(earlier.messages(HOME))["gatewayd/info"]
    tree = Tree(MqttSettings())
    read_only = state(AssetKind.CHARGER, asset=asset(AssetKind.CHARGER, is_writable=False))
    now = site(read_only)
    ours = by_topic(tree.messages(now))["gatewayd/info"]

    tree.recall(card.encode())
    news = tree.messages(now)

    assert by_topic(news)[METER_CONFIG] == ""
    assert by_topic(news)["gatewayd/meter/meter/state"] == ""
    charger = [m.payload for m in news if m.topic.endswith("charger/config")]
    assert '"switch_charging":{"platform":"switch"}' in charger[0]
    assert "switch_charging" not in charger[1]
    tree.recall(ours.encode())
    assert tree.messages(now) == []


def test_the_card_tells_a_next_life_which_counters_are_at_0() -> None:
    earlier, counters = Counters(), Counters()
    tree = Tree(MqttSettings(), counters=earlier)
    tree.messages(HOME)
    earlier.recall([("id", "exported_kwh")])
    card = by_topic(tree.messages(HOME))["gatewayd/info"]

    Tree(MqttSettings(), counters=counters).recall(card.encode())

    assert counters.noughts == {("id", "exported_kwh")}


def test_our_own_card_changes_nothing() -> None:
    tree = Tree(MqttSettings())
    card = by_topic(tree.messages(HOME))["gatewayd/info"]

    tree.recall(card.encode())

    assert tree.messages(HOME) == []


@pytest.mark.parametrize(
    "card",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"version": "1", "id": "x", "assets": [{"id": "", "kind": "meter", "slug": "#"}]}',
        b'{"version": "1", "id": "x", "assets": [], "components": {"t": {"a": "bomb"}}}',
    ],
)
def test_a_forged_card_is_ignored(card: bytes, caplog: pytest.LogCaptureFixture) -> None:
    tree = Tree(MqttSettings())
    tree.messages(HOME)

    tree.recall(card)

    assert tree.messages(HOME) == []
    assert "not ours" in caplog.text


def test_a_forged_card_cannot_clear_topics_of_others() -> None:
    tree = Tree(MqttSettings())
    tree.messages(HOME)

    tree.recall(
        b'{"version": "1", "id": "x", "assets": [], "components": {"zigbee/x": {"a": "sensor"}}}'
    )

    assert tree.messages(HOME) == []


def test_discovery_can_be_off() -> None:
    topics = by_topic(Tree(MqttSettings(discovery_enabled=False)).messages(HOME)).keys()

    assert not {topic for topic in topics if topic.startswith("homeassistant/")}


@pytest.mark.parametrize("name", ["meter", asset(AssetKind.METER).id])
def test_a_device_can_be_kept_from_home_assistant(name: str) -> None:
    topics = by_topic(Tree(MqttSettings(discovery_exclude=frozenset({name}))).messages(HOME)).keys()

    assert METER_CONFIG not in topics
    assert "gatewayd/meter/meter/availability" in topics


def test_base_and_prefix_are_the_operators() -> None:
    topics = by_topic(Tree(MqttSettings(base="home", discovery_prefix="ha")).messages(HOME)).keys()

    assert {topic.split("/")[0] for topic in topics} == {"home", "ha"}
