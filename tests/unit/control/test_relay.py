"""The grid operator's relay limits the home, and so does its silence."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import MappingProxyType

import pytest

from gatewayd.control.governor.operator import GridOperator
from gatewayd.control.governor.relay import Relay
from gatewayd.devices.device import Poll
from gatewayd.errors import ConflictError, NotFoundError
from gatewayd.model.reading import ContactsReading
from gatewayd.plan.grid.operator import OperatorSettings
from gatewayd.plan.grid.relay import Contacts, RelaySettings
from tests.fakes.clock import FakeClock

RELAY = RelaySettings(
    "box",
    (Contacts(None, opened=frozenset({1})), Contacts(6900.0, closed=frozenset({1}))),
)
FREE, LIMITED, FAILSAFE = ("free", None), ("limited", 6900.0), ("failsafe", 4200.0)


class House:
    """An operator with one contact in a box, which is read once a second while `is_read`."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.operator = GridOperator(OperatorSettings(4200.0, is_wired=True), self.clock)
        self.contact: bool | None = False
        self.is_read = True
        self.number = 0

    def latest(self, device_id: str) -> Poll | None:
        assert device_id == "box"
        readings = {"contacts": ContactsReading((self.contact,))}
        made = Poll(self.number, MappingProxyType(readings), MappingProxyType({}))
        return made if self.number else None

    async def after(self, seconds: int) -> tuple[str, float | None]:
        for _ in range(seconds):
            self.number += self.is_read
            await self.clock.advance(1.0)
        told = self.operator.standing()
        assert told is not None
        return told.state.value, told.limit_w


@asynccontextmanager
async def house(settings: RelaySettings | None = RELAY) -> AsyncIterator[House]:
    one = House()
    relay = Relay(lambda: settings, one.operator, one.latest, one.clock)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(relay.run())
        yield one
        task.cancel()


async def test_a_contact_that_closes_limits_until_it_opens() -> None:
    async with house() as one:
        assert await one.after(2) == FREE
        one.contact = True
        assert await one.after(2) == LIMITED
        assert await one.after(300) == LIMITED
        one.contact = False
        assert await one.after(2) == FREE


async def test_before_it_is_read_and_after_it_was_the_failsafe_holds() -> None:
    async with house() as one:
        one.is_read = False
        assert await one.after(5) == ("init", 4200.0)
        one.is_read = True
        assert await one.after(2) == FREE
        one.is_read = False
        assert await one.after(118) == FREE
        assert await one.after(5) == FAILSAFE
        assert await one.after(7200) == FAILSAFE


async def test_what_is_read_again_counts_at_once_whatever_it_says() -> None:
    async with house() as one:
        for contact, state in ((False, FREE), (True, LIMITED)):
            one.contact, one.is_read = contact, True
            await one.after(2)
            one.is_read = False
            assert await one.after(130) == FAILSAFE
            one.is_read = True
            assert await one.after(2) == state


async def test_a_contact_of_which_nothing_is_known_is_silence_and_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with house() as one:
        await one.after(2)
        one.contact = None
        assert await one.after(125) == FAILSAFE

    assert caplog.text.count("box says None") == 1


async def test_nobody_else_speaks_for_a_relay() -> None:
    async with house() as one:
        with pytest.raises(ConflictError):
            one.operator.limit(None, None)
        with pytest.raises(ConflictError):
            one.operator.beat()
    with pytest.raises(NotFoundError):
        GridOperator(None, FakeClock()).beat()


async def test_without_a_relay_nothing_is_read() -> None:
    async with house(None) as one:
        assert await one.after(5) == ("init", 4200.0)
