"""Panasonic Aquarea heat pumps with a HeishaMon on them, over MQTT.

Facts from HeishaMon's own documentation of its topics. The temperature of zone 1 is the room's or
the water's, whichever the pump is set up to keep; it can be told here only where it takes a
temperature (`Heating_Mode` 1), no shift of its heating curve. The pump stores what it is told.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pydantic import Field

from drivers.lan._items import TopicOptions, by_topics
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Capability
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.maps.items import item_map

# A state that the pump does not know is -1; a sensor that is not there is below all that freezes.
_STATE = {"nan": [-1]}
_HEAT: dict[str, object] = {"hvac_mode": "HEAT"}
_OFF: dict[str, object] = {"hvac_mode": "OFF"}
_LOWEST_C, _HIGHEST_C = 20, 55


def _told(topic: str, number: object, shown: str, when: dict[str, object]) -> dict[str, Any]:
    """One command to the pump's memory, left out where the pump shows it already."""
    return {
        "topic": f"commands/{topic}",
        "payload": "{n}",
        "with": {"n": {"value": number, "shown": shown}},
        "memory": "nvm",
        "when": when,
    }


_WITH_WATER: dict[str, object] = {"mode": [3, 4, 5, 6, 8]}
_WITHOUT_WATER: dict[str, object] = {"mode": [0, 1, 2, 7]}

_MAP = item_map(
    {
        "vendor": "Panasonic",
        "models": ["Aquarea"],
        "source": "HeishaMon, MQTT-Topics.md",
        "available": {"alive": "Online"},
        "points": {
            "alive": {"topic": "LWT", "text": True, "kept": True},
            "on": {"topic": "main/Heatpump_State", **_STATE},
            "mode": {"topic": "main/Operating_Mode_State", **_STATE},
            "direct": {"topic": "main/Heating_Mode", "optional": True, **_STATE},
            "schedule": {
                "topic": "main/Main_Schedule_State",
                "valid": [0, 1],
                "optional": True,
            },
            "request": {
                "topic": "main/Z1_Heat_Request_Temp",
                "valid": [_LOWEST_C, 75],
                "optional": True,
            },
            "compressor": {"topic": "main/Compressor_Freq"},
            **{
                name: {"topic": f"main/{name.title()}_Power_Consumption", "valid": [0, 50_000]}
                | {"optional": True}
                for name in ("heat", "cool")
            },
            "water": {
                "topic": "main/DHW_Power_Consumption",
                "valid": [0, 50_000],
                "optional": True,
            },
        },
        "assets": {
            "hvac": {
                "limits": {"confirm_timeout_s": 120},
                # Off leaves the hot water on, where the pump makes it.
                "thermostat": {
                    "modes": ["OFF", "HEAT"],
                    "heat_c": [_LOWEST_C, _HIGHEST_C],
                    "step_c": 1,
                    "category": "HEAT_PUMP",
                },
                "power_w": {"sum_present": ["heat", "cool", "water"]},
                "temperature_c": {"topic": "main/Z1_Temp", "valid": [-30, 90], "optional": True},
                "is_active": {
                    "case": [
                        {"when": {"compressor": {"min": 1}}, "label": True},
                        {"label": False},
                    ]
                },
                "mode": {
                    "case": [
                        {"when": {"on": 0}, "label": "OFF"},
                        {"when": {"mode": 3}, "label": "OFF"},
                        {"when": {"mode": [0, 4]}, "label": "HEAT"},
                        {"when": {"mode": [1, 5]}, "label": "COOL"},
                        {"when": {"mode": [2, 6, 7, 8]}, "label": "AUTO"},
                        {"label": "UNKNOWN"},
                    ]
                },
                "hold_type": {
                    "first": [
                        {"case": [{"when": {"schedule": 1}, "label": "SCHEDULED"}]},
                        {"label": "PERMANENT"},
                    ]
                },
                "heat_setpoint_c": {"case": [{"when": {"direct": 1}, "value": "request"}]},
                "needs": {
                    "set_permanent_hold": {"direct": 1},
                    "set_follow_schedule": {"schedule": [0, 1]},
                },
                "commands": {
                    "set_permanent_hold": [
                        _told("SetMainSchedule", 0, "schedule", {"schedule": 1}),
                        {
                            "topic": "commands/SetZ1HeatRequestTemperature",
                            "payload": "{c}",
                            "with": {
                                "c": {
                                    "from": "heat_setpoint_c",
                                    "range": [_LOWEST_C, _HIGHEST_C],
                                    "step": 1,
                                    "shown": "request",
                                }
                            },
                            "memory": "nvm",
                            "when": _HEAT,
                        },
                        _told("SetOperationMode", 4, "mode", _HEAT | _WITH_WATER),
                        _told("SetOperationMode", 0, "mode", _HEAT | _WITHOUT_WATER),
                        _told("SetHeatpump", 1, "on", _HEAT),
                        _told("SetOperationMode", 3, "mode", _OFF | _WITH_WATER),
                        _told("SetHeatpump", 0, "on", _OFF | _WITHOUT_WATER),
                    ],
                    "set_follow_schedule": [
                        _told("SetMainSchedule", 1, "schedule", {"schedule": [0, 1]}),
                    ],
                },
            }
        },
    }
)


class HeishaMonOptions(TopicOptions):
    """Where HeishaMon tells of the pump."""

    base: str = Field(
        default="panasonic_heat_pump",
        min_length=1,
        max_length=128,
        pattern=r"^[^+#\s]*[^+#\s/]$",
        description="HeishaMon's base topic",
    )


@asynccontextmanager
async def _open(options: HeishaMonOptions, links: Links) -> AsyncIterator[Driver]:
    async with by_topics(_MAP, options, links) as driver:
        yield driver


DRIVER = DriverInfo(
    vendor="Panasonic",
    models=("Aquarea H, J, K, L and M with a HeishaMon",),
    source=_MAP.source,
    options=HeishaMonOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=10.0,
    kinds=frozenset({AssetKind.HVAC}),
    controls=frozenset({Capability.SET_PERMANENT_HOLD, Capability.SET_FOLLOW_SCHEDULE}),
)
