import math
from dataclasses import replace

import pytest

from gatewayd.model.asset import AssetKind, MeterUsage
from gatewayd.model.reading import BatteryReading, MeterReading, Reading
from gatewayd.model.site import AssetState, Site
from gatewayd.web.flow import FlowView, Node, flow_view
from tests.fakes.home import BATTERY, CHARGER, METER, asset, state


def view(*states: AssetState) -> FlowView:
    return flow_view(Site({s.asset.id: s for s in states}))


def node(shown: FlowView, key: str) -> Node:
    return next(node for node in shown.nodes if node.key == key)


def keys(shown: FlowView) -> set[str]:
    return {node.key for node in shown.nodes}


def test_only_what_the_home_has_is_drawn() -> None:
    assert keys(view()) == set()
    assert keys(view(state(AssetKind.METER))) == {"home", "grid"}
    assert keys(view(*(state(kind) for kind in AssetKind))) == {
        "home",
        "grid",
        "solar",
        "battery",
        "charger",
    }


def test_a_meter_that_is_not_the_grids_is_no_grid() -> None:
    other = state(AssetKind.METER, asset=asset(AssetKind.METER, usage=MeterUsage.LOAD))

    assert keys(view(other)) == {"home"}
    assert view(other).headline == "No grid meter yet"


@pytest.mark.parametrize(
    ("kind", "key", "reading", "way", "is_outward"),
    [
        (AssetKind.METER, "grid", METER, "importing", False),
        (AssetKind.METER, "grid", replace(METER, power_w=-900.0), "exporting", True),
        (AssetKind.METER, "grid", replace(METER, power_w=10.0), "idle", False),
        (AssetKind.BATTERY, "battery", BATTERY, "charging", True),
        (AssetKind.BATTERY, "battery", replace(BATTERY, power_w=-900.0), "discharging", False),
        (AssetKind.CHARGER, "charger", CHARGER, "charging", True),
    ],
)
def test_the_direction_is_said_and_drawn(
    kind: AssetKind, key: str, reading: Reading, way: str, is_outward: bool
) -> None:
    shown = node(view(state(kind, reading)), key)

    assert shown.way == way
    assert shown.line.is_outward is is_outward
    assert shown.line.is_flowing is (way != "idle")


def test_an_arrow_points_with_the_power() -> None:
    importing = node(view(state(AssetKind.METER)), "grid").line
    exporting = node(view(state(AssetKind.METER, MeterReading(power_w=-900.0))), "grid").line

    # The grid is drawn to the left, so power to the right is import.
    assert math.cos(math.radians(importing.angle)) == pytest.approx(1.0)
    assert math.cos(math.radians(exporting.angle)) == pytest.approx(-1.0)


def test_what_is_unknown_is_a_dash_and_does_not_flow() -> None:
    shown = view(state(AssetKind.METER, is_reachable=False), state(AssetKind.BATTERY))

    for key in ("grid", "home"):
        assert (node(shown, key).power, node(shown, key).way) == ("–", "unknown")  # noqa: RUF001
        assert not node(shown, key).line.is_flowing
    assert shown.headline == "The grid meter is silent"
    assert node(shown, "battery").level == "64 %"


def test_the_level_of_a_battery_that_does_not_answer_is_not_shown() -> None:
    assert node(view(state(AssetKind.BATTERY, is_reachable=False)), "battery").level == ""
    unknown = state(AssetKind.BATTERY, BatteryReading(power_w=5.0))
    assert node(view(unknown), "battery").level == "–"  # noqa: RUF001


@pytest.mark.parametrize(
    ("power_w", "headline"),
    [
        (1250.0, "1.2 kW from the grid"),
        (-640.0, "640 W to the grid"),
        (3.0, "Nothing from or to the grid"),
    ],
)
def test_the_headline_tells_of_the_grid(power_w: float, headline: str) -> None:
    assert view(state(AssetKind.METER, MeterReading(power_w=power_w))).headline == headline


def test_the_drawing_is_no_higher_than_what_is_on_it() -> None:
    assert view(state(AssetKind.METER)).height < view(state(AssetKind.BATTERY)).height
