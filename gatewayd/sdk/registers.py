"""Register maps, as the other rooms use them."""

from gatewayd.sdk.maps.layout import Layout, RoleLayout, StepRun
from gatewayd.sdk.maps.mapfile import load_map, map_of
from gatewayd.sdk.maps.schema import Bus, MapError, MapOption, RegisterMap

__all__ = [
    "Bus",
    "Layout",
    "MapError",
    "MapOption",
    "RegisterMap",
    "RoleLayout",
    "StepRun",
    "load_map",
    "map_of",
]
