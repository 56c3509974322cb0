"""What each SunSpec model of the virtual inverter says, as a function of the house.

Model 160 lists the PV strings, then the battery twice, as a charging and as a discharging input,
as a Fronius GEN24 does. Model 203 is the grid meter, import +. Model 103 is the AC side, which
includes the battery and is negative while it charges from the grid.
"""

import math
from collections.abc import Mapping, Sequence

from gatewayd.virtual.devices.sunspec import Value
from gatewayd.virtual.physics.house import PHASES, House
from gatewayd.virtual.physics.settings import HomeSettings

_ROOT3 = math.sqrt(3.0)
# What the counters held when the virtual home was built.
_START_STRING_WH = (9_180_300.0, 6_305_200.0)
_START_AC_WH = 14_402_900.0
_START_CHARGED_WH = 3_180_700.0
_START_DISCHARGED_WH = 2_993_400.0
_START_IMPORT_WH = 4_410_200.0
_START_EXPORT_WH = 8_955_600.0
# Below this a power is noise to the device, and it calls itself idle.
_IDLE_W = 20.0

_OFF, _SLEEPING, _MPPT, _THROTTLED = 1, 2, 4, 5
_BATTERY_EMPTY, _BATTERY_DISCHARGING, _BATTERY_CHARGING = 2, 3, 4
_BATTERY_FULL, _BATTERY_HOLDING = 5, 6
_PV_AND_STORAGE = 82

Model = Mapping[str, Value]


def _scales(**powers: int) -> Model:
    """The powers of ten of a model, by the name of what they scale."""
    return {f"{name}_SF": power for name, power in powers.items()}


_OUTPUT = _scales(A=-2, V=-1, W=0, Hz=-2, VA=0, VAr=0, PF=-1, WH=0, DCW=0, Tmp=-1)
_NAMEPLATE = _scales(
    WRtg=1, VARtg=1, VArRtg=1, ARtg=-1, PFRtg=-2, WHRtg=0, AhrRtg=-1, MaxChaRte=0, MaxDisChaRte=0
)
_BASIC = _scales(WMax=1, VRef=0, VRefOfs=0, VAMax=1)
CONTROLS = _scales(WMaxLimPct=-2, OutPFSet=-3, VArPct=0)
_STORAGE = _scales(
    WChaMax=0, WChaDisChaGra=0, MinRsvPct=-2, ChaState=-2, StorAval=-1, InBatV=-1, InOutWRte=-2
)
_INPUTS = _scales(DCA=-2, DCV=-1, DCW=-1, DCWH=0)
_GRID = _scales(A=-2, V=-1, Hz=-2, W=0, VA=0, VAR=0, PF=-1, TotWh=0)


def common() -> Model:
    """Model 1: who this is."""
    return {
        "Mn": "Fronius",
        "Md": "Symo GEN24 10.0 Plus",
        "Opt": "virtual",
        "Vr": "1.34.6-1",
        "SN": "34190001",
        "DA": 1,
    }


def output(house: House, sign: float) -> Model:
    """Model 103: the AC side."""
    watts = house.inverter_w
    amps = [abs(watts) / 3.0 / volts for volts in house.voltage_v]
    dc_w = house.pv_w - house.battery.power_w
    return {
        **_OUTPUT,
        **_by_phase("A", "Aph", amps),
        **_line_voltages(house, "PPVph"),
        **_phases("PhVph", house.voltage_v),
        "W": watts * sign,
        "Hz": house.frequency_hz,
        "VA": abs(watts),
        "VAr": 0,
        "PF": 100,
        "WH": _START_AC_WH + house.counters.inverter_wh,
        "DCW": dc_w * sign,
        "TmpCab": 31.0 + abs(watts) / 500.0,
        "St": _state(house),
        "Evt1": 0,
        "Evt2": 0,
    }


def _line_voltages(house: House, prefix: str) -> Model:
    a, b, c = house.voltage_v
    pairs = {"AB": a + b, "BC": b + c, "CA": c + a}
    return {f"{prefix}{name}": total / 2.0 * _ROOT3 for name, total in pairs.items()}


def _state(house: House) -> int:
    if not house.orders.is_inverter_on:
        return _OFF
    if house.is_curtailed:
        return _THROTTLED
    is_idle = house.pv_w < _IDLE_W and abs(house.inverter_w) < _IDLE_W
    return _SLEEPING if is_idle else _MPPT


def nameplate(home: HomeSettings) -> Model:
    """Model 120: what it is rated for."""
    battery = home.battery
    return {
        **_NAMEPLATE,
        "DERTyp": _PV_AND_STORAGE,
        "WRtg": home.inverter_w,
        "VARtg": home.inverter_w,
        "VArRtgQ1": home.inverter_w * 0.6,
        "VArRtgQ4": -home.inverter_w * 0.6,
        "ARtg": home.inverter_w / 3.0 / 230.0,
        "PFRtgQ1": 0.8,
        "PFRtgQ4": -0.8,
        "WHRtg": battery.capacity_wh,
        "AhrRtg": battery.capacity_wh / battery.nominal_v,
        "MaxChaRte": battery.max_charge_w,
        "MaxDisChaRte": battery.max_discharge_w,
    }


def basic_settings(home: HomeSettings) -> Model:
    """Model 121: what the limit of model 123 is a share of."""
    return {
        **_BASIC,
        "WMax": home.inverter_w,
        "VRef": 230,
        "VRefOfs": 0,
        "VAMax": home.inverter_w,
    }


def storage(house: House) -> Model:
    """Model 124 but for its settings: the battery's state."""
    battery = house.battery
    free = max(0.0, battery.soc - house.orders.reserve_soc)
    return {
        **_STORAGE,
        "WChaMax": battery.spec.max_charge_w,
        "WChaGra": 100,
        "WDisChaGra": 100,
        "ChaState": battery.soc * 100.0,
        "StorAval": free * battery.spec.capacity_wh / battery.spec.nominal_v,
        "InBatV": _battery_v(house),
        "ChaSt": _battery_state(house),
    }


def _battery_v(house: House) -> float:
    return house.battery.spec.nominal_v * (0.94 + 0.1 * house.battery.soc)


def _battery_state(house: House) -> int:
    battery = house.battery
    if battery.power_w > _IDLE_W:
        return _BATTERY_CHARGING
    if battery.power_w < -_IDLE_W:
        return _BATTERY_DISCHARGING
    if battery.soc > 0.995:
        return _BATTERY_FULL
    is_empty = battery.soc < max(battery.spec.min_soc, house.orders.reserve_soc) + 0.005
    return _BATTERY_EMPTY if is_empty else _BATTERY_HOLDING


def inputs(house: House) -> Model:
    """Model 160: direct current in and out."""
    values: dict[str, Value] = {**_INPUTS, "Evt": 0}
    strings = house.settings.strings
    for i, string in enumerate(strings):
        energy_wh = _START_STRING_WH[i % 2] + house.counters.pv_wh[i]
        values |= _input(i + 1, f"MPPT {i + 1}", house.string_w[i], string.voltage_v, energy_wh)
    battery, n = house.battery, len(strings)
    volts = _battery_v(house)
    charged_wh = _START_CHARGED_WH + battery.charged_wh
    discharged_wh = _START_DISCHARGED_WH + battery.discharged_wh
    values |= _input(n + 1, f"StCha {n + 1}", max(0.0, battery.power_w), volts, charged_wh)
    values |= _input(n + 2, f"StDisCha {n + 2}", max(0.0, -battery.power_w), volts, discharged_wh)
    return {**values, "N": n + 2}


def _input(n: int, name: str, watts: float, volts: float, energy_wh: float) -> Model:
    values: Model = {
        "ID": n,
        "IDStr": name,
        "DCA": watts / volts,
        "DCV": volts if watts > 0.0 else 0.0,
        "DCW": watts,
        "DCWH": energy_wh,
        "DCSt": _MPPT if watts > 0.0 else _SLEEPING,
    }
    return {f"{n}.{point}": value for point, value in values.items()}


def grid(house: House, sign: float) -> Model:
    """Model 203: the meter at the grid connection; powers and currents are + for import."""
    volts, counters = house.voltage_v, house.counters
    watts = [w * sign for w in house.grid_w]
    apparent = [math.hypot(w, q) for w, q in zip(watts, house.grid_var, strict=True)]
    amps = [math.copysign(s / v, w) for w, s, v in zip(watts, apparent, volts, strict=True)]
    total_va = math.hypot(sum(watts), sum(house.grid_var))
    return {
        **_GRID,
        **_by_phase("A", "Aph", amps),
        **_by_phase("W", "Wph", watts),
        **_by_phase("VAR", "VARph", house.grid_var),
        **_phases("VAph", apparent),
        **_phases("PhVph", volts),
        **_phases("PFph", [_factor_pct(w, va) for w, va in zip(watts, apparent, strict=True)]),
        **_line_voltages(house, "PhVph"),
        **_energies("TotWhImp", _START_IMPORT_WH, counters.import_wh, counters.phase_import_wh),
        **_energies("TotWhExp", _START_EXPORT_WH, counters.export_wh, counters.phase_export_wh),
        "VA": total_va,
        "PF": _factor_pct(sum(watts), total_va),
        "PhV": sum(volts) / 3.0,
        "PPV": sum(volts) / 3.0 * _ROOT3,
        "Hz": house.frequency_hz,
        "Evt": 0,
    }


def _phases(prefix: str, values: Sequence[float]) -> Model:
    return {f"{prefix}{p.upper()}": value for p, value in zip(PHASES, values, strict=True)}


def _by_phase(total: str, prefix: str, values: Sequence[float]) -> Model:
    return {total: sum(values), **_phases(prefix, values)}


def _energies(name: str, start_wh: float, total_wh: float, phases_wh: Sequence[float]) -> Model:
    """Counters of a meter that balances the phases: they need not add up to the total."""
    counted = [start_wh / 3.0 + wh for wh in phases_wh]
    return {name: start_wh + total_wh, **_phases(f"{name}Ph", counted)}


def _factor_pct(watts: float, apparent_va: float) -> float:
    return 100.0 * watts / apparent_va if apparent_va else 100.0
