"""HomeWizard's P1 meter, kWh meters and energy sockets by their local HTTP API, version 1.

Facts from HomeWizard's own API documentation. The API is off until it is switched on in the app.
Powers are in W, import +, energies in kWh. Older firmwares of the P1 meter tell no sum of the
tariffs; a key that the device has no value for is missing or null.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from gatewayd.links.http_device import DeviceHttp
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Identity
from gatewayd.model.reading import MeterReading, Reading
from gatewayd.sdk import document
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.finding import HttpProbe, Likeness, MdnsProbe
from gatewayd.sdk.options import HttpOptions
from gatewayd.sdk.read_only import ReadOnly, roles_of

_ROLE = "meter"
_WH_PER_KWH = 1000
# Those that measure power.
_PRODUCTS = {"HWE-P1", "HWE-KWH1", "HWE-KWH3", "SDM230-wifi", "SDM630-wifi", "HWE-SKT"}
_BITS = 40.0

Amount = Annotated[float, Field(ge=0)]


class _Part(BaseModel):
    """An answer; other keys are those of other models and firmwares."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, frozen=True)


class _Device(_Part):
    product_type: str = Field(min_length=1, max_length=32)
    product_name: str | None = None
    serial: str = Field(min_length=1, max_length=32)
    firmware_version: str | None = None


class _Data(_Part):
    total_power_import_kwh: Amount | None = None
    total_power_import_t1_kwh: Amount | None = None
    total_power_import_t2_kwh: Amount | None = None
    total_power_import_t3_kwh: Amount | None = None
    total_power_import_t4_kwh: Amount | None = None
    total_power_export_kwh: Amount | None = None
    total_power_export_t1_kwh: Amount | None = None
    total_power_export_t2_kwh: Amount | None = None
    total_power_export_t3_kwh: Amount | None = None
    total_power_export_t4_kwh: Amount | None = None
    active_power_w: float | None = None
    active_power_l1_w: float | None = None
    active_power_l2_w: float | None = None
    active_power_l3_w: float | None = None
    active_voltage_v: Amount | None = None
    active_voltage_l1_v: Amount | None = None
    active_voltage_l2_v: Amount | None = None
    active_voltage_l3_v: Amount | None = None
    active_current_a: float | None = None
    active_current_l1_a: float | None = None
    active_current_l2_a: float | None = None
    active_current_l3_a: float | None = None
    active_frequency_hz: Amount | None = None
    active_power_factor: float | None = None
    active_reactive_power_var: float | None = None
    active_apparent_power_va: float | None = None

    def energy_wh(self, direction: str) -> float | None:
        """The sum, or that of the tariffs."""
        total = getattr(self, f"total_power_{direction}_kwh")
        each = [getattr(self, f"total_power_{direction}_t{n}_kwh") for n in range(1, 5)]
        known = [total] if total is not None else [kwh for kwh in each if kwh is not None]
        return sum(known) * _WH_PER_KWH if known else None

    def reading(self) -> MeterReading:
        """One phase tells its voltage and current without saying which phase it is."""
        is_single = self.active_voltage_l1_v is None and self.active_current_l1_a is None
        return MeterReading(
            power_w=self.active_power_w,
            import_wh=self.energy_wh("import"),
            export_wh=self.energy_wh("export"),
            frequency_hz=self.active_frequency_hz,
            power_factor=self.active_power_factor,
            reactive_power_var=self.active_reactive_power_var,
            apparent_power_va=self.active_apparent_power_va,
            voltage_a_v=self.active_voltage_v if is_single else self.active_voltage_l1_v,
            voltage_b_v=self.active_voltage_l2_v,
            voltage_c_v=self.active_voltage_l3_v,
            current_a_a=self.active_current_a if is_single else self.active_current_l1_a,
            current_b_a=self.active_current_l2_a,
            current_c_a=self.active_current_l3_a,
            power_a_w=self.active_power_l1_w,
            power_b_w=self.active_power_l2_w,
            power_c_w=self.active_power_l3_w,
        )


class HomeWizard(ReadOnly):
    """One device."""

    def __init__(self, link: DeviceHttp) -> None:
        self._link = link

    async def identify(self) -> Identity:
        """Which device it is."""
        told = await self._link.get("/api", _Device)
        return Identity(
            "HomeWizard",
            told.product_name or told.product_type,
            roles_of(await self.read()),
            serial=told.serial,
            firmware=told.firmware_version,
        )

    async def read(self) -> Mapping[str, Reading]:
        """What it measures now."""
        return {_ROLE: (await self._link.get("/api/v1/data", _Data)).reading()}


def _judge(text: str) -> Likeness | None:
    told = document.fitting(text, _Device)
    if told is None or told.product_type not in _PRODUCTS:
        return None
    name = told.product_name or told.product_type
    return Likeness(_BITS, "HomeWizard", name, told.serial, told.firmware_version)


def _judge_announced(_name: str, properties: Mapping[str, str]) -> Likeness | None:
    product = properties.get("product_type", "")
    if product not in _PRODUCTS or properties.get("api_enabled") != "1":
        return None
    name = properties.get("product_name", product)
    return Likeness(_BITS, "HomeWizard", name, properties.get("serial"))


@asynccontextmanager
async def _open(options: HttpOptions, links: Links) -> AsyncIterator[Driver]:
    yield HomeWizard(links.http.device(options))


DRIVER = DriverInfo(
    vendor="HomeWizard",
    models=("P1 meter", "kWh meter with one phase", "kWh meter with three phases", "energy socket"),
    source="HomeWizard, local API v1: /api and /api/v1/data",
    options=HttpOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=1.0,
    kinds=frozenset({AssetKind.METER}),
    probes=(HttpProbe("/api", _judge), MdnsProbe("_hwenergy._tcp", _judge_announced)),
)
