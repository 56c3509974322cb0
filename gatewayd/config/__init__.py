"""The operator's one file: read, judged as a whole, watched for changes.

Everything wrong with it is told at once, each fault with its line, in one `ConfigError`.
"""

from gatewayd.config.devices import Device, Drivers
from gatewayd.config.load import Config, load
from gatewayd.config.reload import Difference, changes, difference
from gatewayd.config.secret import Secret
from gatewayd.config.sections import (
    Api,
    Discovery,
    Home,
    Log,
    Mdns,
    ModbusProxy,
    Mqtt,
    Storage,
    Tls,
    Webhooks,
)

__all__ = [
    "Api",
    "Config",
    "Device",
    "Difference",
    "Discovery",
    "Drivers",
    "Home",
    "Log",
    "Mdns",
    "ModbusProxy",
    "Mqtt",
    "Secret",
    "Storage",
    "Tls",
    "Webhooks",
    "changes",
    "difference",
    "load",
]
