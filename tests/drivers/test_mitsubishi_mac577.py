"""Mitsubishi's air conditioners by a Wi-Fi adapter, which answers like the real one."""

import re
from base64 import b64decode, b64encode

import pytest
from aiohttp import web

from gatewayd.errors import BadReadingError, RefusedError
from gatewayd.links import cryptographer
from gatewayd.model.climate import HvacMode, PermanentHold
from gatewayd.model.command import is_confirmed
from gatewayd.model.reading import HvacReading
from tests.drivers.recorded import answering

KEY = b"unregistered\0\0\0\0"
VECTOR = bytes(range(16))
# Cooling at 24 C; 24 C in the room; 510 W now and 12.3 kWh so far.
COOLING = "fc62013010020000010b070000000083b046000000cf"
SENSORS = "fc620130100300000e00c0b0affe42000114a7000031"
ENERGY = "fc62013010060000000101fe007b0000420000000000"


def framed(text: str) -> str:
    """With its last byte made right."""
    frame = bytes.fromhex(text)[:-1]
    return frame.hex() + f"{-sum(frame[1:]) % 256:02x}"


# The same of a unit without half degrees.
WHOLE_DEGREES = framed("fc62013010020000010b070000000083004600000000")


class Adapter:
    """An adapter whose unit takes one change at a time."""

    def __init__(self, state: str = COOLING, *others: str, key: bytes = KEY) -> None:
        self.state = bytearray.fromhex(state)
        self.others = others or (SENSORS, framed(ENERGY))
        self.key = key
        self.heard: list[str] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        assert request.path == "/smart"
        told = self._open(await request.text())
        for frame in re.findall(r"<VALUE>([0-9a-f]+)</VALUE>", told):
            self._take(bytes.fromhex(frame))
        values = [f"<DATA><VALUE>{one}</VALUE></DATA>" for one in (self.state.hex(), *self.others)]
        plain = "<LSV><MAC>70:61:BE:00:00:01</MAC><SERIAL>2310001234</SERIAL><CONNECT>ON</CONNECT>"
        plain += f"<PROFILECODE><DATA><VALUE>{'c9' * 32}</VALUE></DATA></PROFILECODE>"
        whole = f"{plain}<CODE>{''.join(values)}</CODE></LSV>".encode()
        whole += bytes(-len(whole) % 16)
        hidden = VECTOR + cryptographer.aes_encrypted(self.key, VECTOR, whole)
        return web.Response(text=f"<?xml version='1.0'?><ESV>{b64encode(hidden).decode()}</ESV>")

    def _open(self, text: str) -> str:
        hidden = b64decode(text.partition("<ESV>")[2].partition("</ESV>")[0])
        told = cryptographer.aes_decrypted(self.key, hidden[:16], hidden[16:])
        return told.rstrip(b"\0").decode(errors="replace")

    def _take(self, frame: bytes) -> None:
        self.heard.append(frame.hex())
        assert len(frame) == 22
        assert sum(frame[1:]) % 256 == 0
        flag = frame[6]
        # Units that find two changes in one frame take the first.
        for bit, places in ((1, [(8, 8)]), (2, [(9, 9)]), (4, [(10, 10), (16, 19)])):
            if flag & bit:
                for here, there in places:
                    self.state[here] = frame[there]
                break
        self.state = bytearray.fromhex(framed(self.state.hex()))


async def read(adapter: Adapter) -> HvacReading:
    async with answering("mitsubishi_mac577", adapter.answer) as driver:
        reading = (await driver.read())["hvac"]
    assert isinstance(reading, HvacReading)
    return reading


async def test_it_tells_who_it_is_and_what_it_does() -> None:
    async with answering("mitsubishi_mac577", Adapter().answer) as driver:
        identity = await driver.identify()

    assert (identity.model, identity.serial) == ("MAC-577IF", "2310001234")
    assert identity.roles["hvac"].reports >= {"is_active", "power_w", "energy_wh"}
    assert await read(Adapter()) == HvacReading(
        power_w=510,
        energy_wh=12_300,
        temperature_c=24,
        is_active=True,
        mode="COOL",
        hold_type="PERMANENT",
        cool_setpoint_c=24,
    )


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("fc62013010020000000b070000000083b046000000d0", ("OFF", None, None)),
        ("fc620130100200000109090000000083ac28000000f1", ("HEAT", 22, None)),
        ("fc6201301002000001080b0000000083a846000000d6", ("AUTO", 20, 20)),
        ("fc62013010020000010a070000000083b032000000e4", ("UNKNOWN", None, None)),
        (framed("fc6201301002000001090900000000830028000000f1"), ("HEAT", 22, None)),
    ],
)
async def test_its_states(state: str, expected: tuple[object, ...]) -> None:
    reading = await read(Adapter(state, framed("fc6201301003" + "00" * 16)))

    assert (reading.mode, reading.heat_setpoint_c, reading.cool_setpoint_c) == expected
    assert (reading.temperature_c, reading.power_w, reading.is_active) == (None, None, None)


@pytest.mark.parametrize(
    ("state", "command", "flags"),
    [
        (COOLING, PermanentHold(HvacMode.HEAT, 21.5), [2, 4]),
        ("fc62013010020000000b070000000083b046000000d0", PermanentHold(HvacMode.HEAT, 24), [1, 2]),
        (COOLING, PermanentHold(HvacMode.COOL, None, 24), []),
        (COOLING, PermanentHold(HvacMode.OFF), [1]),
        (WHOLE_DEGREES, PermanentHold(HvacMode.COOL, None, 20), [4]),
    ],
)
async def test_each_change_is_told_by_itself_and_what_is_so_already_is_not(
    state: str, command: PermanentHold, flags: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.lan.mitsubishi_mac577._BETWEEN_CHANGES_S", 0.001)
    adapter = Adapter(state)
    async with answering("mitsubishi_mac577", adapter.answer) as driver:
        await driver.apply("hvac", command)
        assert is_confirmed(command, (await driver.read())["hvac"])
        with pytest.raises(RefusedError, match="is not between 16 and 31"):
            await driver.apply("hvac", PermanentHold(HvacMode.HEAT, 32))

    assert [bytes.fromhex(frame)[6] for frame in adapter.heard] == flags


async def test_a_change_keeps_the_rest_as_it_is() -> None:
    adapter = Adapter("fc62013010020000010b070003000083b046000000cc")
    async with answering("mitsubishi_mac577", adapter.answer) as driver:
        await driver.apply("hvac", PermanentHold(HvacMode.COOL, None, 25.5))

    assert adapter.heard == [framed("fc4101301001040201030600030000000000" + "03b341" + "00")]


async def test_an_adapter_with_another_key_says_so() -> None:
    adapter = Adapter(key=b"k" * 16)
    async with answering("mitsubishi_mac577", adapter.answer) as driver:
        with pytest.raises(BadReadingError, match="another key"):
            await driver.read()
    async with answering("mitsubishi_mac577", adapter.answer, key="k" * 16) as driver:
        assert await driver.read()


@pytest.mark.parametrize(
    "text",
    ["<html>login</html>", "", "<ESV></ESV>", "<ESV>AAAA</ESV>", "<ESV>A===</ESV>",
     "<ESV>\xff</ESV>", f"<ESV>{b64encode(bytes(47)).decode()}</ESV>",
     f"<ESV>{b64encode(bytes(64)).decode()}</ESV>", "<ESV>" + "A" * 70_000,
     f"<ESV>{' ' * 60_000}</ESV>", f"<ESV>{' ' * 60_000}"],
)  # fmt: skip
async def test_what_is_no_answer_gives_no_reading(text: str) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(text=text)

    async with answering("mitsubishi_mac577", answer) as driver:
        with pytest.raises(BadReadingError):
            await driver.read()


async def test_a_damaged_frame_is_none() -> None:
    with pytest.raises(BadReadingError, match="no state"):
        await read(Adapter(COOLING[:-2] + "00"))


def test_aes_is_that_of_the_standard() -> None:
    key = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
    plain = bytes.fromhex("6bc1bee22e409f96e93d7e117393172a")
    hidden = bytes.fromhex("7649abac8119b246cee98e9b12e9197d")

    assert cryptographer.aes_encrypted(key, VECTOR, plain) == hidden
    assert cryptographer.aes_decrypted(key, VECTOR, hidden) == plain
