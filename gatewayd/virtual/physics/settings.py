"""What the virtual home is built of."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PvString:
    """A row of modules. `azimuth_deg` is counted clockwise from north."""

    name: str
    peak_w: float
    tilt_deg: float
    azimuth_deg: float
    voltage_v: float


@dataclass(frozen=True, slots=True)
class BatterySpec:
    """`min_soc` is kept by the battery itself, whatever reserve it is told. SoC is 0 to 1."""

    capacity_wh: float = 10_200.0
    max_charge_w: float = 5_000.0
    max_discharge_w: float = 5_000.0
    efficiency: float = 0.97
    min_soc: float = 0.05
    nominal_v: float = 400.0
    start_soc: float = 0.55


@dataclass(frozen=True, slots=True)
class CarSpec:
    """`capacity_wh` is usable; `efficiency` is from the socket to the cells."""

    capacity_wh: float = 58_000.0
    efficiency: float = 0.92
    start_soc: float = 0.4
    limit: float = 0.8
    max_current_a: float = 16.0
    phases: int = 3


@dataclass(frozen=True, slots=True)
class HeatSpec:
    """What the house loses per degree and stores, and the heat that its heat pump gives."""

    loss_w_per_k: float = 160.0
    capacity_wh_per_k: float = 9_000.0
    heat_w: float = 8_000.0
    start_c: float = 21.3


@dataclass(frozen=True, slots=True)
class HomeSettings:
    """A house in Vienna with a roof facing south and west.

    `grid_ohm` is the impedance of the connection per phase, which makes the voltage sag with load.
    """

    seed: int = 1
    latitude: float = 48.21
    longitude: float = 16.37
    timezone: str = "Europe/Vienna"
    strings: tuple[PvString, ...] = (
        PvString("south", 5_600.0, 30.0, 180.0, 480.0),
        PvString("west", 4_000.0, 30.0, 265.0, 350.0),
    )
    inverter_w: float = 10_000.0
    inverter_efficiency: float = 0.965
    battery: BatterySpec = field(default_factory=BatterySpec)
    car: CarSpec = field(default_factory=CarSpec)
    heat: HeatSpec = field(default_factory=HeatSpec)
    charger_max_a: float = 32.0
    grid_ohm: float = 0.22
