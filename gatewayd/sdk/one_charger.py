"""What drivers have in common whose device is one charger."""

from gatewayd.errors import RefusedError, UnsupportedError
from gatewayd.model.asset import AssetKind, Capability, Role
from gatewayd.model.command import Command, SetMaxCurrent, StartCharging, StopCharging
from gatewayd.model.power import SetPhases

CHARGER = "charger"
# No car charges with less.
MIN_CURRENT_A = 6.0

# What such a charger can be told, and what one that also changes its phases can.
CHARGING = frozenset(
    {Capability.START_CHARGING, Capability.STOP_CHARGING, Capability.SET_MAX_CURRENT}
)
CHARGING_ON_PHASES = CHARGING | {Capability.SET_PHASES}


class OneCharger:
    """Tells the commands apart; a driver has a method for each that its device takes.

    `most_a` is the device's greatest current per phase. A current beyond it, or too low for a car,
    is refused. `wanted_a` is the current set last or seen, to start with: the lowest at first.
    """

    def __init__(self, *, read_only: bool = False) -> None:
        self.most_a = 32.0
        self.wanted_a = MIN_CURRENT_A
        self._read_only = read_only

    async def start(self) -> None:
        """Let the car charge."""
        raise UnsupportedError("this charger cannot be started")

    async def stop(self) -> None:
        """Stop the car charging."""
        raise UnsupportedError("this charger cannot be stopped")

    async def set_current(self, current_a: float) -> None:
        """Limit the current per phase."""
        raise UnsupportedError(f"this charger cannot be limited to {current_a:g} A")

    async def set_phases(self, phases: int) -> None:
        """Charge with one phase or three."""
        raise UnsupportedError(f"this charger cannot be told to use {phases} phases")

    async def apply(self, role: str, command: Command) -> None:
        """Send one command."""
        if role != CHARGER or self._read_only:
            raise UnsupportedError(f"{role}: there is nothing here that can be told")
        match command:
            case StartCharging():
                await self.start()
            case StopCharging():
                await self.stop()
            case SetMaxCurrent(current_a=current_a):
                self._refuse(current_a)
                await self.set_current(current_a)
                self.wanted_a = current_a
            case SetPhases(phases=phases):
                await self.set_phases(phases)
            case _:
                raise UnsupportedError(f"a charger has no command {type(command).__name__}")

    async def renew(self, role: str) -> None:
        """Feed the watchdog: most have none."""

    def watchdog_s(self, role: str) -> float | None:  # noqa: ARG002
        return None

    def role(self, reports: frozenset[str], *, has_phases: bool = False) -> Role:
        """What the charger tells and can be told."""
        return Role(
            AssetKind.CHARGER,
            capabilities=CHARGING_ON_PHASES if has_phases else CHARGING,
            reports=reports,
            min_current_a=MIN_CURRENT_A,
            max_current_a=self.most_a,
        )

    def see(self, current_a: float | None) -> None:
        """Keep a current that the device says it is set to, to start with it again."""
        if current_a is not None and current_a >= MIN_CURRENT_A:
            self.wanted_a = current_a

    def _refuse(self, current_a: float) -> None:
        if not MIN_CURRENT_A <= current_a <= self.most_a:
            raise RefusedError(
                f"{current_a:g} A is not between {MIN_CURRENT_A:g} and {self.most_a:g} A"
            )
