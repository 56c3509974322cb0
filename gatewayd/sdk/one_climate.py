"""What drivers have in common whose device is one heater or cooler."""

from gatewayd.errors import RefusedError, UnsupportedError
from gatewayd.model.asset import AssetKind, Capability, Role
from gatewayd.model.climate import FollowSchedule, HvacMode, PermanentHold, Thermostat
from gatewayd.model.command import Command
from gatewayd.sdk.wear import Wear

HVAC = "hvac"
HOLDING = frozenset({Capability.SET_PERMANENT_HOLD})
# Nobody says what such a device's memory bears.
_CHANGES_PER_DAY = 20


class OneClimate:
    """Tells the commands apart; a driver has `hold`, and `follow` where there is a schedule.

    What the thermostat cannot be held at is refused.
    """

    def __init__(self, name: str, thermostat: Thermostat, *, read_only: bool) -> None:
        self._name = name
        self._thermostat = thermostat
        self._read_only = read_only
        self.wear = Wear(_CHANGES_PER_DAY)

    async def hold(self, mode: HvacMode, setpoint_c: float | None) -> None:
        """Keep the device in a mode, at a setpoint unless it is OFF."""
        raise UnsupportedError(f"{self._name}: it is not held in {mode} at {setpoint_c}")

    async def follow(self) -> None:
        """Give the device back to its own schedule."""
        raise UnsupportedError(f"{self._name}: it has no schedule")

    def role(
        self, reports: frozenset[str], controls: frozenset[Capability], confirm_s: float = 60.0
    ) -> Role:
        """What the device tells and can be told."""
        return Role(
            AssetKind.HVAC,
            capabilities=frozenset() if self._read_only else controls,
            reports=reports,
            thermostat=self._thermostat,
            confirm_timeout_s=confirm_s,
        )

    async def apply(self, role: str, command: Command) -> None:
        """Hold the device, or let it follow its schedule."""
        if role == HVAC and not self._read_only:
            match command:
                case PermanentHold(mode=HvacMode.OFF) if HvacMode.OFF in self._thermostat.modes:
                    return await self.hold(HvacMode.OFF, None)
                case PermanentHold(mode=HvacMode.HEAT | HvacMode.COOL):
                    return await self.hold(command.mode, self._setpoint(command))
                case FollowSchedule():
                    return await self.follow()
        raise UnsupportedError(f"{self._name}: {role} is not told {type(command).__name__}")

    async def renew(self, role: str) -> None:
        """It has no watchdog."""

    def watchdog_s(self, role: str) -> float | None:  # noqa: ARG002
        return None

    def spend(self) -> None:
        """Count a change of what the device stores; RefusedError when there were too many."""
        if self.wear.is_spent(self._name):
            raise RefusedError(self.wear.words(self._name))
        self.wear.note(self._name)

    def _setpoint(self, command: PermanentHold) -> float:
        is_heat = command.mode is HvacMode.HEAT
        wanted = command.heat_setpoint_c if is_heat else command.cool_setpoint_c
        bounds = self._thermostat.heat_c if is_heat else self._thermostat.cool_c
        if command.mode not in self._thermostat.modes or wanted is None or bounds is None:
            raise UnsupportedError(f"{self._name}: it is not held in {command.mode}")
        if not bounds.hold(wanted):
            raise RefusedError(
                f"{self._name}: {wanted:g} C is not between {bounds.min:g} and {bounds.max:g}"
            )
        return self._thermostat.nearest_c(wanted)
