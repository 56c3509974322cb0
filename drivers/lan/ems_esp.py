"""Bosch, Buderus, Junkers and Nefit heating by an EMS-ESP, over MQTT.

Facts from EMS-ESP's own documentation: `boiler_data` and `thermostat_data` as JSON with a part for
each heating circuit (the format "nested"), `status` online or offline. What is published below
`thermostat/hc1` is told to the thermostat, which stores it. The modes are those of the RC300 and
what came after it; other thermostats are only read.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pydantic import Field

from drivers.lan._items import TopicOptions, by_topics
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Capability
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.maps.items import ItemMap, item_map

_LOWEST_C, _HIGHEST_C = 5, 30
# Whatever form EMS-ESP is set to write what is true in.
_YES = dict.fromkeys(("on", "ON", "true", "1"), True)
_NO = dict.fromkeys(("off", "OFF", "false", "0"), False)


_KNOWN = {"said": ["auto", "manual", "off"]}
_ACTIVE = [
    {"when": {"heating": True}, "label": True},
    {"when": {"water": True}, "label": True},
    {"label": False},
]
_HVAC: dict[str, Any] = {
    "limits": {"confirm_timeout_s": 120},
    "thermostat": {
        "modes": ["OFF", "HEAT"],
        "heat_c": [_LOWEST_C, _HIGHEST_C],
        "step_c": 0.5,
        "category": "HEATING",
    },
    "energy_wh": "energy",
    "temperature_c": "room",
    "is_active": {"case": _ACTIVE},
    "mode": {"case": [{"when": {"said": "off"}, "label": "OFF"}, {"label": "HEAT"}]},
    "hold_type": {
        "case": [{"when": {"said": "auto"}, "label": "SCHEDULED"}, {"label": "PERMANENT"}]
    },
    "heat_setpoint_c": "wanted",
    "needs": {"set_permanent_hold": _KNOWN, "set_follow_schedule": _KNOWN},
}


def map_of(circuit: str) -> ItemMap:
    """The map of one heating circuit."""
    return item_map(
        {
            "vendor": "Bosch",
            "models": ["EMS heating"],
            "source": "EMS-ESP, documentation of MQTT and of its entities",
            "available": {"alive": "online"},
            "points": _points(circuit),
            "assets": {"hvac": {**_HVAC, "commands": _commands(f"thermostat/{circuit}")}},
        }
    )


def _points(circuit: str) -> dict[str, Any]:
    always = {"topic": "thermostat_data"}
    thermostat = {"topic": "thermostat_data", "optional": True}
    boiler = {"topic": "boiler_data", "optional": True}
    believed = {"valid": [_LOWEST_C, _HIGHEST_C]}
    return {
        "alive": {"topic": "status", "text": True, "kept": True},
        "room": {**thermostat, "path": f"{circuit}.currtemp", "valid": [-40, 80]},
        "wanted": {**always, "path": f"{circuit}.seltemp", **believed},
        "said": {**always, "path": f"{circuit}.mode", "text": True},
        "manual": {**thermostat, "path": f"{circuit}.manualtemp"},
        "heating": {**boiler, "path": "heatingactive", "enum": _YES | _NO},
        "water": {**boiler, "path": "tapwateractive", "enum": _YES | _NO},
        "energy": {**boiler, "path": "metertotal", "scale": 1000, "valid": [0, 1e9]},
    }


def _commands(told: str) -> dict[str, Any]:
    degrees = {"from": "heat_setpoint_c", "range": [_LOWEST_C, _HIGHEST_C], "step": 0.5}

    def mode(name: str, **when: object) -> dict[str, Any]:
        return {"topic": f"{told}/mode", "payload": name, "memory": "nvm", "when": when}

    return {
        "set_permanent_hold": [
            # What is set in another mode is the setpoint of that one.
            {**mode("manual", hvac_mode="HEAT", said=["auto", "off"]), "pause_s": 2},
            {
                "topic": f"{told}/manualtemp",
                "payload": "{c}",
                "with": {"c": {**degrees, "shown": "manual"}},
                "memory": "nvm",
                "when": {"hvac_mode": "HEAT"},
            },
            mode("off", hvac_mode="OFF", said=["auto", "manual"]),
        ],
        "set_follow_schedule": [mode("auto", said=["manual", "off"])],
    }


class EmsEspOptions(TopicOptions):
    """Where EMS-ESP tells of the heating, and which circuit is meant."""

    base: str = Field(
        default="ems-esp",
        min_length=1,
        max_length=128,
        pattern=r"^[^+#\s]*[^+#\s/]$",
        description="EMS-ESP's base topic",
    )
    circuit: int = Field(default=1, ge=1, le=8, description="the heating circuit")


@asynccontextmanager
async def _open(options: EmsEspOptions, links: Links) -> AsyncIterator[Driver]:
    async with by_topics(map_of(f"hc{options.circuit}"), options, links) as driver:
        yield driver


DRIVER = DriverInfo(
    vendor="Bosch",
    models=("heating with an EMS bus, by an EMS-ESP",),
    source="EMS-ESP, documentation of MQTT and of its entities",
    options=EmsEspOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=10.0,
    kinds=frozenset({AssetKind.HVAC}),
    brands=("Bosch", "Buderus", "Junkers", "Nefit", "Worcester", "Sieger"),
    controls=frozenset({Capability.SET_PERMANENT_HOLD, Capability.SET_FOLLOW_SCHEDULE}),
)
