"""Modbus proxies against the devices they share."""

from collections.abc import Mapping, Sequence

from gatewayd.config.devices import Device
from gatewayd.config.problems import shown, suggestion
from gatewayd.config.sections import ModbusProxy
from gatewayd.config.source import Source
from gatewayd.sdk.options import ModbusOptions

_KEY = "modbus_proxy"


def check_proxies(
    source: Source, proxies: Sequence[ModbusProxy], devices: Mapping[str, Device]
) -> None:
    """Add to the source what cannot work together."""
    ports: dict[int, int] = {}
    for number, proxy in enumerate(proxies):
        if ports.setdefault(proxy.port, number) != number:
            source.fault((_KEY, number, "port"), "is another proxy's port; choose another")
        if source.is_broken(("devices", proxy.device)):
            continue
        told = _problem(proxy, devices)
        if told:
            source.fault((_KEY, number, "device"), told)


def _problem(proxy: ModbusProxy, devices: Mapping[str, Device]) -> str | None:
    device = devices.get(proxy.device)
    if device is None:
        return f"there is no device {shown(proxy.device)}; {suggestion(proxy.device, devices)}"
    if not isinstance(device.options, ModbusOptions):
        return f"{proxy.device} does not speak Modbus; share another device"
    if proxy.writable and device.options.read_only:
        return f"{proxy.device} is read_only; leave out writable here or read_only there"
    return None
