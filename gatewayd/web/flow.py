"""The picture of the home's power flow: who gives, who takes, and where it is drawn. Pure."""

import math
from dataclasses import dataclass

from gatewayd.model.asset import AssetKind, MeterUsage
from gatewayd.model.flow import flow
from gatewayd.model.reading import BatteryReading, Sample
from gatewayd.model.site import AssetState, Site
from gatewayd.web.words import figure, watt

# Less than this is noise of the meters, not a flow.
_QUIET_W = 15.0

Point = tuple[float, float]

_HUB = (180.0, 176.0)
_RADIUS = 42.0
_PLACES = {
    "solar": (180.0, 72.0),
    "grid": (60.0, 176.0),
    "home": (300.0, 176.0),
    "battery": (104.0, 292.0),
    "charger": (256.0, 292.0),
}


@dataclass(frozen=True, slots=True)
class Line:
    """From a node's edge to the hub. `angle` is where its arrow points, in degrees from east."""

    start: Point
    end: Point
    middle: Point
    angle: float
    is_flowing: bool
    is_outward: bool


@dataclass(frozen=True, slots=True)
class Node:
    """One circle of the picture. `way` says in a word what happens there."""

    key: str
    name: str
    power: str
    way: str
    level: str
    place: Point
    line: Line


@dataclass(frozen=True, slots=True)
class FlowView:
    """The whole picture. `headline` says the most important of it in one sentence."""

    nodes: tuple[Node, ...]
    headline: str

    @property
    def height(self) -> int:
        """Of the drawing, whose lower half is empty without battery and charger."""
        return 362 if any(node.place[1] > _HUB[1] for node in self.nodes) else 246


def flow_view(site: Site) -> FlowView:
    """What the home gives and takes now; only what it has is drawn."""
    if not site.assets:
        return FlowView((), "Welcome")
    now, has_grid = flow(site), _has_grid(site)
    nodes = [_node("home", "Home", _negative(now.home_w), ("giving", "using"))]
    if site.of_kind(AssetKind.INVERTER):
        nodes.append(_node("solar", "Solar", now.pv_w, ("producing", "using")))
    if has_grid:
        nodes.append(_node("grid", "Grid", now.grid_w, ("importing", "exporting")))
    if site.of_kind(AssetKind.BATTERY):
        words = ("discharging", "charging")
        nodes.append(_node("battery", "Battery", _negative(now.battery_w), words, _level(site)))
    if site.of_kind(AssetKind.CHARGER):
        nodes.append(_node("charger", "Charger", _negative(now.charger_w), ("giving", "charging")))
    return FlowView(tuple(nodes), _headline(now.grid_w, has_grid=has_grid))


def _node(
    key: str, name: str, giving_w: float | None, words: tuple[str, str], level: str = ""
) -> Node:
    """`giving_w` is positive while power flows to the middle, which the first word tells."""
    place = _PLACES[key]
    return Node(
        key, name, watt(giving_w), _way(giving_w, words), level, place, _line(place, giving_w)
    )


def _way(giving_w: float | None, words: tuple[str, str]) -> str:
    if giving_w is None:
        return "unknown"
    if _is_quiet(giving_w):
        return "idle"
    return words[0] if giving_w > 0 else words[1]


def _line(place: Point, giving_w: float | None) -> Line:
    away_x, away_y = _HUB[0] - place[0], _HUB[1] - place[1]
    length = math.hypot(away_x, away_y)
    start = place[0] + away_x / length * _RADIUS, place[1] + away_y / length * _RADIUS
    is_outward = giving_w is not None and giving_w < 0
    angle = math.degrees(math.atan2(away_y, away_x))
    return Line(
        start,
        _HUB,
        ((start[0] + _HUB[0]) / 2, (start[1] + _HUB[1]) / 2),
        angle + 180.0 if is_outward else angle,
        giving_w is not None and not _is_quiet(giving_w),
        is_outward,
    )


def _headline(grid_w: float | None, *, has_grid: bool) -> str:
    if not has_grid:
        return "No grid meter yet"
    if grid_w is None:
        return "The grid meter is silent"
    if _is_quiet(grid_w):
        return "Nothing from or to the grid"
    return f"{watt(grid_w)} {'from' if grid_w > 0 else 'to'} the grid"


def _has_grid(site: Site) -> bool:
    return any(s.asset.usage is MeterUsage.GRID for s in site.of_kind(AssetKind.METER))


def _level(site: Site) -> str:
    """The charge of the battery, where there is exactly one and it answers."""
    match site.of_kind(AssetKind.BATTERY):
        case (AssetState(sample=Sample(reading=BatteryReading(soc_pct=level)), is_reachable=True),):
            return figure(level, "%")
    return ""


def _is_quiet(power_w: float) -> bool:
    return abs(power_w) < _QUIET_W


def _negative(power_w: float | None) -> float | None:
    return None if power_w is None else -power_w
