"""HomeWizard's P1 meter, kWh meters and plug-in battery by their local HTTPS API, version 2.

Facts from HomeWizard's own API documentation, up to API 2.3. A token is granted to whoever asks
within 30 s of a press of the device's button: a link page asks, and so does a POST of
`{"name": "local/gatewayd"}` to /api/user. Powers are in W, consuming +, energies in kWh; a key
that the device has no value for is missing. The batteries of a home are steered as one, by the
meter: `zero` keeps the meter at zero as far as `permissions` allow, `to_full` charges them all
whatever the home needs, then returns to `zero`, and `predictive` follows HomeWizard's cloud.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated

from pydantic import BaseModel, Field, SecretStr

from drivers.lan._battery import status
from drivers.lan._homewizard import METERS, Device, Measured, Part
from drivers.lan._homewizard_group import CONTROLS, Group
from gatewayd.errors import RefusedError, UnsupportedError
from gatewayd.links.http_device import DeviceHttp
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Capability, Identity, Role
from gatewayd.model.command import Command, SetOperationMode
from gatewayd.model.reading import BatteryReading, OperationMode, Reading
from gatewayd.sdk import document
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.finding import Likeness, MdnsProbe
from gatewayd.sdk.options import HttpOptions
from gatewayd.sdk.read_only import ReadOnly, roles_of
from gatewayd.sdk.wear import Wear

_BATTERY = "battery"
_BATTERIES = "/api/batteries"
_BATTERY_TYPE = "HWE-BAT"
_VERSION = {"X-Api-Version": "2"}
_IDLE_W = 20.0
_CHANGES_PER_DAY = 48
_BITS = 40.0
# The answer to who asks for a token before the button is pressed.
_NOT_PRESSED = 403


class HomeWizardV2Options(HttpOptions):
    """Where the device is. Its certificate is known by its fingerprint."""

    port: int = Field(default=443, ge=1, le=65535)
    tls: bool = Field(default=True, description="https; the device has nothing else")
    token: SecretStr = Field(
        description="left empty on a link page, it is asked for: press the device's button first"
    )
    meter_host: str | None = Field(
        default=None,
        min_length=1,
        description="of a battery: where the P1 or kWh meter is that steers it",
    )
    meter_token: SecretStr | None = Field(default=None, description="the meter's, as `token`")
    meter_fingerprint: str | None = Field(
        default=None, pattern=r"^([0-9A-Fa-f]{2}:?){32}$", description="the meter's"
    )

    @property
    def of_meter(self) -> HttpOptions | None:
        """Where the meter is."""
        if self.meter_host is None:
            return None
        return HttpOptions(
            host=self.meter_host,
            port=self.port,
            tls=self.tls,
            fingerprint=self.meter_fingerprint,
            timeout_s=self.timeout_s,
        )


class _Measured(Measured):
    state_of_charge_pct: Annotated[float, Field(ge=0, le=100)] | None = None

    def battery(self, group: Group) -> BatteryReading:
        """The battery itself, and what it is told together with the others."""
        return BatteryReading(
            power_w=self.power_w,
            soc_pct=self.state_of_charge_pct,
            status=status(self.power_w, _IDLE_W),
            operation_mode=group.operation_mode(),
            charged_wh=self.energy_wh("import"),
            discharged_wh=self.energy_wh("export"),
            is_held=group.is_held(),
            is_charge_held=group.is_charge_held(),
        )


class HomeWizardV2(ReadOnly):
    """A meter, or a battery with the meter that steers it, where that is known."""

    def __init__(self, link: DeviceHttp, meter: DeviceHttp | None, *, read_only: bool) -> None:
        self._link = link
        self._meter = meter
        self._read_only = read_only
        self._type = ""
        self.wear = Wear(_CHANGES_PER_DAY)

    async def identify(self) -> Identity:
        """Which device it is."""
        told = await self._device()
        roles = roles_of(await self.read())
        if _BATTERY in roles and self._meter is not None and not self._read_only:
            roles[_BATTERY] = Role(
                AssetKind.BATTERY,
                capabilities=(await self._group()).controls(),
                reports=roles[_BATTERY].reports,
                safe=Capability.SELF_RELIANCE,
            )
        name = told.product_name or told.product_type
        return Identity("HomeWizard", name, roles, told.serial, told.firmware_version)

    async def read(self) -> Mapping[str, Reading]:
        """What it measures now."""
        if not self._type:
            await self._device()
        measured = await self._link.get("/api/measurement", _Measured)
        if self._type == _BATTERY_TYPE:
            return {_BATTERY: measured.battery(await self._group())}
        return {"meter": measured.meter()}

    async def apply(self, role: str, command: Command) -> None:
        """Tell the meter how to steer all its batteries; what they are told already is not sent."""
        if role != _BATTERY or self._meter is None or self._read_only:
            raise UnsupportedError(f"{role}: there is nothing here that can be told")
        now = await self._group()
        wanted = now.told(command)
        if now.shows(wanted):
            return
        is_safe = command == SetOperationMode(OperationMode.SELF_RELIANCE)
        if self.wear.is_spent(_BATTERIES) and not is_safe:
            raise RefusedError(f"HomeWizard: {self.wear.words(_BATTERIES)}")
        self.wear.note(_BATTERIES)
        await self._meter.put(_BATTERIES, wanted)

    async def _device(self) -> Device:
        told = await self._link.get("/api", Device)
        self._type = told.product_type
        if self._type != _BATTERY_TYPE and self._type not in METERS:
            raise RefusedError(f"HomeWizard: a {self._type} is neither a meter nor a battery")
        return told

    async def _group(self) -> Group:
        return Group() if self._meter is None else await self._meter.get(_BATTERIES, Group)


class _Name(BaseModel):
    name: str = "local/gatewayd"


class _Granted(Part):
    token: str = Field(min_length=1, max_length=256, pattern=r"^[\x21-\x7e]+$")


async def _granted(options: HttpOptions, links: Links) -> str:
    """A token; RefusedError until the device's button is pressed."""
    link = links.http.device(options, headers=_VERSION)
    answer = await link.exchange("POST", "/api/user", _Name())
    if answer.status == _NOT_PRESSED:
        raise RefusedError(
            f"press the button of the HomeWizard at {options.host}, then connect again within 30 s"
        )
    if not answer.is_success:
        raise RefusedError(f"HomeWizard: {options.host} gives no token: status {answer.status}")
    return document.read(answer.body, _Granted, options.host).token


async def _pair(options: HomeWizardV2Options, links: Links) -> Mapping[str, str]:
    """The tokens that are missing."""
    granted = {}
    if not options.token.get_secret_value():
        granted["token"] = await _granted(options, links)
    if options.of_meter is not None and options.meter_token is None:
        granted["meter_token"] = await _granted(options.of_meter, links)
    return granted


def _judge_announced(_name: str, properties: Mapping[str, str]) -> Likeness | None:
    product = properties.get("product_type", "")
    if product not in METERS | {_BATTERY_TYPE}:
        return None
    name = properties.get("product_name", product)
    return Likeness(_BITS, "HomeWizard", name, properties.get("serial"))


def _headers(token: SecretStr | None) -> Mapping[str, str]:
    return _VERSION | {"Authorization": f"Bearer {token.get_secret_value() if token else ''}"}


@asynccontextmanager
async def _open(options: HomeWizardV2Options, links: Links) -> AsyncIterator[Driver]:
    link = links.http.device(options, headers=_headers(options.token))
    place = options.of_meter
    meter = None
    if place is not None:
        meter = links.http.device(place, headers=_headers(options.meter_token))
    yield HomeWizardV2(link, meter, read_only=options.read_only)


DRIVER = DriverInfo(
    vendor="HomeWizard",
    models=("P1 meter", "kWh meters with one and three phases", "plug-in battery; API version 2"),
    source="HomeWizard, local API v2: /api, /api/measurement, /api/batteries, /api/user",
    options=HomeWizardV2Options,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=1.0,
    kinds=frozenset({AssetKind.METER, AssetKind.BATTERY}),
    controls=CONTROLS,
    probes=(MdnsProbe("_homewizard._tcp", _judge_announced),),
    pair=_pair,
    yields_to=("homewizard",),
)
