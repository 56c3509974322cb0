"""Shelly devices from the second generation on that measure: Pro 3EM, 3EM, EM, PM and plugs.

Facts from Shelly's own documentation of its RPC over HTTP: powers are in W, import +, energies in
Wh. `/shelly` tells without a login which device it is; all else wants the digest login `admin` once
a password is set. A device of three phases counts each of them on its own: what one imports while
another one exports is in both sums. PM1 and Switch count both directions in `aenergy`, and what is
exported once more in `ret_aenergy`.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from gatewayd.errors import RefusedError
from gatewayd.links.http import Login
from gatewayd.links.http_device import DeviceHttp, Digest
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Identity
from gatewayd.model.reading import MeterReading, Reading
from gatewayd.sdk import document
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.finding import HttpProbe, Likeness, MdnsProbe
from gatewayd.sdk.options import HttpOptions
from gatewayd.sdk.read_only import ReadOnly, roles_of

_ROLE = "meter"
_USER = "admin"
# A name of its own for the document, and a network address in it.
_BITS = 40.0

Amount = Annotated[float, Field(ge=0)]


class ShellyOptions(HttpOptions):
    """Where the device is; its password, if it has one, and which of its channels."""

    password: SecretStr | None = Field(default=None, description="the device's password")
    channel: int = Field(
        default=0, ge=0, le=7, description="which one, where each channel is a meter of its own"
    )


class _Part(BaseModel):
    """A piece of an answer; other keys are those of other models and firmwares."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, frozen=True)


class _Shelly(_Part):
    mac: str = Field(min_length=12, max_length=17)
    gen: int = 1
    app: str | None = None
    model: str | None = None
    ver: str | None = None

    @property
    def serial(self) -> str:
        return self.mac.replace(":", "").upper()


class _Parts(_Part):
    """`Shelly.GetStatus`: a key for each part, of which the first of a kind tells enough."""

    em: _Part | None = Field(default=None, alias="em:0")
    em1: _Part | None = Field(default=None, alias="em1:0")
    pm1: _Part | None = Field(default=None, alias="pm1:0")
    switch: _Part | None = Field(default=None, alias="switch:0")


class _Em(_Part):
    """Three phases."""

    total_act_power: float | None = None
    total_aprt_power: float | None = None
    a_act_power: float | None = None
    b_act_power: float | None = None
    c_act_power: float | None = None
    a_voltage: Amount | None = None
    b_voltage: Amount | None = None
    c_voltage: Amount | None = None
    a_current: Amount | None = None
    b_current: Amount | None = None
    c_current: Amount | None = None
    a_freq: Amount | None = None


class _EmData(_Part):
    total_act: Amount | None = None
    total_act_ret: Amount | None = None


class _Em1(_Part):
    """One of several circuits, or phases that are counted apart."""

    act_power: float | None = None
    aprt_power: float | None = None
    voltage: Amount | None = None
    current: Amount | None = None
    pf: float | None = None
    freq: Amount | None = None


class _Em1Data(_Part):
    total_act_energy: Amount | None = None
    total_act_ret_energy: Amount | None = None


class _Counter(_Part):
    total: Amount | None = None


class _Power(_Part):
    """A circuit with or without a switch; one that only consumes has no `ret_aenergy`."""

    apower: float | None = None
    aprtpower: float | None = None
    voltage: Amount | None = None
    current: Amount | None = None
    pf: float | None = None
    freq: Amount | None = None
    aenergy: _Counter = _Counter()
    ret_aenergy: _Counter = _Counter()

    @property
    def import_wh(self) -> float | None:
        """What is left of both directions without the other one."""
        if self.aenergy.total is None:
            return None
        return max(0.0, self.aenergy.total - (self.ret_aenergy.total or 0.0))


P = TypeVar("P", bound=_Part)


class Shelly(ReadOnly):
    """One device."""

    def __init__(self, plain: DeviceHttp, link: DeviceHttp, channel: int) -> None:
        """`plain` is asked without a login."""
        self._plain = plain
        self._link = link
        self._channel = channel
        self._measuring = ""

    async def identify(self) -> Identity:
        """Which device it is, and which of its parts measures. RefusedError when none does."""
        told = await self._plain.get("/shelly", _Shelly)
        if told.gen < 2:
            raise RefusedError("this Shelly is of the first generation: use driver shelly_gen1")
        self._measuring = _measuring(await self._link.get("/rpc/Shelly.GetStatus", _Parts))
        return Identity(
            "Shelly",
            told.app or told.model or "Shelly",
            roles_of(await self.read()),
            serial=told.serial,
            firmware=told.ver,
        )

    async def read(self) -> Mapping[str, Reading]:
        """What it measures now."""
        if not self._measuring:
            await self.identify()
        match self._measuring:
            case "em":
                return {_ROLE: await self._three_phases()}
            case "em1":
                return {_ROLE: await self._circuit()}
        return {_ROLE: _of_power(await self._ask(self._measuring, _Power))}

    async def _three_phases(self) -> MeterReading:
        now = await self._link.get("/rpc/EM.GetStatus?id=0", _Em)
        counted = await self._link.get("/rpc/EMData.GetStatus?id=0", _EmData)
        return MeterReading(
            power_w=now.total_act_power,
            import_wh=counted.total_act,
            export_wh=counted.total_act_ret,
            frequency_hz=now.a_freq,
            apparent_power_va=now.total_aprt_power,
            voltage_a_v=now.a_voltage,
            voltage_b_v=now.b_voltage,
            voltage_c_v=now.c_voltage,
            current_a_a=now.a_current,
            current_b_a=now.b_current,
            current_c_a=now.c_current,
            power_a_w=now.a_act_power,
            power_b_w=now.b_act_power,
            power_c_w=now.c_act_power,
        )

    async def _circuit(self) -> MeterReading:
        now = await self._ask("EM1", _Em1)
        counted = await self._ask("EM1Data", _Em1Data)
        return MeterReading(
            power_w=now.act_power,
            import_wh=counted.total_act_energy,
            export_wh=counted.total_act_ret_energy,
            frequency_hz=now.freq,
            power_factor=now.pf,
            apparent_power_va=now.aprt_power,
            voltage_a_v=now.voltage,
            current_a_a=now.current,
            power_a_w=now.act_power,
        )

    async def _ask(self, part: str, model: type[P]) -> P:
        return await self._link.get(f"/rpc/{part}.GetStatus?id={self._channel}", model)


def _measuring(told: _Parts) -> str:
    """What its part that measures is called in requests, the best first."""
    if told.em is not None:
        return "em"
    if told.em1 is not None:
        return "em1"
    if told.pm1 is not None:
        return "PM1"
    if told.switch is not None:
        return "Switch"
    raise RefusedError("this Shelly has nothing that measures")


def _of_power(now: _Power) -> MeterReading:
    return MeterReading(
        power_w=now.apower,
        import_wh=now.import_wh,
        export_wh=now.ret_aenergy.total,
        frequency_hz=now.freq,
        power_factor=now.pf,
        apparent_power_va=now.aprtpower,
        voltage_a_v=now.voltage,
        current_a_a=now.current,
        power_a_w=now.apower,
    )


def _judge(text: str) -> Likeness | None:
    told = document.fitting(text, _Shelly)
    if told is None or told.gen < 2 or told.app is None:
        return None
    return Likeness(_BITS, "Shelly", told.app, told.serial, told.ver)


def _judge_announced(name: str, properties: Mapping[str, str]) -> Likeness | None:
    """`shellypro3em-a0b1c2d3e4f5`, with what it is called in `app`."""
    _, _, mac = name.partition(".")[0].rpartition("-")
    if not properties.get("gen", "1") > "1" or "app" not in properties:
        return None
    return Likeness(_BITS, "Shelly", properties["app"], mac.upper() or None, properties.get("ver"))


@asynccontextmanager
async def _open(options: ShellyOptions, links: Links) -> AsyncIterator[Driver]:
    password = options.password
    login = None if password is None else Digest(Login(_USER, password.get_secret_value()))
    http = links.http
    yield Shelly(http.device(options), http.device(options, login), options.channel)


DRIVER = DriverInfo(
    vendor="Shelly",
    models=(
        "Pro 3EM",
        "3EM Gen3",
        "Pro EM-50",
        "EM Gen3",
        "Plus PM Mini",
        "PM Mini Gen3",
        "Pro 1PM to 4PM",
        "Plug S Gen2 and Gen3",
    ),
    source="Shelly, Gen2+ device API: EM, EMData, EM1, EM1Data, PM1 and Switch",
    options=ShellyOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=1.0,
    kinds=frozenset({AssetKind.METER}),
    probes=(HttpProbe("/shelly", _judge), MdnsProbe("_shelly._tcp", _judge_announced)),
)
