"""From a device's options to its Modbus unit."""

from contextlib import AbstractAsyncContextManager

from gatewayd.links.modbus import (
    Aa55Endpoint,
    DataAdapterEndpoint,
    Endpoint,
    ModbusLinks,
    RtuOverTcpEndpoint,
    RtuOverUdpEndpoint,
    SerialEndpoint,
    SolarmanEndpoint,
    TcpEndpoint,
    UdpEndpoint,
    UnitGuest,
    UnitReader,
)
from gatewayd.sdk.options import ModbusOptions


def endpoint(options: ModbusOptions) -> Endpoint:
    """Where the device is."""
    if options.serial is not None:
        return SerialEndpoint(options.serial, options.baudrate, options.parity, options.stopbits)
    host, port = options.host or "", options.port
    match options.framing:
        case "rtu":
            return RtuOverTcpEndpoint(host, port)
        case "udp":
            return UdpEndpoint(host, port)
        case "rtu_udp":
            return RtuOverUdpEndpoint(host, port)
        case "solarman":
            return SolarmanEndpoint(host, options.logger_serial or 0, port)
        case "aa55":
            return Aa55Endpoint(host, port)
        case "data_adapter":
            return DataAdapterEndpoint(host, port)
        case "tcp":
            return TcpEndpoint(host, port)


def open_unit(
    links: ModbusLinks, options: ModbusOptions, unit_id: int | None = None
) -> AbstractAsyncContextManager[UnitReader]:
    """The device's unit, or another one at its place; a writer unless it is `read_only`."""
    return links.unit(
        endpoint(options),
        options.unit if unit_id is None else unit_id,
        read_only=options.read_only,
        timeout_s=options.timeout_s,
        min_gap_s=options.min_gap_s,
        connect_delay_s=options.connect_delay_s,
    )


def open_guest(
    links: ModbusLinks, options: ModbusOptions, unit_id: int
) -> AbstractAsyncContextManager[UnitGuest]:
    """A unit at the device's place, for somebody else's questions."""
    return links.guest(
        endpoint(options),
        unit_id,
        timeout_s=options.timeout_s,
        min_gap_s=options.min_gap_s,
        connect_delay_s=options.connect_delay_s,
    )
