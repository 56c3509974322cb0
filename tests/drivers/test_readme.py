"""The map that the guide shows is one that loads."""

import re
from pathlib import Path

import drivers
from gatewayd.sdk.maps.points import Point
from gatewayd.sdk.maps.sources import _NODES
from gatewayd.sdk.registers import Layout, load_map

GUIDE = Path(next(iter(drivers.__path__))) / "README.md"


def test_the_map_in_the_guide_loads(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(vendor:.*?)```", GUIDE.read_text(), re.DOTALL)
    path = tmp_path / "acme_hybrid.yaml"
    path.write_text(example)

    assert Layout(load_map(path)).roles.keys() == {"battery", "inverter", "meter"}


def test_the_guide_names_everything_a_point_or_a_value_can_say() -> None:
    text = GUIDE.read_text()
    keys = set(Point.model_fields) - {"note"} | _NODES.keys()

    assert not [key for key in keys if f"`{key}`" not in text and f"{key}:" not in text]
