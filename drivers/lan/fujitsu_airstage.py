"""Fujitsu's air conditioners by an Airstage WLAN adapter, UTY-TFSXW1, UTY-TFSXJ3 or built in.

Facts from what owners have found; Fujitsu publishes nothing. A question names the adapter by its
MAC in upper case, `device_id`; another's is refused with error 0002. Values are texts, 65535 or
nothing where there is none: `iu_set_tmp` in tenths of a degree, `iu_indoor_tmp` in hundredths plus
5000, `iu_op_mode` 0 auto, 1 cool, 2 dry, 3 fan, 4 heat. One value is set at a time, on before the
others. The adapter stores what it is told.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from gatewayd.errors import BadReadingError, RefusedError
from gatewayd.links.http_device import DeviceHttp
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Identity
from gatewayd.model.climate import Bounds, HvacCategory, HvacMode, Thermostat
from gatewayd.model.reading import HvacReading, Reading
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.one_climate import HOLDING, HVAC, OneClimate
from gatewayd.sdk.options import HttpOptions

_ON, _MODE, _TARGET = "iu_onoff", "iu_op_mode", "iu_set_tmp"
_ROOM, _MODEL = "iu_indoor_tmp", "iu_model"
_MODES = {0: "AUTO", 1: "COOL", 4: "HEAT"}
_NUMBERS = {HvacMode.COOL: 1, HvacMode.HEAT: 4}
_THERMOSTAT = Thermostat(
    frozenset({HvacMode.OFF, *_NUMBERS}),
    heat_c=Bounds(16, 30),
    cool_c=Bounds(18, 30),
    category=HvacCategory.HEAT_PUMP,
    step_c=0.5,
)
_NOTHING = {"", "65535"}
_REPORTS = frozenset({"temperature_c", "mode", "hold_type", "heat_setpoint_c", "cool_setpoint_c"})
_READ, _WRITE = "03", "02"


def _plain(mac: str) -> str:
    return mac.replace(":", "").upper()


class AirstageOptions(HttpOptions):
    """Where the adapter is, and its MAC."""

    device_id: Annotated[str, AfterValidator(_plain)] = Field(
        pattern=r"^([0-9A-Fa-f]{2}:?){6}$", description="the adapter's MAC address"
    )


class _Question(BaseModel):
    device_id: str
    device_sub_id: int = 0
    req_id: str = ""
    modified_by: str = ""
    set_level: str
    list: tuple[str, ...] | None = None
    value: Mapping[str, str] | None = None


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    result: str
    error: str = ""
    value: dict[str, str] = {}


class Airstage(OneClimate):
    """One air conditioner."""

    def __init__(self, link: DeviceHttp, device_id: str, *, read_only: bool) -> None:
        super().__init__("Airstage", _THERMOSTAT, read_only=read_only)
        self._link = link
        self._device_id = device_id

    async def identify(self) -> Identity:
        """Which model it is, where the adapter knows."""
        await self.read()
        # Not every adapter knows this: then it refuses the question.
        told = await self._exchange("/GetParam", _READ, names=(_MODEL,))
        name = told.value.get(_MODEL, "").strip()
        model = "Airstage" if name in _NOTHING else name
        return Identity("Fujitsu", model, {HVAC: self.role(_REPORTS, HOLDING)}, self._device_id)

    async def read(self) -> Mapping[str, Reading]:
        """What it is set to, and how warm the room is."""
        told = await self._values()
        is_on, mode = told.get(_ON), _MODES.get(int(told.get(_MODE, -1)), "UNKNOWN")
        if is_on not in (0, 1):
            raise BadReadingError("Airstage: it does not say whether it is on")
        mode = mode if is_on else "OFF"
        wanted = told[_TARGET] / 10 if _TARGET in told else None
        room = told.get(_ROOM)
        return {
            HVAC: HvacReading(
                temperature_c=None if room is None else (room - 5000) / 100,
                mode=mode,
                hold_type="PERMANENT",
                heat_setpoint_c=wanted if mode in ("HEAT", "AUTO") else None,
                cool_setpoint_c=wanted if mode in ("COOL", "AUTO") else None,
            )
        }

    async def hold(self, mode: HvacMode, setpoint_c: float | None) -> None:
        """Set what is not set so already."""
        wanted = {_ON: 0}
        if setpoint_c is not None:
            wanted = {_ON: 1, _MODE: _NUMBERS[mode], _TARGET: round(setpoint_c * 10)}
        told = await self._values()
        changes = {name: number for name, number in wanted.items() if told.get(name) != number}
        if changes:
            self.spend()
        for name, number in changes.items():
            answer = await self._exchange("/SetParam", _WRITE, {name: str(number)})
            _check(answer)

    async def _values(self) -> dict[str, float]:
        names = (_ON, _MODE, _TARGET, _ROOM)
        answer = await self._exchange("/GetParam", _READ, names=names)
        _check(answer)
        told = {name: answer.value.get(name, "") for name in names}
        found = {name: text for name, text in told.items() if text not in _NOTHING}
        wrong = [name for name, text in found.items() if not (text.isascii() and text.isdigit())]
        if wrong:
            raise BadReadingError(f"Airstage: {wrong[0]} should be a number")
        return {name: float(text[:9]) for name, text in found.items()}

    async def _exchange(
        self,
        path: str,
        level: str,
        value: Mapping[str, str] | None = None,
        names: tuple[str, ...] | None = None,
    ) -> _Answer:
        question = _Question(device_id=self._device_id, set_level=level, list=names, value=value)
        return await self._link.ask(path, question, _Answer)


def _check(answer: _Answer) -> None:
    if answer.result != "OK":
        raise RefusedError(f"Airstage: error {answer.error[:16]}; 0002 is another device_id")


@asynccontextmanager
async def _open(options: AirstageOptions, links: Links) -> AsyncIterator[Driver]:
    link = links.http.device(options)
    yield Airstage(link, options.device_id, read_only=options.read_only)


DRIVER = DriverInfo(
    vendor="Fujitsu",
    models=("air conditioners with an Airstage WLAN adapter UTY-TFSXW1, UTY-TFSXJ3",),
    source="what owners found: /GetParam and /SetParam; Fujitsu publishes nothing",
    options=AirstageOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=30.0,
    kinds=frozenset({AssetKind.HVAC}),
    brands=("Fujitsu", "Fujitsu General", "General"),
    controls=HOLDING,
)
