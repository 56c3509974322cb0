"""Circuits, chargers and batteries of the config: what cannot be, and the governor's terms."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from gatewayd.config.capable import check_capable
from gatewayd.config.devices import Device, Drivers
from gatewayd.config.governed import CircuitSection, Governed, Grid, HeatingSection, Operator
from gatewayd.config.problems import Path, shown, suggestion
from gatewayd.config.source import Source
from gatewayd.control.governor.terms import BatteryTerms, ChargerTerms, GridTerms, HeatTerms, Terms
from gatewayd.model.asset import AssetKind, Capability
from gatewayd.model.circuit import PHASE_NAMES, Circuit
from gatewayd.plan.grid.capacity import CapacitySettings
from gatewayd.plan.grid.export import ExportRule, FeedIn
from gatewayd.plan.grid.operator import OperatorSettings

_FOR = {
    "circuit": (AssetKind.CHARGER, AssetKind.BATTERY, AssetKind.HVAC),
    "charging": (AssetKind.CHARGER,),
    "battery": (AssetKind.BATTERY,),
    "heating": (AssetKind.HVAC,),
}


def check_governed(
    source: Source,
    circuits: Mapping[str, CircuitSection],
    grid: Grid,
    devices: Mapping[str, Device],
    drivers: Drivers,
) -> None:
    """Add to the source what cannot be."""
    for circuit_id, circuit in circuits.items():
        _check_circuit(source, circuit_id, circuits)
        if circuit.meter is not None:
            at = ("circuits", circuit_id, "meter")
            _named(source, at, "device", circuit.meter, devices)
    for device_id, device in devices.items():
        _check_device(source, device_id, device, circuits, devices)
        _check_kinds(source, device_id, device, drivers)
    check_capable(source, grid, devices, drivers)
    for key, operator in (("operator", grid.operator), ("export_operator", grid.export_operator)):
        if operator is not None and operator.relay is not None:
            place: Path = ("grid", key, "relay", "device")
            _named(source, place, "device", operator.relay.device, devices)
    roots = [circuit for circuit in circuits.values() if circuit.parent is None]
    for key in ("capacity", "operator"):
        if getattr(grid, key) and not any(root.meter for root in roots):
            told = "needs the house's own circuit with a meter; add one to circuits"
            source.fault(("grid", key), told, at_key=True)


def terms(
    circuits: Mapping[str, CircuitSection], grid: Grid, devices: Mapping[str, Device]
) -> Terms:
    """What the governor goes by."""
    return Terms(
        circuits={id_: _circuit(id_, found) for id_, found in circuits.items()},
        meter_lines={id_: _lines(found.meter_phases) for id_, found in circuits.items()},
        chargers={id_: _charger(device.governed) for id_, device in devices.items()},
        batteries={
            id_: BatteryTerms(device.governed.battery.settings(), device.governed.control)
            for id_, device in devices.items()
            if device.governed.battery is not None
        },
        heaters={
            id_: _heater(device.governed, device.governed.heating)
            for id_, device in devices.items()
            if device.governed.heating is not None
        },
        grid=_grid(grid),
        audited=frozenset(id_ for id_, device in devices.items() if device.governed.audited),
    )


def _circuit(circuit_id: str, found: CircuitSection) -> Circuit:
    return Circuit(
        circuit_id,
        limit_a=found.limit_a,
        limit_w=found.limit_w,
        parent=found.parent,
        meter_id=found.meter,
        assumed_base_a=found.assumed_base_a,
        unbalance_a=found.unbalance_a,
        uses_thermal_headroom=found.thermal_headroom,
    )


def _charger(governed: Governed) -> ChargerTerms:
    charging = governed.charging
    return ChargerTerms(
        circuit=governed.circuit,
        lines=None if governed.wiring == "unknown" else _lines(governed.wiring),
        priority=governed.priority,
        max_a=governed.max_a,
        safe_a=governed.safe_a,
        charging=charging.settings(governed.priority) if charging else None,
        arming=governed.control,
    )


def _heater(governed: Governed, heating: HeatingSection) -> HeatTerms:
    return HeatTerms(
        heating.settings(), heating.boosting(), heating.blocked_by_operator, governed.control
    )


def _grid(grid: Grid) -> GridTerms:
    limits = grid.export_limit_w is not None or grid.zero_export_when_negative
    capacity, operator, fed = grid.capacity, grid.operator, grid.export_operator
    return GridTerms(
        _export(grid) if limits else None,
        CapacitySettings(capacity.billed_w, capacity.margin_w) if capacity else None,
        _operator(operator) if operator else None,
        operator.relay.settings() if operator and operator.relay else None,
        _feed_in(grid),
        _operator(fed) if fed else None,
        fed.relay.settings() if fed and fed.relay else None,
    )


def _export(grid: Grid) -> ExportRule:
    return ExportRule(grid.export_limit_w, grid.zero_export_when_negative, _feed_in(grid))


def _feed_in(grid: Grid) -> FeedIn:
    paid = grid.feed_in
    return FeedIn(Decimal(str(paid.fixed)), Decimal(str(paid.share)))


def _operator(operator: Operator) -> OperatorSettings:
    return OperatorSettings(
        operator.failsafe_w,
        operator.heartbeat_timeout_s,
        operator.failsafe_s,
        is_wired=operator.relay is not None,
    )


def _lines(phases: Iterable[str]) -> tuple[int, ...]:
    return tuple(PHASE_NAMES.index(phase) for phase in phases)


def _check_circuit(source: Source, circuit_id: str, circuits: Mapping[str, CircuitSection]) -> None:
    at = ("circuits", circuit_id, "in")
    seen = {circuit_id}
    above = circuits[circuit_id].parent
    if above is not None and not _named(source, at, "circuit", above, circuits):
        return
    while above is not None and above in circuits:
        if above in seen:
            source.fault(at, "hangs on itself; leave `in` out of the house's own circuit")
            return
        seen.add(above)
        above = circuits[above].parent


def _check_device(
    source: Source,
    device_id: str,
    device: Device,
    circuits: Mapping[str, CircuitSection],
    devices: Mapping[str, Device],
) -> None:
    at, governed = ("devices", device_id), device.governed
    if governed.circuit is not None:
        _named(source, (*at, "circuit"), "circuit", governed.circuit, circuits)
    if governed.wiring != "unknown" and len(set(governed.wiring)) < len(governed.wiring):
        source.fault((*at, "wiring"), "names a phase twice; write each once, as [b, c, a]")
    _check_phases(source, device_id, governed, circuits)
    locked = governed.battery.locked_against if governed.battery else ()
    for number, charger in enumerate(locked):
        _named(source, (*at, "battery", "locked_against", number), "device", charger, devices)


def _check_phases(
    source: Source, device_id: str, governed: Governed, circuits: Mapping[str, CircuitSection]
) -> None:
    """What a load draws from a phase that its meter leaves out would be nothing to the guard."""
    circuit_id, left = governed.circuit, dict(circuits)
    while circuit_id is not None and circuit_id in left and governed.wiring != "unknown":
        circuit = left.pop(circuit_id)
        missing = sorted(set(governed.wiring) - set(circuit.meter_phases))
        if circuit.meter is not None and missing:
            told = f"names phase {missing[0]}, which the meter of circuit {circuit_id} leaves out; "
            told += f"correct it, or circuits.{circuit_id}.meter_phases"
            source.fault(("devices", device_id, "wiring"), told)
            return
        circuit_id = circuit.parent


def _check_kinds(source: Source, device_id: str, device: Device, drivers: Drivers) -> None:
    """Keys of devices that certainly are no such thing. Of some drivers that is not known."""
    info = drivers.info(device.driver)
    kinds, charging = info.kinds, device.governed.charging
    is_fixed = info.controls and Capability.SET_PHASES not in info.controls
    if charging and len(set(charging.phases)) > 1 and is_fixed:
        told = f"cannot be chosen between: {device.driver} switches no phases; name one"
        source.fault(("devices", device_id, "charging", "phases"), told)
    for key, those in _FOR.items():
        if kinds and kinds.isdisjoint(those) and getattr(device.governed, key) is not None:
            told = f"is for a {' or '.join(those)}, which {device.driver} is not; leave it out"
            source.fault(("devices", device_id, key), told, at_key=True)
    governed, at = device.governed, ("devices", device_id, "circuit")
    if kinds == {AssetKind.HVAC} and governed.circuit and governed.max_a is None:
        source.fault(at, "needs to know what the heat pump draws; add max_a", at_key=True)


def _named(source: Source, at: Path, what: str, name: str, known: Mapping[str, object]) -> bool:
    """Whether there is such a thing, or at least something of that name that is wrong itself."""
    if name in known or source.is_broken(at):
        return True
    device = ("devices", name)
    if what == "device" and source.known(device) == device:
        return True
    source.fault(at, f"there is no {what} {shown(name)}; {suggestion(name, known)}")
    return False
