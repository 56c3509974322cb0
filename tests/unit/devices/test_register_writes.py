"""Registers of a device that says late what was written to it."""

import pytest

from gatewayd.devices.register_writes import Writes
from gatewayd.sdk.maps.commands import Step
from gatewayd.sdk.registers import StepRun
from gatewayd.sdk.wear import Wear


class Late:
    """A unit that answers what its registers held at the start, as loggers that buffer do."""

    def __init__(self, word: int) -> None:
        self.word, self.written = word, list[int]()

    async def read_holding(self, _address: int, _count: int) -> tuple[int, ...]:
        return (self.word,)

    async def write_register(self, _address: int, value: int) -> None:
        self.written.append(value)


def run(value: int, mask: int | None = None) -> StepRun:
    return StepRun(
        Step(holding=1, type="u16", value=value, mask=mask), None, ((lambda _: value, None),)
    )


@pytest.mark.parametrize(("mask", "told"), [(None, [2, 0]), (0b10, [2, 0])])
@pytest.mark.parametrize("is_restored", [True, False])
async def test_what_was_written_last_is_in_force_whatever_the_device_says(
    mask: int | None, told: list[int], *, is_restored: bool
) -> None:
    unit = Late(0)
    writes = Writes({None: unit}, Wear(10))  # type: ignore[dict-item]
    await writes.write([run(2, mask)], [])
    if is_restored:
        await writes.restore([], [run(2, mask).step], [], {"1": 0})
    else:
        await writes.write([run(0, mask)], [])
        # By both it is so now.
        await writes.write([run(0, mask)], [])

    assert unit.written == told
