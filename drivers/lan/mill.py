"""Mill's heaters of the third generation, by HTTP.

Facts from Mill's own documentation of the local API: temperatures in C, the power in W.
`Control individually` keeps the temperature of the type `Normal`, `Weekly program` the heater's own
weeks. Local control has to be allowed in the app. The heater stores what it is told.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from drivers.lan._items import by_paths
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Capability
from gatewayd.sdk import document
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.finding import HttpProbe, Likeness
from gatewayd.sdk.maps.items import item_map
from gatewayd.sdk.options import HttpOptions

_LOWEST_C, _HIGHEST_C = 5, 35
_ALONE = "Control individually"
_ABOUT = "/status"
# A version and an address as no other has them at this path.
_BITS = 30.0


def _now(key: str, **more: object) -> dict[str, Any]:
    return {"get": "/control-status", "path": key, **more}


def _mode(name: str, **when: object) -> dict[str, Any]:
    """Choose a mode."""
    payload = f'{{"mode": "{name}"}}'
    return {"post": "/operation-mode", "payload": payload, "memory": "nvm", "when": when}


def _normal(shown: str | None, **when: object) -> dict[str, Any]:
    """Set the temperature that it keeps where it follows neither timers nor weeks."""
    degrees = {"from": "heat_setpoint_c", "range": [_LOWEST_C, _HIGHEST_C], "step": 0.5}
    return {
        "post": "/set-temperature",
        "payload": '{"type": "Normal", "value": {c}}',
        "with": {"c": degrees | ({"shown": shown} if shown else {})},
        "memory": "nvm",
        "when": {"hvac_mode": "HEAT"} | when,
    }


_MAP = item_map(
    {
        "vendor": "Mill",
        "models": ["heater gen. 3"],
        "source": "Mill International, Generation 3 REST API",
        "identity": {
            "model": {"get": _ABOUT, "path": "name", "text": True},
            "serial": {"get": _ABOUT, "path": "mac_address", "text": True},
            "firmware": {"get": _ABOUT, "path": "version", "text": True},
        },
        "points": {
            "wanted": _now("set_temperature", valid=[0, 99]),
            "is_told": _now(
                "operation_mode",
                enum={
                    _ALONE: "alone",
                    "Independent device": "timers",
                    "Weekly program": "weeks",
                    "Off": "off",
                    "OFF": "off",
                },
            ),
            "signal": _now("control_signal", valid=[0, 100]),
        },
        "assets": {
            "hvac": {
                "limits": {"confirm_timeout_s": 60},
                "thermostat": {
                    "modes": ["OFF", "HEAT"],
                    "heat_c": [_LOWEST_C, _HIGHEST_C],
                    "step_c": 0.5,
                    "category": "HEATING",
                },
                "power_w": _now("current_power", valid=[0, 5000]),
                "temperature_c": _now("ambient_temperature", valid=[-40, 80]),
                "is_active": {
                    "case": [
                        {"when": {"signal": {"min": 1}}, "label": True},
                        {"label": False},
                    ]
                },
                "mode": {"case": [{"when": {"is_told": "off"}, "label": "OFF"}, {"label": "HEAT"}]},
                "hold_type": {
                    "case": [
                        {"when": {"is_told": ["alone", "off"]}, "label": "PERMANENT"},
                        {"label": "SCHEDULED"},
                    ]
                },
                "heat_setpoint_c": "wanted",
                "commands": {
                    "set_permanent_hold": [
                        _normal("wanted", is_told="alone"),
                        _normal(None, is_told=["timers", "weeks", "off"]),
                        _mode(_ALONE, hvac_mode="HEAT", is_told=["timers", "weeks", "off"]),
                        _mode("Off", hvac_mode="OFF", is_told=["alone", "timers", "weeks"]),
                    ],
                    "set_follow_schedule": [
                        _mode("Weekly program", is_told=["alone", "timers", "off"]),
                    ],
                },
            }
        },
    }
)


class _About(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str = Field(min_length=1, max_length=64)
    version: str = Field(pattern=r"^0x[0-9A-Fa-f]{1,16}$")
    mac_address: str = Field(pattern=r"^([0-9A-Fa-f]{2}:?){6}$")


def _judge(text: str) -> Likeness | None:
    told = document.fitting(text, _About)
    if told is None:
        return None
    return Likeness(_BITS, "Mill", told.name, told.mac_address, told.version)


@asynccontextmanager
async def _open(options: HttpOptions, links: Links) -> AsyncIterator[Driver]:
    yield by_paths(_MAP, links.http.device(options), read_only=options.read_only)


DRIVER = DriverInfo(
    vendor="Mill",
    models=("panel, convection and oil heaters gen. 3",),
    source=_MAP.source,
    options=HttpOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=15.0,
    kinds=frozenset({AssetKind.HVAC}),
    controls=frozenset({Capability.SET_PERMANENT_HOLD, Capability.SET_FOLLOW_SCHEDULE}),
    probes=(HttpProbe(_ABOUT, _judge),),
)
