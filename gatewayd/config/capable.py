"""What devices of the config can surely not be told, though their rules need it."""

from collections.abc import Mapping

from gatewayd.config.devices import Device, Drivers
from gatewayd.config.governed import Grid
from gatewayd.config.problems import Path, shown
from gatewayd.config.source import Source
from gatewayd.model.asset import AssetKind, Capability
from gatewayd.plan.battery import modes

_LIMITS = {Capability.SET_EXPORT_LIMIT, Capability.SET_PRODUCTION_LIMIT}
_OF_EXPORT = ("export_limit_w", "zero_export_when_negative", "export_operator")


def check_capable(
    source: Source, grid: Grid, devices: Mapping[str, Device], drivers: Drivers
) -> None:
    """Add it to the source. A driver of which that is not known can do all of it."""
    for device_id, device in devices.items():
        _check_battery(source, ("devices", device_id, "battery"), device, devices, drivers)
    infos = [drivers.info(device.driver) for device in devices.values()]
    makers = [info for info in infos if AssetKind.INVERTER in info.kinds]
    if not makers or any(not info.kinds or info.controls & _LIMITS for info in infos):
        return
    for key in _OF_EXPORT:
        if getattr(grid, key):
            told = (
                "needs an inverter that can be limited, which none of the devices is; leave it out"
            )
            source.fault(("grid", key), told, at_key=True)


def _check_battery(
    source: Source, at: Path, device: Device, devices: Mapping[str, Device], drivers: Drivers
) -> None:
    section, info = device.governed.battery, drivers.info(device.driver)
    if section is None:
        return
    for number, charger_id in enumerate(section.locked_against):
        other = devices.get(charger_id)
        kinds = drivers.info(other.driver).kinds if other else None
        if kinds and AssetKind.CHARGER not in kinds:
            told = f"{shown(charger_id)} is no charger; name one, or leave it out"
            source.fault((*at, "locked_against", number), told)
    if AssetKind.BATTERY in info.kinds and device.governed.control.writes:
        for key in modes.beyond(section.settings(), info.controls):
            told = f"is beyond what {device.driver} can tell its battery; leave it out"
            source.fault((*at, key), told, at_key=True)
