"""Daikin air conditioners with a BRP069 adapter, by HTTP.

Facts from what owners have found (pydaikin's sample requests): an answer is `ret=OK,key=value,...`;
`mode` is 2 dry, 3 cool, 4 heat, 6 fan, else auto; temperatures in C. All of a setting has to be
sent at once, so what is not changed is read first. The adapter stores what it is told.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import quote, unquote, urlencode

from gatewayd.errors import BadReadingError, RefusedError
from gatewayd.links.http_device import DeviceHttp
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Identity
from gatewayd.model.climate import Bounds, HvacCategory, HvacMode, Thermostat
from gatewayd.model.reading import HvacReading, Reading
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.finding import HttpProbe, Likeness
from gatewayd.sdk.one_climate import HOLDING, HVAC, OneClimate
from gatewayd.sdk.options import HttpOptions

_MODES = {"0": "AUTO", "1": "AUTO", "7": "AUTO", "3": "COOL", "4": "HEAT"}
_NUMBERS = {HvacMode.COOL: "3", HvacMode.HEAT: "4"}
_THERMOSTAT = Thermostat(
    frozenset({HvacMode.OFF, *_NUMBERS}),
    heat_c=Bounds(10, 30),
    cool_c=Bounds(18, 32),
    category=HvacCategory.HEAT_PUMP,
    step_c=0.5,
)
_ABOUT = "/common/basic_info"
# A path and a form of its own.
_BITS = 38.0
_SENT = ("pow", "mode", "stemp", "shum", "f_rate", "f_dir")
_REPORTS = frozenset(
    {"temperature_c", "is_active", "mode", "hold_type", "heat_setpoint_c", "cool_setpoint_c"}
)

Told = Mapping[str, str]


class DaikinBrp069(OneClimate):
    """One air conditioner."""

    def __init__(self, link: DeviceHttp, *, read_only: bool) -> None:
        super().__init__("daikin", _THERMOSTAT, read_only=read_only)
        self._link = link

    async def identify(self) -> Identity:
        """Its name, and its MAC as its serial number."""
        told = await self._ask(_ABOUT)
        role = self.role(_REPORTS, HOLDING)
        return Identity("Daikin", _name(told), {HVAC: role}, told.get("mac"), _firmware(told))

    async def read(self) -> Mapping[str, Reading]:
        """What it is set to, and what it measures."""
        setting = await self._ask("/aircon/get_control_info")
        return {HVAC: _reading(setting, await self._ask("/aircon/get_sensor_info"))}

    async def hold(self, mode: HvacMode, setpoint_c: float | None) -> None:
        """Hold it at a temperature, or turn it off; what it is set to already is not sent."""
        changes = {"pow": "0"}
        if setpoint_c is not None:
            changes = {"pow": "1", "mode": _NUMBERS[mode], "stemp": f"{setpoint_c:.1f}"}
        setting = await self._ask("/aircon/get_control_info")
        if all(_same(setting.get(key, ""), text) for key, text in changes.items()):
            return
        self.spend()
        whole = {key: setting[key] for key in _SENT if key in setting} | changes
        await self._ask(f"/aircon/set_control_info?{urlencode(whole, quote_via=quote)}")

    async def _ask(self, path: str) -> Told:
        place = path.partition("?")[0]
        told = _pairs(await self._link.text(path))
        if "ret" not in told:
            raise BadReadingError(f"daikin: {place}: this is no answer of an adapter")
        if told["ret"] != "OK":
            raise RefusedError(f"daikin: {place}: {told['ret'][:32]}")
        return told


def _pairs(text: str) -> Told:
    return {key: value for key, _, value in (p.partition("=") for p in text.strip().split(","))}


def _name(about: Told) -> str:
    return unquote(about.get("name", "")) or "air conditioner"


def _firmware(about: Told) -> str | None:
    return about.get("ver", "").replace("_", ".") or None


def _same(actual: str, wanted: str) -> bool:
    return actual == wanted or (
        _degrees(actual) is not None and actual == wanted.removesuffix(".0")
    )


def _reading(setting: Told, sensors: Told) -> HvacReading:
    if setting.get("pow") not in ("0", "1"):
        raise BadReadingError("daikin: it does not say whether it is on")
    is_on = setting["pow"] == "1"
    mode = _MODES.get(setting.get("mode", ""), "UNKNOWN") if is_on else "OFF"
    wanted = _degrees(setting.get("stemp", ""))
    compressor = _degrees(sensors.get("cmpfreq", ""))
    return HvacReading(
        temperature_c=_degrees(sensors.get("htemp", "")),
        is_active=(is_on and compressor > 0) if compressor is not None else None,
        mode=mode,
        hold_type="PERMANENT",
        heat_setpoint_c=wanted if mode in ("HEAT", "AUTO") else None,
        cool_setpoint_c=wanted if mode in ("COOL", "AUTO") else None,
    )


def _degrees(text: str) -> float | None:
    """A number; None for `-` and `M`, which stand where there is none."""
    whole, _, part = text.removeprefix("-").partition(".")
    if not (whole.isascii() and whole.isdecimal() and len(whole) < 4):
        return None
    return float(text) if not part or (part.isascii() and part.isdecimal()) else None


def _judge(text: str) -> Likeness | None:
    told = _pairs(text)
    if told.get("ret") != "OK" or told.get("type") != "aircon" or "mac" not in told:
        return None
    return Likeness(_BITS, "Daikin", _name(told), told["mac"], _firmware(told))


@asynccontextmanager
async def _open(options: HttpOptions, links: Links) -> AsyncIterator[Driver]:
    yield DaikinBrp069(links.http.device(options), read_only=options.read_only)


DRIVER = DriverInfo(
    vendor="Daikin",
    models=("air conditioners with a BRP069A, BRP069B or BRP069C, firmware before 2.8",),
    source="what owners found: pydaikin's sample requests; Daikin publishes nothing",
    options=HttpOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=30.0,
    kinds=frozenset({AssetKind.HVAC}),
    controls=HOLDING,
    probes=(HttpProbe(_ABOUT, _judge),),
)
