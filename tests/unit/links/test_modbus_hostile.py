"""A hundred thousand transactions with a hostile device, and not one wrong value.

The faults are drawn with a fixed seed; a read either raises a `DeviceError` or is right. Every
register has its own value, and a spoilt answer carries others, so that any mix-up shows.
"""

import asyncio
import random
from collections import Counter

import pytest

from gatewayd.errors import DeviceError
from gatewayd.links.modbus import Endpoint, ModbusLinks, RtuOverTcpEndpoint, TcpEndpoint
from tests.fakes import jump_loop
from tests.fakes.modbus_server import Fault, ModbusServer, Request

# Five devices at once, twice: what takes the time is processor work, and the waiting overlaps.
DEVICES = 5
FAULTY_SHARE = 0.3
# Torn answers need a turn of the loop for each byte, so they are fewer.
FAULTS = [fault for fault in Fault if fault is not Fault.TORN] * 5 + [Fault.TORN]


def word(unit: int, function: int, address: int) -> int:
    return (unit * 7919 + function * 104729 + address * 31) & 0xFFFF


WORDS = {unit: tuple(word(unit, 3, address) for address in range(1010)) for unit in (1, 2)}


class Chance:
    """Draws a fault for each request, the same ones in every run."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.drawn: Counter[Fault | None] = Counter()

    def __call__(self, _request: Request) -> Fault | None:
        draw = self._random.random() / FAULTY_SHARE
        fault = FAULTS[int(draw * len(FAULTS))] if draw < 1 else None
        self.drawn[fault] += 1
        return fault


async def read_much(
    links: ModbusLinks, endpoint: Endpoint, seed: int, transactions: int
) -> tuple[int, int]:
    """How many of one device's answers were right, and how many wrong."""
    draw = random.Random(seed)
    right = wrong = 0
    async with (
        links.unit(endpoint, 1, read_only=True, timeout_s=1.0) as one,
        links.unit(endpoint, 2, read_only=True, timeout_s=1.0) as two,
    ):
        for _ in range(transactions):
            number, unit = draw.choice(((1, one), (2, two)))
            address, count = draw.randrange(1000), draw.choice((1, 2, 2, 10))
            try:
                values = await unit.read_holding(address, count)
            except DeviceError:
                continue
            is_right = values == WORDS[number][address : address + count]
            right, wrong = right + is_right, wrong + (not is_right)
    return right, wrong


async def one_device(seed: int, transactions: int) -> tuple[int, int, Counter[Fault | None]]:
    chance = Chance(seed)
    is_rtu = seed % 5 == 4
    server = ModbusServer(word, chance, is_rtu=is_rtu, has_tid=seed % 5 != 3, late_s=1.2)
    kind = RtuOverTcpEndpoint if is_rtu else TcpEndpoint
    async with server.on_loopback():
        right, wrong = await read_much(
            ModbusLinks(), kind("127.0.0.1", server.port), seed, transactions
        )
        server.requests.clear()
    return right, wrong, chance.drawn


async def all_devices(seeds: range, transactions: int) -> tuple[int, int, Counter[Fault | None]]:
    async with asyncio.TaskGroup() as tasks:
        devices = [tasks.create_task(one_device(seed, transactions)) for seed in seeds]
    results = [device.result() for device in devices]
    drawn = sum((result[2] for result in results), Counter())
    return sum(r[0] for r in results), sum(r[1] for r in results), drawn


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("seeds", "transactions"),
    [
        (range(DEVICES), 2_000),
        pytest.param(range(DEVICES, 4 * DEVICES), 10_000, marks=pytest.mark.nightly),
    ],
)
def test_no_fault_gives_a_wrong_value(seeds: range, transactions: int) -> None:
    right, wrong, drawn = jump_loop.run(all_devices(seeds, transactions))

    assert wrong == 0
    assert drawn.total() >= 0.99 * transactions * len(seeds)
    assert min(drawn[fault] for fault in Fault) > 0.001 * transactions * len(seeds)
    assert right > drawn[None] * 0.9
