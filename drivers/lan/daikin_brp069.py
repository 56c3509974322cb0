"""Daikin air conditioners with a BRP069 adapter, by HTTP.

Facts from what owners have found (pydaikin's sample requests): an answer is `ret=OK,key=value,...`;
`mode` is 2 dry, 3 cool, 4 heat, 6 fan, else auto; temperatures in C. All of a setting has to be
sent at once, so what is not changed is read first. The adapter stores what it is told.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import quote, unquote, urlencode

from gatewayd.errors import BadReadingError, RefusedError, UnsupportedError
from gatewayd.links.http_device import DeviceHttp
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Capability, Identity, Role
from gatewayd.model.climate import Bounds, HvacCategory, HvacMode, PermanentHold, Thermostat
from gatewayd.model.command import Command
from gatewayd.model.reading import HvacReading, Reading
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.options import HttpOptions
from gatewayd.sdk.wear import Wear

_ROLE = "hvac"
_MODES = {"0": "AUTO", "1": "AUTO", "7": "AUTO", "3": "COOL", "4": "HEAT"}
_NUMBERS = {HvacMode.COOL: "3", HvacMode.HEAT: "4"}
_HEAT_C, _COOL_C = Bounds(10, 30), Bounds(18, 32)
_SENT = ("pow", "mode", "stemp", "shum", "f_rate", "f_dir")
_WRITES_PER_DAY = 20
_CAN = frozenset({Capability.SET_PERMANENT_HOLD})
_REPORTS = frozenset(
    {"temperature_c", "is_active", "mode", "hold_type", "heat_setpoint_c", "cool_setpoint_c"}
)

Told = Mapping[str, str]


class DaikinBrp069:
    """One air conditioner."""

    def __init__(self, link: DeviceHttp, *, read_only: bool) -> None:
        self._link = link
        self._read_only = read_only
        self._wear = Wear[str](_WRITES_PER_DAY)

    async def identify(self) -> Identity:
        """Its name, and its MAC as its serial number."""
        told = await self._ask("/common/basic_info")
        thermostat = Thermostat(
            frozenset({HvacMode.OFF, *_NUMBERS}), _HEAT_C, _COOL_C, category=HvacCategory.HEAT_PUMP
        )
        role = Role(
            AssetKind.HVAC,
            capabilities=frozenset() if self._read_only else _CAN,
            reports=_REPORTS,
            thermostat=thermostat,
        )
        name = unquote(told.get("name", "")) or "air conditioner"
        firmware = told.get("ver", "").replace("_", ".") or None
        return Identity("Daikin", name, {_ROLE: role}, serial=told.get("mac"), firmware=firmware)

    async def read(self) -> Mapping[str, Reading]:
        """What it is set to, and what it measures."""
        setting = await self._ask("/aircon/get_control_info")
        return {_ROLE: _reading(setting, await self._ask("/aircon/get_sensor_info"))}

    async def apply(self, role: str, command: Command) -> None:
        """Hold it at a temperature, or turn it off; what it is set to already is not sent."""
        if role != _ROLE or self._read_only or not isinstance(command, PermanentHold):
            raise UnsupportedError(f"{role} is not told {type(command).__name__}")
        changes = _changes(command)
        setting = await self._ask("/aircon/get_control_info")
        if all(_same(setting.get(key, ""), text) for key, text in changes.items()):
            return
        if self._wear.is_spent(_ROLE):
            raise RefusedError(f"daikin: {self._wear.words('control_info')}")
        whole = {key: setting[key] for key in _SENT if key in setting} | changes
        self._wear.note(_ROLE)
        await self._ask(f"/aircon/set_control_info?{urlencode(whole, quote_via=quote)}")

    async def renew(self, role: str) -> None:
        """It has no watchdog."""

    def watchdog_s(self, role: str) -> float | None:  # noqa: ARG002
        return None

    async def _ask(self, path: str) -> Told:
        place = path.partition("?")[0]
        pairs = [pair.partition("=") for pair in (await self._link.text(path)).strip().split(",")]
        told = {key: value for key, _, value in pairs}
        if "ret" not in told:
            raise BadReadingError(f"daikin: {place}: this is no answer of an adapter")
        if told["ret"] != "OK":
            raise RefusedError(f"daikin: {place}: {told['ret'][:32]}")
        return told


def _changes(command: PermanentHold) -> dict[str, str]:
    """What of the setting a command changes. RefusedError for what the device cannot keep."""
    if command.mode is HvacMode.OFF:
        return {"pow": "0"}
    is_heat = command.mode is HvacMode.HEAT
    wanted = command.heat_setpoint_c if is_heat else command.cool_setpoint_c
    bounds = _HEAT_C if is_heat else _COOL_C
    if command.mode not in _NUMBERS or wanted is None:
        raise UnsupportedError(f"daikin: it is not held in {command.mode}")
    if not bounds.hold(wanted):
        raise RefusedError(f"daikin: {wanted:g} C is not between {bounds.min:g} and {bounds.max:g}")
    half = int(wanted * 2 + 1e-6) / 2
    return {"pow": "1", "mode": _NUMBERS[command.mode], "stemp": f"{half:.1f}"}


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
    controls=_CAN,
)
