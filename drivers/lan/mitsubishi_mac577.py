"""Mitsubishi Electric's air conditioners by a Wi-Fi adapter MAC-577IF, MAC-568IF or MAC-587IF.

Facts from what owners have found (pymitsubishi, and SwiCago's protocol of the indoor unit's port);
Mitsubishi publishes nothing. /smart takes and gives XML that is encrypted with a key which is the
same everywhere, unless Mitsubishi's cloud changes it. In it are the indoor unit's frames of 22
bytes: from the sixth on what they tell, the last so that all but the first add up to 0. The unit
takes one change at a time, and stores it.
"""

import asyncio
import re
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from secrets import token_bytes

from pydantic import Field, SecretStr

from gatewayd.errors import BadReadingError
from gatewayd.links.http_device import DeviceHttp
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Identity
from gatewayd.model.climate import Bounds, HvacCategory, HvacMode, Thermostat
from gatewayd.model.reading import HvacReading, Reading
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.one_climate import HOLDING, HVAC, OneClimate
from gatewayd.sdk.options import HttpOptions

_PATH = "/smart"
_BLOCK = 16
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_FRAME = re.compile(r"<VALUE>(fc[0-9A-Fa-f]{42})</VALUE>", re.IGNORECASE)
_STATE, _SENSORS, _ENERGY = 2, 3, 6
# Where a state's parts stand in its frame, and in the frame that changes them.
_POWER, _MODE, _COARSE, _FAN, _VANE, _WIDE_VANE, _FINE = 8, 9, 10, 11, 12, 15, 16
_SET_WIDE_VANE, _SET_FINE = 18, 19
_CHANGES_POWER, _CHANGES_MODE, _CHANGES_SETPOINT = 1, 2, 4
# Ends each change: neither what it is nor whether it is needed is known.
_LAST = 0x41
_HEADER = bytes([0xFC, 0x41, 0x01, 0x30, 0x10, 0x01])
_MODES = {0: "AUTO", 1: "HEAT", 3: "COOL"}
_NUMBERS = {HvacMode.HEAT: 1, HvacMode.COOL: 3}
_THERMOSTAT = Thermostat(
    frozenset({HvacMode.OFF, *_NUMBERS}),
    heat_c=Bounds(16, 31),
    cool_c=Bounds(16, 31),
    category=HvacCategory.HEAT_PUMP,
    step_c=0.5,
)
_REPORTS = frozenset({"temperature_c", "mode", "hold_type", "heat_setpoint_c", "cool_setpoint_c"})
_BETWEEN_CHANGES_S = 1.0

Frames = Mapping[int, bytes]


class MitsubishiOptions(HttpOptions):
    """Where the adapter is."""

    timeout_s: float = Field(default=10.0, gt=0, le=60)
    key: SecretStr = Field(
        default=SecretStr("unregistered"),
        min_length=1,
        max_length=_BLOCK,
        description="the adapter's key, where the cloud has changed it",
    )


class MitsubishiMac577(OneClimate):
    """One indoor unit."""

    def __init__(self, link: DeviceHttp, key: bytes, *, read_only: bool) -> None:
        super().__init__("Mitsubishi", _THERMOSTAT, read_only=read_only)
        self._link = link
        self._key = key.ljust(_BLOCK, b"\0")

    async def identify(self) -> Identity:
        """The adapter's serial number, or its MAC."""
        told = await self._tell()
        reading = _reading(_frames(told))
        more = {"is_active", "power_w", "energy_wh"}
        measured = {name for name in more if getattr(reading, name) is not None}
        serial = _tag(told, "SERIAL") or _tag(told, "MAC")
        role = self.role(_REPORTS | measured, HOLDING)
        return Identity("Mitsubishi", "MAC-577IF", {HVAC: role}, serial)

    async def read(self) -> Mapping[str, Reading]:
        """What it is set to, and what it measures."""
        return {HVAC: _reading(_frames(await self._tell()))}

    async def hold(self, mode: HvacMode, setpoint_c: float | None) -> None:
        """Set what is not set so already, each by itself."""
        state = bytearray(_state(_frames(await self._tell())))
        wanted: list[tuple[int, dict[int, int]]] = [(_CHANGES_POWER, {_POWER: 0})]
        if setpoint_c is not None:
            degrees = {_COARSE: 31 - int(setpoint_c)}
            # Units that count in whole degrees tell none of the other.
            degrees |= {_FINE: int(setpoint_c * 2) + 0x80} if state[_FINE] else {}
            wanted = [
                (_CHANGES_POWER, {_POWER: 1}),
                (_CHANGES_MODE, {_MODE: _NUMBERS[mode]}),
                (_CHANGES_SETPOINT, degrees),
            ]
        changes = [one for one in wanted if not _has(state, one[1])]
        if changes:
            self.spend()
        for number, (flag, parts) in enumerate(changes):
            if number:
                await asyncio.sleep(_BETWEEN_CHANGES_S)
            for place, value in parts.items():
                state[place] = value
            await self._tell(f"<CODE><VALUE>{_change(flag, state).hex()}</VALUE></CODE>")

    async def _tell(self, more: str = "") -> str:
        """Tell the adapter something, or nothing; it answers all it knows."""
        from gatewayd.links import cryptographer

        plain = f"<CSV><CONNECT>ON</CONNECT>{more}</CSV>".encode()
        plain += bytes(-len(plain) % _BLOCK)
        vector = token_bytes(_BLOCK)
        hidden = b64encode(vector + cryptographer.aes_encrypted(self._key, vector, plain)).decode()
        body = f'<?xml version="1.0" encoding="UTF-8"?><ESV>{hidden}</ESV>'
        told = _hidden(await self._link.talk(_PATH, body))
        answer = cryptographer.aes_decrypted(self._key, told[:_BLOCK], told[_BLOCK:])
        return answer.rstrip(b"\0").decode(errors="replace")


def _hidden(text: str) -> bytes:
    """What is encrypted in an answer. BadReadingError."""
    found = re.search(r"<ESV>([^<]*)</ESV>", text)
    compact = "".join(found[1].split()) if found else ""
    is_base64 = len(compact) % 4 == 0 and _BASE64.fullmatch(compact)
    told = b64decode(compact) if is_base64 else b""
    if len(told) < 2 * _BLOCK or len(told) % _BLOCK:
        raise BadReadingError(f"{_PATH}: this is no answer of a MAC-577IF")
    return told


def _frames(told: str) -> Frames:
    """The whole frames, by what they tell."""
    found = [bytes.fromhex(text) for text in _FRAME.findall(told)]
    return {one[5]: one for one in found if one[2:5] == _HEADER[2:5] and sum(one[1:]) % 256 == 0}


def _state(frames: Frames) -> bytes:
    if _STATE not in frames:
        raise BadReadingError(f"{_PATH}: no state in the answer; has the adapter another key?")
    return frames[_STATE]


def _has(state: bytes | bytearray, parts: Mapping[int, int]) -> bool:
    """Whether a state is so; the sensor's bit beside the mode does not count."""
    shown = {_MODE: state[_MODE] & 7}
    return all(shown.get(place, state[place]) == value for place, value in parts.items())


def _change(flag: int, state: bytes | bytearray) -> bytes:
    """The frame that changes one thing."""
    frame = bytearray(22)
    frame[:6] = _HEADER
    # The second says that somebody else than the remote control speaks.
    frame[6], frame[7] = flag, 2
    frame[_POWER : _VANE + 1] = state[_POWER : _VANE + 1]
    frame[_MODE] = state[_MODE] & 7
    frame[_SET_WIDE_VANE] = state[_WIDE_VANE] & 0x0F
    frame[_SET_FINE], frame[20] = state[_FINE], _LAST
    frame[21] = -sum(frame[1:21]) % 256
    return bytes(frame)


def _reading(frames: Frames) -> HvacReading:
    state = _state(frames)
    mode = _MODES.get(state[_MODE] & 7, "UNKNOWN") if state[_POWER] else "OFF"
    wanted = (state[_FINE] - 0x80) / 2 if state[_FINE] else 31.0 - (state[_COARSE] & 0x0F)
    sensors, energy = frames.get(_SENSORS), frames.get(_ENERGY)
    # Where nothing was ever counted, nothing is measured.
    counted = int.from_bytes(energy[12:14], "big") if energy else 0
    return HvacReading(
        power_w=float(int.from_bytes(energy[10:12], "big")) if energy and counted else None,
        energy_wh=counted * 100.0 if counted else None,
        temperature_c=(sensors[11] - 0x80) / 2 if sensors and sensors[11] else None,
        is_active=bool(energy[9]) if energy else None,
        mode=mode,
        hold_type="PERMANENT",
        heat_setpoint_c=wanted if mode in ("HEAT", "AUTO") else None,
        cool_setpoint_c=wanted if mode in ("COOL", "AUTO") else None,
    )


def _tag(text: str, name: str) -> str | None:
    found = re.search(rf"<{name}>([^<>]{{1,64}})</{name}>", text)
    return found[1].strip() if found else None


@asynccontextmanager
async def _open(options: MitsubishiOptions, links: Links) -> AsyncIterator[Driver]:
    key = options.key.get_secret_value().strip().encode()
    yield MitsubishiMac577(links.http.device(options), key, read_only=options.read_only)


DRIVER = DriverInfo(
    vendor="Mitsubishi",
    models=("air conditioners with a Wi-Fi adapter MAC-577IF, MAC-568IF, MAC-587IF",),
    source="what owners found: pymitsubishi, SwiCago; Mitsubishi publishes nothing",
    options=MitsubishiOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
    poll_s=30.0,
    kinds=frozenset({AssetKind.HVAC}),
    brands=("Mitsubishi", "Mitsubishi Electric"),
    controls=HOLDING,
)
