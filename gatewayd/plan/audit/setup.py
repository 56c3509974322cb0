"""How devices are set up: who they are, where, what watches over them, and why they are away."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

from gatewayd.model.asset import Asset
from gatewayd.model.reading import ChargerReading, Reading
from gatewayd.plan.audit.finding import Finding

_LONG_S = 300.0
# What links say of a device that takes no more connections, or hangs up.
_CONTENTION = ("cannot connect", "closed", "refused", "reset")


def of_assets(assets: Iterable[Asset]) -> list[Finding]:
    """One box under two names, and boxes that are not those they were."""
    devices = {asset.device_id: asset for asset in assets}
    found = [*_twice(devices)]
    for device_id, asset in devices.items():
        if asset.is_stranger:
            told = f"another box answers where {asset.serial or asset.display_name} was"
            do = "check its address; if it was replaced, link it again or remove and add it"
            found.append(Finding("stranger", device_id, told, do))
    return found


def of_failure(device_id: str, error: str, neighbours: Iterable[str]) -> Finding:
    """A device that cannot be read. `neighbours` are the devices configured at its address."""
    others = sorted(set(neighbours) - {device_id})
    do = "check its power, address and settings"
    if any(word in error for word in _CONTENTION):
        do = (
            "many devices take one connection: end other programs that read it, or let them use"
            " `modbus_proxy`"
        )
        if others:
            do += f"; {', '.join(others)} at the same address share ours"
    return Finding("unreachable", device_id, error, do)


def of_watchdog(where: str, reading: Reading, watchdog_s: float | None = None) -> list[Finding]:
    """What happens to a charger when we fall silent."""
    if not isinstance(reading, ChargerReading):
        return []
    told_s = reading.failsafe_timeout_s
    timeout_s = watchdog_s if told_s is None else told_s
    if reading.failsafe_current_a is None and timeout_s is None:
        return []
    do = "set a failsafe of 30 to 120 s, with a current that the fuse always bears"
    if not timeout_s:
        return [Finding("watchdog", where, "its failsafe is off", do)]
    if timeout_s > _LONG_S:
        return [Finding("watchdog", where, f"its failsafe acts after {timeout_s:g} s", do)]
    return []


def _twice(devices: Mapping[str, Asset]) -> Iterator[Finding]:
    for (one, asset), (other, same) in combinations(sorted(devices.items()), 2):
        if asset.serial and (asset.vendor, asset.serial) == (same.vendor, same.serial):
            told = f"{other} has the same serial number {asset.serial}"
            yield Finding("twice", one, told, "it is one box: remove one of the two")
