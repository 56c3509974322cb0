"""Mutated frames for every parser of a protocol: no crash, no hang, no wrong value.

`python -m tests.fuzz.frames [--frames N] [--seed S]`. A parser may refuse a frame in its own way
and no other. What it accepts is reckoned again here, bit by bit: the frame has to be right in all
its checks, and the value the one that stands in it. Mutations that leave a frame right in spite of
its checksum, about one in 65,000, are counted as collisions: no parser can tell them.
"""

import asyncio
import random
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import click

from drivers.lan import goodwe_es
from gatewayd.errors import BadReadingError, DeviceError
from gatewayd.links import modbus_proxy, modbus_wire
from gatewayd.links.aa55 import Aa55Envelope
from gatewayd.links.data_adapter import DataAdapterEnvelope
from gatewayd.links.envelope import Envelope
from gatewayd.links.modbus_wire import Question, Wire
from gatewayd.links.solarman import SolarmanEnvelope
from gatewayd.sdk import p1, sml
from tests.drivers import test_goodwe_es as es_talk
from tests.fakes import data_adapter
from tests.fakes.data_adapter import answer
from tests.fakes.meter_talk import EMH, ISKRA, TELEGRAMS
from tests.fakes.solarman import HEARTBEAT, SERIAL, v5

UNIT, TID = 3, 0x1234
_PARAMS = modbus_wire.tcp("127.0.0.1", 502, 1.0)
_INTERESTING = (0, 1, 2, 3, 0x1A, 0x1B, 0x7F, 0x80, 0x83, 0xA5, 0xFE, 0xFF)


class WrongValueError(AssertionError):
    """A parser took a frame that is not right."""


@dataclass
class Found:
    """What came of the frames of one parser."""

    frames: int = 0
    accepted: int = 0
    collisions: int = 0


# Takes one mutated frame; whether it was accepted, or None for a collision.
Try = Callable[[bytes], bool | None]


def mutated(draw: random.Random, frames: list[bytes]) -> Iterator[bytes]:
    """Frames spoilt by up to four changes, without end."""
    while True:
        frame = bytearray(draw.choice(frames))
        for _ in range(draw.choice((1, 1, 1, 2, 3, 4))):
            _spoil(draw, frame, draw.choice(frames))
        yield bytes(frame)


def _spoil(draw: random.Random, frame: bytearray, other: bytes) -> None:
    if not frame:
        frame += other[: draw.randrange(len(other))]
        return
    at = draw.randrange(len(frame))
    match draw.randrange(8):
        case 0:
            frame[at] ^= 1 << draw.randrange(8)
        case 1:
            frame[at] = draw.choice(_INTERESTING)
        case 2:
            frame[at] = draw.randrange(256)
        case 3:
            frame.insert(at, draw.randrange(256))
        case 4:
            del frame[at : at + draw.choice((1, 1, 2, 4, 8))]
        case 5:
            del frame[at:]
        case 6:
            frame[at:at] = frame[at : at + draw.choice((1, 2, 4, 8))]
        case 7:
            frame[at:] = other[draw.randrange(len(other)) :]


def crc(data: bytes, polynomial: int, start: int) -> int:
    """A checksum reckoned bit by bit, lowest first."""
    told = start
    for byte in data:
        told ^= byte
        for _ in range(8):
            told = told >> 1 ^ (polynomial if told & 1 else 0)
    return told


class _Deaf(asyncio.Transport):
    """Takes what is written."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        pass

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        pass


QUESTIONS = (
    modbus_wire.ask_registers(3, 100, 4),
    modbus_wire.ask_registers(4, 0, 125),
    modbus_wire.ask_bits(1, 7, 19),
    modbus_wire.write_register(40, 7),
    modbus_wire.write_registers(40, (1, 2, 3)),
)


def answered(question: Question, data: bytes, *, is_tcp: bool, envelope: Envelope | None) -> bytes:
    """What a connection makes of these bytes in answer to a question; b"" while it waits on.

    Raises DeviceErrors.
    """
    wire = Wire(_PARAMS, (lambda sent, got: sent == got) if is_tcp else None, envelope)
    wire.connection_made(_Deaf())
    waiting = wire.exchange(question, UNIT, TID, 60.0)
    waiting.send(None)
    try:
        wire.data_received(data)
        if wire.is_active() and not _is_done(wire):
            return b""
        waiting.send(None)
    except StopIteration as end:
        return bytes(end.value)
    finally:
        waiting.close()
    return b""


def _is_done(wire: Wire) -> bool:
    return wire._answer is not None and wire._answer.done()


def _pdu(draw: random.Random, question: Question) -> bytes:
    """An answer that is right."""
    rest = question.answer_size - len(question.echo)
    return question.echo + draw.randbytes(rest)


def _fits(question: Question, pdu: bytes) -> bool:
    """Whether a PDU answers a question, as the standard has it."""
    if len(pdu) == 2 and pdu[0] == question.pdu[0] | 0x80:
        return True
    if question.is_write:
        return pdu == question.pdu[:5]
    size = pdu[1] if len(pdu) > 1 else -1
    return pdu[:1] == question.pdu[:1] and len(pdu) == 2 + size == question.answer_size


def _mbap(pdu: bytes) -> bytes:
    return (
        TID.to_bytes(2, "big") + b"\0\0" + (len(pdu) + 1).to_bytes(2, "big") + bytes((UNIT,)) + pdu
    )


def _rtu(pdu: bytes) -> bytes:
    body = bytes((UNIT,)) + pdu
    return body + crc(body, 0xA001, 0xFFFF).to_bytes(2, "little")


@dataclass(frozen=True)
class _Framing:
    """How an answer to a question is framed, and what else a gateway says by itself.

    `holds` tells whether bytes hold the frame of our answer, and nothing wrong before it.
    """

    framed: Callable[[Question, bytes], bytes]
    envelope: Callable[[], Envelope] | None = None
    notices: tuple[bytes, ...] = ()
    holds: Callable[[bytes, bytes], bool] = lambda data, right: data == right
    questions: tuple[Question, ...] = QUESTIONS
    is_tcp: bool = False


def _modbus(framing: _Framing, draw: random.Random) -> Try:
    """Answers to questions, framed so, among them what the device has said just before."""
    answers = {q: [framing.framed(q, _pdu(draw, q)) for _ in range(3)] for q in framing.questions}
    sources = {q: mutated(draw, [*found, *framing.notices]) for q, found in answers.items()}

    def attempt(_frame: bytes) -> bool | None:
        question = draw.choice(framing.questions)
        data = next(sources[question])
        envelope = framing.envelope() if framing.envelope else None
        try:
            pdu = answered(question, data, is_tcp=framing.is_tcp, envelope=envelope)
        except DeviceError:
            return False
        if not pdu:
            return False
        right = framing.framed(question, pdu)
        if not _fits(question, pdu) or not framing.holds(data, right):
            raise WrongValueError(f"{question.text}: {data.hex()} gave {pdu.hex()}")
        # Nothing in Modbus TCP guards the values themselves.
        is_told = framing.is_tcp or right in answers[question]
        return True if is_told else None

    return attempt


def _v5(_question: Question, pdu: bytes) -> bytes:
    return v5(0x1510, 0x3300 | TID & 0xFF, b"\x02\x01" + bytes(12) + _rtu(pdu))


def _adapted(question: Question, pdu: bytes) -> bytes:
    return answer(_rtu(pdu), bytes((UNIT,)) + question.pdu)


def _adapter_holds(data: bytes, right: bytes) -> bool:
    """Whether an adapter's frames hold our answer, whoever the inverter or the adapter is."""
    while len(data) >= 8:
        size = 6 + int.from_bytes(data[4:6], "big")
        frame, data = data[:size], data[size:]
        if frame[26:28] == right[26:28] and frame[38:42] == right[38:42] and frame[7] == 2:
            is_no = right[27] & 0x80
            return crc(frame[26:], 0xA001, 0xFFFF) == 0 and (
                bool(is_no) or frame[42:-2] == right[42:-2]
            )
    return False


def _stick_holds(data: bytes, right: bytes) -> bool:
    """Whether the bytes are frames of a stick, with this one as our answer."""
    while len(data) >= 13:
        size = 13 + int.from_bytes(data[1:3], "little")
        frame, data = data[:size], data[size:]
        _, length, control, sequence, logger = struct.unpack_from("<BHHHI", frame)
        if frame != v5(control, sequence, frame[11 : 11 + length], SERIAL) or logger != SERIAL:
            return False
        # Some sticks add two zero bytes.
        inside = (right[25:-2], right[25:-2] + b"\0\0")
        if control == 0x1510 and sequence & 0xFF == TID & 0xFF and frame[25:-2] in inside:
            return frame[11] == 2
    return False


def _parser(
    cut: Callable[[bytes], tuple[list[bytes], bytes]],
    parse: Callable[[bytes], object],
    is_right: Callable[[bytes], bool],
    frames: list[bytes],
) -> Try:
    read = {frame: parse(frame) for frame in frames}

    def attempt(data: bytes) -> bool | None:
        found, rest = cut(data)
        if len(rest) > 8 * 1024 or any(frame not in data for frame in found):
            raise WrongValueError(f"cut {data.hex()} into {found} and {rest!r}")
        result: bool | None = False
        for frame in found:
            try:
                told = parse(frame)
            except BadReadingError:
                continue
            if frame in read:
                if told != read[frame]:
                    raise WrongValueError(f"{frame.hex()} gave {told}")
                result = True
            elif is_right(frame):
                return None
            else:
                raise WrongValueError(f"{frame.hex()} gave {told}")
        return result

    return attempt


def _is_right_telegram(frame: bytes) -> bool:
    body, _, told = frame.rpartition(b"!")
    return told == b"%04X\r\n" % crc(body + b"!", 0xA001, 0)


def _whole(data: bytes) -> tuple[list[bytes], bytes]:
    return [data], b""


def _es_values(frame: bytes) -> object:
    values = goodwe_es.values(frame, goodwe_es.RUNNING)
    if values is None:
        raise BadReadingError("no answer")
    return values


def _is_right_sum(frame: bytes) -> bool:
    head = frame[:4] == b"\xaa\x55\x7f\xc0" and len(frame) == 9 + frame[6]
    return head and sum(frame[:-2]) == int.from_bytes(frame[-2:], "big")


def _is_right_file(frame: bytes) -> bool:
    return crc(frame[:-2], 0x8408, 0xFFFF) ^ 0xFFFF == int.from_bytes(frame[-2:], "little")


def _proxied(data: bytes) -> bool:
    """Requests to the proxy: what is passed on is what was asked, byte for byte."""
    try:
        requests, rest = modbus_proxy.parsed(data)
    except ValueError:
        return False
    if len(rest) > 260:
        raise WrongValueError(f"{len(rest)} bytes are kept of {data.hex()}")
    for request in requests:
        try:
            question = modbus_proxy.asked(request.pdu)
        except modbus_proxy.NotPassedOnError:
            continue
        if question.pdu != request.pdu:
            raise WrongValueError(f"{request.pdu.hex()} became {question.pdu.hex()}")
    return bool(requests)


def _requests() -> list[bytes]:
    return [_mbap(question.pdu) for question in QUESTIONS]


_FRAMINGS = {
    "modbus tcp": _Framing(lambda _, pdu: _mbap(pdu), is_tcp=True),
    "modbus rtu": _Framing(lambda _, pdu: _rtu(pdu)),
    "solarman": _Framing(_v5, lambda: SolarmanEnvelope(SERIAL), (HEARTBEAT,), _stick_holds),
    "aa55": _Framing(
        lambda _, pdu: b"\xaa\x55" + _rtu(pdu), Aa55Envelope, holds=lambda d, r: d.startswith(r)
    ),
    "data adapter": _Framing(
        _adapted,
        DataAdapterEnvelope,
        (data_adapter.HEARTBEAT, data_adapter.NOTHING),
        _adapter_holds,
        (
            modbus_wire.ask_registers(3, 100, 4),
            modbus_wire.ask_registers(4, 0, 60),
            modbus_wire.write_register(40, 7),
        ),
    ),
}


def _attempts(draw: random.Random) -> dict[str, tuple[Try, list[bytes]]]:
    meters = [EMH, ISKRA]
    es = [es_talk.running(), es_talk.running(at30=(1, 3), at80=(1, 2))]
    nothing = [b"\0"]
    return {
        **{name: (_modbus(framing, draw), nothing) for name, framing in _FRAMINGS.items()},
        "modbus proxy": (_proxied, _requests()),
        "p1": (_parser(p1.cut, p1.parse, _is_right_telegram, TELEGRAMS), TELEGRAMS),
        "goodwe es": (_parser(_whole, _es_values, _is_right_sum, es), es),
        "sml": (_parser(sml.cut, sml.parse, _is_right_file, meters), meters),
    }


PARSERS = tuple(_attempts(random.Random(0)))


async def fuzz(parser: str, frames: int, seed: int) -> Found:
    """So many mutated frames for one parser. Raises WrongValueError, or what the parser raised."""
    draw = random.Random(f"{parser} {seed}")
    attempt, originals = _attempts(draw)[parser]
    found, source = Found(), mutated(draw, originals)
    for _ in range(frames):
        result = attempt(next(source))
        found.frames += 1
        found.accepted += bool(result)
        found.collisions += result is None
    return found


@click.command()
@click.option("--frames", default=1_000_000, show_default=True, help="For each parser.")
@click.option("--seed", default=1, show_default=True, help="Another one gives other frames.")
def main(frames: int, seed: int) -> None:
    """Send mutated frames to every parser."""
    for parser in PARSERS:
        found = asyncio.run(fuzz(parser, frames, seed))
        click.echo(
            f"{parser:14} {found.frames:>9} frames, {found.accepted} right, "
            f"{found.collisions} collisions"
        )


if __name__ == "__main__":
    main()
