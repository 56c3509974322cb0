"""All links of the daemon, in one object: what a driver's `open` gets beside its options."""

from dataclasses import dataclass, field

from gatewayd.links.modbus import ModbusLinks
from gatewayd.links.udp import UdpLinks


@dataclass(frozen=True)
class Links:
    """One pool per protocol."""

    modbus: ModbusLinks = field(default_factory=ModbusLinks)
    udp: UdpLinks = field(default_factory=UdpLinks)
