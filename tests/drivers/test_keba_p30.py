"""The KEBA charger beyond the contract: states, failsafe, and what may be written."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gatewayd.devices.registry import Registry
from gatewayd.errors import RefusedError
from gatewayd.model.command import SetMaxCurrent, StartCharging, StopCharging
from gatewayd.model.reading import ChargerReading, PowerDelivery
from tests.drivers.images import FOLDER, Bench, Fixture, bench
from tests.fakes.jump_loop import jumping

IMAGE = Fixture(FOLDER / "keba_p30.yaml")
REGISTRY = Registry()


@asynccontextmanager
async def charger(**low_words: int) -> AsyncIterator[Bench]:
    """The image with the low words of some registers changed, named `r1000`."""
    async with bench(IMAGE, REGISTRY) as on:
        for name, word in low_words.items():
            on.server.store(255, int(name[1:]) + 1, word)
        await on.driver.identify()
        yield on


@pytest.mark.parametrize(
    ("state", "cable", "delivery"),
    [
        (0, 0, PowerDelivery.UNPLUGGED),
        (1, 1, PowerDelivery.UNPLUGGED),
        (1, 3, PowerDelivery.UNPLUGGED),
        (0, 5, PowerDelivery.INITIALIZING),
        (1, 5, PowerDelivery.STOPPED),
        (2, 7, PowerDelivery.STOPPED),
        (3, 7, PowerDelivery.CHARGING),
        (5, 7, PowerDelivery.STOPPED),
        (4, 0, PowerDelivery.FAULT),
        (4, 7, PowerDelivery.FAULT),
        (6, 7, PowerDelivery.UNKNOWN),
    ],
)
@jumping
async def test_state_and_cable_together_tell_what_the_car_gets(
    state: int, cable: int, delivery: PowerDelivery
) -> None:
    async with charger(r1000=state, r1004=cable) as on:
        reading = (await on.driver.read())["charger"]

    assert isinstance(reading, ChargerReading)
    assert reading.power_delivery is delivery


@jumping
async def test_each_value_is_read_on_its_own() -> None:
    async with charger() as on:
        await on.driver.read()

    assert {request.count for request in on.server.requests} == {2}
    assert {request.unit for request in on.server.requests} == {255}


@jumping
async def test_no_more_than_the_hardware_bears_is_written() -> None:
    async with charger(r1110=20000) as on:
        role = (await on.driver.identify()).roles["charger"]
        with pytest.raises(RefusedError, match="not between 6 and 20"):
            await on.driver.apply("charger", SetMaxCurrent(21))

    assert (role.min_current_a, role.max_current_a) == (6, 20)
    assert on.server.writes == []


@jumping
async def test_a_hardware_current_of_nothing_is_not_known() -> None:
    async with charger(r1110=0) as on:
        assert (await on.driver.identify()).roles["charger"].max_current_a is None


@jumping
async def test_the_hardware_current_is_asked_for_again_when_identified() -> None:
    async with charger() as on:
        on.server.store(255, 1111, 10000)
        assert (await on.driver.identify()).roles["charger"].max_current_a == 10


@jumping
async def test_after_a_failsafe_a_start_says_current_and_enable_again() -> None:
    async with charger() as on:
        await on.driver.apply("charger", SetMaxCurrent(12))
        # The failsafe has tripped: no current, and disabled.
        on.server.store(255, 1101, 0)
        on.server.store(255, 1001, 5)
        await on.driver.read()
        await on.driver.apply("charger", StartCharging())

    assert on.server.writes == [(5004, (12000,)), (5004, (12000,)), (5014, (1,))]


@jumping
async def test_a_start_without_a_current_to_go_by_enables_only() -> None:
    async with charger(r1100=0) as on:
        await on.driver.apply("charger", StartCharging())

    assert on.server.writes == [(5014, (1,))]


@jumping
async def test_a_stop_and_a_start_are_written_every_time() -> None:
    async with charger() as on:
        await on.driver.apply("charger", StopCharging())
        await on.driver.apply("charger", StopCharging())

    assert on.server.writes == [(5014, (0,))] * 2


@pytest.mark.parametrize(("timeout_s", "fed"), [(60, [(5018, (60,))]), (0, [])])
@jumping
async def test_its_failsafe_is_fed_with_its_own_timeout(
    timeout_s: int, fed: list[tuple[int, tuple[int, ...]]]
) -> None:
    async with charger(r1602=timeout_s) as on:
        assert on.driver.watchdog_s("charger") == (timeout_s or None)
        await on.driver.renew("charger")

    assert on.server.writes == fed


@jumping
async def test_something_else_at_unit_255_is_not_taken_for_it() -> None:
    async with bench(IMAGE, REGISTRY) as on:
        on.server.store(255, 1016, 0)
        with pytest.raises(RefusedError, match="KEBA"):
            await on.driver.identify()
