"""The whole house at one moment, moved step by step.

What the devices have been told reaches the physics as `Orders` and `offered_a`; what the physics
does is read back from the fields of `House`. Each step obeys: grid + inverter = household + charger
on each phase, and what goes into the inverter comes out of it or is counted as a loss.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from gatewayd.virtual.physics import car, load, sky
from gatewayd.virtual.physics.battery import Battery
from gatewayd.virtual.physics.car import Car
from gatewayd.virtual.physics.heat import Warmth
from gatewayd.virtual.physics.noise import drift
from gatewayd.virtual.physics.settings import HomeSettings

PHASES = ("a", "b", "c")
NOMINAL_V = 230.0
PerPhase = tuple[float, float, float]
_NONE: PerPhase = (0.0, 0.0, 0.0)


@dataclass(slots=True)
class Orders:
    """What the inverter has been told to let happen.

    The battery may run anywhere between two powers (charging +): a forced charge is a window
    whose lower edge is above zero. An impossible window (lower above upper) means hold.
    """

    battery_least_w: float
    battery_most_w: float
    ac_limit_w: float
    reserve_soc: float = 0.1
    may_charge_from_grid: bool = False
    is_inverter_on: bool = True


@dataclass(slots=True)
class Counters:
    """Lifetime energies in Wh, which only grow. Lists run over phases, or over strings."""

    pv_wh: list[float]
    inverter_wh: float = 0.0
    conversion_loss_wh: float = 0.0
    import_wh: float = 0.0
    export_wh: float = 0.0
    phase_import_wh: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    phase_export_wh: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    load_wh: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    charger_wh: float = 0.0


class House:
    """Sun, loads, battery, car and grid. `at` (UTC) is the moment the fields describe."""

    def __init__(self, settings: HomeSettings, at: datetime) -> None:
        self.settings = settings
        self.zone = ZoneInfo(settings.timezone)
        self.at = at.astimezone(UTC)
        self.battery = Battery(settings.battery)
        self.car = Car(settings.car, settings.seed, held_until=self.at + car.HOLD)
        self.warmth = Warmth(settings.heat, settings.seed)
        self.orders = self._free_orders()
        self.offered_a = 0.0
        self.counters = Counters(pv_wh=[0.0] * len(settings.strings))
        self.cloud_factor: float | None = None
        self.extra_w: list[float] = [0.0, 0.0, 0.0]
        self.sun = sky.Sun(0.0, 0.0)
        self.transmittance = 1.0
        self.string_w: tuple[float, ...] = (0.0,) * len(settings.strings)
        self.is_curtailed = False
        self.inverter_w = 0.0
        self.load_w, self.charger_w, self.grid_w, self.grid_var = _NONE, _NONE, _NONE, _NONE
        self.voltage_v: PerPhase = (NOMINAL_V, NOMINAL_V, NOMINAL_V)
        self.frequency_hz = 50.0

    def _free_orders(self) -> Orders:
        battery = self.settings.battery
        return Orders(-battery.max_discharge_w, battery.max_charge_w, self.settings.inverter_w)

    @property
    def local(self) -> datetime:
        """What the home's clocks show."""
        return self.at.astimezone(self.zone)

    @property
    def pv_w(self) -> float:
        return sum(self.string_w)

    def jump(self, at: datetime) -> None:
        """Be at another time without living through what lies between."""
        self.at = at.astimezone(UTC)

    def step(self, dt_s: float) -> None:
        """Live for `dt_s` seconds; steady for any length, exact to the step."""
        before = self.local
        self.at += timedelta(seconds=dt_s)
        self.car.live(before, self.local)
        self._consume(dt_s)
        self._produce(dt_s)
        self._meet_the_grid()
        self._count(dt_s / 3600.0)

    def _consume(self, dt_s: float) -> None:
        household = load.household_w(self.settings.seed, self.local)
        self.warmth.step(self.local, dt_s)
        # The heat pump hangs on all three phases, behind the household's meter.
        heat_w = self.warmth.power_w / 3.0
        a, b, c = (w + extra + heat_w for w, extra in zip(household, self.extra_w, strict=True))
        self.load_w = (a, b, c)
        self.car.draw(self.offered_a, dt_s)
        va, vb, vc = self.voltage_v
        amps = self.car.current_a * car.POWER_FACTOR
        self.charger_w = (
            (va * amps, vb * amps, vc * amps) if self.car.phases == 3 else (va * amps, 0.0, 0.0)
        )
        self.car.store(sum(self.charger_w), dt_s)

    def _produce(self, dt_s: float) -> None:
        """Run strings, battery and inverter: the battery takes the surplus or fills the gap."""
        self._shine()
        efficiency = self.settings.inverter_efficiency
        need_w = sum(self.load_w) + sum(self.charger_w)
        # A real controller hunts a few watt around zero.
        hunt_w = 30.0 * (drift(self.at.timestamp() / 4.0, self.settings.seed, "hunt") - 0.5)
        wanted_w = self._within_orders(self.pv_w - need_w / efficiency + hunt_w)
        if self.orders.is_inverter_on:
            self.battery.step(wanted_w, self.orders.reserve_soc, dt_s)
        else:
            self.battery.power_w = 0.0
        self._curtail(self.orders.ac_limit_w / efficiency)
        dc_w = self.pv_w - self.battery.power_w
        self.inverter_w = dc_w * efficiency if dc_w > 0.0 else dc_w / efficiency

    def _shine(self) -> None:
        settings = self.settings
        self.sun = sky.sun_at(self.at, settings.latitude, settings.longitude)
        forced = self.cloud_factor
        self.transmittance = sky.weather(settings.seed, self.at) if forced is None else forced
        on = 1.0 if self.orders.is_inverter_on else 0.0
        self.string_w = tuple(
            on * sky.string_w(string, self.sun, self.transmittance) for string in settings.strings
        )

    def _within_orders(self, wanted_w: float) -> float:
        orders = self.orders
        least_w, most_w = orders.battery_least_w, orders.battery_most_w
        if least_w > most_w:
            return 0.0
        if not orders.may_charge_from_grid:
            most_w, least_w = min(most_w, self.pv_w), min(least_w, self.pv_w)
        least_w = max(least_w, -orders.ac_limit_w / self.settings.inverter_efficiency)
        return max(least_w, min(most_w, wanted_w))

    def _curtail(self, dc_limit_w: float) -> None:
        """Take the strings off their best point when the inverter may not pass it all on."""
        useful_w = max(0.0, dc_limit_w + self.battery.power_w)
        self.is_curtailed = self.pv_w > useful_w
        if self.is_curtailed:
            share = useful_w / self.pv_w
            self.string_w = tuple(watts * share for watts in self.string_w)

    def _meet_the_grid(self) -> None:
        """What the phases lack comes from the grid, and the voltage sags with it."""
        seconds = self.at.timestamp()
        seed = self.settings.seed
        watts, reactive, volts = [], [], []
        for i in range(3):
            watts.append(self.load_w[i] + self.charger_w[i] - self.inverter_w / 3.0)
            var = self.load_w[i] * load.VAR_PER_W + self.charger_w[i] * car.VAR_PER_W
            reactive.append(var)
            open_v = NOMINAL_V - 2.0 + 6.0 * drift(seconds / 300.0, seed, "volt", i)
            volts.append(open_v - self.settings.grid_ohm * watts[i] / NOMINAL_V)
        self.grid_w = (watts[0], watts[1], watts[2])
        self.grid_var = (reactive[0], reactive[1], reactive[2])
        self.voltage_v = (volts[0], volts[1], volts[2])
        self.frequency_hz = 49.97 + 0.06 * drift(seconds / 20.0, seed, "hertz")

    def _count(self, hours: float) -> None:
        counters = self.counters
        for i, watts in enumerate(self.string_w):
            counters.pv_wh[i] += watts * hours
        counters.inverter_wh += max(0.0, self.inverter_w) * hours
        lost_w = self.pv_w - self.battery.power_w - self.inverter_w
        counters.conversion_loss_wh += lost_w * hours
        # A balancing meter: the total counts the sum of the phases, so that one phase's import
        # and another's export cancel in it while the phase counters see both.
        grid_w = sum(self.grid_w)
        counters.import_wh += max(0.0, grid_w) * hours
        counters.export_wh += max(0.0, -grid_w) * hours
        for i in range(3):
            counters.phase_import_wh[i] += max(0.0, self.grid_w[i]) * hours
            counters.phase_export_wh[i] += max(0.0, -self.grid_w[i]) * hours
            counters.load_wh[i] += self.load_w[i] * hours
        counters.charger_wh += sum(self.charger_w) * hours
