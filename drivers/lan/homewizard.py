"""HomeWizard's P1 meter, kWh meters and energy sockets by their local HTTP API, version 1.

Facts from HomeWizard's own API documentation. The API is off until it is switched on in the app.
Powers are in W, import +, energies in kWh. Older firmwares of the P1 meter tell no sum of the
tariffs; a key that the device has no value for is missing or null.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from pydantic import ConfigDict

from drivers.lan._homewizard import METERS, Device, Measured
from gatewayd.links.http_device import DeviceHttp
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Identity
from gatewayd.model.reading import Reading
from gatewayd.sdk import document
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.finding import HttpProbe, Likeness, MdnsProbe
from gatewayd.sdk.options import HttpOptions
from gatewayd.sdk.read_only import ReadOnly, roles_of

_ROLE = "meter"
# Those that measure power.
_PRODUCTS = METERS | {"HWE-SKT"}
_BITS = 40.0


def _key(name: str) -> str:
    """What version 1 calls it."""
    energy = name.removeprefix("energy_")
    return f"active_{name}" if energy == name else f"total_power_{energy}"


class _Data(Measured):
    model_config = ConfigDict(alias_generator=_key)


class HomeWizard(ReadOnly):
    """One device."""

    def __init__(self, link: DeviceHttp) -> None:
        self._link = link

    async def identify(self) -> Identity:
        """Which device it is."""
        told = await self._link.get("/api", Device)
        return Identity(
            "HomeWizard",
            told.product_name or told.product_type,
            roles_of(await self.read()),
            serial=told.serial,
            firmware=told.firmware_version,
        )

    async def read(self) -> Mapping[str, Reading]:
        """What it measures now."""
        return {_ROLE: (await self._link.get("/api/v1/data", _Data)).meter()}


def _judge(text: str) -> Likeness | None:
    told = document.fitting(text, Device)
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
