"""The virtual home: physics, devices and their servers, kept moving.

The home may run faster than the machine, its devices' protocol timers (failsafe, reversion,
reboot) do not: the gateway that polls them lives in the machine's time.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from gatewayd.clock import Clock, SystemClock
from gatewayd.errors import InvalidError, NotFoundError
from gatewayd.virtual.clock import HomeClock, local_time
from gatewayd.virtual.devices.car import CarTelemetry
from gatewayd.virtual.devices.charger import KebaP30
from gatewayd.virtual.devices.device import Device, Fault
from gatewayd.virtual.devices.heat_pump import IsgWpm
from gatewayd.virtual.devices.image import RegisterImage
from gatewayd.virtual.devices.inverter import Gen24
from gatewayd.virtual.devices.meter import Sdm630
from gatewayd.virtual.groups import plain_group
from gatewayd.virtual.http import TelemetryServer
from gatewayd.virtual.modbus import ModbusServer
from gatewayd.virtual.physics.house import House
from gatewayd.virtual.physics.settings import HomeSettings
from gatewayd.virtual.roster import EVERYONE, Roster

REBOOT_S = 5.0
# Steps of the physics in home time, and pauses between bursts of them in machine time.
_SHORTEST_STEP_S, _LONGEST_STEP_S = 1.0, 10.0
_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 1.0
# After so many steps the servers get a turn, however far behind the home is.
_BURST = 400
_WARM_UP_S = 20


Server = ModbusServer | TelemetryServer


class VirtualHome:
    """A running home. `house` is the truth, `devices` what the network sees of it."""

    def __init__(self, house: House, home_clock: HomeClock, clock: Clock) -> None:
        self.house = house
        self.clock = home_clock
        self._wall = clock
        self.devices: dict[str, Device] = {}
        self.servers: dict[str, Server] = {}
        self._reboots: dict[str, float] = {}

    def attach(self, name: str, device: Device, server: Server) -> None:
        """Put a device into the home."""
        self.devices[name] = device
        self.servers[name] = server
        device.steer(self.house)
        device.show(self.house)

    def address(self, name: str) -> dict[str, str | int]:
        """What a gateway must be told to find a device."""
        return {**self.devices[name].told, **self.servers[name].address}

    async def run(self) -> None:
        """Live for ever."""
        while True:
            await self._end_reboots()
            is_behind = self.advance()
            await self._wall.sleep(0.0 if is_behind else self._pause_s())

    def advance(self) -> bool:
        """Catch up with the clock in whole steps; whether there is more to catch up.

        Steps lie on a grid that starts with the home, so that the same seed and start give the
        same run, however unevenly the machine lets us work.
        """
        for device in self.devices.values():
            device.steer(self.house)
        step_s, now = self._step_s(), self.clock.now()
        steps = int((now - self.house.at).total_seconds() / step_s)
        for _ in range(min(steps, _BURST)):
            self.house.step(step_s)
        for device in self.devices.values():
            device.show(self.house)
        return steps > _BURST

    def _step_s(self) -> float:
        return max(_SHORTEST_STEP_S, min(_LONGEST_STEP_S, self.clock.speed / 4.0))

    def _pause_s(self) -> float:
        """Until the next step is due, but neither spinning nor sleeping through a command."""
        due = self.house.at + timedelta(seconds=self._step_s())
        pause_s = (due - self.clock.now()).total_seconds() / self.clock.speed
        return max(_SHORTEST_PAUSE_S, min(_LONGEST_PAUSE_S, pause_s))

    def set_time(self, at: datetime) -> None:
        """Jump there; nothing is lived through in between but the last second."""
        self.clock.set(at)
        self.house.jump(at - timedelta(seconds=_SHORTEST_STEP_S))
        self.house.step(_SHORTEST_STEP_S)

    async def set_fault(self, name: str, kind: Fault, *, on: bool) -> None:
        """Begin or end a fault; it holds when this returns. A reboot ends by itself."""
        device = self._device(name)
        if kind is Fault.SIGN and not device.has_signed_power:
            raise InvalidError(
                f"{name} has no signed power register, so `sign` means nothing to it"
            )
        if on:
            device.faults.add(kind)
        else:
            device.faults.discard(kind)
        if kind is Fault.REBOOT:
            self._reboot(name, on=on)
        device.steer(self.house)
        device.show(self.house)
        await self.servers[name].follow_faults()

    def _device(self, name: str) -> Device:
        try:
            return self.devices[name]
        except KeyError:
            known = ", ".join(self.devices)
            raise NotFoundError(f"there is no device {name!r}; there are {known}") from None

    def _reboot(self, name: str, *, on: bool) -> None:
        if on:
            self._reboots.setdefault(name, self._wall.monotonic() + REBOOT_S)
        elif self._reboots.pop(name, None) is not None:
            self.devices[name].restart()

    async def _end_reboots(self) -> None:
        for name in [n for n, at_s in self._reboots.items() if at_s <= self._wall.monotonic()]:
            await self.set_fault(name, Fault.REBOOT, on=False)


@asynccontextmanager
async def virtual_home(
    *,
    seed: int = 1,
    clock: Clock | None = None,
    start: datetime | None = None,
    speed: float = 1.0,
    host: str = "127.0.0.1",
    ports: Mapping[str, int] | None = None,
    settings: HomeSettings | None = None,
    members: Roster = EVERYONE,
) -> AsyncIterator[VirtualHome]:
    """A home whose devices, the `members`, listen, by name on `ports`, else on any free port.

    It starts now, or at `start`, which means the home's local time when it has no offset. Raises
    ConfigError when a port is taken.
    """
    wall = clock or SystemClock()
    built = replace(settings or HomeSettings(), seed=seed)
    began = local_time(start or wall.now(), built.timezone)
    home = VirtualHome(_warm_house(built, began), HomeClock(wall, began, speed), wall)
    async with plain_group() as group:
        for name, device in _devices(wall, built, members).items():
            port = (ports or {}).get(name, 0)
            if isinstance(device, CarTelemetry):
                home.attach(name, device, TelemetryServer(device, wall, group, host, port))
            else:
                home.attach(name, device, ModbusServer(device, wall, group, host, port))
        living = group.create_task(home.run())
        try:
            for server in home.servers.values():
                await server.follow_faults()
            yield home
        finally:
            living.cancel()
            for server in home.servers.values():
                server.unplug()


def _devices(clock: Clock, settings: HomeSettings, members: Roster) -> dict[str, Device]:
    moving: dict[str, Callable[[], Device]] = {
        "inverter": lambda: Gen24(clock, settings),
        "meter": lambda: Sdm630(clock),
        "charger": lambda: KebaP30(clock, settings.charger_max_a),
        "heat_pump": lambda: IsgWpm(clock),
        "car": lambda: CarTelemetry(clock),
    }
    return {
        name: moving[name]() if image is None else RegisterImage.load(clock, image)
        for name, image in members.items()
    }


def _warm_house(settings: HomeSettings, at: datetime) -> House:
    """A house that has been running for a moment, so that nothing starts from zero."""
    house = House(settings, at - timedelta(seconds=_WARM_UP_S))
    for _ in range(_WARM_UP_S):
        house.step(1.0)
    return house
