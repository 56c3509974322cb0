"""Finding out who answers at an address, without a way to write."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from gatewayd.devices import trust
from gatewayd.devices.linking.catalogue import CHARGE_POINT, Entry
from gatewayd.errors import DeviceError, UnreachableError
from gatewayd.links import lan
from gatewayd.links.pool import Links
from gatewayd.model.asset import Identity
from gatewayd.sdk.options import DeviceOptions

_PROBE_S = 15.0
_SEARCH_PROBE_S = 4.0
_FOUND_MAX = 20
_AT_ONCE = 4

Guard = Callable[[str, float], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class Found:
    """A device that answered a search."""

    host: str
    identity: Identity


class Probe:
    """Asks devices who they are. `guard` is the poller's, under which a driver's bug is safe;
    `neighbours` are the addresses a search goes through."""

    def __init__(
        self, links: Links, guard: Guard, neighbours: Callable[[], Sequence[str]] = lan.neighbours
    ) -> None:
        self._links = links
        self._guard = guard
        self._neighbours = neighbours

    async def identify(
        self, entry: Entry, options: DeviceOptions, limit_s: float = _PROBE_S
    ) -> Identity:
        """Who answers. Raises DeviceError; also for what is not in the local network."""
        await _check_local(options)
        careful = options.model_copy(update={"read_only": True})
        async with (
            self._guard(entry.driver, limit_s),
            entry.info.open(careful, self._links) as driver,
        ):
            return await driver.identify()

    async def prepared(self, entry: Entry, given: Mapping[str, str]) -> dict[str, str]:
        """What was typed, with what the device shows when it is met for the first time: its
        certificate, and secrets that it grants to who stands before it.

        Raises InvalidError and DeviceError, also for what is not in the local network.
        """
        options = entry.unpaired(given) if entry.info.pair else entry.options(given)
        await _check_local(options)
        found = await trust.met(entry.info.options, given)
        if entry.info.pair is None:
            return found
        options = entry.unpaired(found)
        async with self._guard(entry.driver, _PROBE_S):
            return found | dict(await entry.info.pair(options, self._links))

    async def search(self, entry: Entry, port: int) -> list[Found]:
        """The devices in the local network that a driver understands on a port."""
        hosts = await lan.answering(self._neighbours(), port)
        turns = asyncio.Semaphore(_AT_ONCE)

        async def ask(host: str) -> Found | None:
            async with turns:
                try:
                    options = entry.options({"host": host, "port": str(port)})
                    return Found(host, await self.identify(entry, options, _SEARCH_PROBE_S))
                except DeviceError:
                    return None

        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(ask(host)) for host in hosts[:_FOUND_MAX]]
        answers = [task.result() for task in asked]
        return [found for found in answers if found is not None]


async def _check_local(options: DeviceOptions) -> None:
    # Who calls us has no address here: what listens for him knows from where.
    if hasattr(options, CHARGE_POINT):
        return
    told = [getattr(options, name) for name in trust.hosts(type(options))]
    for host in [host for host in told if host] or [""]:
        if not await lan.is_local(str(host)):
            raise UnreachableError(f"{host} is not an address in the local network")
