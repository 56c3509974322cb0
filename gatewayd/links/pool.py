"""All links of the daemon, in one object: what a driver's `open` gets beside its options."""

from dataclasses import dataclass, field

from gatewayd.links.http_device import HttpDevices
from gatewayd.links.modbus import ModbusLinks
from gatewayd.links.mqtt_source import MqttSource
from gatewayd.links.ocpp import ChargePoints
from gatewayd.links.stream import StreamLinks
from gatewayd.links.udp import UdpLinks


@dataclass(frozen=True)
class Links:
    """One pool per protocol."""

    modbus: ModbusLinks = field(default_factory=ModbusLinks)
    http: HttpDevices = field(default_factory=HttpDevices)
    mqtt: MqttSource = field(default_factory=MqttSource)
    stream: StreamLinks = field(default_factory=StreamLinks)
    udp: UdpLinks = field(default_factory=UdpLinks)
    ocpp: ChargePoints = field(default_factory=ChargePoints)
