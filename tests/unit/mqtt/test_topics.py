import pytest

from gatewayd.model.asset import AssetKind
from gatewayd.mqtt.topics import Place, Target, Topics
from tests.fakes.home import asset

WALLBOX = Place("charger", "wallbox")


def test_everything_of_an_asset_lies_below_its_kind_and_slug() -> None:
    topics = Topics()

    assert Place.of(asset(AssetKind.CHARGER, slug="wallbox")) == WALLBOX
    assert topics.state(WALLBOX) == "gatewayd/charger/wallbox/state"
    assert topics.availability(WALLBOX) == "gatewayd/charger/wallbox/availability"
    assert topics.action(WALLBOX) == "gatewayd/charger/wallbox/action"
    assert topics.error(WALLBOX) == "gatewayd/charger/wallbox/error"
    assert topics.command(WALLBOX, "charging") == "gatewayd/charger/wallbox/set/charging"


@pytest.mark.parametrize(
    ("topic", "target"),
    [
        ("gatewayd/charger/wallbox/set", Target(WALLBOX, None)),
        ("gatewayd/charger/wallbox/set/max_current", Target(WALLBOX, "max_current")),
        ("gatewayd/charger/wallbox/state", None),
        ("gatewayd/charger/wallbox/set/a/b", None),
        ("gatewayd/info", None),
        ("gatewayd", None),
    ],
)
def test_command_topics_are_told_from_all_others(topic: str, target: Target | None) -> None:
    assert Topics().target(topic) == target


def test_a_base_of_several_levels_works() -> None:
    topics = Topics(base="house/energy")

    assert topics.target(topics.command(WALLBOX, "charging")) == Target(WALLBOX, "charging")
    assert topics.config("wallbox") == "homeassistant/device/house_energy_wallbox/config"


def test_an_object_id_holds_only_what_home_assistant_accepts() -> None:
    assert Topics().object_id("wäll box/1") == "gatewayd_w_ll_box_1"
