"""A street of devices behind real sockets: a scan finds and names each, and writes to none."""

from contextlib import AsyncExitStack

from gatewayd.devices.discovery.known import known
from gatewayd.devices.discovery.modbus import Manners
from gatewayd.devices.discovery.scan import Scan, Wish
from gatewayd.devices.registry import Registry
from gatewayd.links.pool import Links
from tests.drivers.images import Fixture, fixtures
from tests.fakes.jump_loop import jumping
from tests.fakes.modbus_server import ModbusServer

_HOUSES = 25
_AT_ONCE = Manners(timeout_s=0.5, min_gap_s=0, connect_delay_s=0)


def _street(registry: Registry) -> list[Fixture]:
    """Different devices: one of each driver first, then further images."""
    findable = [one for one in fixtures() if registry.info(one.driver).probes]
    firsts = {one.driver: one for one in reversed(findable)}
    more = [one for one in findable if one not in firsts.values()]
    return [*firsts.values(), *more][:_HOUSES]


@jumping
async def test_a_street_of_devices_is_found_and_named() -> None:
    registry = Registry()
    street = _street(registry)
    servers: list[ModbusServer] = []
    async with AsyncExitStack() as stack:
        for house in street:
            options = registry.info(house.driver).options.model_validate(house.options())
            server = house.server(options.unit)  # type: ignore[attr-defined]
            servers.append(await stack.enter_async_context(server.on_loopback()))
        said: list[str] = []
        scan = Scan(Links(), registry.usable(), await known({}, {}), said.append)

        found = await scan.run(
            Wish(hosts=[f"127.0.0.1:{server.port}" for server in servers], manners=_AT_ONCE)
        )

    by_port = {one.options["port"]: one for one in found}
    told = {
        house.path.stem: (by_port[server.port].driver, by_port[server.port].serial)
        for house, server in zip(street, servers, strict=True)
        if server.port in by_port
    }
    assert told == {
        house.path.stem: (house.driver, house.content["identity"].get("serial")) for house in street
    }
    assert len(found) == len(street)
    assert [server.writes for server in servers if server.writes] == []
    assert len(said) > len(street)
