"""From SunSpec models to readings. Pure: each function takes what was read and gives fields.

A field is there when the device has a model for it, and None when it says nothing now.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gatewayd.model.reading import BatteryStatus
from gatewayd.sdk.sunspec.chain import ModelValues

Fields = dict[str, object]
Models = Mapping[int, ModelValues]

INVERTER_INTS = (101, 102, 103, 111, 112, 113)
INVERTERS = (*INVERTER_INTS, 701)
METERS = (201, 202, 203, 204, 211, 212, 213, 214)
BATTERIES = (124, 713, 802)

# Model 120: a photovoltaic system with storage.
_PV_WITH_STORAGE = 82
# Model 714: what hangs on a port.
_PORT_PV, _PORT_STORAGE = 0, 1
_FULL_PCT = 100.0
_ONE_PHASE = (101, 111)
_ONE_PHASE_METERS = (201, 211)
_TEMPERATURES = ("TmpCab", "TmpSnk", "TmpTrns", "TmpOt")


@dataclass(frozen=True)
class Inputs:
    """The DC inputs of a hybrid in model 160, counted from 1: what charges, what discharges.

    Both powers are positive; input 3 charges and 4 discharges in a Fronius GEN24, which names
    them StCha and StDisCha (evcc, template fronius-gen24). Where one input does both, model 124
    says which.
    """

    charge: int | None = None
    discharge: int | None = None


def has_battery(models: Models) -> bool:
    """Whether there is a battery. Models 124 and 713 may be a socket for one."""
    if 802 in models:
        return True
    if 713 in models and (models[713].number("SoC") or models[713].number("WHRtg")):
        return True
    if 124 not in models:
        return False
    if 120 in models and models[120].number("DERTyp") == _PV_WITH_STORAGE:
        return True
    level, most_w = models[124].number("ChaState"), models[124].number("WChaMax")
    return level is not None and bool(level or most_w != 0)


def storage_inputs(models: Models, wanted: Inputs) -> Inputs:
    """Which inputs of model 160 are the battery's: as configured, by name, or 3 and 4 of four."""
    if wanted.charge or wanted.discharge or 160 not in models or not has_battery(models):
        return wanted
    names = [str(module.get("IDStr") or "").casefold() for module in models[160].groups]
    charge = next((i for i, name in enumerate(names, 1) if name.startswith("stcha")), None)
    discharge = next((i for i, name in enumerate(names, 1) if name.startswith("stdis")), None)
    if charge and discharge:
        return Inputs(charge, discharge)
    return Inputs(3, 4) if len(names) == 4 and 124 in models else Inputs()


def inverter(models: Models, inputs: Inputs) -> Fields:
    """Production and the AC side. A hybrid's production is that of its DC inputs."""
    ac = _ac(models)
    ac_w = ac.number("W")
    is_der = ac.at.id == 701
    state = ac.number("InvSt") if is_der else ac.number("St")
    # Both count alike, but for the number they begin with.
    state = state + 1 if is_der and state is not None else state
    return {
        **_production(models, inputs, ac_w, is_asleep=state in (1, 2)),
        "ac_power_w": ac_w,
        "frequency_hz": ac.number("Hz"),
        "temperature_c": _temperature(ac),
        "rated_w": rated_w(models),
        "is_asleep": None if state is None else state in (1, 2),
        "has_fault": None if state is None else state == 7,
        **_phases(ac, "VL1 VL2 VL3" if is_der else "PhVphA PhVphB PhVphC", "voltage_{}_v"),
        **_phases(ac, "AL1 AL2 AL3" if is_der else "AphA AphB AphC", "current_{}_a"),
        # With one phase only, some know no voltage but that between its two wires.
        **_instead(ac, _ONE_PHASE, "PhVphA", "PPVphAB", "voltage_a_v"),
    }


def battery(models: Models, inputs: Inputs) -> Fields:
    """Charging +, whatever the models' own sign."""
    basic, capacity, bank = models.get(124), models.get(713), models.get(802)
    fields: Fields = {
        "power_w": _battery_w(models, inputs),
        "soc_pct": _first((bank, "SoC"), (capacity, "SoC"), (basic, "ChaState")),
        "capacity_wh": _first((bank, "WHRtg"), (capacity, "WHRtg"), (models.get(120), "WHRtg")),
        "status": _status(models),
        **dict(zip(("max_charge_w", "max_discharge_w"), battery_limits_w(models), strict=True)),
        **_battery_energy(models, inputs),
    }
    if basic is not None or bank is not None:
        fields["reserve_pct"] = _first((basic, "MinRsvPct"), (bank, "SoCRsvMin"))
        fields["voltage_v"] = _first((bank, "V"), (basic, "InBatV"))
    return fields


def battery_limits_w(models: Models) -> tuple[float | None, float | None]:
    """What it can be charged and discharged with at most."""
    bank, plate, der = models.get(802), models.get(120), models.get(702)
    charge_w = _first(
        (bank, "WChaRteMax"),
        (plate, "MaxChaRte"),
        (models.get(124), "WChaMax"),
        (der, "WChaRteMax"),
        (der, "WChaRteMaxRtg"),
    )
    discharge_w = _first(
        (bank, "WDisChaRteMax"),
        (plate, "MaxDisChaRte"),
        (der, "WDisChaRteMax"),
        (der, "WDisChaRteMaxRtg"),
    )
    return charge_w, discharge_w


def meter(found: ModelValues, sign: int) -> Fields:
    """Import +; `sign` is -1 for a meter that counts export as positive."""
    energies = {"import_wh": found.number("TotWhImp"), "export_wh": found.number("TotWhExp")}
    return {
        "power_w": _signed(found.number("W"), sign),
        **energies,
        "frequency_hz": found.number("Hz"),
        "power_factor": _power_factor(found.number("PF")),
        "apparent_power_va": _absolute(found.number("VA")),
        "reactive_power_var": _signed(found.number("VAR"), sign),
        **_phases(found, "PhVphA PhVphB PhVphC", "voltage_{}_v"),
        **_phases(found, "AphA AphB AphC", "current_{}_a"),
        **_phases(found, "WphA WphB WphC", "power_{}_w", sign),
        **_instead(found, _ONE_PHASE_METERS, "PhVphA", "PhV", "voltage_a_v"),
        **_instead(found, _ONE_PHASE_METERS, "AphA", "A", "current_a_a"),
    }


def _production(models: Models, inputs: Inputs, ac_w: float | None, *, is_asleep: bool) -> Fields:
    """A counter is of one source only: those of two models may differ by a third."""
    ac = _ac(models)
    if not has_battery(models):
        energy = ac.number("TotWhInj" if ac.at.id == 701 else "WH")
        # Asleep it makes nothing, though it no longer says so.
        return {"power_w": 0.0 if ac_w is None and is_asleep else ac_w, "energy_wh": energy}
    if 160 in models:
        strings = _strings(models[160], inputs)
        return {"power_w": _sum(strings, "DCW"), "energy_wh": _sum(strings, "DCWH")}
    ports = _ports(models, _PORT_PV)
    if ports:
        return {"power_w": _sum(ports, "DCW"), "energy_wh": _sum(ports, "DCWhInj")}
    # What goes into the battery came from the sun, too; only the losses are missing.
    battery_w = _battery_w(models, inputs)
    is_known = ac_w is not None and battery_w is not None
    return {"power_w": max(0.0, (ac_w or 0.0) + (battery_w or 0.0)) if is_known else None}


def ac_power_w(models: Models) -> float | None:
    """What the inverter gives at the grid side."""
    return _ac(models).number("W") if any(one in models for one in INVERTERS) else None


def dc_power_w(models: Models) -> float | None:
    """What comes in at the DC side, where the inverter says it."""
    return _ac(models).number("DCW") if any(one in models for one in INVERTERS) else None


def rated_w(models: Models) -> float | None:
    """The greatest power that it is set to or, where it is not said, made for."""
    der = models.get(702)
    return _first(
        (models.get(121), "WMax"), (models.get(120), "WRtg"), (der, "WMax"), (der, "WMaxRtg")
    )


def has_sun(models: Models) -> bool:
    """Whether a port of model 714 is a generator's."""
    return bool(_ports(models, _PORT_PV))


def _ac(models: Models) -> ModelValues:
    """Of several models that say the same, the first that says something."""
    found = [models[number] for number in INVERTERS if number in models]
    for name in ("W", "WH", "TotWhInj"):
        for one in found:
            if one.number(name) is not None:
                return one
    return found[0]


def _instead(
    found: ModelValues, models: tuple[int, ...], name: str, other: str, field: str
) -> Fields:
    """Another point, in models that know but one phase, where the usual one says nothing."""
    is_so = found.at.id in models and not found.number(name)
    return {field: found.number(other)} if is_so else {}


def _strings(mppt: ModelValues, inputs: Inputs) -> list[Mapping[str, object]]:
    taken = {inputs.charge, inputs.discharge}
    return [module for i, module in enumerate(mppt.groups, 1) if i not in taken]


def _ports(models: Models, kind: int) -> list[Mapping[str, object]]:
    groups = models[714].groups if 714 in models else ()
    return [port for port in groups if port.get("PrtTyp") == kind]


def _battery_w(models: Models, inputs: Inputs) -> float | None:
    charge, discharge = _input(models, inputs.charge), _input(models, inputs.discharge)
    if charge and discharge:
        in_w, out_w = _number(charge, "DCW"), _number(discharge, "DCW")
        if charge is discharge:
            return _directed(in_w, _status(models))
        # A battery does one of both; the side that does nothing may say nothing at all.
        return None if in_w is out_w is None else (in_w or 0.0) - (out_w or 0.0)
    if 802 in models:
        # Discharging is positive here, as evcc reads it (template sunspec-battery-control).
        return _signed(models[802].number("W"), -1)
    # A port injects what its source gives: the battery's discharging (as in model 701).
    return _signed(_sum(_ports(models, _PORT_STORAGE), "DCW"), -1)


def _directed(power_w: float | None, status: BatteryStatus | None) -> float | None:
    if power_w is None or status in (None, BatteryStatus.UNKNOWN):
        return None
    return {BatteryStatus.CHARGING: 1, BatteryStatus.DISCHARGING: -1}.get(status, 0) * power_w + 0.0


def _battery_energy(models: Models, inputs: Inputs) -> Fields:
    charge, discharge = _input(models, inputs.charge), _input(models, inputs.discharge)
    if charge is not None and charge is discharge:
        return {}
    if charge and discharge:
        return {
            "charged_wh": _number(charge, "DCWH"),
            "discharged_wh": _number(discharge, "DCWH"),
        }
    ports = _ports(models, _PORT_STORAGE)
    if not ports:
        return {}
    return {"charged_wh": _sum(ports, "DCWhAbs"), "discharged_wh": _sum(ports, "DCWhInj")}


def _input(models: Models, number: int | None) -> Mapping[str, object] | None:
    groups = models[160].groups if 160 in models else ()
    return groups[number - 1] if number and number <= len(groups) else None


def _status(models: Models) -> BatteryStatus | None:
    bank, capacity = models.get(802), models.get(713)
    if bank is not None and bank.number("State") == 99:
        return BatteryStatus.FAULT
    if capacity is not None and capacity.number("Sta") == 2:
        return BatteryStatus.FAULT
    state = _first((bank, "ChaSt"), (models.get(124), "ChaSt"))
    if state is None:
        return None
    known = {3: BatteryStatus.DISCHARGING, 4: BatteryStatus.CHARGING, 7: BatteryStatus.UNKNOWN}
    idle = {1, 2, 5, 6}
    return known.get(int(state), BatteryStatus.IDLE if state in idle else BatteryStatus.UNKNOWN)


def _phases(found: ModelValues, names: str, field: str, sign: int = 1) -> Fields:
    return {
        field.format(phase): _signed(found.number(name), sign)
        for phase, name in zip("abc", names.split(), strict=True)
    }


def _power_factor(value: float | None) -> float | None:
    """Some send it as a share, most as per cent."""
    if value is None or abs(value) > _FULL_PCT:
        return None
    return value / _FULL_PCT if abs(value) > 1 else value


def _temperature(ac: ModelValues) -> float | None:
    """The first that is told; a sensor that is not there may stand at nought."""
    told = [found for name in _TEMPERATURES if (found := ac.number(name)) is not None]
    return next((found for found in told if found), told[0] if told else None)


def _first(*choices: tuple[ModelValues | None, str]) -> float | None:
    found = (model.number(name) for model, name in choices if model is not None)
    return next((value for value in found if value is not None), None)


def _sum(groups: Sequence[Mapping[str, object]], name: str) -> float | None:
    """Of those that say something: a device may have more inputs than are wired."""
    known = [number for group in groups if (number := _number(group, name)) is not None]
    return sum(known) if known else None


def _number(group: Mapping[str, object], name: str) -> float | None:
    value = group.get(name)
    return float(value) if isinstance(value, int | float) else None


def _signed(value: float | None, sign: int) -> float | None:
    return None if value is None else value * sign + 0.0


def _absolute(value: float | None) -> float | None:
    return None if value is None else abs(value)
