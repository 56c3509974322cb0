"""Adax's Wi-Fi heaters of the second generation, by HTTPS in the home.

Facts from what owners have found (adax_local). `stat` answers `targTemp` and `currTemp` in
hundredths of a degree, `set_target` takes them; 0 is off. Each question tells the time. The token
is what the heater was given when it was set up by Bluetooth for local use, say by Home Assistant;
the maker's app then has it no more. The heater stores what it is told.
"""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from gatewayd.links.http_device import DeviceHttp
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Identity
from gatewayd.model.climate import Bounds, HvacCategory, HvacMode, Thermostat
from gatewayd.model.reading import HvacReading, Reading
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.one_climate import HOLDING, HVAC, OneClimate
from gatewayd.sdk.options import HttpOptions

_THERMOSTAT = Thermostat(
    frozenset({HvacMode.OFF, HvacMode.HEAT}),
    heat_c=Bounds(5, 35),
    category=HvacCategory.HEATING,
    step_c=1.0,
)
_REPORTS = frozenset({"temperature_c", "mode", "hold_type", "heat_setpoint_c"})


class AdaxOptions(HttpOptions):
    """Where the heater is. Its certificate is its own, so it is known by its fingerprint."""

    port: int = Field(default=443, ge=1, le=65535)
    tls: bool = Field(default=True, description="https; the heater has nothing else")
    timeout_s: float = Field(default=15.0, gt=0, le=60)
    token: SecretStr = Field(description="what the heater was given when it was set up")


class _Status(BaseModel):
    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, frozen=True)

    targTemp: Annotated[float, Field(ge=0, le=10_000)]  # noqa: N815 - Adax's names
    currTemp: Annotated[float, Field(ge=-10_000, le=10_000)] | None = None  # noqa: N815


class Adax(OneClimate):
    """One heater."""

    def __init__(self, link: DeviceHttp, *, read_only: bool) -> None:
        super().__init__("Adax", _THERMOSTAT, read_only=read_only)
        self._link = link

    async def identify(self) -> Identity:
        """The heater says nothing about itself."""
        await self._status()
        return Identity("Adax", "heater", {HVAC: self.role(_REPORTS, HOLDING)})

    async def read(self) -> Mapping[str, Reading]:
        """What it is set to, and how warm the room is."""
        told = await self._status()
        return {
            HVAC: HvacReading(
                temperature_c=None if told.currTemp is None else told.currTemp / 100,
                mode="HEAT" if told.targTemp else "OFF",
                hold_type="PERMANENT",
                heat_setpoint_c=told.targTemp / 100 if told.targTemp else None,
            )
        }

    async def hold(self, mode: HvacMode, setpoint_c: float | None) -> None:
        """Set the temperature, unless it is set already."""
        value = 0 if mode is HvacMode.OFF else round((setpoint_c or 0.0) * 100)
        if (await self._status()).targTemp != value:
            self.spend()
            await self._link.text(f"{_path('set_target')}&value={value}")

    async def _status(self) -> _Status:
        return await self._link.get(_path("stat"), _Status)


def _path(command: str) -> str:
    # Not a decision, so of no interest to tests: owners' programs all tell the heater the time.
    return f"/api?command={command}&time={int(time.time())}"


@asynccontextmanager
async def _open(options: AdaxOptions, links: Links) -> AsyncIterator[Driver]:
    login = {"Authorization": f"Basic {options.token.get_secret_value().strip()}"}
    yield Adax(links.http.device(options, headers=login), read_only=options.read_only)


DRIVER = DriverInfo(
    vendor="Adax",
    models=("Wi-Fi heaters set up for local use",),
    source="what owners found: adax_local; Adax publishes nothing",
    options=AdaxOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=30.0,
    kinds=frozenset({AssetKind.HVAC}),
    controls=HOLDING,
)
