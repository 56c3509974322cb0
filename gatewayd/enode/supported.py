"""The page of devices that have a way in: `python -m gatewayd.enode.supported > SUPPORTED.md`.

Generated from the drivers, so that it cannot tell otherwise.
"""

import re
import sys
from collections.abc import Iterable, Iterator

from gatewayd.devices.registry import Registry
from gatewayd.enode.wire.vendors import VENDORS
from gatewayd.model.asset import AssetKind
from gatewayd.sdk.driver import DriverInfo

Drivers = dict[str, DriverInfo]

_HEAD = """\
# Supported devices

Written by `./run schema` from `drivers/`: what is said here is what the tests hold the drivers to.
"From the manual": no answers of a real device are in the tests yet. "On images": each command is
written to a virtual device that shows its registers, and read back there.

| vendor | models | driver | reads | controls | proven |
|---|---|---|---|---|---|
"""
_NAMES = """
## Enode's vendors

Every vendor that the Enode API names, and the driver to write in the config.
"""
# A car stands behind its charger, or tells of itself; no vendor has to be known for that.
_ANY_CAR = "car_json"
_ANY_ACCOUNT = "enode"


def supported(drivers: Drivers) -> str:
    """The whole page."""
    rows = sorted((_row(name, info) for name, info in drivers.items()), key=str.casefold)
    return _HEAD + "".join(rows) + _NAMES + "".join(_names(drivers))


def _row(name: str, info: DriverInfo) -> str:
    vendors = ", ".join(dict.fromkeys((info.vendor, *info.brands)))
    controls = ", ".join(sorted(one.replace("_", " ") for one in info.controls)) or "-"
    reads = ", ".join(sorted(info.kinds)) or "as its map says"
    cells = (vendors, ", ".join(info.models), f"`{name}`", reads, controls, _proof(info))
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |\n"


def _proof(info: DriverInfo) -> str:
    read = "captured from a device" if info.quality.get("captured") else "from the manual"
    if not info.controls:
        return read
    is_seen = info.quality.get("commands_verified")
    return f"{read}; commands {'on a device' if is_seen else 'on images'}"


def _names(drivers: Drivers) -> Iterator[str]:
    for kind, names in sorted(VENDORS.items()):
        yield f"\n| {kind} | way in |\n|---|---|\n"
        for name in sorted(names, key=str.casefold):
            ways = _ways(kind, name, drivers)
            yield f"| {name} | {', '.join(ways) or 'none yet'} |\n"


def _ways(kind: AssetKind, name: str, drivers: Drivers) -> list[str]:
    own = [
        driver
        for driver, info in sorted(drivers.items())
        if kind in info.kinds and _plain(name) in map(_plain, (info.vendor, *info.brands))
    ]
    told = [f"`{driver}`" for driver in own]
    if kind is AssetKind.VEHICLE and _ANY_CAR in drivers:
        told.append(f"`{_ANY_CAR}` (whatever tells of the car in JSON)")
    if _ANY_ACCOUNT in drivers:
        told.append(f"`{_ANY_ACCOUNT}` (with an account at an Enode-compatible server)")
    return told


def _plain(name: str) -> str:
    """`Sol-Ark` and `SOLARK` are one."""
    return re.sub("[^a-z0-9]", "", name.casefold())


def ours(registry: Registry) -> Drivers:
    """The drivers that come with gatewayd."""
    return {name: registry.info(name) for name in _names_of(registry)}


def _names_of(registry: Registry) -> Iterable[str]:
    return (name for name in registry.names() if not registry.place(name).startswith("entry point"))


def main() -> None:
    """Print the page."""
    sys.stdout.write(supported(ours(Registry())))


if __name__ == "__main__":
    main()
